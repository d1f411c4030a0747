/** Types of the United Kingdom and of Ireland. */
import type { CustomType } from '#rules/sit/custom.ts';
import { any, found, none, pattern, type, words } from './write.ts';

const NINO = words([
  'national insurance number',
  'national insurance contributions',
  'national insurance',
  'national insurance no',
  'ni number',
  'ni no',
  'ni #',
  'ni#',
  'nino',
  'insurance number',
  'insurance application',
  'insurance',
  'insurance#',
  'social security number',
  'social security',
  'social insurance',
  'nationalinsurance#',
  'nationalinsurancenumber',
  'protection act',
  'great britain',
  'medical application',
  'medical attention',
]);

const NHS = words([
  'national health service',
  'nhs',
  'nhs number',
  'nhs no',
  'nhs no.',
  'nhs #',
  'health services authority',
  'health authority',
]);
const PATIENT = words([
  'patient id',
  'patient identification',
  'patient no',
  'patient no.',
  'patient number',
  'patient #',
  'gp',
  'general practitioner',
]);
const PATIENT_BIRTH = words(['dob', 'd.o.b', 'date of birth', 'birth date', 'gp']);

const DRIVER = words([
  'dvla',
  'light vans',
  'quadbikes',
  'motor cars',
  '125cc',
  'sidecar',
  'tricycles',
  'motorcycles',
  'photocard licence',
  'photo card licence',
  'learner drivers',
  'licence holder',
  'licence holders',
  'driving licences',
  'driving licence',
  'driving licence number',
  'driving license',
  "driver's licence",
  'drivers licence',
  'driver licence',
  'driver number',
  'dual control car',
]);

const ELECTORAL = words([
  'council nomination',
  'nomination form',
  'electoral register',
  'electoral roll',
  'electoral roll number',
  'electoral number',
  'elector number',
]);

const PPS = words([
  'pps',
  'ppsn',
  'pps no',
  'pps no.',
  'pps number',
  'pps num',
  'pps service no',
  'pps #',
  'pps#',
  'ppsn #',
  'ppsno',
  'ppsnum',
  'ppsno#',
  'personal public service',
  'personal public service number',
  'personal public service no',
  'public services card',
  'client identity service',
  'identification number',
  'revenue and social insurance',
  'rsi no',
  'rsi number',
  'uimhir phearsanta seirbhíse poiblí',
  'uimh. psp',
  'psp',
]);

const [nino, pps] = [found('Func_uk_nino'), found('Func_ireland_pps')];

export const UNITED_KINGDOM_TYPES: readonly CustomType[] = [
  type('16c07343-c26f-49d2-a987-3daf717e94cc', 'U.K. National Insurance Number (NINO)', 75, [
    pattern(85, nino, any(1, NINO)),
    pattern(75, nino, none(NINO)),
  ]),
  type('3192014e-2a16-44e9-aa69-4b20375c9a78', 'U.K. National Health Service Number', 85, [
    pattern(85, found('Func_uk_nhs_number'), any(1, NHS, PATIENT, PATIENT_BIRTH)),
  ]),
  type('f93de4be-d94c-40df-a8be-461738047551', "U.K. Driver's License Number", 75, [
    pattern(75, found('Func_uk_drivers_license'), DRIVER),
  ]),
  type('a3eea206-dc0c-4f06-9e22-aa1be3059963', 'U.K. Electoral Roll Number', 75, [
    pattern(75, found('Regex_uk_electoral'), any(1, ELECTORAL)),
  ]),
  type('1cdb674d-c19a-4fcf-9f4b-7f56cc87345a', 'Ireland Personal Public Service (PPS) Number', 85, [
    pattern(85, pps, any(1, PPS, found('Func_eu_date'))),
    pattern(65, pps),
  ]),
];
