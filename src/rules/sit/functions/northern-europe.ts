/** Numbers of Denmark, Finland, Norway and Sweden. */
import { isDay, luhn, numberAt, weightedSum } from '#rules/sit/checksums.ts';
import { finder } from '#rules/sit/finder.ts';

const isBornAt = (digits: string, day: number, month: number): boolean =>
  isDay(numberAt(digits, month, 2), numberAt(digits, day, 2));

const FINNISH_LETTERS = '0123456789ABCDEFHJKLMNPRSTUVWXY';

/** Day, month, year, order; the rest by 31 is the last character. The sign of the century may be a letter. */
function isFinnish(_: string, text: string): boolean {
  const digits = `${text.slice(0, 6)}${text.slice(7, 10)}`;
  return FINNISH_LETTERS.charAt(Number(digits) % 31) === text.slice(-1).toUpperCase() && isBornAt(digits, 0, 2);
}

/** Days of visitors are 40 more, months of test people 40 or 80 more. */
function isNorwegian(digits: string): boolean {
  const [day, month] = [numberAt(digits, 0, 2) % 40, numberAt(digits, 2, 2) % 40];
  return (
    isDay(month, day) &&
    weightedSum(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 &&
    weightedSum(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0
  );
}

/** The day of who has no number yet is 60 more. */
function isSwedish(digits: string): boolean {
  const number = digits.slice(-10);
  return luhn(number) && isDay(numberAt(number, 2, 2), numberAt(number, 4, 2) % 60);
}

/** The day is 60 more where numbers had run out. */
const isDanish = (digits: string): boolean => isDay(numberAt(digits, 2, 2), numberAt(digits, 0, 2) % 60);

export const NORTHERN_EUROPE_FUNCTIONS = {
  /** Numbers since 2007 need not keep a checksum: the day must be one. */
  Regex_denmark_id: finder([String.raw`\d{6}[- ]?\d{4}`], { accepts: isDanish }),
  Func_finnish_national_id: finder([String.raw`\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]`], { accepts: isFinnish }),
  Regex_finland_passport_number: finder([String.raw`[A-Z]{2}\d{7}`], { begins: 'letter' }),
  Func_norway_id_number: finder([String.raw`\d{6} ?\d{5}`], { accepts: isNorwegian }),
  Func_swedish_national_identifier: finder([String.raw`(?:19|20)?\d{6}[-+ ]?\d{4}`], { accepts: isSwedish }),
  Regex_sweden_passport_number: finder([String.raw`\d{8}`]),
};
