/**
 * Small values that outlive the process and end by themselves: MTA-STS policies, counters of TLS reports, what was seen when.
 * The port; `storage/sqlite/` fulfils it, `test/records/store.contract.ts` says what it promises.
 *
 * All processes of a relay and the operator's commands share one store. Not for mail, nor for anything whose loss in a power
 * cut would matter: a change is safe from a crash of the process, and the last moments before a power cut may be lost.
 */
export type StoredRecord = {
  readonly key: string;
  /** Text as it was put; its reader checks what it holds, since a record may come from an older program or a damaged file. */
  readonly value: string;
  /** What `add` has summed up; 0 for a record that was only put. */
  readonly count: number;
  readonly expiresAt: Date;
};

export type NewRecord = Pick<StoredRecord, 'key' | 'value' | 'expiresAt'>;
/** `count` is added to what the record has; `value` counts only where there is no record yet. */
export type Addition = StoredRecord;

export type RecordQuery = {
  /** Keys that begin so; all when left out. */
  readonly prefix?: string;
  /** Keys behind this one. */
  readonly after?: string;
  readonly limit: number;
};

/** Octets of UTF-8. Larger ones are refused with `too-large`, and nothing of that call is stored. */
export const RECORD_LIMITS = { collectionBytes: 64, keyBytes: 1024, valueBytes: 1024 * 1024 } as const;

/** Collections are named by their users, such as `mta-sts-policy`. Every call rejects with `StorageUnavailable` only. */
export interface RecordStore {
  /** `undefined` when there is none, or it has expired. */
  get(collection: string, key: string): Promise<StoredRecord | undefined>;
  /** Makes or replaces the record; its count begins at 0. */
  put(collection: string, record: NewRecord): Promise<void>;
  /** Sums up counters in one commit: processes may add to the same record at the same time. The later expiry stays. */
  add(collection: string, additions: readonly Addition[]): Promise<void>;
  remove(collection: string, keys: readonly string[]): Promise<void>;
  /** Records that have not expired, in the order of their keys (by code point). */
  list(collection: string, query: RecordQuery): Promise<readonly StoredRecord[]>;
  /** Removes what has expired; returns how many there were. */
  prune(): Promise<number>;
  close(): Promise<void>;
}
