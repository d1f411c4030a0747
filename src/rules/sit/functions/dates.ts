/** Dates near a number: of birth, of issue, of expiry. Evidence only, never the value itself. */
import { finder } from '#rules/sit/finder.ts';

const DAY = String.raw`(?:[12]\d|3[01]|0?[1-9])`;
const MONTH = '(?:1[0-2]|0?[1-9])';
const FULL_YEAR = String.raw`(?:19|20)\d{2}`;
const YEAR = String.raw`(?:${FULL_YEAR}|\d{2})`;

const ENGLISH_MONTHS = String.raw`(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?`;
const EUROPEAN_MONTHS = [
  ENGLISH_MONTHS,
  'januar|jänner|februar|feber|märz|april|mai|juni|juli|august|september|oktober|november|dezember', // German
  'janvier|février|fevrier|mars|avril|mai|juin|juillet|août|aout|septembre|octobre|novembre|décembre|decembre', // French
  'enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre', // Spanish
  'gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre', // Italian
  'januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december', // Dutch
  'janeiro|fevereiro|março|marco|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro', // Portuguese
  'stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|wrzesnia|października|pazdziernika|listopada|grudnia', // Polish
].join('|');

const YEAR_FIRST = String.raw`${FULL_YEAR}([-/.])${MONTH}\1${DAY}`;
const DAY_FIRST = String.raw`${DAY}([-/.])${MONTH}\1${YEAR}`;
const DAY_FIRST_IN_WORDS = String.raw`${DAY}(?:\.|st|nd|rd|th)? (?:de )?(?:${EUROPEAN_MONTHS})(?: de)?,? ${FULL_YEAR}`;
const MONTH_FIRST = String.raw`${MONTH}([-/.])${DAY}\1${YEAR}`;
const MONTH_FIRST_IN_WORDS = String.raw`${ENGLISH_MONTHS} ${DAY}(?:st|nd|rd|th)?,? ${FULL_YEAR}`;
/** A card is valid for some years: what lies elsewhere is another pair of numbers. */
const EXPIRY_YEAR = String.raw`(?:20)?[1-4]\d`;

export const DATE_FUNCTIONS = {
  Func_us_date: finder([YEAR_FIRST, MONTH_FIRST, MONTH_FIRST_IN_WORDS], { begins: 'any' }),
  Func_eu_date: finder([YEAR_FIRST, DAY_FIRST, DAY_FIRST_IN_WORDS], { begins: 'digit' }),
  Func_eu_date1: finder([DAY_FIRST_IN_WORDS], { begins: 'digit' }),
  Func_eu_date2: finder([YEAR_FIRST], { begins: 'digit' }),
  Func_expiration_date: finder(
    [
      String.raw`${MONTH} ?[-/.] ?${EXPIRY_YEAR}`,
      String.raw`${FULL_YEAR}[-/]${MONTH}`,
      `${ENGLISH_MONTHS} ${FULL_YEAR}`,
    ],
    { begins: 'any' },
  ),
};
