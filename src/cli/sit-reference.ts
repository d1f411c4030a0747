/**
 * docs/reference/sensitive-information-types.md: the types that are built in, what each looks for in short, and how many samples hold it
 * to that. All words and patterns of a type: `postern sit show` (`sit-view.ts`).
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { readYaml } from '#config/yaml.ts';
import { builtInTypes } from '#rules/sit/built-in.ts';
import { ENTITY_PROXIMITY, type CustomType, type Element, type EntityType, type Evidence } from '#rules/sit/custom.ts';

const SAMPLES = 'test/vectors/sit/*.yaml';

const INTRODUCTION = `# Sensitive information types

<!-- Written by \`postern docs write\` from src/rules/sit/ and test/vectors/sit/. -->

The types that are built in, for \`messageContainsDataClassifications\`. Rules name them by name or GUID, in any case of letters; names that
Exchange Online and Purview have given some of them since are understood too. _Confidence_ is what the type recommends, which is what a rule
asks for that says nothing. What a type looks for stands by the confidence of the find: a function that knows the form of the value and its
check digits where it has any, and what must be near, which is within ${ENTITY_PROXIMITY} characters. All words, in all languages:
\`postern sit show "Credit Card Number"\`.

_Samples_ are texts in which the type is found, and texts that only look like it, in which it is not (test/vectors/sit/). How types of one's
own are made: [sensitive information](../sensitive-information.md). Where types differ from Exchange's:
[divergences](../divergences.md#sensitive-information-types).
`;

type Samples = { readonly present: number; readonly absent: number };

const NO_SAMPLES: Samples = { present: 0, absent: 0 };

/** With the samples of the tree in `directory`. */
export function sitReference(directory: string): string {
  const samples = samplesIn(directory);
  const rows = builtInTypes.map((type) => ({ type, ...(samples.get(type.name) ?? NO_SAMPLES) }));
  return [
    INTRODUCTION,
    `${rows.length} types; ${sum(rows.map(({ present }) => present))} samples in which they are found, ${sum(rows.map(({ absent }) => absent))} in which they are not.`,
    '',
    '| type | GUID | confidence | looks for | found | not found |',
    '| --- | --- | ---: | --- | ---: | ---: |',
    ...rows.map(
      ({ type, present, absent }) =>
        `| ${type.name} | \`${type.id}\` | ${type.recommendedConfidence} | ${soughtBy(type)} | ${present} | ${absent} |`,
    ),
    '',
  ].join('\n');
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

function samplesIn(directory: string): ReadonlyMap<string, Samples> {
  const files = globSync(SAMPLES, { cwd: directory }).map((file) => readFileSync(join(directory, file), 'utf8'));
  return new Map(files.map(samplesOf));
}

function samplesOf(text: string): readonly [type: string, samples: Samples] {
  const reading = readYaml(text);
  const value: unknown = reading.kind === 'value' ? reading.value : undefined;
  const { type, present, absent }: { type?: unknown; present?: unknown; absent?: unknown } =
    typeof value === 'object' && value !== null ? value : {};
  return [String(type), { present: lengthOf(present), absent: lengthOf(absent) }];
}

const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0);

/** What is counted, what must be near it, and how that is built whatever the words are. */
type Sought = {
  readonly confidence: number;
  readonly what: string;
  readonly near: string;
  readonly form: string;
};

/** Patterns that differ only in what they count, and in the words near it, stand together: those of the states of a country, for one. */
export function soughtBy(type: CustomType): string {
  if (type.kind === 'affinity') return 'evidence that stands together';
  const groups = Map.groupBy(type.patterns.map(soughtByPattern), ({ form }) => form);
  return [...groups.values()].map(groupText).join('; ').replaceAll('|', '\\|');
}

function soughtByPattern({ confidence, primary, evidence }: EntityType['patterns'][number]): Sought {
  const near = evidence.map(evidenceText).join(' and ');
  return { confidence, what: elementText(primary), near, form: `${confidence}: ${near.replaceAll(/".*?"/g, '')}` };
}

const FEW = 2;

function groupText(group: readonly Sought[]): string {
  const [{ near, confidence } = { near: '', confidence: 0 }] = group;
  const all = [...new Set(group.map(({ what }) => what))];
  const isLong = all.length > FEW;
  const what = isLong ? all[0] : all.join(' or ');
  const others = isLong ? `, and ${all.length - 1} more like it` : '';
  return `${confidence}: ${what}${near === '' ? '' : ` near ${near}`}${others}`;
}

function evidenceText(evidence: Evidence): string {
  if (evidence.kind === 'match') return elementText(evidence.element);
  const { min, max, of } = evidence;
  const parts = of.map(evidenceText);
  if (max === 0) return parts.map((part) => `no ${part.replace(/^a /, '')}`).join(' and ');
  return min === 1 ? parts.join(' or ') : `${min} of these: ${parts.join(', ')}`;
}

function elementText(element: Element): string {
  switch (element.kind) {
    case 'function':
      return `\`${element.name}\``;
    case 'regex':
      return 'a pattern';
    case 'keywords':
      return `a word such as "${element.keywords[0]?.text}"`;
  }
}
