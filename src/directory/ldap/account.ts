/** What an LDAP entry says of a person or a group, before its groups and its manager are known. Pure. */
import { parseAddress } from '#mail/address.ts';
import type { DirectoryAttribute } from '#rules/values.ts';
import { LdapFailure } from './failure.ts';
import type { LdapLayout } from './layout.ts';
import type { LdapEntry } from './answers.ts';

export type Account = {
  /** The primary address, in lower case as the others. */
  readonly address: string;
  readonly addresses: ReadonlySet<string>;
  readonly kind: 'person' | 'contact' | 'group';
  /** Without `manager`. */
  readonly attributes: { readonly [attribute in DirectoryAttribute]?: string };
  readonly managerDn: string | undefined;
  readonly entry: LdapEntry;
};

/** Lower case, as `LdapEntry` has it for names and we make it of values. */
const GROUP_CLASSES: readonly string[] = ['group', 'groupofnames', 'groupofuniquenames', 'groupofmembers'];
const CONTACT_CLASS = 'contact';
/** Of a list, as telephone numbers are: rules look for words and patterns in it. */
const BETWEEN_VALUES = '; ';

/** The LDAP attributes from which accounts are made. */
export function wantedAttributes(layout: LdapLayout): readonly string[] {
  return [...new Set(['objectClass', ...wantedGroupAttributes(layout), ...layout.attributes.values()])];
}

/** The LDAP attributes that groups are known by. Never their members: there may be ten thousand. */
export function wantedGroupAttributes({ addresses, groupSearch }: LdapLayout): readonly string[] {
  return ['cn', ...addresses.map(({ attribute }) => attribute), ...(groupSearch === 'memberOf' ? ['memberOf'] : [])];
}

/** `undefined` for an entry that has no address. */
export function readAccount(entry: LdapEntry, layout: LdapLayout): Account | undefined {
  const addresses = readAddresses(entry, layout);
  const [address] = addresses;
  if (address === undefined) return undefined;
  const managerName = layout.attributes.get('manager') ?? '';
  return {
    address,
    addresses: new Set(addresses),
    kind: kindOf(entry),
    attributes: { ...readAttributes(entry, layout), email: address },
    managerDn: valuesOf(entry, managerName)[0],
    entry,
  };
}

/** All that a rule may name a group by; none for a group without an address and no domain for such. */
export function groupAddresses(entry: LdapEntry, layout: LdapLayout): readonly string[] {
  const addresses = readAddresses(entry, layout);
  if (addresses.length > 0 || layout.groupDomain === '') return addresses;
  return valuesOf(entry, 'cn').flatMap((name) => canonical(`"${name}"@${layout.groupDomain}`));
}

/** The DNs in memberOf. Throws `LdapFailure` where the server has left some out: there may be a group among them that counts. */
export function memberOf(entry: LdapEntry): readonly string[] {
  for (const name of entry.values.keys()) {
    if (name.startsWith('memberof;range=')) {
      throw new LdapFailure('question', `${entry.dn} is in more groups than the server names at once`);
    }
  }
  return valuesOf(entry, 'memberOf');
}

/** The primary address first: Exchange marks it with `SMTP:` in capitals, elsewhere it is the first. */
function readAddresses(entry: LdapEntry, { addresses }: LdapLayout): readonly string[] {
  const found = addresses.flatMap(({ attribute, prefix }) =>
    valuesOf(entry, attribute)
      .filter((value) => value.toLowerCase().startsWith(prefix))
      .map((value) => ({ isPrimary: isPrimary(value, prefix), text: value.slice(prefix.length) })),
  );
  const ordered = [...found.filter((each) => each.isPrimary), ...found.filter((each) => !each.isPrimary)];
  return [...new Set(ordered.flatMap(({ text }) => canonical(text)))];
}

/** An address without a prefix is one that people are known by; it stands behind one that is marked. */
const isPrimary = (value: string, prefix: string): boolean => value.startsWith(prefix.toUpperCase());

const canonical = (text: string): readonly string[] => {
  const address = parseAddress(text)?.text.toLowerCase();
  return address === undefined ? [] : [address];
};

function kindOf(entry: LdapEntry): Account['kind'] {
  const classes = valuesOf(entry, 'objectClass').map((name) => name.toLowerCase());
  if (classes.some((name) => GROUP_CLASSES.includes(name))) return 'group';
  return classes.includes(CONTACT_CLASS) ? 'contact' : 'person';
}

function readAttributes(entry: LdapEntry, { attributes }: LdapLayout): Account['attributes'] {
  const read = [...attributes].flatMap(([attribute, name]): [DirectoryAttribute, string][] => {
    const text = valuesOf(entry, name).join(BETWEEN_VALUES);
    if (attribute === 'manager' || text === '') return [];
    return [[attribute, attribute === 'country' ? text.toUpperCase() : text]];
  });
  return Object.fromEntries(read);
}

const valuesOf = (entry: LdapEntry, attribute: string): readonly string[] =>
  entry.values.get(attribute.toLowerCase()) ?? [];
