/**
 * Opens the file of records for one of the processes that share it. A damaged file must not stop mail, and holds nothing that
 * cannot be fetched or counted anew: it is moved aside for whoever wants to look at it, and an empty one takes its place.
 */
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { failureOf, unavailable } from './failure.ts';
import { refuseDamage } from './open.ts';
import { migrate, RECORD_SCHEMA } from './schema.ts';

/** How long one process waits while another writes: its commits are short. */
const BUSY_TIMEOUT_MS = 5_000;

/** Older ones are removed: a disk that damages every file must not be filled as well. */
const DAMAGED_KEPT = 2;

/** The write-ahead log and its index belong to the database; the log alone would be taken for that of the new one. */
const WITH_THE_DATABASE = ['-shm', '-wal', ''] as const;

export const recordFile = (dataDirectory: string): string => join(dataDirectory, 'records.db');

export type OpenRecordFile = {
  readonly database: DatabaseSync;
  /** Tells the file from another of the same name. */
  readonly identity: bigint | undefined;
  /** Where a damaged predecessor went. */
  readonly movedTo?: string;
};

/** Throws `StorageUnavailable`. */
export function openRecordFile(file: string): OpenRecordFile {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // One process opens at a time: none may find a file that another is about to move, or only a part of it moved.
    using lock = new DatabaseSync(`${file}-lock`, { timeout: BUSY_TIMEOUT_MS });
    lock.exec('BEGIN EXCLUSIVE');
    return openOrReplace(file);
  } catch (error) {
    throw unavailable(failureOf(error, file), error);
  }
}

/** `undefined` when there is no such file. */
export function identityOf(file: string): bigint | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}

function openOrReplace(file: string): OpenRecordFile {
  try {
    return { database: openSound(file), identity: identityOf(file) };
  } catch (error) {
    if (failureOf(error, file).code !== 'corrupt') throw error;
    const movedTo = moveAside(file);
    return { database: openSound(file), identity: identityOf(file), movedTo };
  }
}

function openSound(file: string): DatabaseSync {
  // SQLite gives its other files the rights of this one. They are the operator's business alone, whatever the umask is.
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216;
      PRAGMA cache_size = -4000`);
    refuseDamage(database, file);
    migrate(database, file, RECORD_SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function moveAside(file: string): string {
  const mark = `.damaged-${new Date().toISOString().replaceAll(/[-:.]/g, '')}`;
  for (const suffix of WITH_THE_DATABASE) {
    if (identityOf(`${file}${suffix}`) !== undefined) renameSync(`${file}${suffix}`, `${file}${mark}${suffix}`);
  }
  removeOldest(file);
  return `${file}${mark}`;
}

function removeOldest(file: string): void {
  const folder = dirname(file);
  const damaged = readdirSync(folder).filter((name) => name.startsWith(`${basename(file)}.damaged-`));
  const databases = damaged.filter((name) => !name.endsWith('-wal') && !name.endsWith('-shm')).toSorted();
  for (const database of databases.slice(0, -DAMAGED_KEPT)) {
    for (const suffix of WITH_THE_DATABASE) rmSync(join(folder, `${database}${suffix}`), { force: true });
  }
}
