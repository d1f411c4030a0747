/**
 * From a directory of rule files to the rule set that is in force: all rules or none. Everything that is wrong in any file is found at
 * once, with its file and line. The context (`context.ts`) is what rules may name beside themselves: the connectors of
 * `outbound.connectors`, and the sensitive information types, built in and of `mailFlow.sensitiveInformationTypes`. The rule set is plain
 * values, which `structuredClone` carries to other threads and processes; patterns are compiled where they are used.
 */
import { nearest, settingName, type ConfigProblem } from '#config/problems.ts';
import { readYaml, type YamlPath } from '#config/yaml.ts';
import type { Condition, Rule, RuleSet } from '#rules/rule.ts';
import type { DocumentContext, RuleContext } from './context.ts';
import { readLists } from './lists.ts';
import { ruleReader } from './read-rule.ts';
import { readRuleFiles, versionOf, type RuleFile } from './rule-files.ts';

/** Where a rule stands: as `sources[n]` for `ruleSet.rules[n]`. */
export type RuleSource = {
  readonly file: string;
  readonly line: number;
  /** Its place among the rules of its file. */
  readonly index: number;
};

export type LoadedRules = {
  readonly kind: 'loaded';
  readonly ruleSet: RuleSet;
  readonly sources: readonly RuleSource[];
};

export type RuleSetReading =
  | LoadedRules
  /** `problems` is never empty. */
  | { readonly kind: 'refused'; readonly problems: readonly ConfigProblem[] };

/** Exchange Online, "Journal, transport and inbox rule limits". */
export const RULE_SET_LIMITS = { rules: 300, patternCharacters: 20_480 } as const;
const MOST_PROBLEMS = 200;

/** A directory that is not there has no rules. */
export function loadRuleSet(directory: string, context: RuleContext): RuleSetReading {
  const reading = readRuleFiles(directory);
  return reading.kind === 'refused' ? reading : parseRuleSet(reading.files, context);
}

/** Rules in the order of the files, then of the rules within them. */
export function parseRuleSet(files: readonly RuleFile[], context: RuleContext): RuleSetReading {
  const { documents, problems } = readDocuments(files);
  const { lists, problems: wrongLists } = readLists(
    documents.flatMap(({ file, lineOf, lists: value }) => (value === undefined ? [] : [{ value, file, lineOf }])),
  );
  const { placed, wrong } = placeRules(documents, { ...context, lists });
  problems.push(...wrong, ...wrongLists, ...wrongTogether(documents, placed));
  if (problems.length > 0) return { kind: 'refused', problems: shown(inFileOrder(files, problems)) };
  return {
    kind: 'loaded',
    ruleSet: { rules: placed.map(({ rule }) => rule), version: versionOf(files) },
    sources: placed.map(({ source: { file, lineOf }, index }) => ({
      file,
      line: lineOf(['rules', index]) ?? 1,
      index,
    })),
  };
}

/** What comes after too many rules or problems is not looked at: it could not change what is said. */
function placeRules(
  documents: readonly Document[],
  context: DocumentContext,
): { readonly placed: readonly Placed[]; readonly wrong: readonly ConfigProblem[] } {
  const readRule = ruleReader(context);
  const placed: Placed[] = [];
  const wrong: ConfigProblem[] = [];
  for (const document of documents) {
    for (const [index, written] of document.rules.entries()) {
      if (placed.length > RULE_SET_LIMITS.rules || wrong.length > MOST_PROBLEMS) break;
      const reading = readRule(written);
      if (reading.kind === 'rule') placed.push({ rule: reading.rule, source: document, index });
      else wrong.push(...reading.findings.slice(0, MOST_PROBLEMS + 1).map((one) => problemAt(document, index, one)));
    }
  }
  return { placed, wrong };
}

type Document = {
  readonly file: string;
  readonly lineOf: (path: YamlPath) => number | undefined;
  readonly rules: readonly unknown[];
  readonly lists: unknown;
};

type Placed = { readonly rule: Rule; readonly source: Document; readonly index: number };

function readDocuments(files: readonly RuleFile[]): { documents: readonly Document[]; problems: ConfigProblem[] } {
  const documents: Document[] = [];
  const problems: ConfigProblem[] = [];
  for (const { file, text } of files) {
    const reading = readYaml(text, 'kept');
    if (reading.kind === 'broken') {
      problems.push(...reading.problems.map((problem) => ({ file, setting: '', ...problem })));
      continue;
    }
    const { value, lineOf } = reading;
    const { rules, lists, wrong } = membersOf(value);
    documents.push({ file, lineOf, rules, lists });
    problems.push(
      ...wrong.map(({ path, message }) => ({ file, line: lineOf(path), setting: settingName(path), message })),
    );
  }
  return { documents, problems };
}

