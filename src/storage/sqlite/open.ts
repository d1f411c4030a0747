/**
 * Opens the databases of a shard for its owner, or refuses in words that say what to do: another owner, damage, a newer
 * schema. What a previous owner left (leases, files without a row) is cleared away here.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StorageUnavailable } from '#queue/store.ts';
import { failureOf, unavailable } from './failure.ts';
import { migrate, QUEUE_SCHEMA, TRACE_SCHEMA } from './schema.ts';
import type { ShardFiles } from './shards.ts';

/** How long the owner waits while an operator's tool writes, and the tool while the owner does. */
export const BUSY_TIMEOUT_MS = 10_000;

/** After an unclean end a database up to this size is checked whole; a larger one would keep mail waiting. */
export const CHECK_LIMIT_BYTES = 256 * 1024 * 1024;

export type OpenShard = {
  readonly files: ShardFiles;
  readonly queue: DatabaseSync;
  readonly trace: DatabaseSync;
  readonly lock: DatabaseSync;
};

export function openShard(files: ShardFiles): OpenShard {
  const opened: DatabaseSync[] = [];
  const open = (file: string, prepare: (database: DatabaseSync) => void): DatabaseSync => {
    try {
      const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
      opened.push(database);
      prepare(database);
      return database;
    } catch (error) {
      throw unavailable(failureOf(error, file), error);
    }
  };
  try {
    makeFolders(files);
    const lock = open(files.lock, (database) => takeLock(database, files));
    const queue = open(files.queue, (database) => prepareQueue(database, files));
    const trace = open(files.trace, (database) => prepareTrace(database, files));
    return { files, queue, trace, lock };
  } catch (error) {
    for (const database of opened) database.close();
    throw error;
  }
}

export function closeShard({ queue, trace, lock }: OpenShard): void {
  queue.close();
  trace.close();
  lock.close();
}

function makeFolders({ directory, spool }: ShardFiles): void {
  try {
    mkdirSync(spool, { recursive: true, mode: 0o700 });
    // The folders' names must outlast a power cut as well.
    for (const folder of [directory, dirname(directory)]) syncFolder(folder);
  } catch (error) {
    throw unavailable(failureOf(error, directory), error);
  }
}

export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A lock of SQLite's on an empty database: the kernel takes it back when the process dies, however it dies. */
function takeLock(database: DatabaseSync, { directory }: ShardFiles): void {
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    if (failureOf(error, directory).code !== 'locked') throw error;
    throw new StorageUnavailable('locked', `${directory} belongs to a running relay: stop it first`, error);
  }
}

function prepareQueue(database: DatabaseSync, files: ShardFiles): void {
  const isUnclean = existsSync(`${files.queue}-wal`);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY`);
  migrate(database, files.queue, QUEUE_SCHEMA);
  if (isUnclean && statSync(files.queue).size <= CHECK_LIMIT_BYTES) refuseDamage(database, files.queue);
  database.exec('UPDATE delivery SET leased = 0 WHERE leased = 1');
  removeOrphans(database, files.spool);
}

export function refuseDamage(database: DatabaseSync, file: string): void {
  const found = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (found === 'ok') return;
  throw unavailable(failureOf({ errcode: 11, message: String(found) }, file));
}

/** Files that no row names: their message was never acknowledged, or is settled. No live process writes here but us. */
function removeOrphans(database: DatabaseSync, spool: string): void {
  const named = database.prepare('SELECT 1 FROM message WHERE id = ?');
  for (const name of readdirSync(spool)) {
    if (named.get(name) === undefined) rmSync(join(spool, name), { force: true, recursive: true });
  }
}

/** Traces may lose their last moments in a power cut: no commit of theirs waits for the disk. */
function prepareTrace(database: DatabaseSync, files: ShardFiles): void {
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 2000;
    PRAGMA journal_size_limit = 33554432; PRAGMA cache_size = -4000`);
  migrate(database, files.trace, TRACE_SCHEMA);
}
