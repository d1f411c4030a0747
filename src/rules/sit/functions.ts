/** Everything that types may name as a function, under the names that Exchange's definitions use. Their text is Microsoft's secret; these are ours. */
import type { Finder } from './finder.ts';
import { ADDRESS_FUNCTIONS } from './functions/addresses.ts';
import { CANADA_FUNCTIONS } from './functions/canada.ts';
import { DATE_FUNCTIONS } from './functions/dates.ts';
import { EASTERN_ASIA_FUNCTIONS } from './functions/eastern-asia.ts';
import { EASTERN_EUROPE_FUNCTIONS } from './functions/eastern-europe.ts';
import { LATIN_AMERICA_FUNCTIONS } from './functions/latin-america.ts';
import { NORTHERN_EUROPE_FUNCTIONS } from './functions/northern-europe.ts';
import { OCEANIA_FUNCTIONS } from './functions/oceania.ts';
import { PAYMENT_FUNCTIONS } from './functions/payment.ts';
import { SOUTHERN_ASIA_AND_AFRICA_FUNCTIONS } from './functions/southern-asia-and-africa.ts';
import { UNITED_KINGDOM_FUNCTIONS } from './functions/united-kingdom.ts';
import { UNITED_STATES_FUNCTIONS } from './functions/united-states.ts';
import { DRIVER_FUNCTIONS } from './functions/united-states-drivers.ts';
import { WESTERN_EUROPE_FUNCTIONS } from './functions/western-europe.ts';

const FUNCTIONS: ReadonlyMap<string, Finder> = new Map(
  Object.entries({
    ...ADDRESS_FUNCTIONS,
    ...CANADA_FUNCTIONS,
    ...DATE_FUNCTIONS,
    ...DRIVER_FUNCTIONS,
    ...EASTERN_ASIA_FUNCTIONS,
    ...EASTERN_EUROPE_FUNCTIONS,
    ...LATIN_AMERICA_FUNCTIONS,
    ...NORTHERN_EUROPE_FUNCTIONS,
    ...OCEANIA_FUNCTIONS,
    ...PAYMENT_FUNCTIONS,
    ...SOUTHERN_ASIA_AND_AFRICA_FUNCTIONS,
    ...UNITED_KINGDOM_FUNCTIONS,
    ...UNITED_STATES_FUNCTIONS,
    ...WESTERN_EUROPE_FUNCTIONS,
  }),
);

export const FUNCTION_NAMES: readonly string[] = [...FUNCTIONS.keys()];

export const functionOf = (name: string): Finder | undefined => FUNCTIONS.get(name);
