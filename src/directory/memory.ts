/**
 * The directory over entries that are all in memory: of a file that `config/` has read. Makes its tables once, answers at once, and
 * never fails. It does not read files, and it does not check entries: of two that claim one address the first has it.
 */
import type { Person, PersonFinding } from '#rules/people.ts';
import type { Directory } from './directory.ts';
import type { DirectoryEntry, PersonEntry } from './entries.ts';
import { ABSENT, found, managersOf, managerText } from './findings.ts';

type Tables = {
  /** By each of its addresses. */
  readonly entries: ReadonlyMap<string, DirectoryEntry>;
  /** By the primary address of a member: the groups that it is in without another group between them. */
  readonly groupsOf: ReadonlyMap<string, ReadonlySet<string>>;
  /** Primary addresses of all groups, also of those that only their members name. */
  readonly groups: ReadonlySet<string>;
};

export function memoryDirectory(entries: readonly DirectoryEntry[]): Directory {
  const tables = makeTables(entries);
  const find = (addresses: readonly string[]): ReadonlyMap<string, PersonFinding> => {
    const findings = new Map(addresses.map((address) => [address, findOne(address, tables)]));
    for (const manager of managersOf(findings.values())) findings.set(manager, findOne(manager, tables));
    return findings;
  };
  return { find: (addresses) => Promise.resolve(find(addresses)), close: () => Promise.resolve() };
}

function makeTables(entries: readonly DirectoryEntry[]): Tables {
  const byAddress = new Map<string, DirectoryEntry>();
  for (const entry of entries) {
    for (const address of addressesOf(entry)) if (!byAddress.has(address)) byAddress.set(address, entry);
  }
  const groupsOf = new Map<string, Set<string>>();
  const groups = new Set<string>();
  const join = (member: string, into: string): void => {
    const [key, group] = [primaryOf(member, byAddress), primaryOf(into, byAddress)];
    groups.add(group);
    groupsOf.set(key, (groupsOf.get(key) ?? new Set()).add(group));
  };
  for (const entry of entries) {
    for (const group of entry.groups) join(entry.address, group);
    if (entry.kind !== 'group') continue;
    groups.add(entry.address.toLowerCase());
    for (const member of entry.members) join(member, entry.address);
  }
  return { entries: byAddress, groupsOf, groups };
}

function findOne(address: string, tables: Tables): PersonFinding {
  const entry = tables.entries.get(address);
  const key = entry?.address.toLowerCase() ?? address;
  const groups = groupsAround(key, tables);
  if (entry !== undefined && entry.kind !== 'group') return found(personOf(entry, groups, tables));
  if (entry === undefined && groups.size === 0) return ABSENT;
  const isMemberOnly = !tables.groups.has(key);
  const name = entry?.displayName === undefined ? {} : { displayName: entry.displayName };
  const attributes = { email: key, ...name };
  return found({ address: key, attributes, groups, ...(isMemberOnly ? { isContact: true } : {}) });
}

function personOf(entry: PersonEntry, groups: ReadonlySet<string>, { entries }: Tables): Person {
  const address = entry.address.toLowerCase();
  const manager = entry.manager === undefined ? undefined : primaryOf(entry.manager, entries);
  return {
    address,
    attributes: { email: address, ...managerAttribute(manager, entries), ...entry.attributes },
    groups,
    ...(entry.kind === 'contact' ? { isContact: true } : {}),
    ...(manager === undefined ? {} : { manager }),
  };
}

function managerAttribute(manager: string | undefined, entries: Tables['entries']): { readonly manager?: string } {
  if (manager === undefined) return {};
  const entry = entries.get(manager);
  const displayName = entry?.kind === 'group' ? entry.displayName : entry?.attributes.displayName;
  return { manager: managerText(displayName, manager) };
}

/** Each group is looked at once, so groups that are in one another end. */
function groupsAround(key: string, { entries, groupsOf, groups }: Tables): ReadonlySet<string> {
  const addresses = new Set<string>();
  const seen = new Set<string>();
  const waiting = [...(groupsOf.get(key) ?? []), ...(groups.has(key) ? [key] : [])];
  for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
    if (seen.has(group)) continue;
    seen.add(group);
    const entry = entries.get(group);
    for (const address of entry === undefined ? [group] : addressesOf(entry)) addresses.add(address);
    waiting.push(...(groupsOf.get(group) ?? []));
  }
  return addresses;
}

const addressesOf = ({ address, proxyAddresses }: DirectoryEntry): readonly string[] =>
  [address, ...proxyAddresses].map((each) => each.toLowerCase());

function primaryOf(address: string, entries: Tables['entries']): string {
  const lower = address.toLowerCase();
  return entries.get(lower)?.address.toLowerCase() ?? lower;
}
