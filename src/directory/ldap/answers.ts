/** What a directory server sends (RFC 4511 §4), read from whole messages. What else there is in LDAP is `other`. Pure. */
import { isUtf8 } from 'node:buffer';

import { elementsOf, noLdap, numberOf, octetsOf, TAGS, type BerElement } from './ber.ts';
import { LdapFailure, lineOf } from './failure.ts';

export type LdapEntry = {
  readonly dn: string;
  /** Texts of the values, by attribute in lower case; what is no UTF-8 is left out. */
  readonly values: ReadonlyMap<string, readonly string[]>;
};

/** How an operation has ended (LDAPResult). */
export type LdapResult = { readonly code: number; readonly text: string };

export type LdapMessage = { readonly id: number } & (
  | { readonly kind: 'entry'; readonly entry: LdapEntry }
  /** `cookie`: there are more pages (RFC 2696); empty when there are none. */
  | { readonly kind: 'done'; readonly result: LdapResult; readonly cookie: Buffer }
  | { readonly kind: 'signed-in'; readonly result: LdapResult }
  | { readonly kind: 'extended'; readonly result: LdapResult }
  | { readonly kind: 'other' }
);

const OPERATIONS = { signedIn: 0x61, entry: 0x64, done: 0x65, extended: 0x78 } as const;
const CONTROLS = 0xa0;
const PAGED_RESULTS = '1.2.840.113556.1.4.319';

/** Throws `LdapFailure` where the octets are no message of LDAP. */
export function readMessage(octets: Buffer): LdapMessage {
  const [message] = elementsOf({ tag: 0, content: octets });
  if (message === undefined || message.tag !== TAGS.sequence) throw noLdap('another element than a message');
  const [idElement, operation, controls] = elementsOf(message);
  const id = numberOf(idElement);
  if (operation === undefined) throw noLdap('a message without an operation');
  switch (operation.tag) {
    case OPERATIONS.entry:
      return { id, kind: 'entry', entry: readEntry(operation) };
    case OPERATIONS.done:
      return { id, kind: 'done', result: readResult(operation), cookie: readCookie(controls) };
    case OPERATIONS.signedIn:
      return { id, kind: 'signed-in', result: readResult(operation) };
    case OPERATIONS.extended:
      return { id, kind: 'extended', result: readResult(operation) };
    default:
      return { id, kind: 'other' };
  }
}

function readEntry(operation: BerElement): LdapEntry {
  const [name, attributes] = elementsOf(operation);
  if (attributes?.tag !== TAGS.sequence) throw noLdap('an entry without attributes');
  const values = elementsOf(attributes).map((attribute): [string, readonly string[]] => {
    const [type, set] = elementsOf(attribute);
    if (set?.tag !== TAGS.set) throw noLdap('an attribute without values');
    const texts = elementsOf(set).map(octetsOf).filter(isUtf8);
    return [octetsOf(type).toString('utf8').toLowerCase(), texts.map((text) => text.toString('utf8'))];
  });
  return { dn: octetsOf(name).toString('utf8'), values: new Map(values) };
}

function readResult(operation: BerElement): LdapResult {
  const [code, , text] = elementsOf(operation);
  return { code: numberOf(code), text: octetsOf(text).toString('utf8') };
}

function readCookie(controls: BerElement | undefined): Buffer {
  if (controls?.tag !== CONTROLS) return Buffer.alloc(0);
  for (const control of elementsOf(controls)) {
    const [type, ...rest] = elementsOf(control);
    if (octetsOf(type).toString('latin1') !== PAGED_RESULTS) continue;
    const [value] = elementsOf({ tag: 0, content: octetsOf(rest.at(-1)) });
    return octetsOf(value === undefined ? undefined : elementsOf(value)[1]);
  }
  return Buffer.alloc(0);
}

/** RFC 4511 §A.2, those that a search or a sign-in brings. */
const CODES: { readonly [code: number]: string } = {
  1: 'operationsError',
  2: 'protocolError',
  3: 'timeLimitExceeded',
  4: 'sizeLimitExceeded',
  7: 'authMethodNotSupported',
  8: 'strongerAuthRequired',
  10: 'referral',
  11: 'adminLimitExceeded',
  12: 'unavailableCriticalExtension',
  13: 'confidentialityRequired',
  32: 'noSuchObject',
  34: 'invalidDNSyntax',
  48: 'inappropriateAuthentication',
  49: 'invalidCredentials',
  50: 'insufficientAccessRights',
  51: 'busy',
  52: 'unavailable',
  53: 'unwillingToPerform',
  80: 'other',
};

export const NO_SUCH_OBJECT = 32;
/** Another server, or this one later, may say something else: of its load, or of a password that has been changed. */
const OF_THE_SERVER: readonly number[] = [3, 48, 49, 51, 52];

export function failureOf({ code, text }: LdapResult): LdapFailure {
  const said = lineOf(text);
  const message = `it answers ${CODES[code] ?? 'result code'} (${code})${said === '' ? '' : `: ${said}`}`;
  return new LdapFailure(OF_THE_SERVER.includes(code) ? 'server' : 'question', message);
}
