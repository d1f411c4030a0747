/**
 * Traces of the relay's own process: what happens to one message within a quarter of a second becomes one entry, and the
 * entries of that time one commit in the thread of the process's own shard.
 */
import type { TraceRecord, TraceStore } from '#queue/trace-store.ts';
import type { SqliteQueueStore } from './queue-store.ts';
import { SqliteTraceReader, type StoredRecord } from './trace-reader.ts';
import type { WireTraceEntry } from './wire.ts';

const GROUP_MS = 250;

/** Messages that wait for the next commit at most; a burst beyond is written earlier. */
const GROUP_LIMIT = 2048;

type Group = { readonly at: number; readonly records: StoredRecord[]; readonly subjects: Set<string> };

export class SqliteTraceStore extends SqliteTraceReader implements TraceStore {
  readonly #store: SqliteQueueStore;
  readonly #onFailure: (error: unknown) => void;
  #groups = new Map<string, Group>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `onFailure` is told when a group of records is lost. */
  constructor(dataDirectory: string, store: SqliteQueueStore, onFailure: (error: unknown) => void) {
    super(dataDirectory);
    this.#store = store;
    this.#onFailure = onFailure;
  }

  append({ messageId, at, event, fields, subjects }: TraceRecord): void {
    let group = this.#groups.get(messageId);
    if (group === undefined) {
      group = { at: at.getTime(), records: [], subjects: new Set() };
      this.#groups.set(messageId, group);
    }
    group.records.push([at.getTime(), event, fields]);
    for (const subject of subjects ?? []) if (subject !== '') group.subjects.add(subject);
    if (this.#groups.size >= GROUP_LIMIT) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), GROUP_MS);
  }

  override async find(subject: string, limit: number): Promise<readonly TraceRecord[]> {
    await this.#flushed();
    return super.find(subject, limit);
  }

  async prune(before: Date): Promise<number> {
    let removed = 0;
    for (let more = true; more;) {
      const step = await this.#store.pruneTrace(before);
      removed += step.removed;
      more = step.more;
    }
    return removed;
  }

  override async close(): Promise<void> {
    await this.#flushed();
  }

  async #flushed(): Promise<void> {
    this.#write();
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#groups.size === 0) return;
    const entries: WireTraceEntry[] = [];
    for (const [messageId, { at, records, subjects }] of this.#groups) {
      entries.push({ at, messageId, records: JSON.stringify(records), subjects: [...subjects] });
    }
    this.#groups = new Map();
    const written = this.#store.writeTrace(entries).catch(this.#onFailure);
    this.#writing = Promise.all([this.#writing, written]).then(() => undefined);
  }
}
