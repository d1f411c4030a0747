/** Types of Belgium, France, Germany, Italy, the Netherlands, Portugal and Spain. */
import type { CustomType } from '#rules/sit/custom.ts';
import { PASSPORT } from './keywords.ts';
import { any, found, none, pattern, type, words } from './write.ts';

const BELGIAN = words([
  'identity card',
  'national number',
  'identity number',
  'numéro national',
  'numero national',
  'numéro de registre national',
  'registre national',
  "carte d'identité",
  'rijksregisternummer',
  'rijksregister',
  'nationaal nummer',
  'nationale nummer',
  'identiteitskaart',
  'identiteitskaartnummer',
  'identifikationsnummer',
  'nationalregisternummer',
  'personalausweis',
  'bisnummer',
  'numéro bis',
  'insz',
  'niss',
  'ssin',
]);

const FRENCH_LICENCE = words([
  'drivers licence',
  'drivers license',
  "driver's licence",
  "driver's license",
  'driving licence',
  'driving license',
  'driver licence number',
  'permis de conduire',
  'numéro de permis',
  'licence number',
  'license number',
  'licence numbers',
  'licence no',
]);

const INSEE = words([
  'insee',
  'securité sociale',
  'sécurité sociale',
  'securite sociale',
  'numéro de sécurité sociale',
  'numéro de sécu',
  'n° de sécurité sociale',
  'le numéro de sécurité sociale',
  'carte vitale',
  'national id',
  'national identification',
  "no d'identité",
  "no. d'identité",
  "numéro d'identité",
  "numero d'identite",
  'code sécu',
  'code de la sécurité sociale',
  'nir',
  'social security number',
  'social security code',
]);

const GERMAN_LICENCE = words([
  'führerschein',
  'fuhrerschein',
  'fuehrerschein',
  'führerscheinnummer',
  'fuhrerscheinnummer',
  'fuehrerscheinnummer',
  'führerschein-nr',
  'fuehrerschein-nr',
  'führerscheinnr',
  'fuehrerscheinnr',
  'führerschein nr',
  'führerscheine',
  'fahrerlaubnis',
  'fahrerlaubnisnummer',
  'kartenführerschein',
  'listennummer',
  'ausstellungsdatum',
  'ausstellungsort',
  'ausstellende behörde',
  'ausstellende behorde',
  'driving licence',
  'driving license',
  "driver's licence",
  "driver's license",
  'drivers licence',
  'drivers license',
  'dl no',
  'dlno',
]);

const GERMAN_ID = words([
  'ausweis',
  'ausweisnummer',
  'ausweis-nr',
  'personalausweis',
  'personalausweisnummer',
  'personalausweis-nr',
  'identifizierungsnummer',
  'id-nummer',
  'identifikation',
  'identity card',
  'id number',
  'gpid',
]);

const GERMAN_PASSPORT = words([
  'reisepass',
  'reisepasse',
  'reisepässe',
  'reisepassnummer',
  'reisepass-nr',
  'reisepassnr',
  'reisepass nr',
  'reisepass nr.',
  'no-reisepass',
  'nr-reisepass',
  'passnummer',
  'pass-nr',
  'geburtsdatum',
  'ausstellungsdatum',
  'ausstellungsort',
  'bundesrepublik deutschland',
  'passport number',
  'passport no',
]);

const ITALIAN_LICENCE = words([
  'numero di patente di guida',
  'numero patente',
  'patente di guida',
  'patente guida',
  'patenti di guida',
  'patenti guida',
  'patente n.',
  'driving licence',
  "driver's license",
]);

const BSN = words([
  'bsn',
  'bsn#',
  'bsn nummer',
  'bsn-nummer',
  'burgerservicenummer',
  'burger service nummer',
  'citizen service number',
  "citizen's service number",
  'persoonsnummer',
  'persoonsgebonden nummer',
  'persoonsgerelateerd nummer',
  'sofinummer',
  'sofi-nummer',
  'sofi nummer',
]);

const PORTUGUESE = words([
  'bilhete de identidade',
  'cartão de cidadão',
  'cartao de cidadao',
  'cartão do cidadão',
  'citizen card',
  'document number',
  'documento de identificação',
  'documento de identificacao',
  'id number',
  'identification no',
  'identification number',
  'identity card no',
  'identity card number',
  'national id card',
  'nic',
  'número bi de portugal',
  'numero bi de portugal',
  'número de identificação civil',
  'número de identificação',
  'número do documento',
  'portuguese id',
]);

const insee = found('Func_french_insee');
const inseeAlone = found('Func_fr_insee');

export const WESTERN_EUROPE_TYPES: readonly CustomType[] = [
  type('fb969c9e-0fd1-4b18-8091-a2123c5e6a54', 'Belgium National Number', 75, [
    pattern(75, found('Func_belgium_national_number'), BELGIAN),
  ]),
  type('18e55a36-a01b-4b0f-943d-dc10282a1824', "France Driver's License Number", 75, [
    pattern(75, found('Func_french_drivers_license'), any(1, FRENCH_LICENCE, found('Func_eu_date'))),
  ]),
  type('f741ac74-1bc0-4665-b69b-f0c7f927c0c4', 'France National ID Card (CNI)', 65, [
    pattern(65, found('Regex_france_cni')),
  ]),
  type('3008b884-8c8c-4cd8-a289-99f34fc7ff5d', 'France Passport Number', 75, [
    pattern(75, found('Func_fr_passport'), PASSPORT),
  ]),
  type('71f62b97-efe0-4aa1-aa49-e14de253619d', 'France Social Security Number (INSEE)', 85, [
    pattern(95, insee, inseeAlone, any(1, INSEE)),
    pattern(85, insee, inseeAlone, none(INSEE)),
  ]),
  type('91da9335-1edb-45b7-a95f-5fe41a16c63c', "German Driver's License Number", 75, [
    pattern(75, found('Func_german_drivers_license'), any(1, GERMAN_LICENCE)),
  ]),
  type('e577372f-c42e-47a0-9d85-bebed1c237d4', 'German Identity Card Number', 65, [
    pattern(65, found('Regex_germany_id_card'), GERMAN_ID),
  ]),
  type('2e3da144-d42b-47ed-b123-fbf78604e52c', 'German Passport Number', 75, [
    pattern(85, found('Func_german_passport'), any(1, GERMAN_PASSPORT)),
    pattern(75, found('Func_german_passport_data'), any(1, GERMAN_PASSPORT)),
  ]),
  type('97d6244f-9157-41bd-8e0c-9d669a5c4d71', "Italy Driver's License Number", 75, [
    pattern(75, found('Regex_italy_drivers_license_number'), any(1, ITALIAN_LICENCE)),
  ]),
  type('c5f54253-ef7e-44f6-a578-440ed67e946d', "Netherlands Citizen's Service (BSN) Number", 85, [
    pattern(85, found('Func_netherlands_bsn'), BSN, found('Func_eu_date')),
    pattern(65, found('Func_netherlands_bsn')),
  ]),
  type('91a7ece2-add4-4986-9a15-c84544d81ecd', 'Portugal Citizen Card Number', 85, [
    pattern(85, found('Regex_portugal_citizen_card'), PORTUGUESE),
  ]),
  type('5df987c0-8eae-4bce-ace7-b316347f3070', 'Spain Social Security Number (SSN)', 85, [
    pattern(85, found('Func_spanish_social_security_number')),
  ]),
];
