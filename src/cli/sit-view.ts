/** A sensitive information type in lines for people: what it looks for, and what must be near. */
import type { CustomType, Element, Evidence } from '#rules/sit/custom.ts';
import { foldedLines } from './fold.ts';
import { printable } from './table.ts';

type Shown = {
  readonly type: CustomType;
  readonly from: string;
  /** Width of the terminal. */
  readonly columns: number | undefined;
};

export function typeLines({ type, from, columns }: Shown): readonly string[] {
  const { name, id, description = '', recommendedConfidence, proximity } = type;
  const line: Line = (indent, text) => foldedLines('  '.repeat(indent), printable(text), columns);
  const within = proximity === 'unlimited' ? 'the whole text' : `${proximity} characters`;
  return [
    printable(name),
    ...(description === '' ? [] : line(1, description)),
    ...line(1, `id          ${id}`),
    ...line(1, `from        ${from}`),
    ...line(1, `confidence  ${recommendedConfidence} where a rule does not say`),
    ...line(1, `near means  within ${within}${type.kind === 'entity' ? ' on both sides' : ''}`),
    ...(type.kind === 'entity' ? type.patterns.flatMap(patternLines(line)) : type.evidence.flatMap(proofLines(line))),
  ];
}

type Line = (indent: number, text: string) => readonly string[];

type EntityPattern = Extract<CustomType, { kind: 'entity' }>['patterns'][number];
type Proof = Extract<CustomType, { kind: 'affinity' }>['evidence'][number];

const patternLines =
  (line: Line) =>
  ({ confidence, primary, evidence, proximity }: EntityPattern): readonly string[] => [
    ...line(0, `${confidence}: ${elementText(primary)}${nearText(proximity)}`),
    ...evidence.flatMap((each) => evidenceLines(line, each, 1)),
  ];

const proofLines =
  (line: Line) =>
  ({ confidence, matches }: Proof): readonly string[] => [
    ...line(0, `${confidence}: a text with`),
    ...matches.flatMap((each) => evidenceLines(line, each, 1)),
  ];

function nearText(proximity: number | 'unlimited' | undefined): string {
  if (proximity === undefined) return '';
  return proximity === 'unlimited' ? ' (near is anywhere)' : ` (near is within ${proximity} characters)`;
}

function evidenceLines(line: Line, evidence: Evidence, indent: number): readonly string[] {
  if (evidence.kind === 'any') {
    return [
      ...line(indent, rangeText(evidence)),
      ...evidence.of.flatMap((each) => evidenceLines(line, each, indent + 1)),
    ];
  }
  const { element, minCount = 1, uniqueResults = false } = evidence;
  const times = minCount === 1 ? '' : `${minCount} ${uniqueResults ? 'different ' : ''}of `;
  return line(indent, `near it ${times}${elementText(element)}`);
}

function rangeText({ min, max = Infinity, of }: Extract<Evidence, { kind: 'any' }>): string {
  if (max === 0) return 'none of';
  const most = Math.min(max, of.length);
  if (most === of.length) return min === of.length ? 'all of' : `at least ${min} of`;
  return min === most ? `exactly ${min} of` : `${min} to ${most} of`;
}

function elementText(element: Element): string {
  switch (element.kind) {
    case 'function':
      return `what ${element.name} finds`;
    case 'regex': {
      const { pattern, validators = [] } = element;
      return `/${pattern}/${validators.length === 0 ? '' : ` that passes ${validators.join(', ')}`}`;
    }
    case 'keywords':
      return `one of the words: ${element.keywords.map(({ text, style }) => (style === 'string' ? `*${text}*` : text)).join(', ')}`;
  }
}
