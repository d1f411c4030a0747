/** Numbers of Belgium, France, Germany, Italy, the Netherlands, Portugal and Spain. */
import { icaoCheckDigit, isRepeated, modulo, numberAt, weightedSum } from '#rules/sit/checksums.ts';
import { finder } from '#rules/sit/finder.ts';

/** 97 less the rest of the first nine digits; since 2000 with a 2 before them. Month and day may be unknown: 00. */
function isBelgian(digits: string): boolean {
  const month = numberAt(digits, 2, 2) % 20;
  const check = numberAt(digits, 9, 2);
  const isRight = ['', '2'].some((century) => 97 - modulo(century + digits.slice(0, 9), 97) === check);
  return isRight && month <= 12 && numberAt(digits, 4, 2) <= 31 && !isRepeated(digits);
}

/** Corsica has letters, which count as 19 and 18. */
const inseeDigits = (compact: string): string => compact.replace(/^(.{5})2A/, '$119').replace(/^(.{5})2B/, '$118');

function isInsee(compact: string): boolean {
  const digits = inseeDigits(compact);
  return 97 - modulo(digits.slice(0, 13), 97) === numberAt(digits, 13, 2);
}

/** Sex, year, month (20 and more where it is not known), department, commune, order. */
const INSEE = String.raw`[1-478]( ?)\d{2}\1(?:0[1-9]|1[0-2]|[2-9]\d)\1(?:\d{2}|2[AB])\1\d{3}\1\d{3}`;

/** Letters are 10 to 35; weights 9 to 1, mod 11, where 10 is X. The last character counts issues. */
function isGermanDriver(compact: string): boolean {
  const sum = Array.from(compact.slice(0, 9)).reduce(
    (total, character, index) => total + (9 - index) * Number.parseInt(character, 36),
    0,
  );
  return 'X'.padStart(11, '0123456789').charAt(sum % 11) === compact.charAt(9);
}

const isGermanDocument = (compact: string): boolean =>
  icaoCheckDigit(compact.slice(0, 9)) === Number(compact.charAt(9)) && /\d/.test(compact.slice(0, 9));

/** Neither vowels nor letters that look like digits. */
const SERIAL = '[0-9CFGHJKLMNPRTVWXYZ]';

/** The test of eleven: weights 9 to 2, and -1. */
function isCitizenServiceNumber(compact: string): boolean {
  const digits = compact.padStart(9, '0');
  return (
    weightedSum(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0 && !isRepeated(digits) && Number(digits) > 9_999_999
  );
}

/** Province, number, and the rest of both together by 97. Numbers under ten million are written with seven digits, or a 0. */
function isSpanishSocialSecurity(digits: string): boolean {
  const province = numberAt(digits, 0, 2);
  const number = Number(digits.slice(2, -2));
  const whole = number < 10_000_000 ? province * 10_000_000 + number : province * 100_000_000 + number;
  const isProvince = (province >= 1 && province <= 53) || province === 66;
  return isProvince && number > 0 && whole % 97 === Number(digits.slice(-2));
}

export const WESTERN_EUROPE_FUNCTIONS = {
  Func_belgium_national_number: finder(
    [String.raw`\d{2}\.\d{2}\.\d{2}[- ]\d{3}[. ]\d{2}`, String.raw`\d{6}[- ]?\d{3}[.\- ]?\d{2}`],
    { accepts: isBelgian },
  ),
  Func_french_drivers_license: finder([String.raw`\d{12}`]),
  Regex_france_cni: finder([String.raw`\d{12}`]),
  Func_fr_passport: finder([String.raw`\d{2}[A-Z]{2}\d{5}`]),
  Func_french_insee: finder([String.raw`${INSEE} ?\d{2}`], { accepts: isInsee }),
  /** With the check digits apart or not. */
  Func_fr_insee: finder([String.raw`${INSEE}[ /-]?\d{2}`], { accepts: isInsee }),
  Func_german_drivers_license: finder([String.raw`[0-9A-Z]\d{2}[0-9A-Z]{6}[0-9X][0-9A-Z]`], {
    begins: 'any',
    accepts: isGermanDriver,
  }),
  Regex_germany_id_card: finder(
    [String.raw`[A-Z]\d{8}`, String.raw`[LMNPRTVWXY]${SERIAL}{8}`, String.raw`\d{10}(?:D|<D)?`],
    { begins: 'any' },
  ),
  Func_german_passport: finder([String.raw`[0-9CFGHJK]${SERIAL}{8}\d(?:D|<D)?`], {
    begins: 'any',
    accepts: isGermanDocument,
  }),
  Func_german_passport_data: finder([String.raw`[CFGHJK]${SERIAL}{7}\d`, String.raw`[CFGHJK]\d{3}${SERIAL}{5}`], {
    begins: 'letter',
    accepts: (compact) => /\d/.test(compact),
  }),
  Regex_italy_drivers_license_number: finder([String.raw`[A-Z][AV][0-9A-Z_]{7}[A-Z]`], {
    begins: 'letter',
    accepts: (compact) => /\d/.test(compact),
  }),
  Func_netherlands_bsn: finder(
    [String.raw`\d{8,9}`, String.raw`\d{3}([ .-])\d{3}\1\d{3}`, String.raw`\d{4}([ .])\d{2}\1\d{3}`],
    {
      accepts: isCitizenServiceNumber,
    },
  ),
  /** The rest of the whole document number may follow. */
  Regex_portugal_citizen_card: finder([String.raw`\d{8}(?:[ -]?\d[ -]?[0-9A-Z]{2}\d)?`]),
  Func_spanish_social_security_number: finder([String.raw`\d{2}([/ -]?)\d{7,8}\1\d{2}`], {
    accepts: isSpanishSocialSecurity,
  }),
};
