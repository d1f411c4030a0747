/** Numbers of the United Kingdom and of Ireland. */
import { digit, isDay, isRepeated, numberAt, weightedSum } from '#rules/sit/checksums.ts';
import { finder } from '#rules/sit/finder.ts';

const NINO_PREFIX = '(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]';
const NINO_SEPARATOR = '[ -]?';

function isNhsNumber(digits: string): boolean {
  const check = (11 - (weightedSum(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return check === digit(digits, 9) && !isRepeated(digits);
}

const WOMAN = 50;

/** Digits are decade, month (women: 50 more), day and year of birth. */
function isDriver(compact: string): boolean {
  const month = numberAt(compact, 6, 2);
  return isDay(month > WOMAN ? month - WOMAN : month, numberAt(compact, 8, 2));
}

/** Weights 8 to 2, a second letter weighs 9; the rest of 23 is the letter, W for none. */
function isPpsNumber(compact: string): boolean {
  const letters = 'WABCDEFGHIJKLMNOPQRSTUV';
  const second = compact.length > 8 ? letters.indexOf(compact.charAt(8)) : 0;
  return letters.charAt((weightedSum(compact, [8, 7, 6, 5, 4, 3, 2]) + 9 * second) % 23) === compact.charAt(7);
}

export const UNITED_KINGDOM_FUNCTIONS = {
  Func_uk_nino: finder(
    [
      String.raw`${NINO_PREFIX}${NINO_SEPARATOR}\d{2}${NINO_SEPARATOR}\d{2}${NINO_SEPARATOR}\d{2}${NINO_SEPARATOR}[A-D]`,
      String.raw`${NINO_PREFIX}${NINO_SEPARATOR}\d{2}${NINO_SEPARATOR}\d{2}${NINO_SEPARATOR}\d{2}`,
    ],
    { begins: 'letter' },
  ),
  Func_uk_nhs_number: finder([String.raw`\d{3}([ -])\d{3}\1\d{4}`, String.raw`\d{10}`], { accepts: isNhsNumber }),
  Func_uk_drivers_license: finder(
    [String.raw`[A-Z]{1,5}9{0,4}(?<=[A-Z9]{5})\d{6}[A-Z][A-Z9][0-9][0-9A-Z]{2}(?: ?\d{2})?`],
    { begins: 'letter', accepts: isDriver },
  ),
  Regex_uk_electoral: finder([String.raw`[A-Z]{2}\d{1,4}`], { begins: 'letter' }),
  Func_ireland_pps: finder([String.raw`\d{7} ?[A-W][ABHWTX]?`], { accepts: isPpsNumber }),
};
