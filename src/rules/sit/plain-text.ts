/**
 * A text as numbers are looked for in it: wide and other digits are ASCII digits, dashes and spaces of all kinds are `-` and ` `, what
 * shows nothing and marks on digits (underlines, keys around them) are left out. Knows where words and numbers begin. Words of sentences are `keyword-search.ts`'s.
 */

export type PlainText = {
  readonly text: string;
  /**
   * Where runs of letters and digits begin, in the order of the text: those that begin with a digit, and those that begin with a letter and
   * look like part of a number (`AB123`, `AB 12 34`, `DEUTDEFF`).
   */
  readonly starts: readonly number[];
  /** Of each of these runs. */
  readonly lengths: readonly number[];
  /** Where a unit stands in the original; one more for the end. `undefined`: where it stands here. */
  readonly offsets: Uint32Array | undefined;
};

export function plainTextOf(original: string): PlainText {
  const { text, offsets } = simplified(original);
  return { text, offsets, ...beginningsIn(text) };
}

/** Of a value alone. */
export const plainForm = (original: string): string => simplified(original).text;

export const originalOffset = ({ offsets }: PlainText, at: number): number => offsets?.[at] ?? at;

const SPACES = /^[\p{Zs}\u0085]$/u;
const DASHES = /^[\p{Pd}\u2212]$/u;
const DIGITS = /^\p{Nd}$/u;
const WIDE = /^[\uFF01-\uFF5E]$/u;
const INVISIBLE = /^\p{Default_Ignorable_Code_Point}$/u;
const MARKS = /^\p{M}$/u;

/** The form of a mark: it stays, but on a digit. */
const MARK = 2;
/** By unit: what it becomes, 0 for nothing; 1 where it has not been asked for. */
const forms = new Uint16Array(0x10000).fill(1);

function formOf(unit: number): number {
  const known = forms[unit] ?? 0;
  if (known !== 1) return known;
  const form = findForm(unit);
  forms[unit] = form;
  return form;
}

function findForm(unit: number): number {
  const character = String.fromCharCode(unit);
  if (INVISIBLE.test(character)) return 0;
  if (SPACES.test(character)) return 0x20;
  if (DASHES.test(character)) return 0x2d;
  if (WIDE.test(character)) return unit - 0xfee0;
  if (MARKS.test(character)) return MARK;
  return unit > 0x7f && DIGITS.test(character) ? digitForm(unit) : unit;
}

