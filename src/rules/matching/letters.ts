/**
 * What a character is where words are compared: what it is folded to, and where a word may begin or end beside it. Answers are
 * remembered for each character, so that a text costs a look into a table for each of its units.
 *
 * `folding.ts` makes whole texts of it.
 */

/** Kinds of UTF-16 units in a text that is folded. */
export const PLAIN = 1;
export const SPACE = 2;
/** Shows nothing: soft hyphen, zero width characters, variation selectors, NUL. */
export const IGNORED = 3;
/** Becomes several units: `ß`, ligatures. */
export const EXPANDS = 4;
/** Half of a character: look at both. */
export const SURROGATE = 5;
/** May become one character with what stands before it: accents, vowels of Hangul. */
export const JOINS = 6;

const WHITE_SPACE = /^(?!\uFEFF)[\s\u0085]$/u;
/** NUL too: it must not part a word, and is what `foldedUnits` says of other kinds. */
const INVISIBLE = /^[\0\p{Default_Ignorable_Code_Point}]$/u;
const JOINING = /^[\p{M}\u1160-\u11FF\uFF9E\uFF9F]$/u;
const LETTER_OR_DIGIT = /^[\p{L}\p{Nd}\uFF01-\uFF5E]$/u;
/** Longer compatibility forms are words of their own (U+FDFA is a blessing of 18 letters). */
const LONGEST_FORM = 4;

/**
 * Full case folding of one character, in every language at once: both letters i of Turkish are `i`, `ß` is `ss`. Wide, narrow and
 * ligature forms of letters and digits are the letters; other compatibility forms (`²`, `™`) stay, since they part words.
 */
export function foldCharacter(character: string): string {
  if (WHITE_SPACE.test(character)) return ' ';
  if (INVISIBLE.test(character)) return '';
  const form = LETTER_OR_DIGIT.test(character) ? character.normalize('NFKC') : character;
  const plain = form.length <= LONGEST_FORM ? form : character;
  const folded = plain.toLowerCase().toUpperCase().toLowerCase();
  return plain === '\u0130' ? 'i' : folded;
}

const kinds = new Uint8Array(0x10000);
/** What a unit of the kinds `PLAIN` and `SPACE` is folded to; 0 for others, and where `kindOf` has not been asked yet. */
export const foldedUnits = new Uint16Array(0x10000);

export function kindOf(unit: number): number {
  const known = kinds[unit] ?? 0;
  if (known !== 0) return known;
  const kind = findKind(unit);
  kinds[unit] = kind;
  return kind;
}

function findKind(unit: number): number {
  const character = String.fromCharCode(unit);
  if (unit >= 0xd800 && unit <= 0xdfff) return SURROGATE;
  const folded = foldCharacter(character);
  if (folded === '') return IGNORED;
  if (JOINING.test(character)) return JOINS;
  if (folded.length > 1) return EXPANDS;
  foldedUnits[unit] = folded.charCodeAt(0);
  return folded === ' ' ? SPACE : PLAIN;
}

for (let unit = 0; unit < 0x250; unit += 1) kindOf(unit);

/** Neither letter nor digit nor mark: words end beside it. */
export const DELIMITER = 1;
export const LETTER = 2;
/** Of a script that is written without spaces between words, or whose particles stand on to them (Hangul). */
export const UNSPACED = 3;
/** Belongs to the letter before it. */
export const MARK = 4;

const MARKS = /^\p{M}$/u;
const LETTERS = /^[\p{L}\p{Nd}\p{Nl}]$/u;
const UNSPACED_SCRIPTS =
  /^[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Lana}\p{scx=Java}]$/u;
const sides = new Uint8Array(0x10000);

function sideOf(codePoint: number): number {
  const known = sides[codePoint] ?? 0;
  if (known !== 0) return known;
  const character = String.fromCodePoint(codePoint);
  const side = findSide(character);
  if (codePoint <= 0xffff) sides[codePoint] = side;
  return side;
}

function findSide(character: string): number {
  if (MARKS.test(character)) return MARK;
  if (!LETTERS.test(character)) return DELIMITER;
  return UNSPACED_SCRIPTS.test(character) ? UNSPACED : LETTER;
}

/**
 * Whether a word may begin or end between two characters; `undefined` is the beginning or end of the text. Where scripts without
 * spaces meet anything, it may: a Chinese word is found in running text. Before a mark it may not, since marks belong to their letter.
 */
export function isBoundary(before: number | undefined, after: number | undefined): boolean {
  if (before === undefined || after === undefined) return true;
  const [left, right] = [sideOf(before), sideOf(after)];
  if (left === DELIMITER || right === DELIMITER) return true;
  return right !== MARK && (left === UNSPACED || right === UNSPACED);
}
