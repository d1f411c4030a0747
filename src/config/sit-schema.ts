/**
 * The schema of a file with sensitive information types of one's own, in YAML. What it reads are the plain values of
 * `rules/sit/custom.ts`; whether a type makes sense as a whole is said there (`check-type.ts`), whether it fits beside others in `sit.ts`.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

import { compilePattern } from '#rules/matching/patterns.ts';
import { TYPE_LIMITS } from '#rules/sit/check-type.ts';
import { AFFINITY_PROXIMITY, ENTITY_PROXIMITY } from '#rules/sit/custom.ts';
import type { CustomType, Element, Evidence } from '#rules/sit/custom.ts';
import { FUNCTION_NAMES, functionOf } from '#rules/sit/functions.ts';
import { VALIDATOR_NAMES, validatorOf } from '#rules/sit/validators.ts';
import { choice, flag, ifText, list, named, parsed, record, whole } from './fields.ts';
import { nearest } from './problems.ts';
import type { YamlPath } from './yaml.ts';

const most = (count: number) => ({ error: `must not hold more than ${count} entries` });
const least = { error: 'must not be empty' };
const percent = (description: string) => whole(description, 1, 100);

const regex = named('A regular expression, in linear time and in any case of letters.').superRefine(
  (pattern, context) => {
    const compiled = compilePattern(pattern);
    if (compiled.kind === 'refused') context.addIssue({ code: 'custom', message: compiled.problem.message });
  },
);

const nameAmong = (description: string, known: readonly string[], isKnown: (name: string) => boolean) =>
  named(description).superRefine((name, context) => {
    if (isKnown(name)) return;
    const meant = nearest(name, known);
    const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`;
    context.addIssue({ code: 'custom', message: `must be one that there is; ${hint}` });
  });

const keyword = named('A word or a phrase.').max(TYPE_LIMITS.keywordCharacters, {
  error: `must not be longer than ${TYPE_LIMITS.keywordCharacters} characters`,
});

const ELEMENT = {
  regex: regex.optional(),
  validators: list(
    'All of these must accept what the expression finds.',
    nameAmong('A check.', VALIDATOR_NAMES, (name) => validatorOf(name) !== undefined),
  ).optional(),
  keywords: list('Any of these.', keyword)
    .min(1, least)
    .max(TYPE_LIMITS.keywordsInList, most(TYPE_LIMITS.keywordsInList))
    .optional(),
  style: choice('Keywords as whole words (`word`) or also within words (`string`).', ['word', 'string']).optional(),
  caseSensitive: flag('Whether keywords are meant in the case that they are written in.').optional(),
  function: nameAmong(
    'A search that Postern brings along.',
    FUNCTION_NAMES,
    (name) => functionOf(name) !== undefined,
  ).optional(),
} as const;

type WrittenElement = z.output<z.ZodObject<typeof ELEMENT>>;

const element = record('What is looked for: regex, keywords or function.', ELEMENT)
  .superRefine((written, context) => complain(context, oneOf(written, ELEMENT_KINDS) ?? wrongCompany(written)))
  .transform(elementOf);

const ELEMENT_KINDS = ['regex', 'keywords', 'function'] as const;
const EVIDENCE_KINDS = [...ELEMENT_KINDS, 'any', 'none'] as const;
/** What says more about one kind, and the kind. */
const COMPANY = { validators: 'regex', style: 'keywords', caseSensitive: 'keywords', min: 'any', max: 'any' } as const;

function oneOf(written: object, kinds: readonly string[]): string | undefined {
  const given = kinds.filter((kind) => Object.hasOwn(written, kind));
  return given.length === 1
    ? undefined
    : `must hold one of ${kinds.join(', ')}${given.length > 1 ? `; it holds ${given.join(' and ')}` : ''}`;
}

function wrongCompany(written: object): string | undefined {
  const lonely = Object.entries(COMPANY).find(
    ([name, kind]) => Object.hasOwn(written, name) && !Object.hasOwn(written, kind),
  );
  return lonely && `must not hold ${lonely[0]} without ${lonely[1]}`;
}

function complain(context: z.core.$RefinementCtx, message: string | undefined): void {
  // A misspelt setting explains what is missing.
  if (message !== undefined && context.issues.length === 0) context.addIssue({ code: 'custom', message });
}

function elementOf(written: WrittenElement): Element {
  const { regex: pattern, validators, keywords = [], style = 'word', caseSensitive, function: name } = written;
  if (pattern !== undefined) return { kind: 'regex', pattern, validators };
  if (name !== undefined) return { kind: 'function', name };
  return { kind: 'keywords', keywords: keywords.map((text) => ({ text, style, caseSensitive })) };
}

const pieces: z.ZodType<readonly Evidence[]> = z.lazy(() => list('Pieces of evidence.', evidence).min(1, least));

const count = (description: string) => whole(description, 0, TYPE_LIMITS.patterns);

