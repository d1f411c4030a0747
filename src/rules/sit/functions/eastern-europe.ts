/** Numbers of Croatia, Czechia, Greece and Poland. */
import { digit, isDay, iso7064Mod11And10, isRepeated, numberAt, weightedSum } from '#rules/sit/checksums.ts';
import { finder } from '#rules/sit/finder.ts';

/** Months of women are 50 more, and 20 more where numbers had run out. Ten digits are a multiple of eleven, or the rest is 10 for a 0. */
function isCzech(digits: string): boolean {
  const month = (numberAt(digits, 2, 2) % 50) % 20;
  if (!isDay(month, numberAt(digits, 4, 2))) return false;
  if (digits.length === 9) return numberAt(digits, 0, 2) < 54 && digits.slice(6) !== '000';
  const rest = numberAt(digits, 0, 9) % 11;
  return Number(digits) % 11 === 0 || (rest === 10 && digit(digits, 9) === 0);
}

/** The century is in the month: 20 more are the years since 2000. */
function isPesel(digits: string): boolean {
  const isRight = weightedSum(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0;
  return isRight && isDay(numberAt(digits, 2, 2) % 20, numberAt(digits, 4, 2));
}

/** Letters are 10 to 35. */
function polishSum(compact: string): number {
  const weights =
    compact.length === 9 && /^[A-Z]{3}/.test(compact) ? [7, 3, 1, 9, 7, 3, 1, 7, 3] : [7, 3, 9, 1, 7, 3, 1, 7, 3];
  return Array.from(compact).reduce(
    (sum, character, index) => sum + (weights[index] ?? 0) * Number.parseInt(character, 36),
    0,
  );
}

const isPolishDocument = (compact: string): boolean => polishSum(compact) % 10 === 0 && !isRepeated(compact.slice(-6));

export const EASTERN_EUROPE_FUNCTIONS = {
  Func_croatia_id_card: finder([String.raw`\d{9}`]),
  Func_croatia_oib_number: finder([String.raw`\d{11}`], {
    accepts: (digits) => iso7064Mod11And10(digits) && !isRepeated(digits),
  }),
  Func_czech_id_card: finder([String.raw`\d{6}[/ ]?\d{3,4}`], { accepts: isCzech }),
  /** Letters of both alphabets. */
  Regex_greece_id_card: finder([String.raw`[A-ZΑ-Ω]{1,2}[- ]?\d{6}`], { begins: 'letter' }),
  Func_polish_national_id: finder([String.raw`[A-Z]{3} ?\d{6}`], { begins: 'letter', accepts: isPolishDocument }),
  Func_polish_passport_number: finder([String.raw`[A-Z]{2} ?\d{7}`], { begins: 'letter', accepts: isPolishDocument }),
  Func_pesel_identification_number: finder([String.raw`\d{11}`], { accepts: isPesel }),
};
