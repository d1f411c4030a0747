/**
 * Paths from a host's certificate to a trust anchor that its TLSA records name (RFC 7671 §5.2), built from what the host has
 * sent, in whatever order, and from what stands in DNS itself. A path here is one of signatures that hold; whether its
 * certificates may sign, and for whom, is judged in `path-rules.ts`.
 *
 * Node's list of a peer's certificates proves nothing by its order, and the local store has no part in this.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';

import type { TlsaRecord } from '#dns/answer.ts';
import { matchingRecord } from './association.ts';
import { readCertificate, readPublicKey, type Certificate } from './certificate.ts';
import { certificateIn, FULL, publicKeyIn, SELECTOR, USAGE } from './records.ts';
import { publicKeyOf } from './strength.ts';

export type PathCertificate = {
  readonly x509: X509Certificate;
  /** `undefined` when it is malformed: then it is on no path that counts. */
  readonly says: Certificate | undefined;
};

export type Path = {
  /** The host's own first. The last one is the trust anchor, unless that is a key alone. */
  readonly certificates: readonly PathCertificate[];
  readonly record: TlsaRecord;
  /** How many certificates stand below the anchor: at least one. */
  readonly depth: number;
};

/** What a peer may make us do: certificates looked at, their number on a path, signatures verified, steps in all. */
const MAX_CERTIFICATES = 64;
const MAX_DEPTH = 16;
const MAX_SIGNATURES = 256;
const MAX_STEPS = 256;

type Issuer = PathCertificate & { readonly record: TlsaRecord | undefined };
type BareKey = {
  readonly key: KeyObject;
  readonly record: TlsaRecord;
  /** Those that were sent and have this key. */
  readonly holders: readonly X509Certificate[];
};

type Search = {
  readonly issuers: readonly Issuer[];
  readonly bareKeys: readonly BareKey[];
  /** Whether the key of one has signed the other; counts what it does. */
  readonly hasSigned: (key: KeyObject | undefined, x509: X509Certificate) => boolean;
  readonly mayGoOn: () => boolean;
};

/** One after the other, as far as they are asked for. */
export function* findPaths(chain: readonly X509Certificate[], records: readonly TlsaRecord[]): Generator<Path> {
  const anchors = records.filter(({ usage }) => usage === USAGE.trustAnchor);
  const sent = chain.slice(0, MAX_CERTIFICATES);
  const [leaf, ...issuers] = distinct([...sent, ...certificatesOf(anchors)]).map(pathCertificate);
  // RFC 7671 §5.2 sees an anchor above the host's own certificate; above one that has signed itself there is nothing.
  if (leaf === undefined || anchors.length === 0 || isSelfSigned(leaf)) return;
  yield* extend([leaf], searchIn(issuers, anchors));
}

function isSelfSigned({ x509, says }: PathCertificate): boolean {
  const key = publicKeyOf(x509);
  return says?.isSelfIssued === true && key !== undefined && x509.verify(key);
}

function* extend(certificates: readonly PathCertificate[], search: Search): Generator<Path> {
  const top = certificates.at(-1);
  if (top === undefined || !search.mayGoOn()) return;
  const depth = certificates.length;
  for (const issuer of search.issuers) {
    // Who has issued is seen from names and key identifiers, and anybody can write those: the signature has to hold too.
    if (depth > MAX_DEPTH || certificates.includes(issuer) || !top.x509.checkIssued(issuer.x509)) continue;
    if (!search.hasSigned(publicKeyOf(issuer.x509), top.x509)) continue;
    const longer = [...certificates, issuer];
    if (issuer.record === undefined) yield* extend(longer, search);
    else yield { certificates: longer, record: issuer.record, depth };
  }
  // Last, since there may be many, and what was sent usually leads up to the one that counts.
  for (const { key, record, holders } of search.bareKeys) {
    // A key alone has nothing to say about itself, but where the issuer's certificate was sent, that certificate counts.
    if (holders.some(({ subject }) => subject === top.x509.issuer)) continue;
    if (search.hasSigned(key, top.x509)) yield { certificates, record, depth };
  }
}

function searchIn(certificates: readonly PathCertificate[], anchors: readonly TlsaRecord[]): Search {
  const issuers = certificates.map((issuer) => ({ ...issuer, record: matchingRecord(issuer.x509, anchors) }));
  const seen = new Map<KeyObject, Map<X509Certificate, boolean>>();
  let signatures = 0;
  let steps = 0;
  const hasSigned = (key: KeyObject | undefined, x509: X509Certificate): boolean => {
    if (key === undefined) return false;
    const known = seen.get(key) ?? new Map<X509Certificate, boolean>();
    seen.set(key, known);
    const verified = known.get(x509) ?? ((signatures += 1) <= MAX_SIGNATURES && x509.verify(key));
    known.set(x509, verified);
    return verified;
  };
  return { issuers, bareKeys: bareKeysOf(anchors, certificates), hasSigned, mayGoOn: () => (steps += 1) <= MAX_STEPS };
}

/** `2 1 0` names a key in full, so its certificate need not be sent. */
function bareKeysOf(anchors: readonly TlsaRecord[], sent: readonly PathCertificate[]): readonly BareKey[] {
  const keys = sent.map(({ x509 }) => ({ x509, key: readPublicKey(x509.raw) }));
  return anchors
    .filter(({ selector, matchingType }) => selector === SELECTOR.publicKey && matchingType === FULL)
    .flatMap((record) => {
      const key = publicKeyIn(record.association);
      const holders = keys.filter((holder) => holder.key?.equals(record.association)).map(({ x509 }) => x509);
      return key === undefined ? [] : [{ key, record, holders }];
    });
}

/** `2 0 0` holds a certificate in full, so that the host need not send it. */
function certificatesOf(anchors: readonly TlsaRecord[]): readonly X509Certificate[] {
  return anchors
    .filter(({ selector, matchingType }) => selector === SELECTOR.certificate && matchingType === FULL)
    .map(({ association }) => certificateIn(association))
    .filter((x509) => x509 !== undefined);
}

function distinct(certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  const kept = new Map<string, X509Certificate>();
  for (const x509 of certificates) if (!kept.has(x509.fingerprint256)) kept.set(x509.fingerprint256, x509);
  return [...kept.values()];
}

const pathCertificate = (x509: X509Certificate): PathCertificate => ({ x509, says: readCertificate(x509.raw) });
