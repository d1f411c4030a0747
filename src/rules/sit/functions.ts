/** Everything that types may name as a function, under the names that Exchange's definitions use. */
import type { Finder } from './finder.ts';
import { PAYMENT_FUNCTIONS } from './functions/payment.ts';

const FUNCTIONS: ReadonlyMap<string, Finder> = new Map(Object.entries({ ...PAYMENT_FUNCTIONS }));

export const FUNCTION_NAMES: readonly string[] = [...FUNCTIONS.keys()];

export const functionOf = (name: string): Finder | undefined => FUNCTIONS.get(name);
