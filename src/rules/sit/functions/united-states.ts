/** Numbers of the United States. */
import { digit, isRepeated } from '#rules/sit/checksums.ts';
import { finder } from '#rules/sit/finder.ts';

const FORMATTED = [String.raw`\d{3}-\d{2}-\d{4}`, String.raw`\d{3} \d{2} \d{4}`];
const UNFORMATTED = [String.raw`\d{9}`];

/** Since 2011 numbers are given at random: any area but these, and no part of zeros. */
const isRandomized = (digits: string): boolean =>
  !/^(?:000|666|9)/.test(digits) && digits.slice(3, 5) !== '00' && digits.slice(5) !== '0000' && !isRepeated(digits);

/** Areas that had been given until then. */
function isStrong(digits: string): boolean {
  const area = Number(digits.slice(0, 3));
  return isRandomized(digits) && area <= 772 && !(area >= 734 && area <= 749);
}

const isWeak = (digits: string): boolean => isRandomized(digits) && !isStrong(digits);

/** Starts with 9; the fourth digit is 7 or 8. */
const ITIN_GROUP = String.raw`9\d{2}`;

/** Its last digit is that of the odd digits and twice the even ones. */
function isDeaNumber(compact: string): boolean {
  const digits = compact.slice(2);
  const odd = digit(digits, 0) + digit(digits, 2) + digit(digits, 4);
  const even = digit(digits, 1) + digit(digits, 3) + digit(digits, 5);
  return (odd + 2 * even) % 10 === digit(digits, 6) && !isRepeated(digits);
}

export const UNITED_STATES_FUNCTIONS = {
  Func_ssn: finder(FORMATTED, { accepts: isStrong }),
  Func_unformatted_ssn: finder(UNFORMATTED, { accepts: isStrong }),
  Func_randomized_formatted_ssn: finder(FORMATTED, { accepts: isWeak }),
  Func_randomized_unformatted_ssn: finder(UNFORMATTED, { accepts: isWeak }),
  Func_formatted_itin: finder([String.raw`${ITIN_GROUP}([- ])[78]\d\1\d{4}`]),
  Func_unformatted_itin: finder([String.raw`${ITIN_GROUP}[78]\d{5}`]),
  /** American ones of the next generation begin with a letter. */
  Func_usa_uk_passport: finder([String.raw`\d{9}`, String.raw`[A-Z]\d{8}`], { begins: 'any' }),
  Func_dea_number: finder([String.raw`[A-HJ-NPRSTUX][A-Z9]\d{7}`], { begins: 'letter', accepts: isDeaNumber }),
};
