/**
 * The file of users who may sign in: a line `name:argon2id-hash` each, like a passwd file; empty lines and lines that
 * begin with `#` are kept. `postern user` writes it, the relay reads it. Names do not differ by case.
 *
 * A file with a line that cannot be understood is refused as a whole: half of a list of users is not what anybody meant.
 */
import { chmod, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hashPassword, parsePasswordHash } from './password-hash.ts';

export class UsersFileError extends Error {
  readonly code = 'users-file-unusable';
  readonly file: string;

  constructor(file: string, problem: string, cause?: unknown) {
    super(`${file}: ${problem}`, { cause });
    this.name = 'UsersFileError';
    this.file = file;
  }
}

/** One line: a user, or text that is only kept. */
type Line = { readonly text: string; readonly user?: string };

const NAME = /^(?!#)[^\s:\p{C}]{1,254}$/u;

/** The name as it is compared and stored; `undefined` when it cannot be a user's. */
export function canonicalUser(name: string): string | undefined {
  const canonical = name.normalize('NFC').toLowerCase();
  return NAME.test(canonical) ? canonical : undefined;
}

/** Names with their hashes as text. A file that does not exist has no users. */
export async function readUsers(file: string): Promise<ReadonlyMap<string, string>> {
  const users = new Map<string, string>();
  for (const { user, text } of await readLines(file)) {
    if (user === undefined) continue;
    if (users.has(user)) throw new UsersFileError(file, `the user ${user} occurs twice`);
    users.set(user, text.slice(text.indexOf(':') + 1));
  }
  return users;
}

/** Adds a user or sets a new password. Says whether the user was there before. */
export async function writeUser(file: string, name: string, password: string): Promise<'added' | 'changed'> {
  const user = canonicalUser(name);
  if (user === undefined) throw new UsersFileError(file, `"${name}" cannot be a user's name`);
  if (password === '') throw new UsersFileError(file, 'the password is empty');
  const line = { user, text: `${user}:${await hashPassword(password)}` };
  const lines = await readLines(file);
  const isKnown = lines.some((each) => each.user === user);
  await writeLines(file, isKnown ? lines.map((each) => (each.user === user ? line : each)) : [...lines, line]);
  return isKnown ? 'changed' : 'added';
}

/** Says whether there was such a user. */
export async function removeUser(file: string, name: string): Promise<boolean> {
  const user = canonicalUser(name);
  const lines = await readLines(file);
  const kept = lines.filter((line) => line.user === undefined || line.user !== user);
  if (kept.length === lines.length) return false;
  await writeLines(file, kept);
  return true;
}

async function readLines(file: string): Promise<readonly Line[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new UsersFileError(file, 'cannot be read', error);
  }
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, index) => parseLine(file, line, index + 1));
}

function parseLine(file: string, text: string, number: number): Line {
  if (text.trim() === '' || text.startsWith('#')) return { text };
  const colon = text.indexOf(':');
  const user = canonicalUser(text.slice(0, Math.max(0, colon)));
  if (user === undefined || parsePasswordHash(text.slice(colon + 1)) === undefined) {
    throw new UsersFileError(file, `line ${number} is not name:argon2id-hash`);
  }
  return { user, text };
}

/** Written beside and renamed, so that a reader sees the old users or the new ones; only the owner may read it. */
async function writeLines(file: string, lines: readonly Line[]): Promise<void> {
  const draft = `${file}.${process.pid}.new`;
  try {
    await writeSynced(draft, lines.map(({ text }) => `${text}\n`).join(''));
    await rename(draft, file);
    await syncDirectory(dirname(file));
  } catch (error) {
    await rm(draft, { force: true });
    throw new UsersFileError(file, 'cannot be written', error);
  }
}

async function writeSynced(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'w', 0o600);
  await chmod(file, 0o600);
  await handle.writeFile(text);
  await handle.sync();
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory);
  await handle.sync();
}
