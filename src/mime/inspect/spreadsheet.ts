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

export function readSheet(xml: string, strings: readonly string[], out: FlatText, budget: Budget): void {
  let shared = false;
  let element = '';
  let value = '';
  const close = (name: string): void => {
    if (name === 'row') out.endLine();
    if (name === 'v') out.write(shared ? (strings[Number(value)] ?? '') : numberAsShown(value));
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

/** `4.111E+15` is shown as what it is. */
export function numberAsShown(value: string): string {
  const number = /^-?\d(?:\.\d+)?[eE]\+?\d{1,2}$/.test(value) ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? String(number) : value;
}
