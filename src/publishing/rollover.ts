/**
 * When a key may take over from another whose TLSA record is in use (RFC 7671 §8.1, RFC 7671 §8.4). Pure: a sender that has
 * kept the old records must not meet the new key, so those with both must have been out for twice their TTL.
 */
import type { X509Certificate } from 'node:crypto';

import { isFor } from '#certificates/choice.ts';
import type { Milliseconds } from '#mail/units.ts';
import { recordText } from '#tls-policy/dane/records.ts';
import { policyHostOf } from './policy.ts';
import type { HostKey, WantedTlsa } from './records.ts';
import type { PublishedDomain } from './settings.ts';
import type { Sighting } from './sightings.ts';

export type Wait =
  /** Nobody can know the old records alone any more; or the key stands in no record at all. */
  | { readonly kind: 'over' }
  /** Not seen at these names, or no longer. */
  | { readonly kind: 'unseen'; readonly record: string; readonly names: readonly string[] }
  | { readonly kind: 'running'; readonly name: string; readonly until: Date; readonly left: Milliseconds };

/** A key of one certificate at all names where its record stands, or should. */
export type PublishedKey = { readonly key: HostKey; readonly names: readonly string[] };

/** The keys of a certificate, each with its names, over all domains of ours. */
export function publishedKeys(
  certFile: string,
  use: HostKey['use'],
  wanted: readonly WantedTlsa[],
): PublishedKey | undefined {
  const at = wanted.flatMap(({ name, keys }) =>
    keys.filter((key) => key.certFile === certFile && key.use === use).map((key) => ({ name, key })),
  );
  const [first] = at;
  return first === undefined ? undefined : { key: first.key, names: [...new Set(at.map(({ name }) => name))] };
}

/** `sightings`: of all names, from a look that was taken just now. */
export function waitFor({ key, names }: PublishedKey, sightings: readonly Sighting[], now: Date): Wait {
  const record = recordText(key.record);
  const seen = names.map((name) => sightings.find((one) => one.name === name && one.record === record));
  const unseen = names.filter((_, index) => seen[index] === undefined);
  if (unseen.length > 0) return { kind: 'unseen', record, names: unseen };
  const ends = seen.flatMap((one) => (one === undefined ? [] : [{ name: one.name, until: endOf(one) }]));
  const last = ends.toSorted((one, other) => other.until - one.until)[0];
  if (last === undefined || last.until <= now.getTime()) return { kind: 'over' };
  return { kind: 'running', name: last.name, until: new Date(last.until), left: last.until - now.getTime() };
}

const endOf = ({ since, ttl }: Sighting): number => since.getTime() + 2 * ttl;

export type SwitchQuestion = {
  readonly domains: readonly PublishedDomain[];
  /** Policies are served by this relay. */
  readonly servesPolicies: boolean;
  readonly old: X509Certificate;
  readonly fresh: X509Certificate;
  readonly now: Date;
};

/** Why a certificate may not take the place of another, besides the wait; empty when it may. One sentence each. */
export function objections({ domains, servesPolicies, old, fresh, now }: SwitchQuestion): readonly string[] {
  const hosts = [
    ...domains.flatMap(({ mx }) => mx),
    ...(servesPolicies ? domains.filter(({ mtaSts }) => mtaSts).map(({ domain }) => policyHostOf(domain)) : []),
  ];
  const lost = [...new Set(hosts)].filter((host) => isFor(old, host) && !isFor(fresh, host));
  const bound = domains
    .filter(({ mtaSts, mx }) => mtaSts !== undefined && mtaSts.mode !== 'none' && mx.some((host) => isFor(old, host)))
    .map(({ domain }) => domain);
  return [
    ...(fresh.validToDate <= now ? [`it ended on ${day(fresh.validToDate)}`] : []),
    ...(fresh.validFromDate > now ? [`it begins only on ${day(fresh.validFromDate)}`] : []),
    ...(lost.length > 0 ? [`it lacks names that the old one has: ${lost.join(', ')}`] : []),
    ...(bound.length > 0 && isSelfSigned(fresh)
      ? [`it is self-signed, and the MTA-STS policy of ${bound.join(', ')} asks for one of a public authority`]
      : []),
  ];
}

const day = (date: Date): string => date.toISOString().slice(0, 10);

/** By the signature alone: a certificate need not be allowed to sign others in order to have signed itself. */
const isSelfSigned = (certificate: X509Certificate): boolean => certificate.verify(certificate.publicKey);
