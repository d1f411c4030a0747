/**
 * Named lists of rule files (`lists:`), and the places where rules use them: `$partners` or `{ list: partners }` stands for every
 * entry of the list. What the entries are (addresses, words, patterns) is decided where they are used.
 */
import { nearest, settingName, type ConfigProblem } from '#config/problems.ts';
import type { YamlPath } from '#config/yaml.ts';

export type NamedList = {
  readonly entries: readonly string[];
  /** `config/rules/lists.yaml:12` of an entry. */
  readonly placeOf: (index: number) => string;
};

export type NamedLists = ReadonlyMap<string, NamedList>;

/** One text that a rule means, and where it stands when it comes out of a list. */
export type MeantText = { readonly text: string; readonly origin?: string };

export const NAME = /^[A-Za-z][\w-]{0,63}$/;
export const LIST_LIMITS = { lists: 300, entries: 10_000, entryCharacters: 1024 } as const;

/** What an entry of a rule's value means; a text is why it means nothing. `$$` stands for a dollar sign. */
export function meantBy(written: unknown, lists: NamedLists): readonly MeantText[] | string {
  if (typeof written === 'number' || typeof written === 'boolean') return 'must be a text: put it in quotes';
  const name = listName(written);
  if (name !== undefined) return entriesOf(name, lists);
  if (typeof written !== 'string') return 'must be a text, or name a list ($partners)';
  return [{ text: written.startsWith('$$') ? written.slice(1) : written }];
}

/** The reverse of `meantBy` for one text. */
export const literal = (text: string): string => (/^\$(?:\$|[A-Za-z])/.test(text) ? `$${text}` : text);

/** `$partners` and `{ list: partners }`. */
function listName(written: unknown): string | undefined {
  if (typeof written === 'string') return /^\$([A-Za-z].*)$/.exec(written)?.[1];
  if (typeof written !== 'object' || written === null) return undefined;
  const [[key, name] = [], ...more] = Object.entries(written);
  return key === 'list' && typeof name === 'string' && more.length === 0 ? name : undefined;
}

function entriesOf(name: string, lists: NamedLists): readonly MeantText[] | string {
  const list = lists.get(name);
  if (list !== undefined) {
    return list.entries.map((text, index) => ({ text, origin: `of the list ${name} (${list.placeOf(index)})` }));
  }
  const meant = nearest(name, [...lists.keys()]);
  const hint = meant === undefined ? 'a text that begins with a dollar sign is written $$' : `did you mean $${meant}?`;
  return `names a list that is not there: ${name}; ${hint}`;
}

/** What stands under `lists:` in a file. */
export type WrittenLists = {
  readonly value: unknown;
  readonly file: string;
  readonly lineOf: (path: YamlPath) => number | undefined;
};

/** Lists of all files by name. */
export function readLists(files: readonly WrittenLists[]): {
  readonly lists: NamedLists;
  readonly problems: readonly ConfigProblem[];
} {
  const lists = new Map<string, NamedList>();
  const problems: ConfigProblem[] = [];
  for (const { value, file, lineOf } of files) {
    const tell = (path: YamlPath, message: string): void => {
      problems.push({ file, line: lineOf(['lists', ...path]), setting: settingName(['lists', ...path]), message });
    };
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      tell([], 'must hold lists, each a name and its entries (`partners: [contoso.com]`)');
      continue;
    }
    for (const [name, entries] of Object.entries(value)) {
      const wrong = wrongList(name, entries, lists);
      for (const { path, message } of wrong) tell(path, message);
      if (wrong.length > 0) continue;
      const placeOf = (index: number): string => placeText(file, lineOf(['lists', name, index]));
      lists.set(name, { entries: textsOf(entries), placeOf });
    }
  }
  if (lists.size > LIST_LIMITS.lists) {
    const [{ file, lineOf } = { file: '', lineOf: () => undefined }] = files.slice(-1);
    const message = `must be at most ${LIST_LIMITS.lists} in all files; there are ${lists.size}`;
    problems.push({ file, line: lineOf(['lists']), setting: 'lists', message });
  }
  return { lists, problems };
}

type Wrong = { readonly path: YamlPath; readonly message: string };

function wrongList(name: string, entries: unknown, known: NamedLists): readonly Wrong[] {
  if (!NAME.test(name))
    return [{ path: [name], message: 'must be called by letters, digits, - and _, with a letter in front' }];
  if (known.has(name)) return [{ path: [name], message: 'is there twice, here and in another file' }];
  if (!Array.isArray(entries) || entries.length === 0)
    return [{ path: [name], message: 'must be a list with at least one entry' }];
  if (entries.length > LIST_LIMITS.entries)
    return [{ path: [name], message: `must have at most ${LIST_LIMITS.entries} entries; it has ${entries.length}` }];
  return entries.flatMap((entry: unknown, index): readonly Wrong[] => {
    const message = wrongEntry(entry);
    return message === undefined ? [] : [{ path: [name, index], message }];
  });
}

function wrongEntry(entry: unknown): string | undefined {
  if (typeof entry === 'number' || typeof entry === 'boolean') return 'must be a text: put it in quotes';
  if (typeof entry !== 'string' || entry === '') return 'must be a text that is not empty';
  if (listName(entry) !== undefined) return 'must be a text: lists do not hold lists';
  return entry.length > LIST_LIMITS.entryCharacters
    ? `must have at most ${LIST_LIMITS.entryCharacters} characters; it has ${entry.length}`
    : undefined;
}

const textsOf = (entries: unknown): readonly string[] =>
  Array.isArray(entries) ? entries.map((entry) => String(entry)).map((text) => text.replace(/^\$\$/, '$')) : [];

const placeText = (file: string, line: number | undefined): string => (line === undefined ? file : `${file}:${line}`);
