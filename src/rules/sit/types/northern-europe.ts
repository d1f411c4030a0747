/** Types of Denmark, Finland, Norway and Sweden. */
import type { CustomType } from '#rules/sit/custom.ts';
import { PASSPORT } from './keywords.ts';
import { any, found, pattern, type, words } from './write.ts';

const DANISH = words([
  'personal identification number',
  'personnummer',
  'personnr',
  'cpr',
  'cpr-nummer',
  'cpr nummer',
  'cpr-nr',
  'cpr nr',
  'cpr nr.',
  'cpr number',
  'cpr#',
  'centrale personregister',
  'det centrale personregister',
  'civil registration number',
  'civilt registreringssystem',
  'folkeregisternummer',
  'identifikationsnummer',
  'sundhedskort',
  'sygesikringskort',
  'sygesikringsbevis',
  'sundhedsforsikringskort',
  'sundhedskortnummer',
  'health card',
  'health insurance card number',
  'national health service',
]);

const FINNISH = words([
  'sosiaaliturvatunnus',
  'sosiaaliturvatunnus hetu',
  'sotu',
  'henkilötunnus',
  'henkilotunnus',
  'hetu',
  'henkilökortti',
  'ainutlaatuinen henkilökohtainen tunnus',
  'identiteetti numero',
  'suomen kansallinen henkilötunnus',
  'suomi kansallinen henkilötunnus',
  'personbeteckning',
  'personnummer',
  'kansallinen henkilötunnus',
  'national id',
  'national identification',
  'national id number',
  'personal identity code',
  'identification number',
  'id number',
  'social security number',
  'tunnistenumero',
  'tunnistusnumero',
]);

const FINNISH_PASSPORT = words(['passi', 'passin', 'passin numero', 'passinumero', 'passport', 'suomalainen passi']);

const NORWEGIAN = words([
  'personal identification number',
  'norwegian id number',
  'norwegian identification number',
  'id number',
  'identification',
  'personnummer',
  'personnr',
  'fødselsnummer',
  'fodselsnummer',
  'fødselsnr',
  'fødselsnr.',
  'd-nummer',
]);

const SWEDISH_PASSPORT = words([
  'visa requirements',
  'alien registration card',
  'schengen visas',
  'schengen visa',
  'visa processing',
  'visa type',
  'single entry',
  'multiple entries',
  'multiple entry',
  'g3 processing fees',
  'passnummer',
  'pass',
  'svenskt pass',
  'sverige pass',
  'pass nr',
]);

const norwegian = found('Func_norway_id_number');

export const NORTHERN_EUROPE_TYPES: readonly CustomType[] = [
  type('6c4f2fef-56e1-4c00-8093-88d7a01cf460', 'Denmark Personal Identification Number', 75, [
    pattern(75, found('Regex_denmark_id'), DANISH),
  ]),
  type('338fd995-4cb5-4f87-ad35-79bd1dd926c1', 'Finland National ID', 85, [
    pattern(85, found('Func_finnish_national_id'), FINNISH),
  ]),
  type('d1685ac3-1d3a-40f8-8198-32ef5669c7a5', 'Finland Passport Number', 75, [
    pattern(75, found('Regex_finland_passport_number'), FINNISH_PASSPORT),
  ]),
  type('d4c8a798-e9f2-4bd3-9652-500d24080fc3', 'Norway Identification Number', 85, [
    pattern(85, norwegian, NORWEGIAN),
    pattern(75, norwegian),
  ]),
  type('f69aaf40-79be-4fac-8f05-fd1910d272c8', 'Sweden National ID', 85, [
    pattern(85, found('Func_swedish_national_identifier')),
  ]),
  type('ba4e7456-55a9-4d89-9140-c33673553526', 'Sweden Passport Number', 75, [
    pattern(75, found('Regex_sweden_passport_number'), any(1, PASSPORT, SWEDISH_PASSPORT)),
  ]),
];
