/**
 * Changes of a YAML file in which one list at the top matters (`rules:`): entries are put in, taken out, moved and edited, and every
 * other line stays as somebody has written it, comments and all. What the entries mean is not known here.
 */
import {
  Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Node,
  type YAMLSeq,
} from 'yaml';

/** An entry as its lines in the file, with the comments in front of it. */
export type ListEntry = {
  readonly lines: readonly string[];
  /** Where its dash stands: 0 is the beginning of the line. */
  readonly dash: number;
};

/** The lines of a file around and in its list. */
export type ListFile = {
  readonly head: readonly string[];
  readonly entries: readonly ListEntry[];
  readonly tail: readonly string[];
};

const WIDTH = 110;
/** A list up to so many characters stands in one line. */
const SHORT = 70;
/** Where the dash of the first entry goes. */
const USUAL_DASH = 2;
const STYLE = { lineWidth: WIDTH, flowCollectionPadding: false, indentSeq: true } as const;

/** `undefined` for what is no YAML, or no map. A list in one line (`[...]`) or none at all becomes one of lines. */
export function parseListFile(text: string, name: string): ListFile | undefined {
  const counter = new LineCounter();
  const document = parseDocument(text, { keepSourceTokens: true, lineCounter: counter });
  const { contents, errors } = document;
  if (errors.length > 0 || (contents !== null && !isMap(contents))) return undefined;
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const pair = contents?.items.find(({ key }) => isScalar(key) && key.value === name);
  if (pair === undefined) return { head: [...lines, `${name}:`], entries: [], tail: [] };
  const list: unknown = pair.value;
  if (!isSeq(list) || list.items.length === 0) {
    const line = counter.linePos(pair.key.range[0]).line;
    return { head: [...lines.slice(0, line - 1), `${name}:`], entries: [], tail: lines.slice(line) };
  }
  if (list.srcToken?.type === 'block-seq') return fileOf(lines, placesOf(list, text, counter));
  list.flow = false;
  return parseListFile(document.toString(STYLE), name);
}

