/**
 * Since when each of our keys has been seen in DNS, and with which TTL: what a roll-over waits by. Kept in the record store, by
 * whoever looks: `postern dns`, `postern certs rollover`, the daily look. Loss of it makes a roll-over wait longer, never less.
 */
import type { Answer, Found, TlsaRecord } from '#dns/answer.ts';
import type { Milliseconds } from '#mail/units.ts';
import type { NewRecord, RecordStore, StoredRecord } from '#records/store.ts';
import { recordText } from '#tls-policy/dane/records.ts';
import type { WantedTlsa } from './records.ts';

export type Sighting = {
  /** `_25._tcp.mx.own.test` */
  readonly name: string;
  /** `3 1 1 ab12...` */
  readonly record: string;
  /** It has been there at every look since. */
  readonly since: Date;
  readonly seenAt: Date;
  /** The longest that a cache may keep what stands, or stood shortly before, at the name. */
  readonly ttl: Milliseconds;
};

const COLLECTION = 'tlsa-seen';
const KEPT_MS: Milliseconds = 400 * 86_400_000;
/** Keys of one name: those of today, the next ones, and some that are going. */
const RECORDS_AT_MOST = 100;

/** Takes down what is there now. An answer that is none, changes nothing; an unsigned one is worth nothing to senders. */
export async function noteSightings(
  store: RecordStore,
  wanted: readonly WantedTlsa[],
  answers: ReadonlyMap<string, Answer<TlsaRecord>>,
  now: Date,
): Promise<void> {
  for (const { name, keys } of wanted) {
    const answer = answers.get(name);
    if (answer === undefined || answer.kind === 'failed' || answer.kind === 'bogus') continue;
    // oxlint-disable-next-line no-await-in-loop -- a few names, and the store takes them in one commit anyway
    const known = await readSightings(store, name);
    const there = answer.kind === 'found' && answer.secure ? answer : undefined;
    const texts = new Set(there?.records.map(recordText));
    const ours = new Set(keys.map(({ record }) => recordText(record)));
    const seen = [...texts].filter((text) => ours.has(text) || known.some(({ record }) => record === text));
    const gone = known.filter(({ record }) => !texts.has(record)).map((sighting) => keyOf(sighting));
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (gone.length > 0) await store.remove(COLLECTION, gone);
    for (const record of seen) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (there !== undefined) await store.put(COLLECTION, storedOf(renewed({ name, record }, there, known, now), now));
    }
  }
}

export async function readSightings(store: RecordStore, name: string): Promise<readonly Sighting[]> {
  const stored = await store.list(COLLECTION, { prefix: `${name} `, limit: RECORDS_AT_MOST });
  return stored.flatMap((each) => sightingOf(each) ?? []);
}

type Identity = Pick<Sighting, 'name' | 'record'>;

function renewed(identity: Identity, answer: Found<TlsaRecord>, known: readonly Sighting[], now: Date): Sighting {
  const before = known.find(({ record }) => record === identity.record);
  const ttl = answer.originalTtlMs ?? answer.ttlMs;
  if (before !== undefined) return { ...before, seenAt: now, ttl: Math.max(before.ttl, ttl) };
  // Caches may hold the set without this record for as long as the TTL was that it had then.
  const lingering = known
    .filter((other) => other.seenAt.getTime() + other.ttl > now.getTime())
    .map((other) => other.ttl);
  return { ...identity, since: now, seenAt: now, ttl: Math.max(ttl, ...lingering) };
}

const keyOf = ({ name, record }: Identity): string => `${name} ${record}`;

function storedOf({ since, seenAt, ttl, ...identity }: Sighting, now: Date): NewRecord {
  const value = JSON.stringify({ since: since.toISOString(), seenAt: seenAt.toISOString(), ttl });
  return { key: keyOf(identity), value, expiresAt: new Date(now.getTime() + KEPT_MS) };
}

/** `undefined` for a record that cannot be read: it is as good as none. */
function sightingOf({ key, value }: StoredRecord): Sighting | undefined {
  const at = key.indexOf(' ');
  const [name, record] = [key.slice(0, at), key.slice(at + 1)];
  const { since, seenAt, ttl } = membersOf(value);
  const [first, last] = [new Date(String(since)), new Date(String(seenAt))];
  if (Number.isNaN(first.getTime()) || Number.isNaN(last.getTime()) || typeof ttl !== 'number') return undefined;
  return { name, record, since: first, seenAt: last, ttl };
}

type Members = { readonly since?: unknown; readonly seenAt?: unknown; readonly ttl?: unknown };

function membersOf(text: string): Members {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {}; // as for other members than these
  }
}
