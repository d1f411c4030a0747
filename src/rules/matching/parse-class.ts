/** The part of a pattern in square brackets, and the escapes that mean one character or a property of characters. */
import {
  DIGIT_ITEMS,
  NOT_SPACE_ITEMS,
  notWordItems,
  property,
  range,
  SPACE_ITEMS,
  WORD_ITEMS,
} from './character-set.ts';
import type { CharacterSet, SetItem } from './character-set.ts';
import type { Cursor } from './cursor.ts';

/** After its `[`. */
export function parseClass(cursor: Cursor, start: number, caseless: boolean): CharacterSet {
  const negated = cursor.take('^');
  const items: SetItem[] = [];
  // A "]" in first place is a character.
  do {
    if (cursor.isAtEnd()) cursor.refuseAt(start, '"[" without its "]"; write "\\[" for the character');
    items.push(...parseClassItem(cursor, start));
  } while (!cursor.take(']'));
  return { items, negated, caseless };
}

const SUBTRACTED =
  'a class that is subtracted from a class; write the characters that are left as ranges, and "\\-" for the character "-"';

function parseClassItem(cursor: Cursor, start: number): readonly SetItem[] {
  const place = cursor.at;
  const posix = cursor.takeMatch(/\[:\^?[a-z]+:\]/y);
  if (posix !== undefined) return posixClass(cursor, place, posix);
  if (cursor.isAt('-[')) cursor.refuseAt(place, SUBTRACTED);
  const first = parseMember(cursor, start);
  if (typeof first !== 'number') return first;
  if (!cursor.isAt('-') || cursor.startsAt(cursor.at, '-]')) return [range(first)];
  cursor.next();
  if (cursor.isAt('[')) cursor.refuseAt(place, SUBTRACTED);
  const last = parseMember(cursor, start);
  if (typeof last !== 'number') return [range(first), range(0x2d), ...last];
  if (last < first) cursor.refuseAt(place, 'a range whose ends are in the wrong order');
  return [range(first, last)];
}

/** One character, or the items of `\d` and its like. */
function parseMember(cursor: Cursor, start: number): number | readonly SetItem[] {
  if (cursor.isAtEnd()) cursor.refuseAt(start, '"[" without its "]"; write "\\[" for the character');
  const place = cursor.at;
  const character = cursor.next();
  if (character !== '\\') return character.codePointAt(0) ?? 0;
  const letter = cursor.peek();
  if (letter === 'p' || letter === 'P') return parseProperty(cursor, place);
  const items = CLASS_ESCAPES[letter];
  if (items === undefined) return letter === 'b' ? backspace(cursor) : parseCharacterEscape(cursor, place);
  cursor.next();
  return items();
}

function backspace(cursor: Cursor): number {
  cursor.next();
  return 0x08;
}

const CLASS_ESCAPES: { readonly [letter: string]: () => readonly SetItem[] } = {
  d: () => DIGIT_ITEMS,
  D: () => [property('Nd', true)],
  w: () => WORD_ITEMS,
  W: notWordItems,
  s: () => SPACE_ITEMS,
  S: () => NOT_SPACE_ITEMS,
};

const POSIX_CLASSES: { readonly [name: string]: readonly (readonly [number, number])[] } = {
  alnum: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  alpha: [
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  digit: [[0x30, 0x39]],
  lower: [[0x61, 0x7a]],
  upper: [[0x41, 0x5a]],
  punct: [
    [0x21, 0x2f],
    [0x3a, 0x40],
    [0x5b, 0x60],
    [0x7b, 0x7e],
  ],
  space: [
    [0x09, 0x0d],
    [0x20, 0x20],
  ],
  xdigit: [
    [0x30, 0x39],
    [0x41, 0x46],
    [0x61, 0x66],
  ],
};

function posixClass(cursor: Cursor, place: number, written: string): readonly SetItem[] {
  const ranges = POSIX_CLASSES[written.slice(2, -2)];
  if (ranges === undefined)
    return cursor.refuseAt(
      place,
      `"${written}", which is no class; there are ${Object.keys(POSIX_CLASSES).join(', ')}`,
    );
  return ranges.map(([from, to]) => range(from, to));
}

/** `\p{Lu}`, after the `\`. .NET names scripts by blocks (`IsGreek`), which are not quite scripts. */
export function parseProperty(cursor: Cursor, start: number): readonly SetItem[] {
  const negated = cursor.next() === 'P';
  const name = cursor.takeMatch(/\{\^?[A-Za-z_0-9-]+\}/y)?.slice(1, -1);
  if (name === undefined) return cursor.refuseAt(start, 'a property that is not written "\\p{Name}"');
  if (/^Is[A-Z]/.test(name))
    cursor.refuseAt(
      start,
      `"\\p{${name}}", a block of .NET; write the script, such as "\\p{${name.slice(2)}}", or a range, such as "[\\u0370-\\u03FF]"`,
    );
  return [property(name.replace('^', ''), negated !== name.startsWith('^'))];
}

const CONTROLS: { readonly [letter: string]: number } = {
  a: 0x07,
  t: 0x09,
  n: 0x0a,
  v: 0x0b,
  f: 0x0c,
  r: 0x0d,
  e: 0x1b,
};
const NUMBERED: readonly [expression: RegExp, digits: (match: string) => number][] = [
  [/x\{[0-9A-Fa-f]{1,6}\}/y, (match) => Number.parseInt(match.slice(2), 16)],
  [/x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}/y, (match) => Number.parseInt(match.slice(1), 16)],
  [/0[0-7]{0,2}/y, (match) => Number.parseInt(match, 8)],
  [/c[A-Za-z@[\]\\^_]/y, (match) => match.charCodeAt(1) & 0x1f],
];

/** An escape that means one character, after its `\`. */
export function parseCharacterEscape(cursor: Cursor, start: number): number {
  for (const [expression, number] of NUMBERED) {
    const match = cursor.takeMatch(expression);
    if (match === undefined) continue;
    const codePoint = number(match);
    return codePoint <= 0x10ffff ? codePoint : cursor.refuseAt(start, `"\\${match}", which is no character`);
  }
  const character = cursor.next();
  const control = CONTROLS[character];
  if (control !== undefined) return control;
  if (/^[A-Za-z0-9]?$/.test(character))
    return cursor.refuseAt(start, `"\\${character}", which is unknown; only signs are written with a "\\" before them`);
  return character.codePointAt(0) ?? 0;
}
