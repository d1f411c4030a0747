/** Types of China, Hong Kong, Japan, South Korea and Taiwan. */
import type { CustomType } from '#rules/sit/custom.ts';
import { any, found, pattern, type, words } from './write.ts';

const CHINESE = words([
  'resident identity card',
  'prc',
  'national identification card',
  'identity card number',
  'id card number',
  '身份证',
  '居民 身份证',
  '居民身份证',
  '身份证号',
  '身份证号码',
  '公民身份号码',
  '身份證',
  '居民 身份證',
  '居民身份證',
  '鉴定',
  '鑑定',
]);

const HONG_KONG = words([
  'hkid',
  'hkid number',
  'hkid no',
  'hong kong identity card',
  'hong kong permanent identity card',
  'hong kong resident',
  'identity card',
  'id card',
  '香港身份證',
  '香港永久性居民身份證',
  '香港永久性居民身份證號碼',
  '身份證',
  '身份證號碼',
  '身份证',
]);

const JAPANESE_BANK = words([
  'checking account number',
  'checking account',
  'checking account #',
  'checking acct number',
  'savings account number',
  'savings account',
  'debit account',
  'bank account number',
  'bank account no',
  'bank account',
  'bank acct',
  'account number',
  'account no',
  'acct number',
  'bank account #',
  '銀行口座',
  '銀行口座番号',
  '口座番号',
  '総合口座',
  '普通預金',
  '普通預金口座',
  '普通口座',
  '当座預金',
  '当座預金口座',
  '当座口座',
  '預金口座',
  '小切手口座',
  'デビット口座',
  '貯蓄口座',
]);
const JAPANESE_BRANCH = words(['支店', '支店番号', '支店コード', '店番号', '店番', 'branch code', 'branch number']);

const JAPANESE_LICENCE = words([
  'driver license',
  'drivers license',
  "driver's license",
  "driver's licence",
  'drivers licence',
  'driver licence',
  'driving license',
  'driving licence',
  'dl#',
  '運転免許',
  '運転免許証',
  '運転免許番号',
  '運転免許証番号',
  '免許証',
  '免許番号',
  '免許証番号',
  '普通免許',
]);

const JAPANESE_PASSPORT = words([
  'passport',
  'passport number',
  'passport no',
  'passport #',
  'パスポート',
  'パスポート番号',
  'パスポートのNum',
  'パスポート#',
  '旅券',
  '旅券番号',
]);

const RESIDENT_REGISTRATION = words([
  'resident registration number',
  'residents basic registry number',
  'resident register number',
  'resident registration no',
  'resident register no',
  'residents basic registry no',
  'basic resident registration no',
  'juki-net',
  '住民登録番号',
  '住民基本登録番号',
  '住民票コード',
  '住基ネット',
  '登録番号',
]);

const JAPANESE_INSURANCE = words([
  'social insurance no',
  'social insurance no.',
  'social insurance num',
  'social insurance number',
  'health insurance card number',
  'health insurance no',
  '社会保険',
  '社会保険番号',
  '社会保険のテンキー',
  '雇用保険',
  '雇用保険番号',
  '被保険者番号',
  '保険証番号',
  '健康保険証番号',
  '厚生年金',
  '厚生年金被保険者整理番号',
  '基礎年金番号',
]);

const KOREAN = words([
  'national id card',
  "citizen's registration number",
  'resident registration number',
  'jumin deungnok beonho',
  'rrn',
  '주민등록번호',
  '주민번호',
  '주민등록',
]);

const TAIWANESE_ID = words([
  '身份證字號',
  '身分證字號',
  '身份證',
  '身分證',
  '身份證號碼',
  '身份證號',
  '身分證統一編號',
  '國民身分證統一編號',
  '國民身份證',
  '國民身分證',
  '簽名',
  '蓋章',
  '簽名或蓋章',
  '簽章',
  'national id',
  'taiwan id',
]);

const TAIWANESE_PASSPORT = words([
  'roc passport number',
  'passport number',
  'passport no',
  'passport num',
  'passport #',
  'passport',
  '护照',
  '中華民國護照',
  '護照',
  '護照號碼',
  'zhōnghuá mínguó hùzhào',
]);

const TAIWANESE_RESIDENT = words([
  'resident certificate',
  'resident cert',
  'resident cert.',
  'identification card',
  'alien resident certificate',
  'arc',
  'taiwan area resident certificate',
  'tarc',
  '居留證',
  '外僑居留證',
  '台灣地區居留證',
]);

const [chinese, hongKong] = [found('Func_china_resident_id'), found('Func_hong_kong_id_card')];
const [japaneseAccount, korean] = [found('Func_jp_bank_account'), found('Func_south_korea_resident_number')];
const branchCode = found('Func_jp_bank_account_branch_code');

export const EASTERN_ASIA_TYPES: readonly CustomType[] = [
  type('c92daa86-2d16-4871-901f-816b3f554fc1', 'China Resident Identity Card (PRC) Number', 85, [
    pattern(85, chinese, CHINESE),
    pattern(75, chinese),
  ]),
  type('e63c28a7-ad29-4c17-a41a-3d2a0b70fd9c', 'Hong Kong Identity Card (HKID) Number', 75, [
    pattern(75, hongKong, HONG_KONG),
    pattern(65, hongKong),
  ]),
  type('d354f95b-96ee-4b80-80bc-4377312b55bc', 'Japan Bank Account Number', 75, [
    pattern(85, japaneseAccount, JAPANESE_BANK, any(1, branchCode, JAPANESE_BRANCH)),
    pattern(75, japaneseAccount, JAPANESE_BANK),
  ]),
  // Twelve or eleven digits alone are anything: these two ask for one of their words.
  type('c6011143-d087-451c-8313-7f6d4aed2270', "Japan Driver's License Number", 75, [
    pattern(75, found('Func_jp_drivers_license_number'), JAPANESE_LICENCE),
  ]),
  type('01c1209b-6389-4faf-a5f8-3f7e13899652', 'Japan Resident Registration Number', 75, [
    pattern(75, found('Func_jp_resident_registration_number'), RESIDENT_REGISTRATION),
  ]),
  type('75177310-1a09-4613-bf6d-833aae3743f8', 'Japan Passport Number', 75, [
    pattern(75, found('Func_jp_passport'), JAPANESE_PASSPORT),
  ]),
  type('c840e719-0896-45bb-84fd-1ed5c95e45ff', 'Japan Social Insurance Number (SIN)', 75, [
    pattern(85, found('Func_jp_sin'), JAPANESE_INSURANCE),
    pattern(75, found('Func_jp_sin_pre_1997'), JAPANESE_INSURANCE),
  ]),
  type('5b802e18-ba80-44c4-bc83-bf2ad36ae36a', 'South Korea Resident Registration Number', 85, [
    pattern(85, korean, KOREAN),
    pattern(75, korean),
  ]),
  type('4c7bfc34-8dd1-421d-8fb7-6c6182c2af03', 'Taiwan National ID', 85, [
    pattern(85, found('Func_taiwanese_national_id'), TAIWANESE_ID),
  ]),
  type('e7251cb4-4c2c-41df-963e-924eb3dae04a', 'Taiwan Passport Number', 75, [
    pattern(75, found('Regex_taiwan_passport'), TAIWANESE_PASSPORT),
  ]),
  type('48269fec-05ea-46ea-b326-f5623a58c6e9', 'Taiwan Resident Certificate (ARC/TARC) Number', 75, [
    pattern(75, found('Regex_taiwan_resident_certificate'), TAIWANESE_RESIDENT),
  ]),
];
