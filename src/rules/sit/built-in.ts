/** The types of sensitive information that Postern brings along, with Exchange's names and GUIDs, and how any type is found by its name. */
import type { CustomType } from './custom.ts';
import { PAYMENT_TYPES } from './types/payment.ts';

export const builtInTypes: readonly CustomType[] = [...PAYMENT_TYPES];

/** By name or GUID, in any case. */
export function findType(name: string, customTypes: readonly CustomType[] = []): CustomType | undefined {
  const wanted = name.toLowerCase();
  const isWanted = (type: CustomType): boolean =>
    type.name.toLowerCase() === wanted || type.id.toLowerCase() === wanted;
  return builtInTypes.find(isWanted) ?? customTypes.find(isWanted);
}

export function isKnownType(name: string, customTypes: readonly CustomType[] = []): boolean {
  return findType(name, customTypes) !== undefined;
}
