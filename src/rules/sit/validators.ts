/** Checks that a type of one's own may put on what its regular expression finds, by name. They see letters and digits alone. */
import { iso7064Mod11And10, iso7064Mod97, isRepeated, luhn, verhoeff } from './checksums.ts';

export type Validator = (compact: string) => boolean;

const onDigits =
  (check: Validator): Validator =>
  (compact) =>
    /^\d+$/.test(compact) && check(compact);

const VALIDATORS: { readonly [name: string]: Validator } = {
  luhn: onDigits(luhn),
  verhoeff: onDigits(verhoeff),
  mod97: (compact) => /^[0-9A-Z]{5,}$/.test(compact) && iso7064Mod97(compact),
  mod11And10: onDigits(iso7064Mod11And10),
  notRepeated: (compact) => compact.length > 0 && !isRepeated(compact),
};

export const VALIDATOR_NAMES: readonly string[] = Object.keys(VALIDATORS);

export const validatorOf = (name: string): Validator | undefined =>
  Object.hasOwn(VALIDATORS, name) ? VALIDATORS[name] : undefined;