export function listFileText({ head, entries, tail }: ListFile): string {
  const lines = [...head, ...entries.flatMap((entry) => entry.lines), ...tail];
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** The entry alone, from the beginning of lines, its comments first. */
export function entryText(entry: ListEntry): string {
  const { lines, dash } = withoutGap(entry);
  const first = lines.findIndex((line) => /^ *-(?: |$)/.test(line));
  const begin = lines[first] ?? '';
  const column = dash + 1 + (/^ +/.exec(begin.slice(dash + 1))?.[0].length ?? 1);
  const inner = [begin.slice(column), ...lines.slice(first + 1).map((line) => outdented(line, column))];
  const all = [...lines.slice(0, first).map((line) => outdented(line, dash)), ...inner];
  return withoutBlankEnd(all).join('\n').concat('\n');
}

/** Blanks at the end of a line may belong to a text; lines of nothing else at the end do not. */
function withoutBlankEnd(lines: readonly string[]): readonly string[] {
  return lines.slice(0, lines.findLastIndex((line) => line.trim() !== '') + 1);
}

/** The reverse of `entryText`. `like` is an entry of the list that it is for. */
export function makeEntry(text: string, like?: ListEntry): ListEntry {
  const dash = like?.dash ?? USUAL_DASH;
  const lines = withoutBlankEnd(text.split('\n'));
  const first = lines.findIndex((line) => !/^\s*(?:#|$)/.test(line));
  const made = lines.map((line, index) => {
    // Blanks alone may be a line of a text.
    if (line === '') return '';
    if (index < first) return ' '.repeat(dash) + line;
    return `${' '.repeat(dash)}${index === first ? '- ' : '  '}${line}`;
  });
  return { lines: made, dash };
}

/** The same entry in a list whose dashes stand elsewhere. */
export function moved(entry: ListEntry, like: ListEntry | undefined): ListEntry {
  return like === undefined || like.dash === entry.dash ? entry : makeEntry(entryText(entry), like);
}

export type MemberChange = {
  readonly set: Readonly<Record<string, unknown>>;
  readonly unset: readonly string[];
};

/** Changes members of an entry's text; `undefined` when the text is no map of its own. */
export function changeMembers(text: string, { set, unset }: MemberChange): string | undefined {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined;
  keepCommentInside(document.contents, document);
  for (const name of unset) document.delete(name);
  for (const [name, value] of Object.entries(set)) {
    const node = document.createNode(value);
    putShortListsInLines(node);
    const old = document.get(name, true);
    // A value keeps the comment behind it.
    if (isNode(old) && isNode(node)) node.comment = old.comment ?? null;
    document.set(name, node);
  }
  try {
    return document.toString(STYLE);
  } catch {
    return undefined; // an alias of what stands elsewhere in the file
  }
}

/** The comment at the end belongs to the entry; as one of the document it would get an empty line before it. */
function keepCommentInside(contents: Node, document: Document.Parsed): void {
  if (typeof document.comment !== 'string') return;
  contents.comment = [contents.comment ?? [], document.comment].flat().join('\n');
  document.comment = null;
}

/** A value as text of its own. */
export function yamlText(value: unknown): string {
  const document = new Document(value);
  putShortListsInLines(document.contents);
  return document.toString(STYLE);
}

/** Between its neighbours as they are: with an empty line where they have one. */
export function insertEntry(file: ListFile, index: number, entry: ListEntry): ListFile {
  const isAiry = file.entries.slice(1).some(({ lines }) => lines[0]?.trim() === '');
  const entries = file.entries.toSpliced(index, 0, withoutGap(entry));
  return { ...file, entries: entries.map((one, at) => (at > 0 && at <= index + 1 && isAiry ? withGap(one) : one)) };
}

export function removeEntry(file: ListFile, index: number): ListFile {
  const entries = file.entries.toSpliced(index, 1);
  return { ...file, entries: index === 0 ? entries.map((one, at) => (at === 0 ? withoutGap(one) : one)) : entries };
}

function withoutGap({ lines, dash }: ListEntry): ListEntry {
  return { lines: lines.slice(lines.findIndex((line) => line.trim() !== '')), dash };
}

const withGap = (entry: ListEntry): ListEntry => ({ ...entry, lines: ['', ...withoutGap(entry).lines] });

/** `[a, b]` where that fits into a line, as people write it. */
function putShortListsInLines(node: unknown): void {
  if (!isNode(node)) return;
  visit(node, {
    Seq: (_, list) => {
      const texts = list.items.map((item) => (isScalar(item) ? String(item.value) : undefined));
      const length = texts.reduce((sum, text = ' '.repeat(WIDTH)) => sum + text.length + 4, 0);
      if (length < SHORT && texts.every((text) => text?.includes('\n') === false)) list.flow = true;
    },
  });
}

function fileOf(lines: readonly string[], places: readonly EntryPlace[]): ListFile {
  const starts = places.map(({ dashLine, dash }, index) => {
    const previous = places[index - 1];
    return previous === undefined ? withParagraph(lines, dashLine) : behind(lines, previous.lastLine + 1, dash);
  });
  const last = places.at(-1);
  const end = last === undefined ? lines.length : behind(lines, last.lastLine + 1, last.dash);
  return {
    head: lines.slice(0, starts[0] ?? lines.length),
    entries: places.map(({ dash }, index) => ({ lines: lines.slice(starts[index], starts[index + 1] ?? end), dash })),
    tail: lines.slice(end),
  };
}

type EntryPlace = { readonly dash: number; readonly dashLine: number; readonly lastLine: number };

/** Lines count from 0. */
function placesOf(list: YAMLSeq, text: string, counter: LineCounter): readonly EntryPlace[] {
  const tokens = list.srcToken?.type === 'block-seq' ? list.srcToken.items : [];
  const dashes = tokens.flatMap(({ start }) => start.filter(({ type }) => type === 'seq-item-ind'));
  return list.items.map((item, index) => {
    const { line, col } = counter.linePos(dashes[index]?.offset ?? 0);
    const [from, to] = (isNode(item) ? item.range : undefined) ?? [0, 0];
    const content = text.slice(from, to).trimEnd();
    const end = counter.linePos(from + Math.max(0, content.length - 1)).line;
    return { dash: col - 1, dashLine: line - 1, lastLine: Math.max(line, end) - 1 };
  });
}

/** The comment right above the first entry belongs to it; what an empty line parts from it is about all of them. */
function withParagraph(lines: readonly string[], dashLine: number): number {
  let start = dashLine;
  while (start > 0 && /^\s*#/.test(lines[start - 1] ?? '')) start -= 1;
  return start;
}

/** Comments that are indented more than the dashes belong to the entry before them. Returns the line behind these. */
function behind(lines: readonly string[], from: number, dash: number): number {
  let end = from;
  for (let line = from; /^\s*(?:#|$)/.test(lines[line] ?? 'x'); line += 1) {
    const indent = (lines[line] ?? '').search(/\S/);
    if (indent !== -1 && indent <= dash) break;
    if (indent > dash) end = line + 1;
  }
  return end;
}

function outdented(line: string, columns: number): string {
  const indent = line.length - line.trimStart().length;
  return line.slice(Math.min(columns, indent));
}
