/** Numbers of cards and accounts that are the same all over the world. */
import { iso7064Mod97, isRepeated, luhn } from '#rules/sit/checksums.ts';
import { finder } from '#rules/sit/finder.ts';

/** Prefixes and lengths of the brands (ISO/IEC 7812 issuer identification numbers). */
const BRANDS = [
  /^4\d{15}$|^4\d{18}$/, // Visa
  /^(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}$/, // Mastercard
  /^3[47]\d{13}$/, // American Express
  /^3(?:0[0-59]|[68]\d)\d{11}$|^3(?:0[0-59]|[68]\d)\d{13}$/, // Diners Club
  /^(?:6011\d{2}|64[4-9]\d{3}|65\d{4})\d{10}(?:\d{3})?$/, // Discover
  /^35(?:2[89]|[3-8]\d)\d{12}(?:\d{3})?$/, // JCB
  /^62\d{14}(?:\d{3})?$|^81\d{14}$/, // UnionPay
  /^(?:60|65|508[0-9]|81|82)\d*$/, // RuPay
  /^(?:5018|5020|5038|5[6-8]\d{2}|6304|67\d{2})\d{10,15}$/, // Maestro
];

const isCard = (digits: string): boolean =>
  luhn(digits) && !isRepeated(digits) && BRANDS.some((brand) => brand.test(digits));

const CARD_SHAPES = [
  String.raw`\d{14,19}`,
  String.raw`\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?`,
  // American Express, Diners Club
  String.raw`\d{4}([ -])\d{6}\1\d{4,5}`,
];

export const PAYMENT_FUNCTIONS = {
  Func_credit_card: finder(CARD_SHAPES, { accepts: isCard }),
  Func_iban: finder([String.raw`[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?`], {
    begins: 'letter',
    accepts: iso7064Mod97,
  }),
};
