/** Aligned tables for people. Machines take `--json`. */
export type Column = {
  readonly head: string;
  readonly align?: 'right';
  /** May be cut, with an ellipsis, when the terminal is too narrow. */
  readonly elastic?: boolean;
};

const GAP = '  ';
const LEAST_ELASTIC_WIDTH = 12;

/** Lines without trailing blanks. `columns` is the width of the terminal, `undefined` for no limit. */
export function tableLines(
  head: readonly Column[],
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): readonly string[] {
  const cells = [head.map((column) => column.head), ...rows.map((row) => row.map(printable))];
  const wanted = head.map((_, index) => Math.max(...cells.map((row) => lengthOf(row[index] ?? ''))));
  const widths = columns === undefined ? wanted : narrowed(head, wanted, columns);
  return cells.map((row) =>
    head
      .map(({ align }, index) => padded(cut(row[index] ?? '', widths[index] ?? 0), widths[index] ?? 0, align))
      .join(GAP)
      .trimEnd(),
  );
}

/** What comes from the network must not control the terminal. A tab is a blank: it stands at the start of folded fields. */
export function printable(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}

/** The widest elastic column gives first. */
function narrowed(head: readonly Column[], wanted: readonly number[], columns: number): readonly number[] {
  const widths = [...wanted];
  let excess = widths.reduce((sum, width) => sum + width, GAP.length * (head.length - 1)) - columns;
  while (excess > 0) {
    const elastic = widths.map((width, index) => (head[index]?.elastic === true ? width : 0));
    const widest = elastic.indexOf(Math.max(...elastic));
    if ((elastic[widest] ?? 0) <= LEAST_ELASTIC_WIDTH) return widths;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

const lengthOf = (text: string): number => Array.from(text).length;

function cut(text: string, width: number): string {
  return lengthOf(text) <= width
    ? text
    : `${Array.from(text)
        .slice(0, width - 1)
        .join('')}…`;
}

function padded(text: string, width: number, align: Column['align']): string {
  const blanks = ' '.repeat(Math.max(0, width - lengthOf(text)));
  return align === 'right' ? blanks + text : text + blanks;
}
