/**
 * How people and groups are written in a directory: which LDAP attribute holds what, for Active Directory (the names behind Exchange's
 * own) and for inetOrgPerson (RFC 2798), each with what the settings change. Pure tables, nothing is asked here.
 */
import { DIRECTORY_ATTRIBUTES, type DirectoryAttribute } from '#rules/values.ts';
import type { LdapLayoutSettings } from '#directory/settings.ts';

/** Where an address stands: in `proxyAddresses` behind `smtp:`, elsewhere as it is. */
export type AddressAttribute = { readonly attribute: string; readonly prefix: string };

export type LdapLayout = {
  readonly baseDn: string;
  readonly groupBaseDn: string;
  readonly groupDomain: string;
  readonly personFilter: string;
  readonly groupFilter: string;
  readonly groupSearch: 'chain' | 'member' | 'memberOf';
  readonly addresses: readonly AddressAttribute[];
  /** In which a group names its members by DN. */
  readonly members: readonly string[];
  /** LDAP attribute of each attribute that has one. */
  readonly attributes: ReadonlyMap<DirectoryAttribute, string>;
};

type AttributeTable = { readonly [attribute in DirectoryAttribute]?: string };

const ACTIVE_DIRECTORY: AttributeTable = {
  city: 'l',
  company: 'company',
  // ISO 3166-1 alpha-2; `co` is the name of the country and `countryCode` its number.
  country: 'c',
  customAttribute1: 'extensionAttribute1',
  customAttribute2: 'extensionAttribute2',
  customAttribute3: 'extensionAttribute3',
  customAttribute4: 'extensionAttribute4',
  customAttribute5: 'extensionAttribute5',
  customAttribute6: 'extensionAttribute6',
  customAttribute7: 'extensionAttribute7',
  customAttribute8: 'extensionAttribute8',
  customAttribute9: 'extensionAttribute9',
  customAttribute10: 'extensionAttribute10',
  customAttribute11: 'extensionAttribute11',
  customAttribute12: 'extensionAttribute12',
  customAttribute13: 'extensionAttribute13',
  customAttribute14: 'extensionAttribute14',
  customAttribute15: 'extensionAttribute15',
  department: 'department',
  displayName: 'displayName',
  email: 'mail',
  faxNumber: 'facsimileTelephoneNumber',
  firstName: 'givenName',
  homePhoneNumber: 'homePhone',
  initials: 'initials',
  lastName: 'sn',
  manager: 'manager',
  mobileNumber: 'mobile',
  notes: 'info',
  office: 'physicalDeliveryOfficeName',
  otherFaxNumber: 'otherFacsimileTelephoneNumber',
  otherHomePhoneNumber: 'otherHomePhone',
  otherPhoneNumber: 'otherTelephone',
  pagerNumber: 'pager',
  phoneNumber: 'telephoneNumber',
  poBox: 'postOfficeBox',
  state: 'st',
  street: 'streetAddress',
  title: 'title',
  userLogonName: 'userPrincipalName',
  zipCode: 'postalCode',
};

const INET_ORG_PERSON: AttributeTable = {
  city: 'l',
  company: 'o',
  country: 'c',
  department: 'ou',
  displayName: 'displayName',
  email: 'mail',
  faxNumber: 'facsimileTelephoneNumber',
  firstName: 'givenName',
  homePhoneNumber: 'homePhone',
  initials: 'initials',
  lastName: 'sn',
  manager: 'manager',
  mobileNumber: 'mobile',
  notes: 'description',
  office: 'physicalDeliveryOfficeName',
  pagerNumber: 'pager',
  phoneNumber: 'telephoneNumber',
  poBox: 'postOfficeBox',
  state: 'st',
  street: 'street',
  title: 'title',
  userLogonName: 'uid',
  zipCode: 'postalCode',
};

const SCHEMAS = {
  activeDirectory: {
    personFilter: '(objectClass=*)',
    groupFilter: '(objectClass=group)',
    groupSearch: 'chain',
    addresses: [
      { attribute: 'proxyAddresses', prefix: 'smtp:' },
      { attribute: 'mail', prefix: '' },
    ],
    members: ['member'],
    attributes: ACTIVE_DIRECTORY,
  },
  inetOrgPerson: {
    personFilter: '(objectClass=*)',
    groupFilter: '(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))',
    groupSearch: 'member',
    // The second is of RFC 2798's contemporaries in use (iPlanet, 389 Directory), the third of OpenLDAP's misc.schema.
    addresses: [
      { attribute: 'mail', prefix: '' },
      { attribute: 'mailAlternateAddress', prefix: '' },
      { attribute: 'mailLocalAddress', prefix: '' },
    ],
    members: ['member', 'uniqueMember'],
    attributes: INET_ORG_PERSON,
  },
} as const;

export function layoutOf(settings: LdapLayoutSettings): LdapLayout {
  const { attributes, ...schema } = SCHEMAS[settings.schema];
  const names: AttributeTable = { ...attributes, ...settings.attributes };
  const named = DIRECTORY_ATTRIBUTES.flatMap((attribute): [DirectoryAttribute, string][] => {
    const name = names[attribute] ?? '';
    return name === '' ? [] : [[attribute, name]];
  });
  return {
    ...schema,
    baseDn: settings.baseDn,
    groupBaseDn: settings.groupBaseDn || settings.baseDn,
    groupDomain: settings.groupDomain,
    personFilter: settings.personFilter || schema.personFilter,
    groupFilter: settings.groupFilter || schema.groupFilter,
    groupSearch: settings.groupSearch ?? schema.groupSearch,
    attributes: new Map(named),
  };
}
