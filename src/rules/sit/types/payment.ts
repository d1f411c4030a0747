/** Cards, accounts and machines: what is the same all over the world. */
import type { CustomType } from '#rules/sit/custom.ts';
import { CARD_EXPIRY, CARD_NAME, CARD_VERIFICATION } from './keywords.ts';
import { any, found, none, pattern, type, words } from './write.ts';

const DEBIT_CARD = words([
  'account number',
  'card number',
  'card no.',
  'card no',
  'security number',
  'cc#',
  'bancontact',
  'maestro',
  'girocard',
  'ec-karte',
  'debit card',
  'debit cards',
  'debitcard',
  'debit card number',
  'carte bleue',
  'carte bancaire',
  'carte de débit',
  'debitkarte',
  'bankomatkarte',
  'bankkarte',
  'bankkort',
  'pinpas',
  'betaalkaart',
  'tarjeta de débito',
  'carta di debito',
  'bancomat',
  'cartão de débito',
  'karta debetowa',
]);

const SWIFT = words([
  'swift',
  'swift code',
  'swift codes',
  'swiftcode',
  'swift no',
  'swift no.',
  'swift #',
  'swift#',
  'swift number',
  'swiftno',
  'swiftnumber',
  'swift routing number',
  'swift bic',
  'bic',
  'bic code',
  'bic codes',
  'bic no',
  'bic number',
  'bic #',
  'bic#',
  'bank identifier code',
  'bank identification code',
  'bank identifier codes',
  'organisation internationale de normalisation 9362',
  'international organization for standardization 9362',
  'iso 9362',
  'iso9362',
  'iso#9362',
  'rapide #',
  'rapide code',
  'code swift',
  'code bic',
  'le numéro de swift',
  "code d'identification de la banque",
  'bankleitzahl international',
  'código swift',
  'codice swift',
  'kod swift',
  'swift-code',
  'bic-code',
  'SWIFTコード',
  'BICコード',
  '銀行識別コード',
  'код swift',
]);

const IP_WORDS = words([
  'ip address',
  'ip addresses',
  'ip-address',
  'internet protocol',
  'ipv4',
  'ipv6',
  'adresse ip',
  'adresses ip',
  'ip-adresse',
  'ip-adressen',
  'ip-adres',
  'ip-adress',
  'dirección ip',
  'indirizzo ip',
  'endereço ip',
  'adres ip',
  'ip-адрес',
  'IPアドレス',
  'IP地址',
  'כתובת ip',
]);
const IP_ADDRESS = {
  ...IP_WORDS,
  keywords: [...IP_WORDS.keywords, { text: 'IP', style: 'word' as const, caseSensitive: true }],
};

const card = found('Func_credit_card');
const debitCard = found('Func_eu_debit_card');
const [ipv4, ipv6] = [found('Regex_ipv4_address'), found('Regex_ipv6_address')];
const dates = ['Func_expiration_date', 'Func_eu_date', 'Func_eu_date1', 'Func_eu_date2'].map(found);

export const PAYMENT_TYPES: readonly CustomType[] = [
  type('50842eb7-edc8-4019-85dd-5a5c1f2bb085', 'Credit Card Number', 85, [
    pattern(85, card, any(1, CARD_VERIFICATION, CARD_NAME, CARD_EXPIRY, found('Func_expiration_date'))),
    pattern(65, card),
  ]),
  type('0e9b3178-9678-47dd-a509-37222ca96b42', 'EU Debit Card Number', 85, [
    pattern(85, debitCard, any(1, DEBIT_CARD, CARD_NAME, CARD_VERIFICATION, CARD_EXPIRY, ...dates)),
  ]),
  type('e7dc4711-11b7-4cb0-b88b-2c394a771f0e', 'International Banking Account Number (IBAN)', 85, [
    pattern(85, found('Func_iban')),
  ]),
  type('cb2ab58c-9cb8-4c81-baf8-a4e106791df4', 'SWIFT Code', 75, [pattern(75, found('Regex_swift'), SWIFT)]),
  type('1daa4ad5-e2dd-4ca4-a788-54722c09efb2', 'IP Address', 85, [
    pattern(95, ipv4, any(1, IP_ADDRESS)),
    pattern(95, ipv6, any(1, IP_ADDRESS)),
    pattern(85, ipv4, none(IP_ADDRESS)),
    pattern(85, ipv6, none(IP_ADDRESS)),
  ]),
];
