/** What is wrong with a type of one's own, in words for whoever wrote it. Whether its file can be read at all is `config/`'s. */
import { compilePattern } from '#rules/matching/patterns.ts';
import type { CustomType, Element, Evidence } from './custom.ts';
import { functionOf } from './functions.ts';
import { VALIDATOR_NAMES, validatorOf } from './validators.ts';

/** Microsoft's limits of custom types. */
export const TYPE_LIMITS = {
  types: 500,
  nameCharacters: 256,
  patterns: 200,
  /** Different ones in one type. */
  regexes: 20,
  keywordCharacters: 512,
  keywordsInList: 2048,
  proximity: 100_000,
  nesting: 8,
} as const;

/** Nothing is wrong where there are none. */
export function problemsOf(type: CustomType): readonly string[] {
  const evidence =
    type.kind === 'affinity' ? type.evidence.flatMap(({ matches }) => matches) : evidenceIn(type.patterns);
  const primaries = type.kind === 'affinity' ? [] : type.patterns.map(({ primary }) => primary);
  const elements = uniqueElements([...primaries, ...evidence.flatMap(elementsIn)]);
  return [
    ...namedProblems(type),
    ...confidencesOf(type)
      .filter((each) => !isPercent(each))
      .map((each) => `has a confidence of ${each}; it is 1 to 100`),
    ...proximitiesOf(type).flatMap(proximityProblems),
    ...evidence.flatMap((each) => evidenceProblems(each)),
    ...elements.flatMap(elementProblems),
    ...regexCountProblems(elements),
  ];
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const isPercent = (confidence: number): boolean => Number.isInteger(confidence) && confidence >= 1 && confidence <= 100;

function namedProblems(type: CustomType): readonly string[] {
  const { id, name } = type;
  const count = type.kind === 'affinity' ? type.evidence.length : type.patterns.length;
  return [
    ...(GUID.test(id) ? [] : [`has the id "${id.slice(0, 60)}", which is no GUID`]),
    ...(name.trim() === '' ? ['has no name'] : []),
    ...(name.length > TYPE_LIMITS.nameCharacters
      ? [`has a name of more than ${TYPE_LIMITS.nameCharacters} characters`]
      : []),
    ...(count === 0 ? ['has no pattern'] : []),
    ...(count > TYPE_LIMITS.patterns ? [`has more than ${TYPE_LIMITS.patterns} patterns`] : []),
  ];
}

const evidenceIn = (patterns: readonly { readonly evidence: readonly Evidence[] }[]): readonly Evidence[] =>
  patterns.flatMap(({ evidence }) => evidence);

const confidencesOf = (type: CustomType): readonly number[] => [
  type.recommendedConfidence,
  ...(type.kind === 'affinity' ? type.evidence : type.patterns).map(({ confidence }) => confidence),
];

const proximitiesOf = (type: CustomType): readonly (number | 'unlimited')[] => [
  type.proximity,
  ...(type.kind === 'affinity'
    ? []
    : type.patterns.flatMap(({ proximity }) => (proximity === undefined ? [] : [proximity]))),
];

function proximityProblems(proximity: number | 'unlimited'): readonly string[] {
  const isFine =
    proximity === 'unlimited' || (Number.isInteger(proximity) && proximity >= 1 && proximity <= TYPE_LIMITS.proximity);
  return isFine ? [] : [`has a proximity of ${proximity}; it is 1 to ${TYPE_LIMITS.proximity}, or unlimited`];
}

function evidenceProblems(evidence: Evidence, depth = 1): readonly string[] {
  if (depth > TYPE_LIMITS.nesting) return [`nests evidence more than ${TYPE_LIMITS.nesting} deep`];
  if (evidence.kind === 'match') return isCount(evidence.minCount ?? 1) ? [] : ['asks for evidence less than once'];
  const { min, max = Infinity, of } = evidence;
  const problem = `asks for ${min} to ${max === Infinity ? 'any number' : max} of ${of.length} pieces of evidence`;
  return [...(isRange(evidence) ? [] : [problem]), ...of.flatMap((each) => evidenceProblems(each, depth + 1))];
}

const isCount = (count: number): boolean => Number.isInteger(count) && count >= 1;

const isRange = ({ min, max = Infinity, of }: Extract<Evidence, { kind: 'any' }>): boolean =>
  Number.isInteger(min) && min >= 0 && max >= min && min <= of.length && of.length > 0;

const elementsIn = (evidence: Evidence): readonly Element[] =>
  evidence.kind === 'match' ? [evidence.element] : evidence.of.flatMap(elementsIn);

const uniqueElements = (elements: readonly Element[]): readonly Element[] => [
  ...new Map(elements.map((element) => [JSON.stringify(element), element])).values(),
];

function elementProblems(element: Element): readonly string[] {
  switch (element.kind) {
    case 'function':
      return functionOf(element.name) === undefined ? [`names the function "${element.name}", which there is not`] : [];
    case 'keywords':
      return keywordProblems(element);
    case 'regex':
      return regexProblems(element);
  }
}

function keywordProblems({ keywords }: Extract<Element, { kind: 'keywords' }>): readonly string[] {
  const { keywordsInList, keywordCharacters } = TYPE_LIMITS;
  const bad = keywords.find(({ text }) => text.trim() === '' || text.length > keywordCharacters);
  return [
    ...(keywords.length === 0 ? ['has an empty list of keywords'] : []),
    ...(keywords.length > keywordsInList ? [`has a list of more than ${keywordsInList} keywords`] : []),
    ...(bad === undefined
      ? []
      : [`has the keyword "${bad.text.slice(0, 60)}"; it is 1 to ${keywordCharacters} characters`]),
  ];
}

function regexProblems({ pattern, validators = [] }: Extract<Element, { kind: 'regex' }>): readonly string[] {
  const compiled = compilePattern(pattern);
  const unknown = validators.filter((name) => validatorOf(name) === undefined);
  return [
    ...(compiled.kind === 'refused'
      ? [`has the expression "${pattern.slice(0, 60)}", which ${compiled.problem.message}`]
      : []),
    ...unknown.map((name) => `names the validator "${name}"; there are ${VALIDATOR_NAMES.join(', ')}`),
  ];
}

function regexCountProblems(elements: readonly Element[]): readonly string[] {
  const count = elements.filter(({ kind }) => kind === 'regex').length;
  return count > TYPE_LIMITS.regexes ? [`has ${count} different expressions; it may have ${TYPE_LIMITS.regexes}`] : [];
}
