/** Types of Canada. */
import type { CustomType } from '#rules/sit/custom.ts';
import { PASSPORT, US_BIRTH } from './keywords.ts';
import { any, found, pattern, type, words } from './write.ts';

const BANK = words([
  'canada savings bonds',
  'canada revenue agency',
  'canadian financial institution',
  'direct deposit',
  'canadian citizen',
  'legal representative',
  'notary public',
  'commissioner for oaths',
  'child care benefit',
  'universal child care',
  'canada child tax benefit',
  'income tax benefit',
  'harmonized sales tax',
  'social insurance number',
  'income tax refund',
  'child tax benefit',
  'territorial payments',
  'institution number',
  'deposit request',
  'banking information',
  'bank account',
  'account number',
  'transit number',
  'numéro de compte',
  'numéro de transit',
  'dépôt direct',
]);

const LICENSE = words(
  ['driver', 'drivers', "driver's", 'driver’s']
    .flatMap((driver) =>
      ['lic', 'lics', 'license', 'licenses', 'licence', 'licences'].map((license) => `${driver} ${license}`),
    )
    .concat([
      'dl',
      'dls',
      'dl#',
      'cdl',
      'cdls',
      'driving licence',
      'driving license',
      'permis de conduire',
      'numéro de permis',
      'id card',
      'identification card',
      'identification number',
    ]),
);

/** As the functions name them, and how they are written. */
const PROVINCES: readonly (readonly [string, readonly string[]])[] = [
  ['alberta', ['alberta', 'ab']],
  ['british_columbia', ['british columbia', 'bc', 'b.c.', 'colombie-britannique']],
  ['manitoba', ['manitoba', 'mb']],
  ['new_brunswick', ['new brunswick', 'nb', 'nouveau-brunswick']],
  ['newfoundland_labrador', ['newfoundland', 'newfoundland and labrador', 'labrador', 'nl', 'terre-neuve']],
  ['nova_scotia', ['nova scotia', 'ns', 'nouvelle-écosse']],
  ['ontario', ['ontario', 'on']],
  ['prince_edward_island', ['prince edward island', 'pei', 'p.e.i.', 'île-du-prince-édouard']],
  ['quebec', ['quebec', 'québec', 'qc']],
  ['saskatchewan', ['saskatchewan', 'sk']],
];
/** `on` is a word of every text. */
const WORDS_OF_TEXTS = new Set(['on']);

const driverPatterns = PROVINCES.map(([province, names]) =>
  pattern(
    75,
    found(`Func_${province}_drivers_license_number`),
    LICENSE,
    words(names.filter((name) => !WORDS_OF_TEXTS.has(name))),
  ),
);

const HEALTH = words([
  'personal health number',
  'patient information',
  'health services',
  'speciality services',
  'automobile accident',
  'patient hospital',
  'psychiatrist',
  'workers compensation',
  'disability',
  'health card',
  'health number',
  'health insurance number',
  'carte santé',
  'numéro de santé',
]);

const CANADIAN_PASSPORT = words([
  'canadian citizenship',
  'canadian passport',
  'passport application',
  'passport photos',
  'certified translator',
  'canadian citizens',
  'processing times',
  'renewal application',
  'passeport canadien',
]);

const PHIN = words([
  'social insurance number',
  'health information act',
  'income tax information',
  'manitoba health',
  'health registration',
  'prescription purchases',
  'benefit eligibility',
  'personal health',
  'personal health identification number',
  'power of attorney',
  'registration number',
  'practitioner referral',
  'wellness professional',
  'patient referral',
  'health and wellness',
  'phin',
]);
const PROVINCE_NAMES = words([
  ...PROVINCES.flatMap(([, names]) => names.filter((name) => name.length > 3)),
  'nunavut',
  'northwest territories',
  'yukon',
  'canada',
]);

const SIN = words([
  'sin',
  'sins',
  'sin#',
  'sin no',
  'sin number',
  'social insurance',
  'social insurance number',
  'social ins',
  'soc ins',
  'social security',
  'ssn',
  'ssns',
  'national identification number',
  'national id',
  "numero d'assurance sociale",
  "numéro d'assurance sociale",
  "numero d'assurance social",
  'assurance sociale',
  'nas',
]);
const SIN_COLLABORATIVE = words([
  "driver's license",
  'drivers license',
  "driver's licence",
  'drivers licence',
  ...US_BIRTH,
  'date de naissance',
]);

export const CANADA_TYPES: readonly CustomType[] = [
  type('552e814c-cb50-4d94-bbaa-bb1d1ffb34de', 'Canada Bank Account Number', 75, [
    pattern(85, found('Regex_canada_bank_account_number'), found('Regex_canada_bank_account_transit_number'), BANK),
    pattern(75, found('Regex_canada_bank_account_number'), BANK),
  ]),
  type('37186abb-8e48-4800-ad3c-e3d1610b3db0', "Canada Driver's License Number", 75, driverPatterns),
  type('59c0bf39-7fab-482c-af25-00faa4384c94', 'Canada Health Service Number', 75, [
    pattern(75, found('Regex_canada_health_service_number'), any(1, HEALTH)),
  ]),
  type('14d0db8b-498a-43ed-9fca-f6097ae687eb', 'Canada Passport Number', 75, [
    pattern(75, found('Regex_canada_passport_number'), any(1, CANADIAN_PASSPORT, PASSPORT)),
  ]),
  type('722e12ac-c89a-4ec8-a1b7-fea3469f89db', 'Canada Personal Health Identification Number (PHIN)', 75, [
    pattern(75, found('Regex_canada_phin'), any(2, PHIN, PROVINCE_NAMES)),
  ]),
  type('a2f29c85-ecb8-4514-a610-364790c0773e', 'Canada Social Insurance Number', 75, [
    pattern(85, found('Func_canadian_sin'), any(2, SIN, SIN_COLLABORATIVE, found('Func_eu_date'))),
    pattern(75, found('Func_unformatted_canadian_sin'), SIN),
  ]),
];
