/** Types of Australia and New Zealand. */
import type { CustomType } from '#rules/sit/custom.ts';
import { PASSPORT } from './keywords.ts';
import { any, found, none, pattern, type, words } from './write.ts';

const BANK = words([
  'swift bank code',
  'correspondent bank',
  'base currency',
  'usa account',
  'holder address',
  'bank address',
  'information account',
  'fund transfers',
  'bank charges',
  'bank details',
  'banking information',
  'full names',
  'iaea',
  'bsb',
  'bsb number',
  'bank account',
  'account number',
  'account no',
]);

/** In Australian spelling: the American one is of other countries. */
const licenseWords = (licence: string): readonly string[] =>
  ['driver', 'drivers', "driver's", 'driver’s'].flatMap((driver) =>
    [licence, `${licence}s`].flatMap((word) => [`${driver} ${word}`, `${driver}${word}`, `${driver} ${word}#`]),
  );

const LICENCE = words([
  ...licenseWords('licence'),
  'driver lic',
  'drivers lic',
  "driver's lic",
  'driverlic',
  'driving licence',
  'licence number',
  'licence no',
  'international driving permit',
  'international driving permits',
  'australian automobile association',
]);
const LICENSE_OF_OTHERS = words(['aaa', ...licenseWords('license')]);

const MEDICARE = words([
  'bank account details',
  'medicare payments',
  'mortgage account',
  'bank payments',
  'information branch',
  'credit card loan',
  'department of human services',
  'local service',
  'medicare',
  'medicare card',
  'medicare number',
]);

const AUSTRALIAN_PASSPORT = words([
  'passport details',
  'immigration and citizenship',
  'commonwealth of australia',
  'department of immigration',
  'national identity card',
  'travel document',
  'issuing authority',
]);

const TAX_FILE = words([
  'australian business number',
  'marginal tax rate',
  'medicare levy',
  'portfolio number',
  'service veterans',
  'withholding tax',
  'individual tax return',
  'tax file number',
  'tax file no',
  'tfn',
]);
const REPEATED_DIGITS = words(
  ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'].flatMap((figure) => [figure.repeat(8), figure.repeat(9)]),
);

const HEALTH = words([
  'nhi',
  'nhi number',
  'nhi no',
  'nhi no.',
  'nhi#',
  'new zealand',
  'health',
  'treatment',
  'patient',
  'national health index',
  'national health index number',
  'national health index no',
  'national health index #',
  'ministry of health',
]);

const taxFile = found('Func_australian_tax_file_number');
const medicare = found('Func_australian_medical_account_number');

export const OCEANIA_TYPES: readonly CustomType[] = [
  type('74a54de9-2a30-4aa0-a8aa-3d9327fc07c7', 'Australia Bank Account Number', 75, [
    pattern(85, found('Regex_australia_bank_account_number'), found('Regex_australia_bank_account_number_bsb'), BANK),
    pattern(75, found('Regex_australia_bank_account_number'), BANK),
  ]),
  type('1cbbc8f5-9216-4392-9eb5-5ac2298d1356', "Australia Driver's License Number", 75, [
    pattern(75, found('Regex_australia_drivers_license_number'), LICENCE, none(LICENSE_OF_OTHERS)),
  ]),
  type('104a99a0-3d3b-4542-a40d-ab0b9e1efe63', 'Australia Medical Account Number', 85, [
    pattern(95, medicare, any(1, MEDICARE)),
    pattern(85, medicare, none(MEDICARE)),
  ]),
  type('29869db6-602d-4853-ab93-3484f905df50', 'Australia Passport Number', 75, [
    pattern(75, found('Regex_australia_passport_number'), any(1, PASSPORT, AUSTRALIAN_PASSPORT)),
  ]),
  type('e29bc95f-ff70-4a37-aa01-04d17360a4c5', 'Australia Tax File Number', 85, [
    pattern(95, taxFile, any(1, TAX_FILE), none(REPEATED_DIGITS)),
    pattern(85, taxFile, none(TAX_FILE, REPEATED_DIGITS)),
  ]),
  type('2b71c1c8-d14e-4430-82dc-fd1ed6bf05c7', 'New Zealand Ministry of Health Number', 85, [
    pattern(85, found('Func_new_zealand_ministry_of_health_number'), any(1, HEALTH)),
  ]),
];
