/**
 * The password of a smart host's account, read from its file when a session is opened, so that a changed one is in force at
 * once. It never enters the configuration, a log line or an error text.
 */
import { readFile } from 'node:fs/promises';
import type { Credentials } from './auth.ts';

export type Account = { readonly user: string; readonly passwordFile: string };

/** The first line of the file. Resolves to `undefined` when it cannot be read or is empty. */
export async function readCredentials({ user, passwordFile }: Account): Promise<Credentials | undefined> {
  try {
    const [password = ''] = (await readFile(passwordFile, 'utf8')).split(/\r?\n/, 1);
    return password === '' ? undefined : { user, password };
  } catch {
    // Whatever the reason, the answer is the same, and `config check` names it.
    return undefined;
  }
}
