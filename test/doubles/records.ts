/** The record store in memory, for tests of those who keep something there. It passes the contract of the real one. */
import { StorageUnavailable } from '#queue/store.ts';
import { RECORD_LIMITS, type Addition, type NewRecord, type RecordQuery } from '#records/store.ts';
import type { RecordStore, StoredRecord } from '#records/store.ts';

/** What several processes share. */
export type SharedRecords = Map<string, Map<string, StoredRecord>>;

export class MemoryRecordStore implements RecordStore {
  readonly #now: () => Date;
  readonly #shared: SharedRecords;
  #isClosed = false;
  /** While set, every request is refused with it, as on a full disk. */
  failure: StorageUnavailable | undefined;

  constructor(now: () => Date, shared: SharedRecords = new Map()) {
    this.#now = now;
    this.#shared = shared;
  }

  async get(collection: string, key: string): Promise<StoredRecord | undefined> {
    this.#demand(collection, [key]);
    return Promise.resolve(this.#live(collection, key));
  }

  async put(collection: string, record: NewRecord): Promise<void> {
    const { key, value, expiresAt } = record;
    this.#demand(collection, [key], [{ value, count: 0, expiresAt }]);
    this.#keysOf(collection).set(key, { key, value, count: 0, expiresAt });
    return Promise.resolve();
  }

  async add(collection: string, additions: readonly Addition[]): Promise<void> {
    this.#demand(
      collection,
      additions.map(({ key }) => key),
      additions,
    );
    for (const { key, value, count, expiresAt } of additions) {
      const kept = this.#live(collection, key) ?? { key, value, count: 0, expiresAt };
      const sum = Math.min(kept.count + count, Number.MAX_SAFE_INTEGER);
      const later = kept.expiresAt > expiresAt ? kept.expiresAt : expiresAt;
      this.#keysOf(collection).set(key, { ...kept, count: sum, expiresAt: later });
    }
    return Promise.resolve();
  }

  async remove(collection: string, keys: readonly string[]): Promise<void> {
    this.#demand(collection, keys);
    for (const key of keys) this.#keysOf(collection).delete(key);
    return Promise.resolve();
  }

  async list(collection: string, { prefix = '', after, limit }: RecordQuery): Promise<readonly StoredRecord[]> {
    this.#demand(collection, []);
    const found = [...this.#keysOf(collection).keys()]
      .filter((key) => key.startsWith(prefix) && (after === undefined || byCodePoint(key, after) > 0))
      .toSorted(byCodePoint)
      .map((key) => this.#live(collection, key))
      .filter((record) => record !== undefined);
    return Promise.resolve(found.slice(0, limit));
  }

  async prune(): Promise<number> {
    this.#demand('', []);
    let removed = 0;
    for (const [collection, records] of this.#shared) {
      for (const key of records.keys()) {
        if (this.#live(collection, key) !== undefined) continue;
        records.delete(key);
        removed += 1;
      }
    }
    return Promise.resolve(removed);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }

  #keysOf(collection: string): Map<string, StoredRecord> {
    const records = this.#shared.get(collection) ?? new Map<string, StoredRecord>();
    this.#shared.set(collection, records);
    return records;
  }

  #live(collection: string, key: string): StoredRecord | undefined {
    const record = this.#keysOf(collection).get(key);
    return record !== undefined && record.expiresAt > this.#now() ? record : undefined;
  }

  #demand(
    collection: string,
    keys: readonly string[],
    values: readonly Pick<StoredRecord, 'value' | 'count' | 'expiresAt'>[] = [],
  ): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.#isClosed) throw new StorageUnavailable('io', 'the records are closed');
    const isTooLarge =
      Buffer.byteLength(collection) > RECORD_LIMITS.collectionBytes ||
      keys.some((key) => Buffer.byteLength(key) > RECORD_LIMITS.keyBytes) ||
      values.some(({ value }) => Buffer.byteLength(value) > RECORD_LIMITS.valueBytes);
    if (isTooLarge) throw new StorageUnavailable('too-large', 'a record is larger than the store takes');
    const isOdd = values.some(({ count, expiresAt }) => !Number.isInteger(count) || Number.isNaN(expiresAt.getTime()));
    if (isOdd) throw new StorageUnavailable('io', 'a record has no number where one belongs');
  }
}

const byCodePoint = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
