/**
 * Opens the folder of mail that is kept back for one of the processes that share it: the database and, beside it, a file for the
 * content of each entry. It is mail, so nothing is guessed: a damaged database is refused in words that say what to do, as the
 * queue's is.
 */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { failureOf, unavailable } from './failure.ts';
import { BUSY_TIMEOUT_MS, CHECK_LIMIT_BYTES, refuseDamage, syncFolder } from './open.ts';
import { HELD_SCHEMA, inOneCommit, migrate } from './schema.ts';

export type HeldFiles = {
  readonly directory: string;
  readonly database: string;
  /** Content of entries, by their ids. */
  readonly content: string;
  /** What is still being written; nothing in it is of any entry. */
  readonly incoming: string;
};

export function heldFiles(dataDirectory: string): HeldFiles {
  const directory = join(dataDirectory, 'held');
  return {
    directory,
    database: join(directory, 'held.db'),
    content: join(directory, 'content'),
    incoming: join(directory, 'incoming'),
  };
}

/** Throws `StorageUnavailable`. */
export function openHeldFile(files: HeldFiles): DatabaseSync {
  try {
    makeFolders(files);
    // One process opens at a time: two would make the tables at once.
    using lock = new DatabaseSync(`${files.database}-lock`, { timeout: BUSY_TIMEOUT_MS });
    lock.exec('BEGIN EXCLUSIVE');
    return openSound(files.database);
  } catch (error) {
    throw unavailable(failureOf(error, files.database), error);
  }
}

function makeFolders({ directory, content, incoming }: HeldFiles): void {
  for (const folder of [content, incoming]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  // The folders' names must outlast a power cut as well.
  for (const folder of [directory, dirname(directory)]) syncFolder(folder);
}

function openSound(file: string): DatabaseSync {
  const isUnclean = existsSync(`${file}-wal`);
  // SQLite gives its other files the rights of this one. They are the operator's business alone, whatever the umask is.
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216;
      PRAGMA cache_size = -4000`);
    if (isUnclean && statSync(file).size <= CHECK_LIMIT_BYTES) refuseDamage(database, file);
    migrate(database, file, HELD_SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Somebody may be writing or naming a file that is younger. */
const INCOMING_MS = 86_400_000;
const NAMED_MS = 3_600_000;
/** Files looked at before other processes get their turn to write. */
const SLICE = 200;

/** Removes what a crash has left: files that no entry names, and drafts that nobody writes any more. */
export function removeStrays(database: DatabaseSync, { content, incoming }: HeldFiles, now: number): void {
  for (const name of readdirSync(incoming)) {
    if (isOlder(join(incoming, name), now - INCOMING_MS))
      rmSync(join(incoming, name), { force: true, recursive: true });
  }
  const named = database.prepare('SELECT 1 FROM held WHERE id = ?');
  const strays = readdirSync(content).filter((name) => named.get(name) === undefined);
  for (let at = 0; at < strays.length; at += SLICE) {
    // A file gets its name within the transaction that adds its entry: while we write, nobody is between the two.
    inOneCommit(database, () => {
      for (const name of strays.slice(at, at + SLICE)) {
        const path = join(content, name);
        if (named.get(name) === undefined && isOlder(path, now - NAMED_MS))
          rmSync(path, { force: true, recursive: true });
      }
    });
  }
}

/** By the time of its last change of name, links or octets. */
function isOlder(path: string, time: number): boolean {
  const changed = statSync(path, { throwIfNoEntry: false })?.ctimeMs;
  return changed !== undefined && changed < time;
}
