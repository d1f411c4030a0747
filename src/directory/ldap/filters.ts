/**
 * Search filters. What mail brings goes into them as a value on the wire, never as text, so it cannot become a part of the filter;
 * only filters of the settings are read as text (RFC 4515).
 */
import { AndFilter, EqualityFilter, ExtensibleFilter, FilterParser, OrFilter, type Filter } from 'ldapts';

export type { Filter } from 'ldapts';

import type { AddressAttribute } from './layout.ts';
import { LdapFailure, messageOf } from './failure.ts';

/** LDAP_MATCHING_RULE_IN_CHAIN: the server follows groups that are in groups (MS-ADTS 3.1.1.3.4.4.3). */
const IN_CHAIN = '1.2.840.113556.1.4.1941';

/** A filter of the settings. Throws `LdapFailure` where it is none. */
export function readFilter(text: string): Filter {
  try {
    return FilterParser.parseString(withCharacters(text));
  } catch (error) {
    throw new LdapFailure('question', `a filter of the settings cannot be used: ${messageOf(error)}`, error);
  }
}

/** Everybody who has one of the addresses. */
export function havingAddress(addresses: readonly string[], attributes: readonly AddressAttribute[]): Filter {
  return anyOf(
    addresses.flatMap((address) =>
      attributes.map(({ attribute, prefix }) => new EqualityFilter({ attribute, value: `${prefix}${address}` })),
    ),
  );
}

/** Every group that names one of them as a member. */
export function havingMember(dns: readonly string[], attributes: readonly string[]): Filter {
  return anyOf(dns.flatMap((value) => attributes.map((attribute) => new EqualityFilter({ attribute, value }))));
}

/** Every group that names it as a member, or a group that does. */
export function havingMemberInChain(dn: string, attributes: readonly string[]): Filter {
  return anyOf(attributes.map((matchType) => new ExtensibleFilter({ matchType, rule: IN_CHAIN, value: dn })));
}

export const both = (one: Filter, other: Filter): Filter => new AndFilter({ filters: [one, other] });

function anyOf(filters: readonly Filter[]): Filter {
  const [first, second] = filters;
  return first !== undefined && second === undefined ? first : new OrFilter({ filters: [...filters] });
}

/** RFC 4515 §3 escapes octets; the parser takes each for a character, so those of UTF-8 are made characters before. */
function withCharacters(text: string): string {
  return text.replaceAll(/(?:\\[89a-f][0-9a-f])+/gi, (escaped) =>
    Buffer.from(escaped.replaceAll('\\', ''), 'hex').toString('utf8'),
  );
}
