/**
 * What SQLite and the file system say when they fail, as the few cases that callers tell apart, each with a sentence that
 * says what to do. Failures travel between the threads as `Failure`, since errors lose their class on the way.
 */
import { basename, dirname } from 'node:path';
import { StorageUnavailable } from '#queue/store.ts';

export type Failure = { readonly code: StorageUnavailable['code']; readonly text: string };

/** Primary result codes of SQLite: https://sqlite.org/rescode.html */
const BY_RESULT: Readonly<Record<number, StorageUnavailable['code']>> = {
  5: 'locked', // SQLITE_BUSY
  6: 'locked', // SQLITE_LOCKED
  11: 'corrupt', // SQLITE_CORRUPT
  13: 'full', // SQLITE_FULL
  26: 'corrupt', // SQLITE_NOTADB
};

/** SQLITE_IOERR_SHMSIZE: the index of the write-ahead log could not grow, which only a full disk prevents. */
const SHM_CANNOT_GROW = 4874;

const WITH_CONTENT: ReadonlySet<string> = new Set(['queue.db', 'trace.db', 'held.db']);

const ADVICE: Readonly<Record<StorageUnavailable['code'], string>> = {
  full: 'the disk is full: free space on it; the relay goes on by itself',
  corrupt:
    'the database is damaged: stop the relay, move ASIDE aside and start again with an empty one; ' +
    'what can be saved is recovered with "sqlite3 FILE .recover"',
  'newer-schema': 'the database was written by a newer version of this program: start that version',
  locked: 'another process holds the database: stop that process first',
  'too-large': 'a record is larger than the store takes',
  io: 'the database cannot be read or written: check that the folder exists, its owner and the disk',
};

export function failureOf(error: unknown, file: string): Failure {
  if (error instanceof StorageUnavailable) return { code: error.code, text: error.message };
  const code = codeOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  return { code, text: `${file}: ${adviceFor(code, file)} (${reason})` };
}

/** Databases beside which content lies as files are moved with them: alone, those files would belong to nothing. */
function adviceFor(code: StorageUnavailable['code'], file: string): string {
  const name = basename(file);
  const aside = WITH_CONTENT.has(name) ? `the folder ${basename(dirname(file))}` : 'the file';
  return ADVICE[code].replace('ASIDE', () => aside).replace('FILE', () => name);
}

export function unavailable(failure: Failure, cause?: unknown): StorageUnavailable {
  return new StorageUnavailable(failure.code, failure.text, cause);
}

function codeOf(error: unknown): StorageUnavailable['code'] {
  if (typeof error !== 'object' || error === null) return 'io';
  if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) return 'full';
  if (!('errcode' in error) || typeof error.errcode !== 'number') return 'io';
  return error.errcode === SHM_CANNOT_GROW ? 'full' : (BY_RESULT[error.errcode & 0xff] ?? 'io');
}
