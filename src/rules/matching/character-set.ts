/**
 * What one character of a pattern may be: ranges and properties of Unicode. Written for the engine, and asked about single characters by
 * the search for candidates (`factors.ts`), which may answer too often, never too seldom.
 */

export type SetItem =
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  /** `Nd`, `L`, `Greek`; `negated` is `\P{...}`. */
  | { readonly kind: 'property'; readonly name: string; readonly negated: boolean };

export type CharacterSet = {
  readonly items: readonly SetItem[];
  readonly negated: boolean;
  /** Letters stand for their other case too. */
  readonly caseless: boolean;
};

/** The last code point. */
const LAST = 0x10ffff;

export const range = (from: number, to: number = from): SetItem => ({ kind: 'range', from, to });
export const property = (name: string, negated = false): SetItem => ({ kind: 'property', name, negated });

/** .NET's `\w`, `\d`, `\s`: of Unicode, not of ASCII. */
export const WORD_ITEMS: readonly SetItem[] = ['L', 'Mn', 'Nd', 'Pc'].map((name) => property(name));
export const DIGIT_ITEMS: readonly SetItem[] = [property('Nd')];
export const SPACE_ITEMS: readonly SetItem[] = [range(0x09, 0x0d), range(0x85), property('Z')];
/** The complement of `\s`; property Z spelled out. */
export const NOT_SPACE_ITEMS: readonly SetItem[] = complement([
  [0x09, 0x0d],
  [0x20, 0x20],
  [0x85, 0x85],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
]);

let notWord: readonly SetItem[] | undefined;

/** The complement of `\w`, which only classes such as `[^\W_]` need: found out once, by asking about every character. */
export function notWordItems(): readonly SetItem[] {
  notWord ??= complement(wordRanges());
  return notWord;
}

const WORD_CHARACTER = /^[\p{L}\p{Mn}\p{Nd}\p{Pc}]$/u;

export const isWordCharacter = (codePoint: number): boolean => WORD_CHARACTER.test(String.fromCodePoint(codePoint));

function wordRanges(): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (let codePoint = 0; codePoint <= LAST; codePoint += 1) {
    if (!isWordCharacter(codePoint)) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === codePoint - 1) last[1] = codePoint;
    else ranges.push([codePoint, codePoint]);
  }
  return ranges;
}

function complement(ranges: readonly (readonly [number, number])[]): readonly SetItem[] {
  const items: SetItem[] = [];
  let next = 0;
  for (const [from, to] of ranges) {
    if (from > next) items.push(range(next, from - 1));
    next = to + 1;
  }
  return next <= LAST ? [...items, range(next, LAST)] : items;
}

/** The one character that it stands for, case aside; `undefined` when it stands for several. */
export function onlyCharacter({ items, negated }: CharacterSet): number | undefined {
  const [item] = items;
  if (negated || items.length !== 1 || item?.kind !== 'range' || item.from !== item.to) return undefined;
  return item.from;
}

/** In the syntax of RE2. */
export function writeSet(set: CharacterSet): string {
  const only = onlyCharacter(set);
  const text =
    only === undefined ? `[${set.negated ? '^' : ''}${set.items.map(writeItem).join('')}]` : writeCharacter(only);
  return set.caseless ? text : `(?-i:${text})`;
}

function writeItem(item: SetItem): string {
  if (item.kind === 'property') return `\\${item.negated ? 'P' : 'p'}{${item.name}}`;
  return item.from === item.to ? writeCharacter(item.from) : `${writeCharacter(item.from)}-${writeCharacter(item.to)}`;
}

const writeCharacter = (codePoint: number): string => `\\x{${codePoint.toString(16)}}`;

/** Whether everything that it stands for is a letter, digit, mark or connector: what `\w` stands for. */
export function isOfWords({ items, negated }: CharacterSet): boolean {
  return !negated && items.length > 0 && items.every(isItemOfWords);
}

const WORD_PROPERTY = /^(?:L[A-Za-z]?|Mn|Nd|Pc)$/;
/** Wider ranges are not looked through. */
const RANGE_LIMIT = 256;

function isItemOfWords(item: SetItem): boolean {
  if (item.kind === 'property') return !item.negated && WORD_PROPERTY.test(item.name);
  if (item.to - item.from > RANGE_LIMIT) return false;
  for (let codePoint = item.from; codePoint <= item.to; codePoint += 1) if (!isWordCharacter(codePoint)) return false;
  return true;
}

/** Answers for single characters of the basic plane. */
export type Membership = (codePoint: number) => boolean;

/** `undefined` where it cannot be told surely: such a set may stand for anything. */
export function membershipOf({ items, negated, caseless }: CharacterSet): Membership | undefined {
  if (items.some((item) => item.kind === 'property' && item.negated)) return undefined;
  try {
    const source = `^[${negated ? '^' : ''}${items.map(writeForScript).join('')}]$`;
    const expression = new RegExp(source, caseless ? 'iu' : 'u');
    return (codePoint) => expression.test(String.fromCodePoint(codePoint));
  } catch {
    // A property that only the other engine knows.
    return undefined;
  }
}

function writeForScript(item: SetItem): string {
  if (item.kind === 'range') return `\\u{${item.from.toString(16)}}-\\u{${item.to.toString(16)}}`;
  return /^[A-Z][a-z]?$/.test(item.name) ? `\\p{${item.name}}` : `\\p{Script=${item.name}}`;
}

/** May it stand for a character beyond the basic plane? */
export function reachesBeyond({ items, negated }: CharacterSet): boolean {
  return negated || items.some((item) => item.kind === 'property' || item.to > 0xffff);
}
