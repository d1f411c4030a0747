/**
 * The record store on SQLite: one file in the data directory, shared by every process of the relay and by the operator's
 * commands. This side checks what it is given and asks the thread; no request ever waits for the disk on the event loop.
 */
import { StorageUnavailable } from '#queue/store.ts';
import {
  RECORD_LIMITS,
  type Addition,
  type NewRecord,
  type RecordQuery,
  type RecordStore,
  type StoredRecord,
} from '#records/store.ts';
import { recordFile } from './record-file.ts';
import type { RecordAnswers, RecordRequest, WireRecord } from './record-wire.ts';
import { ThreadPort } from './thread-port.ts';

const THREAD = new URL('./record-thread.ts', import.meta.url);

export type SqliteRecordStoreOptions = {
  readonly dataDirectory: string;
  readonly now: () => Date;
  /** Told the new name of a file that was damaged and is replaced by an empty one. */
  readonly onDamage: (movedTo: string) => void;
};

export class SqliteRecordStore implements RecordStore {
  readonly #port: ThreadPort<RecordRequest, RecordAnswers>;
  readonly #now: () => Date;

  private constructor(port: ThreadPort<RecordRequest, RecordAnswers>, now: () => Date) {
    this.#port = port;
    this.#now = now;
  }

  /** Rejects with `StorageUnavailable` for a file of a newer program; what else is wrong with it, each request tells. */
  static async open({ dataDirectory, now, onDamage }: SqliteRecordStoreOptions): Promise<SqliteRecordStore> {
    const file = recordFile(dataDirectory);
    const thread = { script: THREAD, workerData: file, name: file, onNotice: onDamage };
    return new SqliteRecordStore(await ThreadPort.open<RecordRequest, RecordAnswers>(thread), now);
  }

  async get(collection: string, key: string): Promise<StoredRecord | undefined> {
    demandKeys(collection, [key]);
    const found = await this.#port.ask({ kind: 'get', now: this.#time(), collection, key });
    return found === null ? undefined : recordOf(found);
  }

  async put(collection: string, record: NewRecord): Promise<void> {
    const wire = wireOf(collection, { ...record, count: 0 });
    await this.#port.ask({ kind: 'put', now: this.#time(), collection, record: wire });
  }

  async add(collection: string, additions: readonly Addition[]): Promise<void> {
    const wire = additions.map((addition) => wireOf(collection, addition));
    await this.#port.ask({ kind: 'add', now: this.#time(), collection, additions: wire });
  }

  async remove(collection: string, keys: readonly string[]): Promise<void> {
    demandKeys(collection, keys);
    await this.#port.ask({ kind: 'remove', now: this.#time(), collection, keys });
  }

  async list(collection: string, { prefix = '', after, limit }: RecordQuery): Promise<readonly StoredRecord[]> {
    // No key lies between another and the same with a NUL behind it.
    const from = after === undefined ? '' : `${after}\0`;
    const found = await this.#port.ask({ kind: 'list', now: this.#time(), collection, prefix, from, limit });
    return found.map((record) => recordOf(record));
  }

  /** In steps, between which others get their turn. */
  async prune(): Promise<number> {
    let removed = 0;
    for (let more = true; more;) {
      const step = await this.#port.ask({ kind: 'prune', now: this.#time() });
      removed += step.removed;
      more = step.more;
    }
    return removed;
  }

  async close(): Promise<void> {
    await this.#port.close();
  }

  #time(): number {
    return this.#now().getTime();
  }
}

const recordOf = ({ expires, ...record }: WireRecord): StoredRecord => ({ ...record, expiresAt: new Date(expires) });

function wireOf(collection: string, { key, value, count, expiresAt }: StoredRecord): WireRecord {
  demandKeys(collection, [key]);
  demand('the value of a record', value, RECORD_LIMITS.valueBytes);
  return { key, value, count, expires: expiresAt.getTime() };
}

function demandKeys(collection: string, keys: readonly string[]): void {
  demand('the name of a collection', collection, RECORD_LIMITS.collectionBytes);
  for (const key of keys) demand('the key of a record', key, RECORD_LIMITS.keyBytes);
}

function demand(what: string, text: string, limitBytes: number): void {
  const octets = Buffer.byteLength(text);
  if (octets <= limitBytes) return;
  throw new StorageUnavailable('too-large', `${what} has ${octets} octets, ${limitBytes} are allowed`);
}
