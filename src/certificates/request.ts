/**
 * Requests for certificates (PKCS #10, RFC 2986) and certificates that are signed by their own key (RFC 5280), for keys of
 * RSA, ECDSA and Ed25519. Written here since node:crypto writes neither, and node-forge knows no elliptic curves.
 */
import { createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';

import type { CertificateNames } from '#mail/certificate-names.ts';
import { ipv6Groups, isIPv4 } from '#mail/ip.ts';
import {
  bitFlags,
  bitString,
  nothing,
  octetString,
  oid,
  positiveInteger,
  sequence,
  set,
  tagged,
  taggedString,
  time,
  utf8String,
} from './der.ts';

const OID = {
  commonName: '2.5.4.3',
  subjectAltName: '2.5.29.17',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  extensionRequest: '1.2.840.113549.1.9.14',
} as const;
const DNS_NAME = 2;
const IP_ADDRESS = 7;
const VERSION_3 = 2;
const MAX_COMMON_NAME = 64;

type Algorithm = { readonly oid: string; readonly digest: string | null; readonly hasNull: boolean };

/** Throws a `RangeError` for a key of another type. */
export function certificateRequest(names: CertificateNames, key: KeyObject): string {
  const attributes = tagged(0, sequence(oid(OID.extensionRequest), set(sequence(alternativeNames(names)))));
  const wish = sequence(positiveInteger(Buffer.of(0)), subject(names), publicHalf(key), attributes);
  return pem('CERTIFICATE REQUEST', signed(wish, key));
}

export type Validity = { readonly notBefore: Date; readonly notAfter: Date };

/** For hosts that are known by their TLSA records: nobody else has reason to trust it. */
export function selfSignedCertificate(names: CertificateNames, key: KeyObject, validity: Validity): string {
  const { notBefore, notAfter } = validity;
  // RFC 5280 §4.1.2.2: positive, and up to 20 octets.
  const serial = positiveInteger(Buffer.concat([Buffer.of(0x40), randomBytes(15)]));
  const isRsa = key.asymmetricKeyType === 'rsa';
  const extensions = [
    extension(OID.keyUsage, bitFlags(true, false, isRsa)),
    extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth))),
    alternativeNames(names),
  ];
  const content = sequence(
    tagged(0, positiveInteger(Buffer.of(VERSION_3))),
    serial,
    identifier(algorithmOf(key)),
    subject(names),
    sequence(time(notBefore), time(notAfter)),
    subject(names),
    publicHalf(key),
    tagged(3, sequence(...extensions)),
  );
  return pem('CERTIFICATE', signed(content, key));
}

function signed(content: Buffer, key: KeyObject): Buffer {
  const algorithm = algorithmOf(key);
  return sequence(content, identifier(algorithm), bitString(sign(algorithm.digest, content, key)));
}

function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): Algorithm {
  if (type === 'rsa') return { oid: '1.2.840.113549.1.1.11', digest: 'sha256', hasNull: true };
  if (type === 'ed25519') return { oid: '1.3.101.112', digest: null, hasNull: false };
  if (type !== 'ec') throw new RangeError(`a key of type ${type ?? 'unknown'} cannot sign a certificate here`);
  return asymmetricKeyDetails?.namedCurve === 'secp384r1'
    ? { oid: '1.2.840.10045.4.3.3', digest: 'sha384', hasNull: false }
    : { oid: '1.2.840.10045.4.3.2', digest: 'sha256', hasNull: false };
}

/** RFC 4055 §5 wants NULL for RSA, RFC 5758 §3.2 and RFC 8410 §3 nothing for the others. */
function identifier({ oid: name, hasNull }: Algorithm): Buffer {
  return hasNull ? sequence(oid(name), nothing()) : sequence(oid(name));
}

const publicHalf = (key: KeyObject): Buffer => createPublicKey(key).export({ type: 'spki', format: 'der' });

/** RFC 9525 §2: names that anybody looks at are the alternative ones; the common name is for people. */
function subject({ hosts, addresses }: CertificateNames): Buffer {
  const name = [...hosts, ...addresses].find((each) => each.length <= MAX_COMMON_NAME && !each.startsWith('*'));
  return name === undefined ? sequence() : sequence(set(sequence(oid(OID.commonName), utf8String(name))));
}

function alternativeNames({ hosts, addresses }: CertificateNames): Buffer {
  const names = [
    ...hosts.map((host) => taggedString(DNS_NAME, Buffer.from(host))),
    ...addresses.map((address) => taggedString(IP_ADDRESS, addressOctets(address))),
  ];
  return extension(OID.subjectAltName, sequence(...names));
}

function addressOctets(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  return Buffer.from(ipv6Groups(address).flatMap((group) => [group >> 8, group & 0xff]));
}

const extension = (name: string, content: Uint8Array): Buffer => sequence(oid(name), octetString(content));

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
