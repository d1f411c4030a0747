/** Numbers of China, Hong Kong, Japan, South Korea and Taiwan. */
import { digit, isDay, numberAt, weightedSum } from '#rules/sit/checksums.ts';
import { finder } from '#rules/sit/finder.ts';

const isBornAt = (digits: string, year: number, month: number): boolean =>
  isDay(numberAt(digits, month, 2), numberAt(digits, month + 2, 2), numberAt(digits, year, 4));

/** ISO 7064, mod 11-2: region, birthday, order, check. */
function isChinese(compact: string): boolean {
  const sum = weightedSum(compact, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
  const year = numberAt(compact, 6, 4);
  const isPossible = /^[1-9]/.test(compact) && year >= 1880 && year < 2100 && isBornAt(compact, 6, 10);
  return isPossible && '10X98765432'.charAt(sum % 11) === compact.charAt(17);
}

const letterValue = (letter: string): number => Number.parseInt(letter, 36);

/** Weights 9 to 1 over one or two letters and the digits; a missing letter counts as 36. */
function isHongKong(compact: string): boolean {
  const padded = compact.padStart(9, ' ');
  const sum = Array.from(padded.slice(0, 8)).reduce(
    (total, character, index) => total + (9 - index) * (character === ' ' ? 36 : letterValue(character)),
    0,
  );
  return '0123456789A'.charAt((11 - (sum % 11)) % 11) === compact.slice(-1);
}

/** Birthday with the century in the digit behind it; weights 2 to 9 and 2 to 5. */
function isKorean(digits: string): boolean {
  const sum = weightedSum(digits, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
  const isBirthday = isDay(numberAt(digits, 2, 2), numberAt(digits, 4, 2));
  return isBirthday && digit(digits, 6) !== 0 && (11 - (sum % 11)) % 10 === digit(digits, 12);
}

/** Letters in the order of their values from 10. */
const TAIWANESE_LETTERS = 'ABCDEFGHJKLMNPQRSTUVXYWZIO';

/** The letter is two digits; weights 1, 9 to 1, and 1 for the check. */
function isTaiwanese(compact: string): boolean {
  const value = TAIWANESE_LETTERS.indexOf(compact.charAt(0)) + 10;
  const digits = `${value}${compact.slice(1)}`;
  return weightedSum(digits, [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]) % 10 === 0;
}

export const EASTERN_ASIA_FUNCTIONS = {
  Func_china_resident_id: finder([String.raw`\d{17}[\dX]`], { accepts: isChinese }),
  Func_hong_kong_id_card: finder([String.raw`[A-Z]{1,2}\d{6} ?\([0-9A]\)`, String.raw`[A-Z]{1,2}\d{6}[0-9A]`], {
    begins: 'letter',
    accepts: isHongKong,
  }),
  Func_jp_bank_account: finder([String.raw`\d{7,8}`]),
  Func_jp_bank_account_branch_code: finder([String.raw`\d{4}[ -]?\d{3}`]),
  Func_jp_drivers_license_number: finder([String.raw`\d{12}`]),
  Func_jp_passport: finder([String.raw`[A-Z]{2}\d{7}`], { begins: 'letter' }),
  Func_jp_resident_registration_number: finder([String.raw`\d{11}`]),
  Func_jp_sin: finder([String.raw`\d{4}-\d{6}`, String.raw`\d{10}`]),
  Func_jp_sin_pre_1997: finder([String.raw`\d{7,12}`]),
  Func_south_korea_resident_number: finder([String.raw`\d{6}-?\d{7}`], { accepts: isKorean }),
  /** Since 2021 those of residents are of the same form, with 8 or 9 behind the letter. */
  Func_taiwanese_national_id: finder([String.raw`[A-Z][1289]\d{8}`], { begins: 'letter', accepts: isTaiwanese }),
  Regex_taiwan_passport: finder([String.raw`\d{9}`]),
  Regex_taiwan_resident_certificate: finder([String.raw`[A-Z]{2}\d{8}`, String.raw`[A-Z][89]\d{8}`], {
    begins: 'letter',
  }),
};
