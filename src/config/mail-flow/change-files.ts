/**
 * What a change of rules makes of the rule files, as texts: the lines that it is about change, all others stay as somebody wrote them.
 * Whether the result is a rule set that loads is decided by whoever asks (`rule-set.ts`); nothing is written here.
 */
import { basename, join } from 'node:path';

import { readYaml } from '#config/yaml.ts';
import {
  changeMembers,
  entryText,
  insertEntry,
  listFileText,
  makeEntry,
  moved,
  parseListFile,
  removeEntry,
  type ListEntry,
  type ListFile,
} from '#config/yaml-list.ts';
import { nearest } from '#config/problems.ts';
import type { RuleMode } from '#rules/rule.ts';
import type { RuleFile } from './rule-files.ts';
import { PARAMETER_NAMES } from './rule-schema.ts';
import type { LoadedRules, RuleSource } from './rule-set.ts';

/** Rules are called by their names, in any case of letters. Positions count from 0, as priorities do. */
export type RuleChange =
  /** `text`: YAML (or JSON) of one rule, or a file of rules (`rules:` and nothing else). Left out, they come last. */
  | {
      readonly kind: 'add';
      readonly text: string;
      /** Name of a file of the directory; it is made when it is not there. */
      readonly file?: string | undefined;
      readonly position?: number | undefined;
    }
  /** The whole text of a rule anew; refused when the rule is not any more as in `before`. */
  | { readonly kind: 'edit'; readonly name: string; readonly text: string; readonly before?: string | undefined }
  /** Parameters with their values as documents have them, and parameters to take out. */
  | {
      readonly kind: 'set';
      readonly name: string;
      readonly set: Readonly<Record<string, unknown>>;
      readonly unset: readonly string[];
    }
  | { readonly kind: 'enable' | 'disable' | 'remove'; readonly name: string }
  | { readonly kind: 'mode'; readonly name: string; readonly mode: RuleMode }
  | { readonly kind: 'move'; readonly name: string; readonly position: number };

/** What becomes of one rule: texts as they stand in the file, or where it stands; `''` where there is none. */
export type RuleEffect = { readonly subject: string; readonly before: string; readonly after: string };

