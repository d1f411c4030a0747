/** Types of Argentina, Brazil and Chile. */
import type { CustomType } from '#rules/sit/custom.ts';
import { found, pattern, type, words } from './write.ts';

const DNI = words([
  'argentina national identity number',
  'argentina national identity',
  'identification national identity card',
  'national identity card',
  'identity card',
  'dni',
  'd.n.i.',
  'nic national registry of persons',
  'registro nacional de las personas',
  'documento nacional de identidad',
  'documento nacional',
  'identidad',
  'identificación',
  'cédula de identidad',
]);

const CPF = words([
  'cpf',
  'cpf/mf',
  'cpf nº',
  'identification',
  'registration',
  'revenue',
  'cadastro de pessoas físicas',
  'cadastro de pessoas fisicas',
  'imposto',
  'imposto de renda',
  'identificação',
  'identificacao',
  'inscrição',
  'inscricao',
  'receita',
  'receita federal',
]);

const CNPJ = words([
  'cnpj',
  'cnpj/mf',
  'cnpj-mf',
  'cgc',
  'cadastro nacional da pessoa jurídica',
  'cadastro nacional da pessoa juridica',
  'national registry of legal entities',
  'taxpayers registry',
  'legal entity',
  'legal entities',
  'registration status',
  'pessoa jurídica',
  'pessoas jurídicas',
  'situação cadastral',
  'situacao cadastral',
  'inscrição',
  'inscricao',
  'empresa',
  'business',
  'company',
]);

const RG = words([
  'cédula de identidade',
  'cedula de identidade',
  'identity card',
  'national id',
  'número de registro',
  'numero de registro',
  'registro de identidade',
  'registro de iidentidade',
  'registro geral',
  'carteira de identidade',
  'documento de identidade',
  'rg',
  'rg nº',
]);

const RUT = words([
  'rut',
  'r.u.t.',
  'run',
  'r.u.n.',
  'rol único tributario',
  'rol unico tributario',
  'rol único nacional',
  'rol unico nacional',
  'cédula de identidad',
  'cedula de identidad',
  'número de cédula',
  'tarjeta de identificación',
  'identificación',
  'identidad',
  'documento de identidad',
  'national identification number',
  'national unique role',
  'identity card',
  'identification number',
]);

const [cpf, cnpj] = [found('Func_brazil_cpf'), found('Func_brazil_cnpj')];
const [rg, rut] = [found('Func_brazil_rg'), found('Func_chile_id_card')];

export const LATIN_AMERICA_TYPES: readonly CustomType[] = [
  type('eefbb00e-8282-433c-8620-8f1da3bffdb2', 'Argentina National Identity (DNI) Number', 75, [
    pattern(75, found('Regex_argentina_national_id'), DNI),
  ]),
  type('9b58b5cd-5e90-4df6-b34f-1ebcc88ceae4', 'Brazil Legal Entity Number (CNPJ)', 85, [
    pattern(85, cnpj, CNPJ),
    pattern(75, cnpj),
  ]),
  type('78e09124-f2c3-4656-b32a-c1a132cd2711', 'Brazil CPF Number', 85, [pattern(85, cpf, CPF), pattern(75, cpf)]),
  type('486de900-db70-41b3-a886-abdf25af119c', 'Brazil National ID Card (RG)', 85, [
    pattern(85, rg, RG),
    pattern(75, rg),
  ]),
  type('4e979794-49a0-407e-a0b9-2c536937b925', 'Chile Identity Card Number', 85, [
    pattern(85, rut, RUT),
    pattern(75, rut),
  ]),
];
