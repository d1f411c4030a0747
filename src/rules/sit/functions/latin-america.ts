/** Numbers of Argentina, Brazil and Chile. */
import { digit, isRepeated, weightedSum } from '#rules/sit/checksums.ts';
import { finder } from '#rules/sit/finder.ts';

/** 11 less the rest by 11, and 0 for what has two digits. */
const checkDigit = (sum: number): number => (sum % 11 < 2 ? 0 : 11 - (sum % 11));

const isCpf = (digits: string): boolean =>
  !isRepeated(digits) &&
  checkDigit(weightedSum(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2])) === digit(digits, 9) &&
  checkDigit(weightedSum(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2])) === digit(digits, 10);

/** Letters, which new numbers may have since 2026, count as their character less that of 0. */
const isCnpj = (compact: string): boolean =>
  !isRepeated(compact) &&
  checkDigit(weightedSum(compact, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) === digit(compact, 12) &&
  checkDigit(weightedSum(compact, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) === digit(compact, 13);

/** As São Paulo does: weights 2 to 9, a check of 10 is X. */
function isRg(compact: string): boolean {
  const check = compact.charAt(8) === 'X' ? 10 : digit(compact, 8);
  return (weightedSum(compact, [2, 3, 4, 5, 6, 7, 8, 9]) + 100 * check) % 11 === 0 && !isRepeated(compact);
}

/** Weights 2 to 7 from the end; 10 is K. */
function isRut(compact: string): boolean {
  const digits = compact.slice(0, -1).padStart(8, '0');
  const check = 11 - (weightedSum(digits, [3, 2, 7, 6, 5, 4, 3, 2]) % 11);
  return '0123456789K0'.charAt(check) === compact.slice(-1) && !isRepeated(digits);
}

export const LATIN_AMERICA_FUNCTIONS = {
  Regex_argentina_national_id: finder([String.raw`\d{1,2}\.\d{3}\.\d{3}`, String.raw`\d{8}`]),
  Func_brazil_cpf: finder([String.raw`\d{3}\.\d{3}\.\d{3}-\d{2}`, String.raw`\d{9}-?\d{2}`], { accepts: isCpf }),
  Func_brazil_cnpj: finder([String.raw`[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2}`, String.raw`\d{14}`], {
    begins: 'any',
    accepts: isCnpj,
  }),
  Func_brazil_rg: finder([String.raw`\d{2}\.\d{3}\.\d{3}-[\dX]`, String.raw`\d{8}-?[\dX]`], { accepts: isRg }),
  Func_chile_id_card: finder([String.raw`\d{1,2}\.\d{3}\.\d{3}-[\dK]`, String.raw`\d{7,8}-[\dK]`], { accepts: isRut }),
};
