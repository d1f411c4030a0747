/**
 * The password of the directory account, read from its file at each sign-in, so that a changed one is in force at once. It never
 * enters the configuration, a log line or an error text.
 */
import { readFile } from 'node:fs/promises';

/** The first line of the file. Resolves to `undefined` when it cannot be read or is empty. */
export async function readPassword(file: string): Promise<string | undefined> {
  try {
    const [password = ''] = (await readFile(file, 'utf8')).split(/\r?\n/, 1);
    return password === '' ? undefined : password;
  } catch {
    // Whatever the reason, the answer is the same, and `config check` names it.
    return undefined;
  }
}
