/** Whether a TLSA record fits a certificate: its association data and nothing else (RFC 6698 §2.1). */
import { createHash, timingSafeEqual, type X509Certificate } from 'node:crypto';

import type { TlsaRecord } from '#dns/answer.ts';
import { readPublicKey } from './certificate.ts';
import { FULL, SELECTOR } from './records.ts';

/** The first of the records that fits. */
export function matchingRecord(x509: X509Certificate, records: readonly TlsaRecord[]): TlsaRecord | undefined {
  // Of many records few differ in what they are taken of, and a digest costs more than a comparison.
  const taken = new Map<string, Buffer | undefined>();
  return records.find(({ selector, matchingType, association }) => {
    const parameters = `${selector} ${matchingType}`;
    if (!taken.has(parameters)) taken.set(parameters, associationOf(x509, selector, matchingType));
    const due = taken.get(parameters);
    return due !== undefined && isEqual(due, association);
  });
}

/** `undefined` for a selector or matching type that is unknown, and where the certificate shows no key. */
export function associationOf(x509: X509Certificate, selector: number, matchingType: number): Buffer | undefined {
  const selected = selectedOf(x509, selector);
  if (selected === undefined || matchingType === FULL) return selected;
  const digest = DIGEST_NAMES[matchingType];
  return digest === undefined ? undefined : createHash(digest).update(selected).digest();
}

function selectedOf(x509: X509Certificate, selector: number): Buffer | undefined {
  if (selector === SELECTOR.certificate) return x509.raw;
  return selector === SELECTOR.publicKey ? readPublicKey(x509.raw) : undefined;
}

const DIGEST_NAMES: { readonly [matchingType in number]?: string } = { 1: 'sha256', 2: 'sha512' };

/** `timingSafeEqual` throws for unequal lengths. */
const isEqual = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
