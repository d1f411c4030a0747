/** The types of sensitive information that Postern brings along, with Exchange's names and GUIDs, and how any type is found by its name. */
import type { CustomType } from './custom.ts';
import { CANADA_TYPES } from './types/canada.ts';
import { EASTERN_ASIA_TYPES } from './types/eastern-asia.ts';
import { EASTERN_EUROPE_TYPES } from './types/eastern-europe.ts';
import { LATIN_AMERICA_TYPES } from './types/latin-america.ts';
import { NORTHERN_EUROPE_TYPES } from './types/northern-europe.ts';
import { OCEANIA_TYPES } from './types/oceania.ts';
import { PAYMENT_TYPES } from './types/payment.ts';
import { SOUTHERN_ASIA_AND_AFRICA_TYPES } from './types/southern-asia-and-africa.ts';
import { UNITED_KINGDOM_TYPES } from './types/united-kingdom.ts';
import { UNITED_STATES_TYPES } from './types/united-states.ts';
import { WESTERN_EUROPE_TYPES } from './types/western-europe.ts';

/** By name. */
export const builtInTypes: readonly CustomType[] = [
  ...CANADA_TYPES,
  ...EASTERN_ASIA_TYPES,
  ...EASTERN_EUROPE_TYPES,
  ...LATIN_AMERICA_TYPES,
  ...NORTHERN_EUROPE_TYPES,
  ...OCEANIA_TYPES,
  ...PAYMENT_TYPES,
  ...SOUTHERN_ASIA_AND_AFRICA_TYPES,
  ...UNITED_KINGDOM_TYPES,
  ...UNITED_STATES_TYPES,
  ...WESTERN_EUROPE_TYPES,
].toSorted((one, other) => (one.name < other.name ? -1 : 1));

/** How Exchange Online and Purview call some of them today. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['brazil national identification card (rg)', 'Brazil National ID Card (RG)'],
  ['czech personal identity number', 'Czech National Identity Card Number'],
  ["germany driver's license number", "German Driver's License Number"],
  ['germany identity card number', 'German Identity Card Number'],
  ['germany passport number', 'German Passport Number'],
  ['india permanent account number (pan)', 'India Permanent Account Number'],
  ['israel national identification number', 'Israel National ID'],
  ['malaysia identification card number', 'Malaysia ID Card Number'],
  ['philippines unified multi-purpose identification number', 'Philippines Unified Multi-Purpose ID Number'],
  ['poland passport number', 'Poland Passport'],
  ['taiwan national identification number', 'Taiwan National ID'],
  ['taiwan-resident certificate (arc/tarc) number', 'Taiwan Resident Certificate (ARC/TARC) Number'],
  ['u.s./u.k. passport number', 'U.S. / U.K. Passport Number'],
]);

/** By name or GUID, in any case. */
export function findType(name: string, customTypes: readonly CustomType[] = []): CustomType | undefined {
  const written = name.toLowerCase();
  const wanted = OTHER_NAMES.get(written)?.toLowerCase() ?? written;
  const isWanted = (type: CustomType): boolean =>
    type.name.toLowerCase() === wanted || type.id.toLowerCase() === wanted;
  return builtInTypes.find(isWanted) ?? customTypes.find(isWanted);
}

export function isKnownType(name: string, customTypes: readonly CustomType[] = []): boolean {
  return findType(name, customTypes) !== undefined;
}
