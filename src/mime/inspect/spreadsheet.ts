/**
 * Cells of a workbook's sheets (ECMA-376 part 1, 18.3), as a reader sees them beside each other: a row is a line, a cell is set off by a tab. Texts
 * that cells share stand in a part of their own.
 */
import type { Budget } from './budget.ts';
import type { FlatText } from './flat-text.ts';
import { readMarkup } from './markup.ts';
import { localName } from './xml-text.ts';

/** A workbook of this many texts is larger than any text limit. */
const MOST_STRINGS = 2_000_000;

/** Texts by the numbers that cells have for them. Which sheets there are is a table's to say, so what no known cell shows is kept too. */
export class SharedStrings {
  readonly #lists: readonly (readonly string[])[];
  readonly #used = new Set<number>();

  /** Cells count those of the first list. */
  constructor(lists: readonly (readonly string[])[]) {
    this.#lists = lists;
  }

  readonly take = (number: number): string | undefined => {
    this.#used.add(number);
    return this.#lists[0]?.[number];
  };

  *unused(): Generator<string> {
    for (const [list, strings] of this.#lists.entries())
      for (const [number, text] of strings.entries()) if (list > 0 || !this.#used.has(number)) yield text;
  }
}

/** What a cell has for a text that it shares. */
export type SharedText = (number: number) => string | undefined;

/** In the order in which cells count them. */
export function readSharedStrings(xml: string, budget: Budget): readonly string[] {
  const strings: string[] = [];
  let text = '';
  let within = 0;
  const close = (name: string): void => {
    if (name === 't') within = 0;
    if (name !== 'si') return;
    strings.push(text);
    text = '';
  };
  readMarkup(xml, 'xml', {
    open: (name) => {
      if (localName(name) === 't') within = 1;
    },
    opened: (name, closed) => {
      if (closed) close(localName(name));
    },
    close: (name) => close(localName(name)),
    text: (piece) => {
      if (within > 0) text += piece;
    },
    pause: () => {
      budget.checkTime();
      return strings.length > MOST_STRINGS;
    },
  });
  return strings;
}

export function readSheet(xml: string, sharedText: SharedText, out: FlatText, budget: Budget): void {
  let shared = false;
  let element = '';
  let value = '';
  const close = (name: string): void => {
    if (name === 'row') out.endLine();
    if (name === 'v') out.write(shared ? (sharedText(Number(value)) ?? '') : numberAsShown(value));
    if (name === 'c') out.tab();
    element = '';
  };
  readMarkup(xml, 'xml', {
    open: (name) => {
      element = localName(name);
      value = '';
      if (element === 'row') out.endLine();
      if (element === 'c') {
        shared = false;
        out.tab();
      }
    },
    attribute: (name, text) => {
      if (element === 'c' && name === 't') shared = text === 's';
    },
    opened: (name, closed) => {
      if (closed) close(localName(name));
    },
    close: (name) => close(localName(name)),
    text: (text) => {
      if (element === 'v') value += text;
      else if (SHOWN.has(element)) out.write(text);
    },
    pause: () => {
      budget.checkTime();
      return out.full;
    },
  });
}

/** Texts in cells, in headers and footers, and formulas, which may have a text in them that no cell shows. */
const SHOWN = new Set([
  't',
  'f',
  'oddHeader',
  'oddFooter',
  'evenHeader',
  'evenFooter',
  'firstHeader',
  'firstFooter',
  'formula1',
  'formula2',
]);

/** `4.111E+15` and `4111.0` are shown as what they are. */
export function numberAsShown(value: string): string {
  const isNumber = /^-?\d{1,20}(?:\.\d{0,20})?(?:[eE]\+?\d{1,2})?$/.test(value) && /[.eE]/.test(value);
  const number = isNumber ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? String(number) : value;
}
