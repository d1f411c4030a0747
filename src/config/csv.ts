/**
 * CSV as RFC 4180 §2 has it: rows of cells with the lines that they begin in. Lines may end in LF alone, and a byte order mark
 * is passed over. What the cells mean is the reader's.
 */
export type CsvRow = { readonly line: number; readonly cells: readonly string[] };

export type CsvReading =
  | { readonly kind: 'rows'; readonly rows: readonly CsvRow[] }
  | { readonly kind: 'broken'; readonly line: number; readonly message: string };

const BROKEN =
  'is no CSV: a cell with a quotation mark or a line end in it must be quoted as a whole, and its marks doubled';

const PLAIN = /[^",\r\n]*/y;
/** What ends a cell; `''` at the end of the text. */
const END = /,|\r?\n|$/y;

/** Empty lines are left out. */
export function readCsv(text: string): CsvReading {
  const rows: CsvRow[] = [];
  let at = text.startsWith('\u{feff}') ? 1 : 0;
  let line = 1;
  let row: { readonly line: number; readonly cells: string[] } = { line, cells: [] };
  while (at < text.length || row.cells.length > 0) {
    const from = at;
    const cellEnd = text[at] === '"' ? endOfQuoted(text, at) : at + lengthAt(PLAIN, text, at);
    const end = cellEnd === -1 ? undefined : textAt(END, text, cellEnd);
    if (end === undefined) return { kind: 'broken', line, message: BROKEN };
    row.cells.push(text[at] === '"' ? text.slice(at + 1, cellEnd - 1).replaceAll('""', '"') : text.slice(at, cellEnd));
    at = cellEnd + end.length;
    line += linesIn(text.slice(from, at));
    if (end === ',') continue;
    if (row.cells.some((cell) => cell !== '')) rows.push(row);
    row = { line, cells: [] };
  }
  return { kind: 'rows', rows };
}

/** Behind the mark that closes what opens at `at`; -1 when nothing does. Not an expression: V8's would need a stack as long as the cell. */
function endOfQuoted(text: string, at: number): number {
  for (let mark = text.indexOf('"', at + 1); mark !== -1; mark = text.indexOf('"', mark + 2)) {
    if (text[mark + 1] !== '"') return mark + 1;
  }
  return -1;
}

function textAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

const lengthAt = (pattern: RegExp, text: string, at: number): number => textAt(pattern, text, at)?.length ?? 0;

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
