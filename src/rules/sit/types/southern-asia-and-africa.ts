/** Types of India, Indonesia, Israel, Malaysia, the Philippines, Saudi Arabia, Singapore and South Africa. */
import type { CustomType } from '#rules/sit/custom.ts';
import { any, found, pattern, type, words } from './write.ts';

const PAN = words([
  'permanent account number',
  'permanent account no',
  'pan',
  'pan no',
  'pan number',
  'pan card',
  'pan#',
  'income tax',
  'स्थायी खाता संख्या',
]);

const AADHAAR = words([
  'aadhaar',
  'aadhar',
  'aadhaar number',
  'aadhar number',
  'aadhaar card',
  'aadhar card',
  'aadhaar no',
  'aadhaar#',
  'aadhar#',
  'uid',
  'uidai',
  'unique identification',
  'आधार',
]);

const KTP = words([
  'ktp',
  'e-ktp',
  'kartu tanda penduduk',
  'nomor induk kependudukan',
  'nik',
  'no. ktp',
  'identity card',
]);

const ISRAELI_BANK = words([
  'bank account number',
  'bank account',
  'account number',
  'חשבון בנק',
  'מספר חשבון בנק',
  'מספר חשבון',
]);

const ISRAELI_ID = words([
  'israeli identity number',
  'israel identity number',
  'israeli id',
  'teudat zehut',
  'teudat zehut number',
  'national id',
  'national identity number',
  'identity number',
  'identity card',
  'unique identification number',
  'ת.ז.',
  'ת.ז',
  'ת"ז',
  'תעודת זהות',
  'מספר זהות',
  'מספר זיהוי',
  'מספר תעודת זהות',
  'هوية اسرائيلية رقم',
  'رقم الهوية',
]);

const MALAYSIAN = words([
  'digital application card',
  'i/c',
  'i/c no',
  'ic',
  'ic no',
  'ic number',
  'id card',
  'identification card',
  'identity card',
  'kad aplikasi digital',
  'kad pengenalan',
  'kad pengenalan malaysia',
  'no kad pengenalan',
  'no. kad pengenalan',
  'k/p',
  'k/p no',
  'malaysia identity card',
  'malaysian identity card',
  'mykad',
  'mypr',
  'mykas',
  'mykid',
  'nric',
  'personal identification card',
]);

const PHILIPPINE = words([
  'unified multi-purpose id',
  'unified multi purpose id',
  'umid',
  'umid id',
  'identity card',
  'pinag-isang multi-layunin id',
  'crn',
  'common reference number',
]);

const SAUDI = words([
  'identification card',
  'i card number',
  'id number',
  'national id',
  'iqama',
  'saudi id',
  'الوطنية الهوية بطاقة رقم',
  'رقم الهوية الوطنية',
  'رقم الهوية',
  'الهوية الوطنية',
  'بطاقة الهوية',
]);

const NRIC = words([
  'national registration identity card',
  'identity card number',
  'identity card',
  'nric',
  'nric no',
  'nric number',
  'ic',
  'ic no',
  'fin',
  'fin no',
  'foreign identification number',
  '身份证',
  '身份證',
]);

const SOUTH_AFRICAN = words([
  'identity card',
  'identity number',
  'identity document',
  'id',
  'id number',
  'id no',
  'identification',
  'identification number',
  'id-nommer',
  'identiteitsnommer',
]);

const [aadhaar, nric] = [found('Func_india_aadhaar'), found('Regex_singapore_nric')];
const indonesian = found('Regex_indonesia_id_card');

export const SOUTHERN_ASIA_AND_AFRICA_TYPES: readonly CustomType[] = [
  type('2602bfee-9bb0-47a5-a7a6-2bf3053e2804', 'India Permanent Account Number', 85, [
    pattern(85, found('Regex_india_permanent_account_number'), PAN),
  ]),
  type('1ca46b29-76f5-4f46-9383-cfa15e91048f', 'India Unique Identification (Aadhaar) Number', 85, [
    pattern(85, aadhaar, AADHAAR),
    pattern(75, aadhaar),
  ]),
  type('da68fdb0-f383-4981-8c86-82689d3b7d55', 'Indonesia Identity Card (KTP) Number', 85, [
    pattern(85, indonesian, KTP),
    pattern(75, indonesian),
  ]),
  type('7d08b2ff-a0b9-437f-957c-aeddbf9b2b25', 'Israel Bank Account Number', 75, [
    pattern(75, found('Regex_israel_bank_account_number'), any(1, ISRAELI_BANK)),
  ]),
  type('e05881f5-1db1-418c-89aa-a3ac5c5277ee', 'Israel National ID', 75, [
    pattern(75, found('Func_israeli_national_id_number'), any(1, ISRAELI_ID)),
  ]),
  type('7f0e921c-9677-435b-aba2-bb8f1013c749', 'Malaysia ID Card Number', 85, [
    pattern(85, found('Regex_malaysia_id_card_number'), MALAYSIAN),
  ]),
  type('019b39dd-8c25-4765-91a3-d9c6baf3c3b3', 'Philippines Unified Multi-Purpose ID Number', 75, [
    pattern(75, found('Regex_philippines_unified_id'), PHILIPPINE),
  ]),
  type('8c5a0ba8-404a-41a3-8871-746aa21ee6c0', 'Saudi Arabia National ID', 75, [
    pattern(75, found('Regex_saudi_arabia_national_id'), any(1, SAUDI)),
  ]),
  type('cead390a-dd83-4856-9751-fb6dc98c34da', 'Singapore National Registration Identity Card (NRIC) Number', 75, [
    pattern(85, nric, NRIC),
    pattern(75, nric),
  ]),
  type('e2adf7cb-8ea6-4048-a2ed-d89eb65f2780', 'South Africa Identification Number', 85, [
    pattern(85, found('Func_south_africa_identification_number'), SOUTH_AFRICAN),
  ]),
];
