/**
 * Schema versions: a list of forward steps, of which `PRAGMA user_version` says how many a database has seen. A step that
 * was released is never changed. A database from a newer program is refused, never guessed at.
 */
import type { DatabaseSync } from 'node:sqlite';
import { StorageUnavailable } from '#queue/store.ts';

/**
 * Rows are appended in the order of `number`. A delivery's primary key keeps those of one message and destination
 * together, which is what a lease holds. The indexes are partial, so that mail which is lent when it is added and
 * settled at its first attempt never enters one.
 *
 * `phase`: 0 no delay notice yet, 1 notice sent, 2 the operator wants it returned. Times are milliseconds since 1970.
 */
export const QUEUE_SCHEMA: readonly string[] = [
  `CREATE TABLE message (
     number INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     received INTEGER NOT NULL,
     about TEXT NOT NULL,
     content BLOB
   ) STRICT;
   CREATE TABLE delivery (
     message INTEGER NOT NULL,
     destination TEXT NOT NULL,
     position INTEGER NOT NULL,
     leased INTEGER NOT NULL,
     held INTEGER NOT NULL DEFAULT 0,
     due INTEGER NOT NULL,
     received INTEGER NOT NULL,
     phase INTEGER NOT NULL DEFAULT 0,
     attempts INTEGER NOT NULL DEFAULT 0,
     recipient TEXT NOT NULL,
     parameters TEXT,
     last TEXT,
     PRIMARY KEY (message, destination, position)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX delivery_due ON delivery (destination, due, attempts) WHERE leased = 0 AND held = 0;
   CREATE INDEX delivery_overdue ON delivery (phase, received) WHERE leased = 0 AND held = 0;
   CREATE INDEX delivery_held ON delivery (destination) WHERE leased = 0 AND held = 1;
   CREATE TABLE pause (
     destination TEXT PRIMARY KEY,
     until INTEGER NOT NULL,
     failures INTEGER NOT NULL,
     diagnosis TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;`,
];

/**
 * An entry holds what happened to one message within a short while. It is found by the hashes of its subjects, which are
 * kept in buckets of consecutive entries: so inserts touch a few pages at the end, not pages all over a large index, and a
 * search asks each bucket once.
 */
export const TRACE_SCHEMA: readonly string[] = [
  `CREATE TABLE entry (
     number INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     message TEXT NOT NULL,
     records TEXT NOT NULL,
     subjects TEXT NOT NULL
   ) STRICT;
   CREATE TABLE subject (
     bucket INTEGER NOT NULL,
     hash INTEGER NOT NULL,
     entry INTEGER NOT NULL,
     PRIMARY KEY (bucket, hash, entry)
   ) STRICT, WITHOUT ROWID;`,
];

/** Numbered, since a value may be larger than what a table without row numbers is good at. */
export const RECORD_SCHEMA: readonly string[] = [
  `CREATE TABLE record (
     number INTEGER PRIMARY KEY,
     collection TEXT NOT NULL,
     key TEXT NOT NULL,
     value TEXT NOT NULL,
     count INTEGER NOT NULL,
     expires INTEGER NOT NULL,
     UNIQUE (collection, key)
   ) STRICT;
   CREATE INDEX record_expires ON record (expires);`,
];

/**
 * Mail that is kept back; its content lies in files. `about` is JSON that only the program reads: envelope, recipients, facts,
 * moderators. `secret` has one row.
 */
export const HELD_SCHEMA: readonly string[] = [
  `CREATE TABLE held (
     number INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     kind TEXT NOT NULL,
     state TEXT NOT NULL,
     unfinished INTEGER NOT NULL,
     rule TEXT NOT NULL,
     sender TEXT NOT NULL,
     subject TEXT NOT NULL,
     size INTEGER NOT NULL,
     received INTEGER NOT NULL,
     expires INTEGER NOT NULL,
     ended INTEGER,
     decider TEXT NOT NULL DEFAULT '',
     comment TEXT NOT NULL DEFAULT '',
     part_of TEXT,
     about TEXT NOT NULL
   ) STRICT;
   CREATE INDEX held_kind ON held (kind, state, id);
   CREATE INDEX held_rule ON held (rule, id);
   CREATE INDEX held_unfinished ON held (id) WHERE unfinished = 1;
   CREATE INDEX held_expires ON held (expires) WHERE state = 'held';
   CREATE INDEX held_ended ON held (ended) WHERE ended IS NOT NULL;
   CREATE TABLE party (
     held INTEGER NOT NULL REFERENCES held (number) ON DELETE CASCADE,
     address TEXT NOT NULL,
     domain TEXT NOT NULL,
     PRIMARY KEY (held, address)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX party_address ON party (address);
   CREATE INDEX party_domain ON party (domain);
   CREATE TABLE secret (link_key BLOB NOT NULL) STRICT;`,
];

/** Who can write to the file can drop the triggers; they hold the program itself to its promise. */
export const AUDIT_SCHEMA: readonly string[] = [
  `CREATE TABLE entry (
     number INTEGER PRIMARY KEY AUTOINCREMENT,
     at INTEGER NOT NULL,
     who TEXT NOT NULL,
     act TEXT NOT NULL,
     subject TEXT NOT NULL,
     before TEXT NOT NULL,
     after TEXT NOT NULL
   ) STRICT;
   CREATE TRIGGER entry_is_not_changed BEFORE UPDATE ON entry
     BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END;
   CREATE TRIGGER entry_is_not_removed BEFORE DELETE ON entry
     BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END;
   CREATE TRIGGER entry_is_not_replaced BEFORE INSERT ON entry
     WHEN EXISTS (SELECT 1 FROM entry WHERE number = NEW.number)
     BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END;`,
];

/** Brings the database to the newest version; each step with its number in one commit. */
export function migrate(database: DatabaseSync, file: string, steps: readonly string[]): void {
  const version = refuseNewer(database, file, steps);
  for (const [index, step] of steps.entries()) {
    if (index < version) continue;
    inOneCommit(database, () => database.exec(`${step}; PRAGMA user_version = ${index + 1}`));
  }
}

export function inOneCommit(database: DatabaseSync, change: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    change();
    database.exec('COMMIT');
  } catch (error) {
    // SQLite itself rolls back after some failures.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Returns the database's version. */
export function refuseNewer(database: DatabaseSync, file: string, steps: readonly string[]): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version <= steps.length) return version;
  throw new StorageUnavailable(
    'newer-schema',
    `${file} has schema version ${version}, this program knows ${steps.length}: ` +
      'it was written by a newer version of the program; start that version, or restore the backup made before it',
  );
}
