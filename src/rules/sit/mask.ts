/** A value as operators see it: its last characters, and never so many that the rest can be guessed. */

const SHOWN_CHARACTERS = 4;
/** Of a short value less is shown. */
const SHOWN_PART = 1 / 3;
/** A value may be as long as an expression matches. */
const MASKED_CHARACTERS = 60;

/** `************1111` */
export function maskedValue(value: string): string {
  const tail = Array.from(value.slice(-2 * SHOWN_CHARACTERS));
  const length = value.length > MASKED_CHARACTERS ? MASKED_CHARACTERS : Array.from(value).length;
  const shown = Math.min(SHOWN_CHARACTERS, Math.floor(length * SHOWN_PART));
  const end = tail.slice(tail.length - shown).join('');
  return `${'*'.repeat(length - shown)}${end.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '*')}`;
}