/** Digits of a script stand together, 0 first. */
function digitForm(code: number): number {
  let zero = code;
  while (code - zero < 9 && DIGITS.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return 0x30 + code - zero;
}

/** Of the character that begins there. */
function formAt(text: string, at: number, isOnDigit: boolean): number {
  const unit = text.charCodeAt(at);
  if (isHighSurrogate(unit)) return pairForm(text, at);
  const form = formOf(unit);
  if (form !== MARK) return form;
  return isOnDigit ? 0 : unit;
}

/** Digits in other styles stand together with those of further styles, and have a plain form. */
function pairForm(text: string, at: number): number {
  const code = text.codePointAt(at) ?? 0;
  const character = String.fromCodePoint(code);
  if (!DIGITS.test(character)) return text.charCodeAt(at);
  const plain = character.normalize('NFKC');
  return plain.length === 1 ? plain.charCodeAt(0) : digitForm(code);
}

/** Most texts change nowhere, and are left as they are. */
function simplified(original: string): Pick<PlainText, 'text' | 'offsets'> {
  const parts: string[] = [];
  const removed: number[] = [];
  let copied = 0;
  /** Behind a digit that is not ASCII, and behind what is left out behind any. */
  let digitEnd = -1;
  for (let at = 0; at < original.length; at += 1) {
    const unit = original.charCodeAt(at);
    if (unit < LAST_PLAIN) continue;
    const isOnDigit = digitEnd === at || isAsciiDigit(original.charCodeAt(at - 1));
    const form = formAt(original, at, isOnDigit);
    if (form === unit) continue;
    const width = isHighSurrogate(unit) ? 2 : 1;
    parts.push(original.slice(copied, at));
    if (form === 0) removed.push(at);
    else parts.push(String.fromCharCode(form));
    if (width === 2) removed.push(at + 1);
    if (form === 0 ? isOnDigit : isAsciiDigit(form)) digitEnd = at + width;
    at += width - 1;
    copied = at + 1;
  }
  if (copied === 0) return { text: original, offsets: undefined };
  parts.push(original.slice(copied));
  return { text: parts.join(''), offsets: removed.length === 0 ? undefined : offsetsWithout(removed, original.length) };
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isAsciiDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39;

const LAST_PLAIN = 0x7f;

function offsetsWithout(removed: readonly number[], length: number): Uint32Array {
  const offsets = new Uint32Array(length - removed.length + 1);
  let skipped = 0;
  for (let at = 0; at < offsets.length; at += 1) {
    while (removed[skipped] === at + skipped) skipped += 1;
    offsets[at] = at + skipped;
  }
  return offsets;
}

const OTHER = 1;
const DIGIT = 2;
const LETTER = 3;
const kinds = new Uint8Array(0x10000);
/** Scripts whose letters stand apart from numbers by spaces. In others a number may follow a word at once. */
const SPACED_LETTER = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{M}_]$/u;

function kindOf(unit: number): number {
  const known = kinds[unit] ?? 0;
  if (known !== 0) return known;
  const kind = unit >= 0x30 && unit <= 0x39 ? DIGIT : SPACED_LETTER.test(String.fromCharCode(unit)) ? LETTER : OTHER;
  kinds[unit] = kind;
  return kind;
}

export const isDigitAt = (text: string, at: number): boolean => kindOf(text.charCodeAt(at)) === DIGIT;
/** Outside the text there is nothing. */
export const isInRun = (text: string, at: number): boolean =>
  at >= 0 && at < text.length && kindOf(text.charCodeAt(at)) !== OTHER;

/** What may stand between a word and a number that belongs to it. */
const JOINT = /[ \-.,/]{1,2}[0-9]/y;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/iy;
const UUID_LENGTH = 36;
const UUID_RUN = 8;
/** Numbers that begin without any digit: SWIFT, driver's licenses of Manitoba. */
const CAPITALS = /[A-Z]{4,11}(?![0-9A-Za-z])|[A-Z]{2}-[A-Z]{2}-/y;

function beginningsIn(text: string): Pick<PlainText, 'starts' | 'lengths'> {
  const starts: number[] = [];
  const lengths: number[] = [];
  let at = 0;
  while (at < text.length) {
    const first = kindOf(text.charCodeAt(at));
    const end = first === OTHER ? at + 1 : endOfRun(text, at);
    const behind = first === OTHER ? end : endOfOther(text, at, end);
    if (behind === undefined && (first === DIGIT || isLikeNumber(text, at, end))) {
      starts.push(at);
      lengths.push(end - at);
    }
    at = behind ?? end;
  }
  return { starts, lengths };
}

function endOfRun(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && kindOf(text.charCodeAt(end)) !== OTHER) end += 1;
  return end;
}

/** Where something ends that has a form of its own, and is nobody's number. */
function endOfOther(text: string, start: number, end: number): number | undefined {
  if (end - start === UUID_RUN && matchesAt(UUID, text, start)) return start + UUID_LENGTH;
  return text.charAt(start - 1) === '+' && isDigitAt(text, start) ? endOfTelephone(text, start) : undefined;
}

function isLikeNumber(text: string, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at += 1) if (isDigitAt(text, at)) return true;
  return isBeforeNumber(text, end) || matchesAt(CAPITALS, text, start);
}

const TELEPHONE_CHARACTERS = /[0-9 ()\-./]{0,40}/y;
/** ITU-T E.164 allows no more. */
const TELEPHONE_DIGITS = 15;

/** Where a telephone number that is written with `+` ends; `undefined` where so many digits follow that it is none. */
function endOfTelephone(text: string, start: number): number | undefined {
  TELEPHONE_CHARACTERS.lastIndex = start;
  const written = TELEPHONE_CHARACTERS.exec(text)?.[0].replace(/\D+$/, '') ?? '';
  return written.replaceAll(/\D/g, '').length > TELEPHONE_DIGITS ? undefined : start + written.length;
}

const isBeforeNumber = (text: string, end: number): boolean => matchesAt(JOINT, text, end);

function matchesAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}
