/**
 * Puts files in the place of others, each as a whole: a reader, or whoever comes after a crash, finds the old file or the new one. Names
 * that begin with a dot are those of unfinished ones; readers of rules pass them over.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

export type NewFile = { readonly file: string; readonly text: string };

/** Files that lie beside those that they replace, on the disk to the last octet. */
export type StagedFiles = {
  /** One after the other, in the order given. Throws what the system says. */
  readonly commit: () => void;
  readonly discard: () => void;
};

/** Throws what the system says; then nothing is left behind. */
export function stageFiles(files: readonly NewFile[]): StagedFiles {
  const staged: { readonly draft: string; readonly file: string }[] = [];
  const discard = (): void => {
    for (const { draft } of staged) rmSync(draft, { force: true });
  };
  try {
    for (const { file: name, text } of files) {
      mkdirSync(dirname(name), { recursive: true });
      const file = meantBy(name);
      const draft = join(dirname(file), `.${basename(file)}.${process.pid}.new`);
      staged.push({ draft, file });
      writeDraft(draft, text, file);
    }
  } catch (error) {
    discard();
    throw error;
  }
  const commit = (): void => {
    for (const { draft, file } of staged) renameSync(draft, file);
    for (const directory of new Set(staged.map(({ file }) => dirname(file)))) syncDirectory(directory);
  };
  return { commit, discard };
}

/** Between looking and renaming, which takes milliseconds, nobody else may write. */
const LOCK_FILE = '.rules.lock';
/** A claim as old as this was left behind by a crash. */
const LOCK_LASTS_MS = 10_000;

/** Ends the claim on a directory; undefined while somebody else has one. Throws what the system says. */
export function claimDirectory(directory: string): (() => void) | undefined {
  const lock = join(directory, LOCK_FILE);
  const { mtimeMs = Infinity } = statSync(lock, { throwIfNoEntry: false }) ?? {};
  if (mtimeMs < Date.now() - LOCK_LASTS_MS) rmSync(lock, { force: true });
  try {
    closeSync(openSync(lock, 'wx', 0o600));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw error;
  }
  return () => rmSync(lock, { force: true });
}

/** A link is followed: what it leads to is replaced. */
function meantBy(file: string): string {
  return statSync(file, { throwIfNoEntry: false }) === undefined ? file : realpathSync(file);
}

/** With the rights of the file that it replaces, and its owner where that is allowed. */
function writeDraft(draft: string, text: string, file: string): void {
  rmSync(draft, { force: true });
  const old = statSync(file, { throwIfNoEntry: false });
  const handle = openSync(draft, 'wx', 0o644);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  if (old === undefined) return;
  chmodSync(draft, old.mode & 0o777);
  if (process.getuid?.() === 0) chownSync(draft, old.uid, old.gid);
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