type Members = {
  readonly rules: readonly unknown[];
  readonly lists: unknown;
  readonly wrong: readonly { readonly path: YamlPath; readonly message: string }[];
};

function membersOf(value: unknown): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { rules: [], lists: undefined, wrong: [{ path: [], message: 'must hold rules: and its list, or lists:' }] };
  }
  const { rules, lists, ...others }: { rules?: unknown; lists?: unknown } = value;
  const unknown = Object.keys(others).map((name) => {
    const meant = nearest(name, ['rules', 'lists']) ?? 'rules: and lists:';
    return { path: [name], message: `is nothing that a file of rules has; did you mean ${meant}?` };
  });
  // A heading with nothing under it holds nothing.
  const isList = rules === undefined || rules === null || Array.isArray(rules);
  const wrong = isList
    ? unknown
    : [...unknown, { path: ['rules'], message: 'must be a list (lines of `- name: ...`)' }];
  return { rules: Array.isArray(rules) ? rules : [], lists: lists ?? undefined, wrong };
}

type FindingInRule = { readonly path: YamlPath; readonly message: string; readonly value?: string };

function problemAt({ file, lineOf }: Document, index: number, { path, ...rest }: FindingInRule): ConfigProblem {
  const whole = ['rules', index, ...path];
  return { file, line: lineOf(whole), setting: settingName(whole), ...rest };
}

function wrongTogether(documents: readonly Document[], placed: readonly Placed[]): readonly ConfigProblem[] {
  return [...tooMany(documents), ...sameNames(documents), ...tooManyPatterns(placed)];
}

function tooMany(documents: readonly Document[]): readonly ConfigProblem[] {
  let count = 0;
  for (const document of documents) {
    const room = RULE_SET_LIMITS.rules - count;
    count += document.rules.length;
    if (document.rules.length <= room) continue;
    const message = `is one rule too many: there may be ${RULE_SET_LIMITS.rules} in all files`;
    return [problemAt(document, room, { path: [], message })];
  }
  return [];
}

/** Names of rules that have other problems count too. */
function sameNames(documents: readonly Document[]): readonly ConfigProblem[] {
  const first = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const document of documents) {
    for (const [index, written] of document.rules.entries()) {
      const name = nameOf(written);
      if (name === undefined) continue;
      const place = first.get(name.toLowerCase());
      first.set(name.toLowerCase(), place ?? `${document.file}:${document.lineOf(['rules', index, 'name'])}`);
      if (place === undefined) continue;
      const message = `must differ from the other names, in more than the case of its letters; ${place} has it too`;
      problems.push(problemAt(document, index, { path: ['name'], message, value: JSON.stringify(name) }));
    }
  }
  return problems;
}

function nameOf(written: unknown): string | undefined {
  const name: unknown = typeof written === 'object' && written !== null ? Reflect.get(written, 'name') : undefined;
  return typeof name === 'string' ? name : undefined;
}

/** Told at the rule with which they become too many. */
function tooManyPatterns(placed: readonly Placed[]): readonly ConfigProblem[] {
  let characters = 0;
  for (const { rule, source, index } of placed) {
    const before = characters;
    for (const condition of [...rule.conditions, ...rule.exceptions]) characters += patternCharacters(condition);
    if (before > RULE_SET_LIMITS.patternCharacters || characters <= RULE_SET_LIMITS.patternCharacters) continue;
    const message = `makes too much of patterns: those of all rules may have ${RULE_SET_LIMITS.patternCharacters} characters together`;
    return [problemAt(source, index, { path: [], message })];
  }
  return [];
}

function patternCharacters({ parameter, value }: Condition): number {
  if (!parameter.endsWith('MatchesPatterns')) return 0;
  return textsIn(value).reduce((sum, pattern) => sum + pattern.length, 0);
}

/** A list of patterns, one under a header's name, or one for each attribute. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return typeof value === 'object' && value !== null && 'patterns' in value ? textsIn(value.patterns) : [];
}

/** Of very many problems the first ones, and that there are more. */
function shown(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const next = problems[MOST_PROBLEMS];
  if (next === undefined) return problems;
  return [
    ...problems.slice(0, MOST_PROBLEMS),
    { file: next.file, setting: '', message: 'has more problems than are shown' },
  ];
}

function inFileOrder(files: readonly RuleFile[], problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const places = new Map(files.map(({ file }, place) => [file, place]));
  const rank = ({ file, line = 0 }: ConfigProblem): number => (places.get(file) ?? 0) * 1e9 + line;
  return unlike(problems).toSorted((one, other) => rank(one) - rank(other));
}

/** An entry of a list that several rules use is told once. */
function unlike(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}
