/**
 * Which of our certificates are shown for the name that a client asks for (SNI, RFC 6066 §3): one of each type of key, so
 * that a client which knows RSA only is served as well as one that prefers ECDSA. Pure: listeners and the records that we
 * publish about their keys must come to the same answer.
 */
import type { X509Certificate } from 'node:crypto';

import { readNames } from '#mail/certificate-names.ts';

/**
 * Positions in `leaves`, the first of each type of key. A name that no certificate stands for, or none, gives the default:
 * the first certificate, and those of other keys for the same names.
 */
export function shownFor(leaves: readonly X509Certificate[], servername: string | undefined): readonly number[] {
  const [first] = leaves;
  if (first === undefined) return [];
  const named = servername === undefined ? [] : positionsOf(leaves, (leaf) => isFor(leaf, servername));
  const fitting = named.length > 0 ? named : positionsOf(leaves, (leaf) => namesOf(leaf) === namesOf(first));
  const types = fitting.map((position) => keyTypeOf(leaves[position]));
  return fitting.filter((position, index) => types.indexOf(keyTypeOf(leaves[position])) === index);
}

/** A wildcard stands for one whole label; `mx*` stands for nothing. */
export function isFor(leaf: X509Certificate, servername: string): boolean {
  return leaf.checkHost(servername, { partialWildcards: false }) !== undefined;
}

/** OpenSSL keeps one certificate of each of these: `rsa`, `ec`, `ed25519`, ... */
const keyTypeOf = (leaf: X509Certificate | undefined): string => leaf?.publicKey.asymmetricKeyType ?? '';

function positionsOf(leaves: readonly X509Certificate[], fits: (leaf: X509Certificate) => boolean): readonly number[] {
  return leaves.flatMap((leaf, position) => (fits(leaf) ? [position] : []));
}

const namesOf = ({ subjectAltName, subject }: X509Certificate): string =>
  subjectAltName === undefined ? subject : readNames(subjectAltName).hosts.toSorted().join();