export type ChangePlan =
  | {
      readonly kind: 'planned';
      /** All files as they are to be, in the order of their names. */
      readonly files: readonly RuleFile[];
      /** Those of them that change, in the order in which they are to be written: a rule is never nowhere in between. */
      readonly written: readonly RuleFile[];
      readonly effects: readonly RuleEffect[];
    }
  | { readonly kind: 'unknown'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

/** The rule files that are in force, with what they mean. */
export type CurrentRules = {
  readonly directory: string;
  readonly files: readonly RuleFile[];
  readonly loaded: LoadedRules;
};

export function planChange(current: CurrentRules, change: RuleChange): ChangePlan {
  switch (change.kind) {
    case 'add':
      return add(current, change);
    case 'edit':
      return withRule(current, change.name, (place) => edit(place, change.text, change.before));
    case 'set':
      return withRule(current, change.name, (place) => set(place, change.set, change.unset));
    case 'enable':
      return withRule(current, change.name, (place) => set(place, { enabled: true }, []));
    case 'disable':
      return withRule(current, change.name, (place) => set(place, { enabled: false }, []));
    case 'mode':
      return withRule(current, change.name, (place) => set(place, { mode: change.mode }, []));
    case 'remove':
      return withRule(current, change.name, remove);
    case 'move':
      return withRule(current, change.name, (place) => move(place, change.position));
  }
}

/** The text of the rule as it stands in its file, from the beginning of lines. */
export function ruleText(current: CurrentRules, index: number): string | undefined {
  const source = current.loaded.sources[index];
  const entry = source && listOf(current, source.file)?.entries[source.index];
  return entry === undefined ? undefined : entryText(entry);
}

export function indexOfRule({ loaded }: Pick<CurrentRules, 'loaded'>, name: string): number | undefined {
  const index = loaded.ruleSet.rules.findIndex((rule) => rule.name.toLowerCase() === name.toLowerCase());
  return index === -1 ? undefined : index;
}

/** That there is no rule of this name, and which was meant. */
export function unknownRule({ loaded }: Pick<CurrentRules, 'loaded'>, name: string): string {
  const meant = nearest(
    name,
    loaded.ruleSet.rules.map((rule) => rule.name),
  );
  return `there is no rule ${JSON.stringify(name)}${meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`}`;
}

/** A rule with its file. */
type Place = {
  readonly current: CurrentRules;
  readonly index: number;
  readonly source: RuleSource;
  readonly name: string;
  readonly list: ListFile;
  readonly entry: ListEntry;
};

const refused = (message: string): ChangePlan => ({ kind: 'refused', message });

function withRule(current: CurrentRules, name: string, change: (place: Place) => ChangePlan): ChangePlan {
  const index = indexOfRule(current, name);
  const source = index === undefined ? undefined : current.loaded.sources[index];
  const rule = index === undefined ? undefined : current.loaded.ruleSet.rules[index];
  if (index === undefined || source === undefined || rule === undefined)
    return { kind: 'unknown', message: unknownRule(current, name) };
  const list = listOf(current, source.file);
  const entry = list?.entries[source.index];
  if (list === undefined || entry === undefined)
    return refused(`${source.file}:${source.line}: cannot be changed line by line; edit the file itself`);
  return change({ current, index, source, name: rule.name, list, entry });
}

function add(current: CurrentRules, change: Extract<RuleChange, { kind: 'add' }>): ChangePlan {
  const entries = newEntries(change.text);
  if (typeof entries === 'string') return refused(entries);
  const target = placeOfNew(current, change);
  if ('wrong' in target) return refused(target.wrong);
  const { file } = target;
  const list = listOf(current, file);
  if (list === undefined) return refused(`${file}: cannot be changed line by line; edit the file itself`);
  const { index = list.entries.length } = target;
  const grown = entries.reduce(
    (sofar, entry, step) => insertEntry(sofar, index + step, moved(entry, sofar.entries[0])),
    list,
  );
  const effects = entries.map(entryText).map((after) => ({ subject: nameIn(after), before: '', after }));
  return planned(current, [{ file, text: listFileText(grown) }], effects);
}

type NewPlace = { readonly file: string; readonly index?: number } | { readonly wrong: string };

function placeOfNew(
  { directory, files, loaded }: CurrentRules,
  { file: name, position }: Extract<RuleChange, { kind: 'add' }>,
): NewPlace {
  if (name !== undefined && position !== undefined)
    return { wrong: 'takes a file or a position: a position is in the file of the rule that stands there' };
  if (name !== undefined && !FILE_NAME.test(name))
    return {
      wrong: `goes to a file called by letters, digits, - and _ with .yaml at its end, not ${JSON.stringify(name)}`,
    };
  if (name !== undefined) return { file: join(directory, name) };
  const at = position === undefined ? undefined : loaded.sources[position];
  if (at !== undefined) return { file: at.file, index: at.index };
  return { file: loaded.sources.at(-1)?.file ?? files.at(-1)?.file ?? join(directory, FIRST_FILE) };
}

const FILE_NAME = /^[A-Za-z0-9][\w.-]{0,99}\.ya?ml$/;
/** Where rules go that nothing is said about. */
const FIRST_FILE = '50-rules.yaml';

/** Entries of a rule alone or of a file of rules; a text says what is wrong. */
function newEntries(text: string): readonly ListEntry[] | string {
  const own = text.replace(/^(?:\s*#.*\n)*---\s*\n/, '');
  const reading = readYaml(own, 'kept');
  if (reading.kind === 'broken')
    return reading.problems.map(({ line, message }) => `line ${line}: ${message}`).join('; ');
  const names = namesIn(reading.value);
  if (names.length === 0) return 'must be a rule (name: and its parameters), or rules: and a list of them';
  if (!names.includes('rules')) return [makeEntry(own)];
  const more = names.filter((name) => name !== 'rules');
  if (more.length > 0) return `${more.join(', ')} cannot be added; put the file into the directory of rules itself`;
  const entries = parseListFile(own, 'rules')?.entries ?? [];
  return entries.length === 0 ? 'must have a rule under rules:' : entries;
}

const namesIn = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];

function edit(place: Place, text: string, before: string | undefined): ChangePlan {
  const old = entryText(place.entry);
  if (before !== undefined && before !== old)
    return refused(`${JSON.stringify(place.name)} has been changed by somebody else meanwhile; look at it again`);
  return replaced(place, text);
}

function set(place: Place, values: Readonly<Record<string, unknown>>, unset: readonly string[]): ChangePlan {
  const unknown = unset.find((name) => !PARAMETER_NAMES.includes(name));
  if (unknown !== undefined) {
    const meant = nearest(unknown, PARAMETER_NAMES);
    return refused(`${unknown} is no parameter of a rule${meant === undefined ? '' : `; did you mean ${meant}?`}`);
  }
  const changed = changeMembers(entryText(place.entry), { set: values, unset });
  if (changed === undefined)
    return refused(
      `${place.source.file}:${place.source.line}: uses an alias, which cannot be changed alone; edit the file itself`,
    );
  return replaced(place, changed);
}

function replaced({ current, source, name, list, entry }: Place, text: string): ChangePlan {
  const made = makeEntry(text, entry);
  const gap = entry.lines.findIndex((line) => line.trim() !== '');
  const lines = [...entry.lines.slice(0, Math.max(0, gap)), ...made.lines];
  const entries = list.entries.with(source.index, { ...made, lines });
  const effect = { subject: name, before: entryText(entry), after: text };
  return planned(current, [{ file: source.file, text: listFileText({ ...list, entries }) }], [effect]);
}

function remove({ current, source, name, list, entry }: Place): ChangePlan {
  const text = listFileText(removeEntry(list, source.index));
  return planned(current, [{ file: source.file, text }], [{ subject: name, before: entryText(entry), after: '' }]);
}

function move({ current, index, source, name, list, entry }: Place, position: number): ChangePlan {
  const others = current.loaded.sources.toSpliced(index, 1);
  const to = Math.min(position, others.length);
  const file = fileAt(others, to, source.file);
  if (to === index) return planned(current, [], []);
  const at = indexWithin(others, to, file);
  const without = removeEntry(list, source.index);
  const effects = [{ subject: name, before: placeText(source.file, index), after: placeText(file, to) }];
  if (file === source.file)
    return planned(current, [{ file, text: listFileText(insertEntry(without, at, entry)) }], effects);
  const target = listOf(current, file);
  if (target === undefined) return refused(`${file}: cannot be changed line by line; edit the file itself`);
  const grown = insertEntry(target, at, moved(entry, target.entries[0]));
  const written = [
    { file, text: listFileText(grown) },
    { file: source.file, text: listFileText(without) },
  ];
  return planned(current, written, effects);
}

/** Between two files a rule stays in its own where it can, else it goes before the one that stands there. */
function fileAt(others: readonly RuleSource[], position: number, own: string): string {
  const [above, below] = [others[position - 1]?.file, others[position]?.file];
  return above === own || below === own ? own : (below ?? above ?? own);
}

/** How many rules of the file stand before the position. */
const indexWithin = (sources: readonly RuleSource[], position: number, file: string): number =>
  sources.slice(0, position).filter((source) => source.file === file).length;

const placeText = (file: string, position: number): string => `position ${position} (${basename(file)})`;

function planned({ files }: CurrentRules, written: readonly RuleFile[], effects: readonly RuleEffect[]): ChangePlan {
  const changed = new Map(written.map((one) => [one.file, one]));
  const kept = files.map((one) => changed.get(one.file) ?? one);
  const added = written.filter(({ file }) => files.every((one) => one.file !== file));
  const all = [...kept, ...added].toSorted((one, other) => compare(basename(one.file), basename(other.file)));
  return { kind: 'planned', files: all, written, effects };
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function listOf({ files }: Pick<CurrentRules, 'files'>, file: string): ListFile | undefined {
  return parseListFile(files.find((one) => one.file === file)?.text ?? '', 'rules');
}

function nameIn(text: string): string {
  const reading = readYaml(text, 'kept');
  const value: unknown = reading.kind === 'value' ? reading.value : undefined;
  const name: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'name') : undefined;
  return typeof name === 'string' ? name : '';
}
