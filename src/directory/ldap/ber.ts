/**
 * BER as LDAP allows it (RFC 4511 §5.1): definite lengths and short tags only. Every element must lie wholly in the one around it, so
 * whatever a server sends is read to its end or refused; ldapts, which writes our requests, can be kept reading for ever. Pure.
 */
import { LdapFailure } from './failure.ts';

export type BerElement = { readonly tag: number; readonly content: Buffer };

export const TAGS = { integer: 0x02, octets: 0x04, enumerated: 0x0a, sequence: 0x30, set: 0x31 } as const;

/** Where the first element begins and ends, whether or not all of it is there; `undefined` while that cannot be told. */
export function measure(octets: Buffer): { readonly start: number; readonly end: number } | undefined {
  const [tag, first] = octets;
  if (tag === undefined || first === undefined) return undefined;
  if ((tag & 0x1f) === 0x1f) throw noLdap('a long tag');
  if (first < 0x80) return { start: 2, end: 2 + first };
  // Active Directory writes every length in four octets.
  const count = first & 0x7f;
  if (count === 0 || count > 4) throw noLdap('a length without end');
  if (octets.length < 2 + count) return undefined;
  return { start: 2 + count, end: 2 + count + octets.readUIntBE(2, count) };
}

/** As `measure`, of a message of LDAP: whoever speaks another protocol is known by the first octet. */
export function measureMessage(octets: Buffer): ReturnType<typeof measure> {
  if (octets.length > 0 && octets[0] !== TAGS.sequence) throw noLdap('another element than a message');
  return measure(octets);
}

/** All elements in the content of one. */
export function elementsOf({ content }: BerElement): readonly BerElement[] {
  const elements: BerElement[] = [];
  for (let rest = content; rest.length > 0;) {
    const extent = measure(rest);
    if (extent === undefined || extent.end > rest.length) throw noLdap('an element that ends behind the one around it');
    elements.push({ tag: rest[0] ?? 0, content: rest.subarray(extent.start, extent.end) });
    rest = rest.subarray(extent.end);
  }
  return elements;
}

/** Of an integer or an enumeration, where it is not negative. */
export function numberOf(element: BerElement | undefined): number {
  const { length } = element?.content ?? [];
  const isNumber = element?.tag === TAGS.integer || element?.tag === TAGS.enumerated;
  if (!isNumber || length === 0 || length > 5) throw noLdap('another element than a number');
  return element.content.readUIntBE(0, length);
}

export function octetsOf(element: BerElement | undefined): Buffer {
  if (element?.tag !== TAGS.octets) throw noLdap('another element than octets');
  return element.content;
}

export const noLdap = (what: string): LdapFailure =>
  new LdapFailure('server', `what it sends is no LDAP: it has ${what}`);
