/**
 * Writes header fields into messages of others: text beyond US-ASCII as encoded words (RFC 2047), lines folded. Nothing that comes
 * out ends a field or begins another, whatever goes in. Whole messages of ours are `compose.ts`'s, reading is `encoded-word.ts`'s.
 */

// An encoded word is at most 75 characters (RFC 2047 §2); `=?utf-8?Q??=` takes twelve of them.
const PAYLOAD_LIMIT = 63;
const BASE64_OCTETS = 45;
const FOLD_AT = 76;
/** RFC 5322 §2.1.1 allows 998; a word that cannot be folded may have this much. */
const WORD_LIMIT = 900;

/** Characters that end lines or that a header field may not hold. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const BREAKING = /[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g;

/** What RFC 2047 §5 allows in Q everywhere, also in a phrase, and the blank, which becomes `_`. */
const READABLE_IN_Q = /[A-Za-z0-9!*+\-/ ]/g;
const ESCAPED_IN_Q = /[^A-Za-z0-9!*+\-/ ]/gu;

/** RFC 5322 §3.6.8, with a limit. */
export const isFieldName = (name: string): boolean => /^[!-9;-~]{1,100}$/.test(name);

/** One line of text, in which nothing can end a header field. */
export const asFieldText = (text: string): string => text.toWellFormed().replaceAll(BREAKING, ' ').trim();

/** True when the text can stand in a header field as it is. */
export const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text) && isUtf8Line(text);

/** The same where octets above 127 may stand (RFC 6532). */
export const isUtf8Line = (text: string): boolean =>
  !text.includes('=?') && text.split(' ').every((word) => Buffer.byteLength(word) <= WORD_LIMIT);

/** The text as encoded words, one blank between them; shown together they are the text again, blanks at its ends included. */
export function encodeWords(text: string): string {
  const octets = Buffer.byteLength(text);
  // Beyond that nobody can read it, and base64 is shorter.
  const isReadable = Buffer.byteLength(text.replaceAll(READABLE_IN_Q, '')) * 3 <= octets;
  const words = isReadable
    ? pieces(text, (character) => quoted(character).length, PAYLOAD_LIMIT).map(
        (piece) => `=?utf-8?Q?${quoted(piece)}?=`,
      )
    : pieces(text, (character) => Buffer.byteLength(character), BASE64_OCTETS).map(
        (piece) => `=?utf-8?B?${Buffer.from(piece).toString('base64')}?=`,
      );
  return words.join(' ');
}

/** Broken between characters, so that each word can be read by itself (RFC 2047 §5). */
function pieces(text: string, sizeOf: (character: string) => number, limit: number): readonly string[] {
  const found: string[] = [];
  let piece = '';
  let size = 0;
  for (const character of text) {
    const more = sizeOf(character);
    if (size + more > limit) {
      found.push(piece);
      piece = '';
      size = 0;
    }
    piece += character;
    size += more;
  }
  return [...found, piece];
}

function quoted(text: string): string {
  return text
    .replaceAll(ESCAPED_IN_Q, (character) => {
      const octets = [...Buffer.from(character)];
      return octets.map((octet) => `=${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('');
    })
    .replaceAll(' ', '_');
}

/**
 * A whole field with its line end. It is folded before blanks only, so that unfolding gives the value back (RFC 5322 §2.2.3), and no
 * line is of blanks alone.
 */
export function writeField(name: string, value: string): string {
  let written = '';
  let line = `${name}:`;
  for (const token of ` ${value}`.match(/ *[^ ]+/g) ?? []) {
    if (line.length + token.length > FOLD_AT && line !== `${name}:`) {
      written += `${line}\r\n`;
      line = '';
    }
    line += token;
  }
  return `${written}${line}\r\n`;
}
