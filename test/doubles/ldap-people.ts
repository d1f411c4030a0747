/** Entries of a directory as an LDAP server holds them, in the way of inetOrgPerson or of Active Directory. */
import { DIRECTORY_ATTRIBUTES } from '#rules/values.ts';
import type { DirectoryEntry, PersonEntry } from '#directory/entries.ts';
import { layoutOf } from '#directory/ldap/layout.ts';
import type { LdapServerSettings, LdapLayoutSettings } from '#directory/settings.ts';
import { SUFFIX, type LdapRecord } from './slapd.ts';

type Schema = LdapLayoutSettings['schema'];

export const SERVER: Omit<LdapServerSettings, 'urls'> = {
  startTls: false,
  caFile: '',
  bindDn: '',
  passwordFile: '',
  connectTimeout: 5000,
  timeout: 5000,
};

export const LAYOUT: LdapLayoutSettings = {
  baseDn: SUFFIX,
  groupBaseDn: '',
  schema: 'inetOrgPerson',
  personFilter: '',
  groupFilter: '',
  groupDomain: '',
  attributes: {},
};

/** Every person, contact and group, and above them the units that they are in. */
export function ldapRecords(entries: readonly DirectoryEntry[], schema: Schema): readonly LdapRecord[] {
  const units = ['people', 'groups'].map((ou) => unit(ou));
  return [...units, ...entries.map((entry) => recordOf(entry, entries, schema))];
}

export const unit = (ou: string): LdapRecord => ({
  dn: `ou=${ou},${SUFFIX}`,
  values: { objectClass: ['organizationalUnit'], ou: [ou] },
});

function recordOf(entry: DirectoryEntry, entries: readonly DirectoryEntry[], schema: Schema): LdapRecord {
  const dn = dnOf(entry.address, entries);
  const cn = [dn.slice('cn='.length, dn.indexOf(','))];
  const memberOf = entries.flatMap((each) =>
    each.kind === 'group' && each.members.some((member) => dnOf(member, entries) === dn)
      ? [dnOf(each.address, entries)]
      : [],
  );
  if (entry.kind !== 'group') return { dn, values: { ...personValues(entry, entries, schema), cn, memberOf } };
  const members = entry.members.map((member) => dnOf(member, entries));
  const classes = schema === 'activeDirectory' ? ['top', 'group'] : ['groupOfNames', 'mailRecipient'];
  const named = entry.displayName === undefined ? {} : { displayName: [entry.displayName] };
  return {
    dn,
    values: { objectClass: classes, cn, member: members, memberOf, ...addressValues(entry, schema), ...named },
  };
}

function personValues(entry: PersonEntry, entries: readonly DirectoryEntry[], schema: Schema) {
  const { attributes } = layoutOf({ ...LAYOUT, schema });
  const values: Record<string, readonly string[]> = { sn: ['-'] };
  for (const attribute of DIRECTORY_ATTRIBUTES) {
    const text = entry.attributes[attribute];
    if (text !== undefined) values[attributes.get(attribute) ?? attribute] = [text];
  }
  const contact = entry.kind === 'contact' ? ['contact'] : [];
  const classes = schema === 'activeDirectory' ? ['top', 'person', 'user'] : ['inetOrgPerson', 'mailRecipient'];
  const manager = entry.manager === undefined ? {} : { manager: [dnOf(entry.manager, entries)] };
  return { ...values, objectClass: [...classes, ...contact], ...addressValues(entry, schema), ...manager };
}

function addressValues({ address, proxyAddresses }: DirectoryEntry, schema: Schema) {
  if (schema === 'inetOrgPerson') return { mail: [address], mailAlternateAddress: proxyAddresses };
  // As Exchange writes them, the primary one last here: its capitals say which it is.
  const proxies = [...proxyAddresses.map((each) => `smtp:${each}`), `X500:/o=Example/cn=${address}`, `SMTP:${address}`];
  return { mail: [address], proxyAddresses: proxies };
}

function dnOf(address: string, entries: readonly DirectoryEntry[]): string {
  const isAddress = (each: string): boolean => each.toLowerCase() === address.toLowerCase();
  const at = entries.findIndex((entry) => [entry.address, ...entry.proxyAddresses].some(isAddress));
  return `cn=entry${at},ou=${entries[at]?.kind === 'group' ? 'groups' : 'people'},${SUFFIX}`;
}
