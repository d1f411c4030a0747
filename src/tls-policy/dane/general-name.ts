/**
 * The names in certificates (RFC 5280 §4.2.1.6), read from their own octets: alternative names, the bases of name
 * constraints, and subjects in a form in which two of them can be compared. Judges none of them.
 */
import { childrenOf, context, elementsOf, expect, malformed, oidOf, TAG, wholeOf, type Element } from './der.ts';

/** One text for each relative distinguished name, the outermost first; equal texts are equal names. */
export type DirectoryName = readonly string[];

export type GeneralName =
  /** Lower case, no final dot; nothing else is known of it. */
  | { readonly kind: 'dns'; readonly name: string }
  /** 4 or 16 octets; twice as many with a mask, in constraints. */
  | { readonly kind: 'address'; readonly octets: Buffer }
  | { readonly kind: 'directory'; readonly name: DirectoryName }
  /** Of no use to mail hosts: an e-mail address, a URI and the like. `tag` tells the forms apart. */
  | { readonly kind: 'other'; readonly tag: number };

/** An e-mail address has its own form, and may also stand in a subject (RFC 5280 §4.1.2.6). */
export const EMAIL_TAG = context(1, 'primitive');

const DNS_TAG = context(2, 'primitive');
const DIRECTORY_TAG = context(4, 'constructed');
const ADDRESS_TAG = context(7, 'primitive');
const OTHER_TAGS: readonly number[] = [
  context(0, 'constructed'),
  EMAIL_TAG,
  context(3, 'constructed'),
  context(5, 'constructed'),
  context(6, 'primitive'),
  context(8, 'primitive'),
];

export function generalNameOf({ tag, content }: Element): GeneralName {
  switch (tag) {
    case DNS_TAG:
      return { kind: 'dns', name: dnsNameOf(content.toString('latin1')) };
    case ADDRESS_TAG:
      return { kind: 'address', octets: content };
    case DIRECTORY_TAG:
      return { kind: 'directory', name: subjectOf(wholeOf(content, TAG.sequence)).name };
    default:
      return OTHER_TAGS.includes(tag) ? { kind: 'other', tag } : malformed('GeneralName');
  }
}

export const dnsNameOf = (text: string): string => text.toLowerCase().replace(/\.$/, '');

export type Subject = {
  readonly name: DirectoryName;
  readonly commonNames: readonly string[];
  readonly hasEmail: boolean;
};

const COMMON_NAME = '2.5.4.3';
const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';

/** A Name: the SEQUENCE of a subject or an issuer. */
export function subjectOf(element: Element): Subject {
  const names = childrenOf(element).map((set) => childrenOf(expect(set, TAG.set)).map(attributeOf));
  const attributes = names.flat();
  return {
    name: names.map((rdn) => JSON.stringify(rdn.map(({ oid, value }) => [oid, folded(value)].join('=')).toSorted())),
    commonNames: attributes.filter(({ oid }) => oid === COMMON_NAME).map(({ value }) => value),
    hasEmail: attributes.some(({ oid }) => oid === EMAIL_ADDRESS),
  };
}

type Attribute = { readonly oid: string; readonly value: string };

function attributeOf(element: Element): Attribute {
  const [type, value, ...rest] = childrenOf(expect(element, TAG.sequence));
  if (value === undefined || rest.length > 0) return malformed('AttributeTypeAndValue');
  return { oid: oidOf(expect(type, TAG.oid)), value: textOf(value) };
}

/** PrintableString, TeletexString and IA5String. */
const OCTET_STRING_TAGS: readonly number[] = [0x13, 0x14, 0x16];

function textOf({ tag, content, whole }: Element): string {
  if (tag === TAG.utf8String) return content.toString('utf8');
  if (tag === TAG.bmpString && content.length % 2 === 0) return Buffer.from(content).swap16().toString('utf16le');
  // Of any other type only the octets are compared. No text of a name begins with this character.
  return OCTET_STRING_TAGS.includes(tag) ? content.toString('latin1') : `\0${whole.toString('hex')}`;
}

/** RFC 5280 §7.1: without regard to case, and to how many spaces there are. */
const folded = (value: string): string => value.trim().replaceAll(/\s+/g, ' ').toLowerCase();

/** The names of a GeneralNames. */
export function generalNamesOf(octets: Buffer): readonly GeneralName[] {
  return elementsOf(wholeOf(octets, TAG.sequence).content).map(generalNameOf);
}
