/** Check digits, as public standards define them. All take a value without separators; letters in capitals. */

const digitAt = (digits: string, index: number): number => digits.charCodeAt(index) - 0x30;

/** The sum of the digits, each times the weight at its place; digits beyond the weights do not count. */
export const weightedSum = (digits: string, weights: readonly number[]): number =>
  weights.reduce((sum, weight, index) => sum + weight * digitAt(digits, index), 0);

/** The digit at this place, counted from the end when negative. */
export const digit = (digits: string, index: number): number =>
  digitAt(digits, index < 0 ? digits.length + index : index);

/** ISO/IEC 7812-1. */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const isDoubled = (digits.length - index) % 2 === 0;
    const product = digitAt(digits, index) * (isDoubled ? 2 : 1);
    sum += product > 9 ? product - 9 : product;
  }
  return digits.length > 0 && sum % 10 === 0;
}

/** Of a number of any length in decimal digits. */
export function modulo(digits: string, divisor: number): number {
  let rest = 0;
  for (let index = 0; index < digits.length; index += 1) rest = (rest * 10 + digitAt(digits, index)) % divisor;
  return rest;
}

/** ISO 7064, mod 97-10, as in IBAN: the first four characters go to the end, letters are 10 to 35. */
export function iso7064Mod97(value: string): boolean {
  const turned = `${value.slice(4)}${value.slice(0, 4)}`;
  return (
    modulo(
      turned.replaceAll(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55)),
      97,
    ) === 1
  );
}

/** ISO 7064, mod 11,10. */
export function iso7064Mod11And10(digits: string): boolean {
  let product = 10;
  for (let index = 0; index < digits.length - 1; index += 1) {
    const sum = (product + digitAt(digits, index)) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return digits.length > 1 && (product + digitAt(digits, digits.length - 1)) % 10 === 1;
}

/** The dihedral group of ten elements (Verhoeff, 1969): 0 to 4 turn, 5 to 9 turn and mirror. */
function dihedral(one: number, other: number): number {
  if (one < 5) return other < 5 ? (one + other) % 5 : ((one + other - 5) % 5) + 5;
  return other < 5 ? ((one - 5 - other + 5) % 5) + 5 : (one - other + 5) % 5;
}

const VERHOEFF_PERMUTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

export function verhoeff(digits: string): boolean {
  let check = 0;
  for (let index = 0; index < digits.length; index += 1) {
    let permuted = digitAt(digits, digits.length - 1 - index);
    for (let times = index % 8; times > 0; times -= 1) permuted = VERHOEFF_PERMUTATION[permuted] ?? 0;
    check = dihedral(check, permuted);
  }
  return digits.length > 0 && check === 0;
}

/** Machine readable travel documents (ICAO 9303): weights 7, 3, 1, letters are 10 to 35. Of characters without their check digit. */
export function icaoCheckDigit(characters: string): number {
  const weights = [7, 3, 1];
  const sum = Array.from(characters).reduce(
    (total, character, index) => total + Number.parseInt(character, 36) * (weights[index % 3] ?? 0),
    0,
  );
  return sum % 10;
}

/** All the same digit: nobody's number, though many checks accept it. */
export const isRepeated = (digits: string): boolean => /^(.)\1*$/.test(digits);

/** What is written `YYMMDD` and the like: a day that there is in some century. */
export function isDay(month: number, day: number, year = 2000): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return day >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

export const numberAt = (digits: string, start: number, length: number): number =>
  Number(digits.slice(start, start + length));
