/**
 * What the trail says of why a condition holds: in one line, short, and never more of a text than what was found in it. Trails are
 * kept and read by more people than the mail was for.
 */
import type { Hit } from './matching/matcher.ts';

/** Characters of a word, a pattern or what it found. */
const SHOWN_CHARACTERS = 60;
const SHOWN_ENTRIES = 3;
/** A number of so many digits may be somebody's: only its end is shown. */
const LONG_NUMBER_DIGITS = 7;
const SHOWN_DIGITS = 4;

/** `"secret*" in the subject: "SECRET*"` */
export function hitEvidence(hit: Hit, text: string, where: string): string {
  const matched = text.slice(hit.offset, hit.offset + hit.length);
  return `${quoted(hit.value)} in ${where}: ${quoted(withoutNumbers(matched))}`;
}

/** On one line and not longer than the trail may be. */
export function quoted(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  // A character is two UTF-16 units at most: one more of them tells whether there is more.
  const characters = Array.from(line.slice(0, 2 * (SHOWN_CHARACTERS + 1)));
  const isCut = characters.length > SHOWN_CHARACTERS;
  return `"${isCut ? `${characters.slice(0, SHOWN_CHARACTERS - 3).join('')}...` : line}"`;
}

function withoutNumbers(text: string): string {
  const digits = text.match(/\d/g)?.length ?? 0;
  if (digits < LONG_NUMBER_DIGITS) return text;
  let left = digits - SHOWN_DIGITS;
  return text.replaceAll(/\d/g, (digit) => (left-- > 0 ? '*' : digit));
}

/** `a, b, c and 4 more` */
export function listed(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN_ENTRIES).join(', ');
  return texts.length > SHOWN_ENTRIES ? `${shown} and ${texts.length - SHOWN_ENTRIES} more` : shown;
}
