/**
 * Finds traces over all shards of a data directory, from any process. Works in slices, so that a search in the relay's own
 * process does not stop its sessions.
 */
import { existsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { TraceReader, TraceRecord } from '#queue/trace-store.ts';
import { failureOf, unavailable } from './failure.ts';
import { BUSY_TIMEOUT_MS } from './open.ts';
import { numberOf, textOf, type Row } from './rows.ts';
import { listShards, shardFiles } from './shards.ts';
import { bucketOf, subjectHash } from './trace-shard.ts';

/** Buckets asked before other work gets its turn. */
const SLICE = 64;

/** A record as an entry's JSON holds it. */
export type StoredRecord = readonly [at: number, event: string, fields: TraceRecord['fields']];

export class SqliteTraceReader implements TraceReader {
  readonly #dataDirectory: string;

  constructor(dataDirectory: string) {
    this.#dataDirectory = dataDirectory;
  }

  async find(subject: string, limit: number): Promise<readonly TraceRecord[]> {
    const records: TraceRecord[] = [];
    for (const shard of listShards(this.#dataDirectory)) {
      const { trace } = shardFiles(this.#dataDirectory, shard);
      if (existsSync(trace)) records.push(...(await findIn(trace, subject, limit)));
    }
    // Where there are more than asked for, the newest are of interest.
    return records.toSorted((a, b) => a.at.getTime() - b.at.getTime()).slice(-limit);
  }

  /** Nothing is kept open between two searches. */
  async close(): Promise<void> {
    return Promise.resolve();
  }
}

async function findIn(file: string, subject: string, limit: number): Promise<readonly TraceRecord[]> {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, readOnly: true });
  try {
    const search = new EntrySearch(database);
    const messages = new Set((await search.entries(subject, limit)).map((row) => textOf(row, 'message')));
    const records: TraceRecord[] = [];
    for (const messageId of [...messages].slice(0, limit)) {
      // Those of others that only name it are told under their own names.
      const own = (await search.entries(messageId, limit)).filter((row) => textOf(row, 'message') === messageId);
      records.push(...own.flatMap((row) => recordsOf(row)));
    }
    return records;
  } catch (error) {
    throw unavailable(failureOf(error, file), error);
  } finally {
    database.close();
  }
}

class EntrySearch {
  readonly #bounds: StatementSync;
  readonly #inBucket: StatementSync;

  constructor(database: DatabaseSync) {
    this.#bounds = database.prepare('SELECT min(number) AS first, max(number) AS last FROM entry');
    this.#inBucket = database.prepare(
      `SELECT message, records, subjects FROM subject JOIN entry ON entry.number = subject.entry
       WHERE subject.bucket = ? AND subject.hash = ?`,
    );
  }

  /** Entries that name the subject, the newest buckets first. */
  async entries(subject: string, limit: number): Promise<readonly Row[]> {
    const bounds = this.#bounds.get();
    const found: Row[] = [];
    const oldest = bucketOf(numberOf(bounds, 'first'));
    const newest = bucketOf(numberOf(bounds, 'last'));
    for (let bucket = newest; bucket >= oldest && found.length < limit; bucket -= 1) {
      if ((newest - bucket) % SLICE === SLICE - 1) await nextTurn();
      const rows = this.#inBucket.all(bucket, subjectHash(subject));
      found.push(...rows.filter((row) => names(row, subject)));
    }
    return found;
  }
}

function names(row: Row, subject: string): boolean {
  const wanted = subject.toLowerCase();
  if (textOf(row, 'message').toLowerCase() === wanted) return true;
  return textOf(row, 'subjects').toLowerCase().split('\n').includes(wanted);
}

function recordsOf(row: Row): readonly TraceRecord[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own JSON
  const stored = JSON.parse(textOf(row, 'records')) as readonly StoredRecord[];
  const subjects = textOf(row, 'subjects');
  const messageId = textOf(row, 'message');
  return stored.map(([at, event, fields], index) => ({
    at: new Date(at),
    messageId,
    event,
    fields,
    subjects: index === 0 && subjects !== '' ? subjects.split('\n') : undefined,
  }));
}
