/** Writes the trace database of one shard: entries in groups, and their removal by age in small steps. */
import { crc32 } from 'node:zlib';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { numberOf } from './rows.ts';
import { inOneCommit } from './schema.ts';
import type { WireTraceEntry } from './wire.ts';

/** Entries in a bucket of subject hashes (`schema.ts`). */
export const BUCKET_ENTRIES = 4096;

const PRUNE_STEP = 500;

export const bucketOf = (entry: number): number => Math.floor(entry / BUCKET_ENTRIES);

/** Addresses and Message-IDs are found whatever their case. Entries that share a hash by chance are sorted out on reading. */
export const subjectHash = (subject: string): number => crc32(subject.toLowerCase());

export class TraceShard {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #insertSubject: StatementSync;
  readonly #newest: StatementSync;
  #last = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare(
      'INSERT INTO entry (number, at, message, records, subjects) VALUES (?, ?, ?, ?, ?)',
    );
    this.#insertSubject = database.prepare('INSERT OR IGNORE INTO subject (bucket, hash, entry) VALUES (?, ?, ?)');
    this.#newest = database.prepare('SELECT max(number) AS last FROM entry');
  }

  append(entries: readonly WireTraceEntry[]): void {
    const before = this.#last;
    const write = (): void => {
      // Another process may have written since: an operator's acts are told here too.
      this.#last = Math.max(this.#last, numberOf(this.#newest.get(), 'last'));
      for (const { at, messageId, records, subjects } of entries) {
        this.#last += 1;
        this.#insert.run(this.#last, at, messageId, records, subjects.join('\n'));
        for (const subject of [messageId, ...subjects]) {
          this.#insertSubject.run(bucketOf(this.#last), subjectHash(subject), this.#last);
        }
      }
    };
    try {
      inOneCommit(this.#database, write);
    } catch (error) {
      this.#last = before;
      throw error;
    }
  }

  /** Removes the oldest entries, not more than a step of them. */
  prune(before: number): { removed: number; more: boolean } {
    const rows = this.#database
      .prepare('SELECT number, message FROM entry WHERE number <= (SELECT min(number) + ? FROM entry) AND at < ?')
      .all(PRUNE_STEP, before);
    if (rows.length === 0) return { removed: 0, more: false };
    const oldestLeft = Math.max(...rows.map((row) => numberOf(row, 'number'))) + 1;
    inOneCommit(this.#database, () => {
      this.#database.prepare('DELETE FROM entry WHERE number < ?').run(oldestLeft);
      this.#database.prepare('DELETE FROM subject WHERE bucket < ?').run(bucketOf(oldestLeft));
    });
    return { removed: new Set(rows.map((row) => row['message'])).size, more: rows.length > PRUNE_STEP / 2 };
  }
}
