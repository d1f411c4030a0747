/**
 * How much the keys and signatures of a path are worth. What is below 80 bits is refused where a path rests on it, as by
 * OpenSSL at its level 1; what RFC 9155 and the like no longer want, but which breaks nothing, is a warning.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';

import { childrenOf, context, expect, oidOf, TAG, wholeOf, type Element } from './der.ts';

const WEAK_DIGESTS: { readonly [oid in string]?: string } = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.2.840.113549.2.5': 'MD5',
  '1.2.840.10040.4.3': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
  '1.3.14.3.2.26': 'SHA-1',
  '1.3.14.3.2.29': 'SHA-1',
};
const RSASSA_PSS = '1.2.840.113549.1.1.10';

/** `algorithm`: the AlgorithmIdentifier of a signature. */
export function weakDigestOf(algorithm: Element): string | undefined {
  const [oid, parameters] = childrenOf(algorithm);
  const name = oidOf(expect(oid, TAG.oid));
  if (name !== RSASSA_PSS) return WEAK_DIGESTS[name];
  // RFC 4055 §3.1: the digest is a parameter of its own, and SHA-1 where it is left out.
  const digest = parameters && childrenOf(parameters).find(({ tag }) => tag === context(0, 'constructed'));
  if (digest === undefined) return 'SHA-1';
  const [digestOid] = childrenOf(wholeOf(digest.content, TAG.sequence));
  return WEAK_DIGESTS[oidOf(expect(digestOid, TAG.oid))];
}

/** `undefined` for a key of a kind that OpenSSL cannot read. */
export function publicKeyOf(x509: X509Certificate): KeyObject | undefined {
  try {
    return x509.publicKey;
  } catch {
    return undefined; // The getter throws; whatever it says, nothing can be verified with such a key.
  }
}

/** `RSA 2048`, `ECDSA P-256`, `Ed25519`: for people. */
export function keyText(key: KeyObject | undefined): string {
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details = {} } = key ?? {};
  const { modulusLength, namedCurve } = details;
  if (namedCurve !== undefined) return `ECDSA ${CURVES[namedCurve] ?? namedCurve}`;
  if (modulusLength !== undefined) return `${type.toUpperCase()} ${modulusLength}`;
  return type.replace(/^ed/, 'Ed');
}

/** RSA and DSA keys have as many bits as their modulus; others have enough. */
export const isUselessKey = (key: KeyObject): boolean => modulusBits(key) < 1024;
export const isWeakKey = (key: KeyObject): boolean => modulusBits(key) < 2048;

const modulusBits = (key: KeyObject): number => key.asymmetricKeyDetails?.modulusLength ?? Infinity;

const CURVES: { readonly [name in string]?: string } = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};
