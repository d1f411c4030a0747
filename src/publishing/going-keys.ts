/**
 * Keys that were taken out of use, and whose TLSA records may still stand: what `postern certs rollover finish` waits for. Kept in
 * the record store from the switch until the records are gone.
 */
import type { RecordStore, StoredRecord } from '#records/store.ts';

export type GoingKey = {
  readonly certFile: string;
  /** `3 1 1 ab12...` */
  readonly record: string;
  /** `RSA 2048` */
  readonly kind: string;
  /** Where the record stood. */
  readonly names: readonly string[];
  readonly since: Date;
};

const COLLECTION = 'keys-going';
const KEPT_MS = 400 * 86_400_000;
const AT_MOST = 100;

export async function noteGoing(store: RecordStore, { certFile, record, kind, names, since }: GoingKey): Promise<void> {
  const value = JSON.stringify({ kind, names, since: since.toISOString() });
  const expiresAt = new Date(since.getTime() + KEPT_MS);
  await store.put(COLLECTION, { key: keyOf({ certFile, record }), value, expiresAt });
}

export async function readGoing(store: RecordStore, certFile: string): Promise<readonly GoingKey[]> {
  const stored = await store.list(COLLECTION, { prefix: `${certFile}\n`, limit: AT_MOST });
  return stored.flatMap((each) => goingOf(certFile, each) ?? []);
}

export async function forgetGoing(store: RecordStore, key: Pick<GoingKey, 'certFile' | 'record'>): Promise<void> {
  await store.remove(COLLECTION, [keyOf(key)]);
}

const keyOf = ({ certFile, record }: Pick<GoingKey, 'certFile' | 'record'>): string => `${certFile}\n${record}`;

/** `undefined` for what cannot be read: the records in DNS are still there to be seen. */
function goingOf(certFile: string, { key, value }: StoredRecord): GoingKey | undefined {
  try {
    const read: unknown = JSON.parse(value);
    const { kind, names, since }: { kind?: unknown; names?: unknown; since?: unknown } = Object(read);
    const date = new Date(String(since));
    if (typeof kind !== 'string' || !Array.isArray(names) || Number.isNaN(date.getTime())) return undefined;
    const record = key.slice(certFile.length + 1);
    return { certFile, record, kind, names: names.map(String), since: date };
  } catch {
    return undefined;
  }
}
