/** Types of Croatia, Czechia, Greece and Poland. */
import type { CustomType } from '#rules/sit/custom.ts';
import { found, pattern, type, words } from './write.ts';

const CROATIAN_CARD = words([
  'croatian identity card',
  'osobna iskaznica',
  'osobne iskaznice',
  'broj osobne iskaznice',
  'osobna iskaznica broj',
  'croatian id',
  'identity card',
]);

const OIB = words([
  'oib',
  'oib#',
  'oib broj',
  'osobni identifikacijski broj',
  'personal identification number',
  'croatian personal identification',
  'porezni broj',
]);

const CZECH = words([
  'czech personal identity number',
  'personal identification number',
  'birth number',
  'rodné číslo',
  'rodne cislo',
  'rč',
  'r.č.',
  'národní identifikační číslo',
  'osobní číslo',
  'osobní identifikační číslo',
  'identifikační číslo',
  'identifikacni cislo',
  'czech republic id',
  'czechidno#',
  'pojištěnec číslo',
  'číslo pojištěnce',
  'číslo průkazu',
]);

const GREEK = words([
  'greek identity card',
  'greek id card',
  'greek id',
  'greek national id',
  'greek personal id card',
  'greek police id',
  'identity card',
  'tautotita',
  'ταυτότητα',
  'ταυτότητας',
  'δελτίο ταυτότητας',
  'αριθμός ταυτότητας',
  'αστυνομική ταυτότητα',
  'αδτ',
  'α.δ.τ.',
]);

const POLISH_DOCUMENT = words([
  'numer dowodu osobistego',
  'nr dowodu osobistego',
  'nr. dowodu osobistego',
  'dowód osobisty',
  'dowod osobisty',
  'dowodu osobistego',
  'dow. os.',
  'polish identity card',
  'identity card',
  'numer paszportu',
  'nr paszportu',
  'nr. paszportu',
  'paszport',
  'paszportu',
  'polish passport',
  'passport',
  'passport number',
]);

const PESEL = words([
  'pesel',
  'pesel number',
  'nr pesel',
  'nr. pesel',
  'numer pesel',
  'pesel:',
  'numer ewidencyjny',
  'national identification number',
]);

const oib = found('Func_croatia_oib_number');

export const EASTERN_EUROPE_TYPES: readonly CustomType[] = [
  type('ff12f884-c20a-4189-b185-34c8e7258d47', 'Croatia Identity Card Number', 75, [
    pattern(75, found('Func_croatia_id_card'), CROATIAN_CARD),
  ]),
  type('31983b6d-db95-4eb2-a630-b44bd091968d', 'Croatia Personal Identification (OIB) Number', 85, [
    pattern(85, oib, OIB),
    pattern(75, oib),
  ]),
  type('60c0725a-4eb6-455b-9dda-05d8a7396497', 'Czech National Identity Card Number', 85, [
    pattern(85, found('Func_czech_id_card'), CZECH),
  ]),
  type('82568215-1da1-46d3-874a-d2294d81b5ac', 'Greece National ID Card', 85, [
    pattern(85, found('Regex_greece_id_card'), GREEK),
  ]),
  type('25e64989-ed5d-40ca-a939-6c14183bb7bf', 'Poland Identity Card', 85, [
    pattern(85, found('Func_polish_national_id'), POLISH_DOCUMENT),
  ]),
  type('e3aaf206-4297-412f-9e06-ba8487e22456', 'Poland National ID (PESEL)', 85, [
    pattern(85, found('Func_pesel_identification_number'), PESEL),
  ]),
  type('03937fb5-d2b6-4487-b61f-0f8bff7c3517', 'Poland Passport', 85, [
    pattern(85, found('Func_polish_passport_number'), POLISH_DOCUMENT),
  ]),
];
