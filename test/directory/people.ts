/** The people and groups that every adapter of the directory is given, for `contract.ts`. */
import type { DirectoryEntry, GroupEntry, PersonEntry } from '#directory/entries.ts';

const person = (address: string, more: Partial<PersonEntry> = {}): PersonEntry => ({
  kind: 'person',
  address,
  proxyAddresses: [],
  attributes: {},
  groups: [],
  ...more,
});

const group = (address: string, members: readonly string[], more: Partial<GroupEntry> = {}): GroupEntry => ({
  kind: 'group',
  address,
  proxyAddresses: [],
  members,
  groups: [],
  ...more,
});

/** Everything that a filter could be broken with, in the local part of an address that is somebody's. */
export const ODD_ADDRESS = String.raw`"*)(mail=*\\"@example.org`;

export const PEOPLE: readonly DirectoryEntry[] = [
  person('Ada@example.org', {
    proxyAddresses: ['countess@example.org', 'a.lovelace@example.net'],
    attributes: {
      displayName: 'Ada Lovelace',
      firstName: 'Ada',
      lastName: 'Lovelace',
      city: 'Saint-Étienne',
      country: 'GB',
      department: 'Analytical Engines',
      phoneNumber: '+44 20 7946 0000',
    },
    manager: 'grace@example.org',
  }),
  person('grace@example.org', {
    attributes: { displayName: 'Grace Hopper', title: 'Rear Admiral' },
    manager: 'mary@example.org',
  }),
  person('mary@example.org', { attributes: { displayName: 'Mary Somerville' } }),
  person('alone@example.org'),
  person(ODD_ADDRESS, { attributes: { displayName: 'Odd' } }),
  person('partner@fabrikam.example', { kind: 'contact', attributes: { displayName: 'A partner' } }),
  group('Engineers@example.org', ['ada@example.org'], { proxyAddresses: ['builders@example.org'] }),
  group('staff@example.org', ['engineers@example.org', 'grace@example.org'], { displayName: 'All staff' }),
  // These two are in one another.
  group('one@example.org', ['staff@example.org', 'other@example.org']),
  group('other@example.org', ['one@example.org']),
  group('managers@example.org', ['grace@example.org']),
  group('partners@example.org', ['partner@fabrikam.example']),
];

/** Of somebody in `engineers`, by all names that the groups have. */
export const GROUPS_OF_ADA: readonly string[] = [
  'builders@example.org',
  'engineers@example.org',
  'one@example.org',
  'other@example.org',
  'staff@example.org',
];
