/**
 * The audit record on SQLite: `audit.db` in the data directory, opened anew for each request, since operators act seldom. Unlike the
 * file of records it is never replaced: one that is damaged is left as it is, and acts that would have to be noted there fail.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AUDIT_LIMITS, type AuditEntry, type AuditQuery, type AuditRecord, type AuditStore } from '#audit/store.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { failureOf, unavailable } from './failure.ts';
import { numberOf, textOf, type Row } from './rows.ts';
import { AUDIT_SCHEMA, migrate } from './schema.ts';

/** How long one process waits while another writes. */
const BUSY_TIMEOUT_MS = 5_000;

const APPEND = 'INSERT INTO entry (at, who, act, subject, before, after) VALUES (?, ?, ?, ?, ?, ?)';

export const auditFile = (dataDirectory: string): string => join(dataDirectory, 'audit.db');

export class SqliteAuditStore implements AuditStore {
  readonly #file: string;

  constructor(dataDirectory: string) {
    this.#file = auditFile(dataDirectory);
  }

  async append({ at, who, act, subject, before, after }: AuditEntry): Promise<void> {
    for (const name of [who, act, subject]) demand(name, AUDIT_LIMITS.nameBytes);
    for (const text of [before, after]) demand(text, AUDIT_LIMITS.textBytes);
    this.#with((database) => database.prepare(APPEND).run(at.getTime(), who, act, subject, before, after));
  }

  async list({ who, act, subject, below, limit }: AuditQuery): Promise<readonly AuditRecord[]> {
    const conditions = [
      ...(who === undefined ? [] : [['who = ?', who] as const]),
      ...(act === undefined ? [] : [["(act || '.') LIKE ? ESCAPE '\\'", `${likeText(act)}.%`] as const]),
      ...(subject === undefined ? [] : [['subject = ? COLLATE NOCASE', subject] as const]),
      ...(below === undefined ? [] : [['number < ?', below] as const]),
    ];
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
    const values = conditions.map(([, value]) => value);
    const sql = `SELECT number, at, who, act, subject, before, after FROM entry ${where} ORDER BY number DESC LIMIT ?`;
    return this.#with((database) => database.prepare(sql).all(...values, Math.min(limit, AUDIT_LIMITS.rows))).map(
      recordOf,
    );
  }

  async close(): Promise<void> {
    await Promise.resolve(); // nothing stays open in between
  }

  #with<Result>(use: (database: DatabaseSync) => Result): Result {
    try {
      using database = openAuditFile(this.#file);
      return use(database);
    } catch (error) {
      throw unavailable(failureOf(error, this.#file), error);
    }
  }
}

function openAuditFile(file: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // SQLite gives its other files the rights of this one.
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 1048576');
    migrate(database, file, AUDIT_SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const recordOf = (row: Row): AuditRecord => ({
  number: numberOf(row, 'number'),
  at: new Date(numberOf(row, 'at')),
  who: textOf(row, 'who'),
  act: textOf(row, 'act'),
  subject: textOf(row, 'subject'),
  before: textOf(row, 'before'),
  after: textOf(row, 'after'),
});

const likeText = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

function demand(text: string, limitBytes: number): void {
  const octets = Buffer.byteLength(text);
  if (octets <= limitBytes) return;
  throw new StorageUnavailable('too-large', `an audit entry has a text of ${octets} octets, ${limitBytes} are allowed`);
}
