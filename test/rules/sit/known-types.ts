/** Small types of sensitive information that tests search with. */
import { builtInTypes } from '#rules/sit/built-in.ts';
import { compileTypes } from '#rules/sit/compile.ts';
import type { Element, EntityType, Evidence, Keyword, TypePattern } from '#rules/sit/custom.ts';
import { detect } from '#rules/sit/detect.ts';
import type { DetectedInformation } from '#rules/sit/detection.ts';
import type { CustomType } from '#rules/sit/custom.ts';

export const EMPLOYEE = regex(String.raw`\bE\d{5}\b`);
export const STAFF = keywords('staff');
export const PAYROLL = keywords('payroll');

export function regex(pattern: string, ...validators: readonly string[]): Element {
  return { kind: 'regex', pattern, validators };
}

export function keywords(...texts: readonly (string | Keyword)[]): Element {
  return {
    kind: 'keywords',
    keywords: texts.map((text) => (typeof text === 'string' ? { text, style: 'word' } : text)),
  };
}

export const near = (element: Element): Evidence => ({ kind: 'match', element });

export function entity(parts: Partial<EntityType> & { readonly patterns: readonly TypePattern[] }): EntityType {
  return {
    kind: 'entity',
    id: '11111111-2222-4333-8444-555555555555',
    name: 'Employee Number',
    recommendedConfidence: 75,
    proximity: 300,
    ...parts,
  };
}

/** One pattern: an employee's number with this evidence. */
export const employeeWith = (...evidence: readonly Evidence[]): EntityType =>
  entity({ patterns: [{ confidence: 80, primary: EMPLOYEE, evidence }] });

export function detectCustom(type: CustomType, ...texts: readonly string[]): DetectedInformation | undefined {
  const items = texts.map((text, index) => ({ where: `item ${index + 1}`, text }));
  return detect(compileTypes([type.name], [type]), items).get(type.id);
}

export function detectBuiltIn(name: string, ...texts: readonly string[]): DetectedInformation | undefined {
  const items = texts.map((text, index) => ({ where: `item ${index + 1}`, text }));
  return detect(compileTypes([name]), items).get(name.toLowerCase());
}

export const allNames: readonly string[] = builtInTypes.map(({ name }) => name);
