/** Numbers of cards and accounts. */
import { iso7064Mod97, isRepeated, luhn, weightedSum } from '#rules/sit/checksums.ts';
import { finder } from '#rules/sit/finder.ts';
import { COUNTRIES, IBAN_COUNTRIES } from './countries.ts';

/** Prefixes and lengths of the brands (issuer identification numbers of ISO/IEC 7812). */
const BRANDS = [
  /^4(?:\d{15}|\d{18})$/, // Visa
  /^(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}$/, // Mastercard
  /^3[47]\d{13}$/, // American Express
  /^3(?:0[0-59]|[68]\d)\d{11}(?:\d{2}|\d{5})?$/, // Diners Club
  /^(?:6011|64[4-9]\d|65\d{2})\d{12}(?:\d{3})?$/, // Discover
  /^35(?:2[89]|[3-8]\d)\d{12}(?:\d{3})?$/, // JCB
  /^62\d{14,17}$/, // UnionPay
  /^(?:60|81|82|508)\d+$/, // RuPay
  /^220[0-4]\d{12,15}$/, // Mir
  /^(?:50[0-9]\d|5[6-8]\d{2}|6304|67\d{2})\d{10,15}$/, // Maestro
];
const SHORTEST_RUPAY = /^(?:60|81|82|508)\d{0,14}$/;

const isCard = (digits: string): boolean =>
  luhn(digits) &&
  !isRepeated(digits.slice(0, -1)) &&
  BRANDS.some((brand) => brand.test(digits)) &&
  !(SHORTEST_RUPAY.test(digits) && digits.length < 16);

const GROUPS_OF_FOUR = String.raw`\d{4}([ -])\d{4}\1\d{4}\1\d{4}`;

const isAccount = (compact: string): boolean => !isRepeated(compact.slice(4)) && iso7064Mod97(compact);

export const PAYMENT_FUNCTIONS = {
  Func_credit_card: finder(
    [
      String.raw`\d{14,19}`,
      `${GROUPS_OF_FOUR}(?:\\1\\d{1,3})?`,
      // American Express, Diners Club
      String.raw`\d{4}([ -])\d{6}\1\d{4,5}`,
    ],
    { accepts: isCard },
  ),
  Func_eu_debit_card: finder([String.raw`\d{16}`, GROUPS_OF_FOUR], { accepts: isCard }),
  Func_iban: finder([`(?:${[...IBAN_COUNTRIES].map(([length, codes]) => ibanShape(length, codes)).join('|')})`], {
    begins: 'letter',
    accepts: isAccount,
  }),
  /** Its check digit is of the American Bankers Association, weights 3, 7, 1. */
  Func_aba_routing: finder([String.raw`[0-36-8]\d{8}`, String.raw`[0-36-8]\d{3}-\d{4}-\d`], {
    accepts: (digits) => weightedSum(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0 && !isRepeated(digits),
  }),
  Regex_swift: finder([String.raw`[A-Z]{4} ?(?:${COUNTRIES}) ?[A-Z0-9]{2}(?: ?[A-Z0-9]{3})?`], { begins: 'letter' }),
  /** Years stand near every account. */
  Regex_usa_bank_account_number: finder([String.raw`(?!(?:19|20)\d{2}(?!\d))\d{4,17}`]),
};

/** The length is without country and check digits; groups are written with spaces or hyphens. */
function ibanShape(length: number, codes: string): string {
  return String.raw`(?:${codes})\d{2}(?:[ -]?[0-9A-Z]){${length}}`;
}
