/** Numbers of India, Indonesia, Israel, Malaysia, the Philippines, Saudi Arabia, Singapore and South Africa. */
import { isDay, isRepeated, luhn, numberAt, verhoeff, weightedSum } from '#rules/sit/checksums.ts';
import { finder } from '#rules/sit/finder.ts';

const isAadhaar = (digits: string): boolean => verhoeff(digits) && !isRepeated(digits);

/** Region, birthday (of women 40 more), order. */
const isIndonesian = (digits: string): boolean => isDay(numberAt(digits, 8, 2), numberAt(digits, 6, 2) % 40);

const isBornAtStart = (digits: string): boolean => isDay(numberAt(digits, 2, 2), numberAt(digits, 4, 2));

/** S and T are citizens, F, G and M foreigners; T and G add 4, M adds 3. */
function isSingaporean(compact: string): boolean {
  const [first, last] = [compact.charAt(0), compact.slice(-1)];
  const offset = { T: 4, G: 4, M: 3 }[first] ?? 0;
  const rest = (weightedSum(compact.slice(1), [2, 7, 6, 5, 4, 3, 2]) + offset) % 11;
  const letters = { S: 'JZIHGFEDCBA', T: 'JZIHGFEDCBA', M: 'XWUTRQPNJLK' }[first] ?? 'XWUTRQPNMLK';
  return letters.charAt(rest) === last;
}

const isSouthAfrican = (digits: string): boolean => luhn(digits) && isBornAtStart(digits);

export const SOUTHERN_ASIA_AND_AFRICA_FUNCTIONS = {
  /** The fourth letter says of what kind the holder is. */
  Regex_india_permanent_account_number: finder([String.raw`[A-Z]{3}[ABCEFGHJKLPT][A-Z]\d{4}[A-Z]`], {
    begins: 'letter',
  }),
  Func_india_aadhaar: finder([String.raw`[2-9]\d{3}([ -]?)\d{4}\1\d{4}`], { accepts: isAadhaar }),
  Regex_indonesia_id_card: finder([String.raw`\d{2}\.?\d{2}\.?\d{2}\.?\d{6}\.?\d{4}`], { accepts: isIndonesian }),
  Regex_israel_bank_account_number: finder([String.raw`\d{2}-\d{3}-\d{8}`, String.raw`\d{13}`]),
  Func_israeli_national_id_number: finder([String.raw`\d{9}`, String.raw`\d{8}-\d`], {
    accepts: (digits) => luhn(digits) && !isRepeated(digits),
  }),
  Regex_malaysia_id_card_number: finder([String.raw`\d{6}([- ]?)\d{2}\1\d{4}`], { accepts: isBornAtStart }),
  Regex_philippines_unified_id: finder([String.raw`\d{4}-\d{7}-\d`, String.raw`\d{12}`]),
  Regex_saudi_arabia_national_id: finder([String.raw`[12]\d{9}`]),
  Regex_singapore_nric: finder([String.raw`[STFGM]\d{7}[A-Z]`], { begins: 'letter', accepts: isSingaporean }),
  Func_south_africa_identification_number: finder([String.raw`\d{6} ?\d{4} ?[01][89]\d`, String.raw`\d{10}[01]\d{2}`], {
    accepts: isSouthAfrican,
  }),
};
