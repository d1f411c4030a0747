/**
 * How commands reach the running relay: `start` writes a file with a fresh token and the address of the HTTP interface,
 * readable by its own user only, and takes it away at the end. Who can read the file may do everything.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export type Access = { readonly token: string; readonly url: string };

export const makeToken = (): string => randomBytes(32).toString('base64url');

/** Written beside and renamed: a reader never sees half of it, and a file with wider rights is replaced. */
export async function writeAccess(file: string, { token, url }: Access): Promise<void> {
  const draft = `${file}.${process.pid}.new`;
  await mkdir(dirname(file), { recursive: true });
  await rm(draft, { force: true });
  {
    await using handle = await open(draft, 'wx', 0o600);
    await handle.writeFile(`${token}\n${url}\n`);
  }
  await rename(draft, file);
}

/** `undefined` when there is no such file, so no relay has been started (or it has stopped). */
export async function readAccess(file: string): Promise<Access | undefined> {
  try {
    const [token = '', url = ''] = (await readFile(file, 'utf8')).split('\n');
    return token !== '' && URL.canParse(url) ? { token, url } : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw error;
  }
}

export async function removeAccess(file: string): Promise<void> {
  await rm(file, { force: true });
}