const EVIDENCE = {
  ...ELEMENT,
  minCount: whole('So many of it must be near.', 1, 1000).optional(),
  uniqueResults: flag('Whether the same text counts once.').optional(),
  any: pieces.optional(),
  min: count('So many of `any` must hold; 1 when left out.').optional(),
  max: count('No more of `any` may hold.').optional(),
  none: pieces.optional(),
} as const;

const evidence = record('What must be near: regex, keywords, function, any or none.', EVIDENCE)
  .superRefine((written, context) => complain(context, oneOf(written, EVIDENCE_KINDS) ?? wrongCompany(written)))
  .transform((written): Evidence => {
    const { any, none, min = 1, max, minCount, uniqueResults } = written;
    if (none !== undefined) return { kind: 'any', min: 0, max: 0, of: none };
    if (any !== undefined) return { kind: 'any', min, max, of: any };
    return { kind: 'match', element: elementOf(written), minCount, uniqueResults };
  });

const proximity = parsed(readProximity, `a whole number from 1 to ${TYPE_LIMITS.proximity}, or unlimited`, {
  description: 'In characters: to both sides of the primary element, or of the window that holds all evidence.',
  kind: 'number or `unlimited`',
  type: ['integer', 'string'],
});

function readProximity(value: unknown): number | 'unlimited' | undefined {
  if (value === 'unlimited') return value;
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= TYPE_LIMITS.proximity
    ? value
    : undefined;
}

const PATTERN = {
  confidence: percent('How sure a match of this pattern is.'),
  primary: element,
  evidence: list('All of it must be near.', evidence).prefault([]),
  proximity: proximity.optional(),
} as const;

const AFFINITY_EVIDENCE = {
  confidence: percent('How sure this evidence makes.'),
  matches: list('All of it must be in the window.', evidence).min(1, least),
} as const;

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const TYPE = {
  name: named('Under which rules name it.').max(TYPE_LIMITS.nameCharacters, {
    error: `must not be longer than ${TYPE_LIMITS.nameCharacters} characters`,
  }),
  id: parsed(
    ifText((text) => (GUID.test(text) ? text.toLowerCase() : undefined)),
    'a GUID such as 50842eb7-edc8-4019-85dd-5a5c1f2bb085',
    {
      description: 'Under which rules may name it as well; left out, it is made of the name.',
      kind: 'GUID',
      type: 'string',
    },
  ).optional(),
  description: named('What it is for.').optional(),
  recommendedConfidence: percent(
    'What a rule that says nothing of confidence asks for; left out, that of the surest pattern.',
  ).optional(),
  proximity: proximity.optional(),
  patterns: list('Any of them makes a value.', record('A pattern.', PATTERN))
    .min(1, least)
    .max(TYPE_LIMITS.patterns, most(TYPE_LIMITS.patterns))
    .optional(),
  evidence: list(
    'In the place of patterns: any text with enough of it is of this type.',
    record('Evidence.', AFFINITY_EVIDENCE),
  )
    .min(1, least)
    .max(TYPE_LIMITS.patterns, most(TYPE_LIMITS.patterns))
    .optional(),
} as const;

const type = record('A type of sensitive information.', TYPE)
  .superRefine((written, context) => complain(context, oneOf(written, ['patterns', 'evidence'])))
  .transform(typeOf);

function typeOf(written: z.output<z.ZodObject<typeof TYPE>>): CustomType {
  const { name, id = idOf(name), description, patterns, evidence: affinity = [], proximity: within } = written;
  const surest = Math.max(...(patterns ?? affinity).map(({ confidence }) => confidence));
  const of = { id, name, description, recommendedConfidence: written.recommendedConfidence ?? surest };
  return patterns === undefined
    ? { kind: 'affinity', ...of, proximity: within ?? AFFINITY_PROXIMITY, evidence: affinity }
    : { kind: 'entity', ...of, proximity: within ?? ENTITY_PROXIMITY, patterns };
}

/** The same for the same name, wherever it is read. */
function idOf(name: string): string {
  const digest = createHash('sha256').update(name.toLowerCase()).digest('hex');
  // RFC 9562 §5.8: a UUID of one's own making.
  return digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5');
}

export const typesFileSchema = record('A file of sensitive information types.', {
  types: list('Types of sensitive information.', type).max(TYPE_LIMITS.types, most(TYPE_LIMITS.types)),
});

/** The names that may stand there, for suggestions. */
export function namesAt(path: YamlPath): readonly string[] {
  const last = path.findLast((step) => typeof step === 'string');
  switch (last) {
    case undefined:
      return ['types'];
    case 'types':
      return Object.keys(TYPE);
    case 'patterns':
      return Object.keys(PATTERN);
    case 'primary':
      return Object.keys(ELEMENT);
    case 'evidence':
      return path.includes('patterns') ? Object.keys(EVIDENCE) : Object.keys(AFFINITY_EVIDENCE);
    default:
      return Object.keys(EVIDENCE);
  }
}
