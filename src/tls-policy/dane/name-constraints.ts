/**
 * Whether the names of a certificate keep to the name constraints of one above it (RFC 5280 §4.2.1.10): DNS names,
 * addresses and directory names. A constraint of any other form is not understood, so a name of that form breaks it.
 */
import { standsForHost } from '#mail/certificate-names.ts';
import type { NameConstraints } from './extensions.ts';
import type { DirectoryName, GeneralName } from './general-name.ts';

/** Names times constraints: a certificate is as long as its maker likes. */
const MAX_COMPARISONS = 65_536;

/** True when no name is against the constraints. */
export function keepsTo({ permitted, excluded }: NameConstraints, names: readonly GeneralName[]): boolean {
  if (names.length * (permitted.length + excluded.length) > MAX_COMPARISONS) return false;
  return names.every((name) => {
    const ofForm = permitted.filter((base) => isOfForm(base, name));
    return (
      !excluded.some((base) => isOfForm(base, name) && reaches(base, name)) &&
      (ofForm.length === 0 || ofForm.some((base) => holds(base, name)))
    );
  });
}

/** Constraints bind the names of their own form alone. */
function isOfForm(base: GeneralName, name: GeneralName): boolean {
  return base.kind === 'other' && name.kind === 'other' ? base.tag === name.tag : base.kind === name.kind;
}

/** The whole of `name` lies within the subtree. */
function holds(base: GeneralName, name: GeneralName): boolean {
  if (base.kind === 'dns' && name.kind === 'dns') return isBelow(base.name, name.name);
  if (base.kind === 'address' && name.kind === 'address') return isInNetwork(base.octets, name.octets);
  return base.kind === 'directory' && name.kind === 'directory' && isPrefix(base.name, name.name);
}

/** Some of `name` lies within the subtree: a wildcard may stand for a name that is excluded. */
function reaches(base: GeneralName, name: GeneralName): boolean {
  if (base.kind === 'other') return true;
  if (holds(base, name)) return true;
  return base.kind === 'dns' && name.kind === 'dns' && standsForHost({ hosts: [name.name], addresses: [] }, base.name);
}

/** Any number of labels to the left; `.dest.test`, as some write it, at least one. */
function isBelow(base: string, name: string): boolean {
  if (base === '' || base === name) return true;
  return name.endsWith(base.startsWith('.') ? base : `.${base}`);
}

function isInNetwork(network: Buffer, address: Buffer): boolean {
  const { length } = address;
  return network.length === 2 * length && address.every((octet, at) => isMasked(octet, network, at, length));
}

function isMasked(octet: number, network: Buffer, at: number, length: number): boolean {
  const mask = network[length + at] ?? 0;
  return (octet & mask) === ((network[at] ?? 0) & mask);
}

const isPrefix = (base: DirectoryName, name: DirectoryName): boolean => base.every((rdn, at) => rdn === name[at]);
