/**
 * Which of a host's TLSA records take part in the match (RFC 7671, RFC 7672 §3.1): those that are well-formed, of a usage that
 * SMTP knows, and not outdone by a stronger digest. Pure; where they come from is `find.ts`, what they match is `match.ts`.
 */
import { createHash, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';

import type { TlsaRecord } from '#dns/answer.ts';
import type { DaneSettings } from '#tls-policy/settings.ts';
import { readDer, TAG, wholeOf } from './der.ts';
import type { TlsaAssessment } from './finding.ts';

type Digest = DaneSettings['digests'][number];

/** RFC 7218: DANE-TA and DANE-EE, Cert and SPKI, Full. */
export const USAGE = { trustAnchor: 2, endEntity: 3 } as const;
export const SELECTOR = { certificate: 0, publicKey: 1 } as const;
export const FULL = 0;

const DIGESTS: { readonly [matchingType in number]?: { readonly digest: Digest; readonly octets: number } } = {
  1: { digest: 'sha256', octets: 32 },
  2: { digest: 'sha512', octets: 64 },
};

/** One for each record, in their order. `digests`: those that count, the strongest first. */
export function assessRecords(records: readonly TlsaRecord[], digests: readonly Digest[]): readonly TlsaAssessment[] {
  const flaws = records.map((record) => flawOf(record, digests));
  // RFC 7671 §9: only well-formed records can outdo others.
  const sound = records.filter((_, index) => flaws[index] === '');
  const strongest = new Map<string, number>();
  for (const record of sound) {
    const rank = rankOf(record, digests);
    strongest.set(groupOf(record), Math.min(rank, strongest.get(groupOf(record)) ?? Infinity));
  }
  return records.map((record, index) => {
    const isOutdone = record.matchingType !== FULL && rankOf(record, digests) !== strongest.get(groupOf(record));
    const reason = flaws[index] || (isOutdone ? 'a stronger digest counts' : '');
    return { record, usable: reason === '', reason };
  });
}

/** What `matchDane` takes. */
export function usableRecords(assessments: readonly TlsaAssessment[]): readonly TlsaRecord[] {
  return assessments.filter(({ usable }) => usable).map(({ record }) => record);
}

/** The presentation format (RFC 6698 §2.2): `3 1 1 ab12...`. */
export function recordText({ usage, selector, matchingType, association }: TlsaRecord): string {
  return `${usage} ${selector} ${matchingType} ${Buffer.from(association).toString('hex')}`;
}

/** Another one for each list of records. */
export function digestOf(records: readonly TlsaRecord[]): string {
  return createHash('sha256').update(records.map(recordText).join('\n')).digest('hex');
}

/** The certificate that the octets are, to the last one; `undefined` when they are none, or one without a usable key. */
export function certificateIn(octets: Uint8Array): X509Certificate | undefined {
  try {
    const x509 = new X509Certificate(octets);
    // Node also takes PEM, and passes over what follows the end.
    return x509.raw.equals(octets) && x509.publicKey.type === 'public' ? x509 : undefined;
  } catch {
    return undefined; // The constructor and the key throw; OpenSSL's word for it says no more than this.
  }
}

/** The key that the octets are as a SubjectPublicKeyInfo; `undefined` when they are none. */
export function publicKeyIn(octets: Uint8Array): KeyObject | undefined {
  const key = Buffer.from(octets);
  if (readDer(() => wholeOf(key, TAG.sequence)) === undefined) return undefined;
  try {
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch {
    return undefined; // It throws, as above.
  }
}

/** Digests of one usage and selector compete; Full stands outside of it. */
const groupOf = ({ usage, selector }: TlsaRecord): string => `${usage} ${selector}`;

function rankOf({ matchingType }: TlsaRecord, digests: readonly Digest[]): number {
  const digest = DIGESTS[matchingType]?.digest;
  return digest === undefined ? Infinity : digests.indexOf(digest);
}

/** `''` when there is none. */
function flawOf({ usage, selector, matchingType, association }: TlsaRecord, digests: readonly Digest[]): string {
  // RFC 7672 §3.1.3: nobody can say which public authorities all senders trust.
  if (usage < USAGE.trustAnchor) return `usage ${usage} is not for SMTP`;
  if (usage > USAGE.endEntity) return `usage ${usage} is unknown`;
  if (selector > SELECTOR.publicKey) return `selector ${selector} is unknown`;
  if (matchingType === FULL) {
    if (selector === SELECTOR.certificate) return certificateIn(association) ? '' : 'the data is no certificate';
    return publicKeyIn(association) ? '' : 'the data is no public key';
  }
  const kind = DIGESTS[matchingType];
  if (kind === undefined) return `matching type ${matchingType} is unknown`;
  if (association.length !== kind.octets) return `${association.length} octets where ${kind.octets} are due`;
  return digests.includes(kind.digest) ? '' : `${kind.digest} does not count here`;
}
