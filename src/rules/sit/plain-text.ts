/**
 * A text as numbers are looked for in it: wide and other digits are ASCII digits, dashes and spaces of all kinds are `-` and ` `, what
 * shows nothing is left out. Knows where words and numbers begin. Words of sentences are `keyword-search.ts`'s.
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
  return unit > 0x7f && DIGITS.test(character) ? digitForm(unit) : unit;
}

/** Digits of a script stand together, 0 first. */
function digitForm(unit: number): number {
  let zero = unit;
  while (unit - zero < 9 && DIGITS.test(String.fromCharCode(zero - 1))) zero -= 1;
  return 0x30 + unit - zero;
}

/** Most texts change nowhere, and are left as they are. */
function simplified(original: string): Pick<PlainText, 'text' | 'offsets'> {
  const parts: string[] = [];
  const removed: number[] = [];
  let copied = 0;
  for (let at = 0; at < original.length; at += 1) {
    const unit = original.charCodeAt(at);
    if (unit < LAST_PLAIN) continue;
    const form = formOf(unit);
    if (form === unit) continue;
    parts.push(original.slice(copied, at));
    copied = at + 1;
    if (form === 0) removed.push(at);
    else parts.push(String.fromCharCode(form));
  }
  if (copied === 0) return { text: original, offsets: undefined };
  parts.push(original.slice(copied));
  return { text: parts.join(''), offsets: removed.length === 0 ? undefined : offsetsWithout(removed, original.length) };
}

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
