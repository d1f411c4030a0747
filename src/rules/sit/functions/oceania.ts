/** Numbers of Australia and New Zealand. */
import { digit, isRepeated, weightedSum } from '#rules/sit/checksums.ts';
import { finder } from '#rules/sit/finder.ts';

/** The ninth digit checks the first eight; then come the issue and the person. */
const isMedicare = (digits: string): boolean =>
  weightedSum(digits, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === digit(digits, 8) && !isRepeated(digits.slice(0, 8));

function isTaxFileNumber(digits: string): boolean {
  const weights = digits.length === 9 ? [1, 4, 3, 7, 5, 8, 6, 9, 10] : [10, 7, 8, 4, 6, 3, 5, 1];
  return weightedSum(digits, weights) % 11 === 0;
}

/** Letters are numbered without I and O. */
const HEALTH_LETTERS = ' ABCDEFGHJKLMNPQRSTUVWXYZ';
const HEALTH_VALUES = (compact: string): number =>
  [7, 6, 5, 4, 3, 2].reduce((sum, weight, index) => {
    const character = compact.charAt(index);
    const value = /\d/.test(character) ? Number(character) : HEALTH_LETTERS.indexOf(character);
    return sum + weight * value;
  }, 0);

/** HISO 10046: the older form ends with a digit (mod 11), the newer one with a letter (mod 24). */
function isHealthIndex(compact: string): boolean {
  const sum = HEALTH_VALUES(compact);
  const last = compact.charAt(6);
  if (/\d/.test(last)) return sum % 11 !== 0 && (11 - (sum % 11)) % 10 === Number(last);
  return HEALTH_LETTERS.charAt(24 - (sum % 24)) === last;
}

export const OCEANIA_FUNCTIONS = {
  Regex_australia_bank_account_number: finder([String.raw`\d{6,10}`]),
  Regex_australia_bank_account_number_bsb: finder([String.raw`\d{3}-\d{3}`]),
  Regex_australia_drivers_license_number: finder(
    [
      String.raw`[A-Z0-9]{2}\d{2}[A-Z0-9]{5}`,
      String.raw`(?!(?:19|20)\d{2}(?!\d))[A-Z]{0,2}\d{4,9}`,
      String.raw`(?=[A-Z]{0,8}\d)[A-Z0-9]{9}`,
    ],
    { begins: 'any' },
  ),
  Func_australian_medical_account_number: finder(
    [String.raw`[2-6]\d{9,10}`, String.raw`[2-6]\d{3}([ -])\d{5}\1\d(?:[ /-]?\d)?`],
    { accepts: isMedicare },
  ),
  Regex_australia_passport_number: finder([String.raw`[A-Z]\d{7}`, String.raw`P[A-FUWXZ]\d{7}`], { begins: 'letter' }),
  Func_australian_tax_file_number: finder([String.raw`\d{8,9}`, String.raw`\d{3} \d{3} \d{2,3}`], {
    accepts: isTaxFileNumber,
  }),
  Func_new_zealand_ministry_of_health_number: finder(
    [String.raw`[A-HJ-NP-Z]{3} ?\d{4}`, String.raw`[A-HJ-NP-Z]{3}\d{2}[A-HJ-NP-Z]{2}`],
    { begins: 'letter', accepts: isHealthIndex },
  ),
};
