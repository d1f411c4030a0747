/** Types of the United States. */
import type { CustomType } from '#rules/sit/custom.ts';
import { DRIVER_STATES } from '#rules/sit/functions/united-states-drivers.ts';
import { PASSPORT, US_BIRTH } from './keywords.ts';
import { any, found, none, pattern, type, words } from './write.ts';

const ROUTING = words([
  'aba',
  'aba #',
  'aba#',
  'aba no',
  'aba number',
  'abanumber',
  'aba routing',
  'aba routing #',
  'aba routing number',
  'abarouting#',
  'abaroutingnumber',
  'american bank association routing #',
  'american bank association routing number',
  'american bankers association',
  'bank routing #',
  'bank routing number',
  'bankrouting#',
  'bankroutingnumber',
  'routing #',
  'routing no',
  'routing no.',
  'routing number',
  'routing numbers',
  'routing transit number',
  'transit routing number',
  'rtn',
]);

const BANK_ACCOUNT = words(
  ['checking', 'savings', 'saving', 'bank', 'debit', 'chequing'].flatMap((kind) =>
    ['account', 'acct', 'acct.'].flatMap((account) =>
      ['', ' number', ' numbers', ' no', ' no.', ' #', '#'].map((ending) => `${kind} ${account}${ending}`),
    ),
  ),
);

const SSN = words([
  'ssa number',
  'social security number',
  'social security numbers',
  'social security #',
  'social security#',
  'social security no',
  'social security no.',
  'social security',
  'social sec',
  'soc sec',
  'ssn',
  'ssns',
  'ssn#',
  'ss#',
  'ssid',
  'ss no',
  'número de seguro social',
  'seguro social',
]);

const ITIN = words([
  'taxpayer',
  'taxpayer id',
  'taxpayer identification',
  'individual taxpayer',
  'individual taxpayer identification',
  'tax id',
  'tax identification',
  'itin',
  'itins',
  'i.t.i.n.',
  'ssn',
  'tin',
]);
const ITIN_COLLABORATIVE = words(['license', 'drivers license', "driver's license", 'dl', ...US_BIRTH]);

const LICENSE = words(
  ['driver', 'drivers', "driver's", 'driver’s']
    .flatMap((driver) =>
      ['lic', 'lics', 'license', 'licenses', 'licence', 'licences'].flatMap((license) => [
        `${driver} ${license}`,
        `${driver} ${license}#`,
      ]),
    )
    .concat([
      'driverlic',
      'driverlicense',
      'driverslicense',
      'dlno',
      'driving license',
      'driving licence',
      'identification card',
      'identification cards',
      'id card',
      'id cards',
      'identification number',
      'identification numbers',
    ]),
);
const LICENSE_ABBREVIATIONS = words(
  ['dl', 'dls', 'cdl', 'cdls', 'id', 'ids'].flatMap((letters) => [
    letters,
    `${letters}#`,
    `${letters} number`,
    `${letters} no`,
  ]),
);

/** They are words too, also in capitals. */
const AMBIGUOUS_LETTERS = ['IN', 'OR', 'ME', 'OK', 'HI', 'ID', 'OH'];

const driverPatterns = DRIVER_STATES.flatMap(({ name, letters, function: number }) => {
  const byName = words([name]).keywords;
  const byLetters = AMBIGUOUS_LETTERS.includes(letters)
    ? []
    : [{ text: letters, style: 'word' as const, caseSensitive: true }];
  const state = { kind: 'keywords' as const, keywords: [...byName, ...byLetters] };
  return [
    pattern(75, found(number), LICENSE, state),
    pattern(65, found(number), LICENSE_ABBREVIATIONS, state, none(LICENSE)),
  ];
});

const [usDate, usAddress] = [found('Func_us_date'), found('Func_us_address')];

/** Of the two definitions of social security numbers the newer one: a date or an address alone is no evidence. */
export const UNITED_STATES_TYPES: readonly CustomType[] = [
  type('cb353f78-2b72-4c3c-8827-92ebe4f69fdf', 'ABA Routing Number', 75, [
    pattern(75, found('Func_aba_routing'), ROUTING),
  ]),
  type('9a5445ad-406e-43eb-8bd7-cac17ab6d0e4', 'Drug Enforcement Agency (DEA) Number', 85, [
    pattern(85, found('Func_dea_number')),
  ]),
  type('178ec42a-18b4-47cc-85c7-d62c92fd67f8', 'U.S. / U.K. Passport Number', 75, [
    pattern(75, found('Func_usa_uk_passport'), PASSPORT),
  ]),
  type('a2ce32a8-f935-4bb6-8e96-2a5157672e2c', 'U.S. Bank Account Number', 75, [
    pattern(75, found('Regex_usa_bank_account_number'), BANK_ACCOUNT),
  ]),
  type('dfeb356f-61cd-459e-bf0f-7c6d28b458c6', "U.S. Driver's License Number", 75, driverPatterns),
  type('e55e2a32-f92d-4985-a35d-a0b269eb687b', 'U.S. Individual Taxpayer Identification Number (ITIN)', 75, [
    pattern(85, found('Func_formatted_itin'), any(1, ITIN, usAddress, usDate, ITIN_COLLABORATIVE)),
    pattern(75, found('Func_unformatted_itin'), ITIN, any(1, ITIN_COLLABORATIVE, usAddress, usDate)),
  ]),
  type('a44669fe-0d48-453d-a9b1-2cc83f2cba77', 'U.S. Social Security Number (SSN)', 75, [
    pattern(85, found('Func_ssn'), SSN),
    pattern(75, found('Func_unformatted_ssn'), SSN),
    pattern(65, found('Func_randomized_formatted_ssn'), SSN),
    pattern(55, found('Func_randomized_unformatted_ssn'), SSN),
  ]),
];
