/** Reads a file that people write: text in UTF-8, up to a limit, and why it cannot be read in words for them. */
import { readFileSync, statSync } from 'node:fs';

export type TextReading =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly message: string; readonly isMissing: boolean };

const MIB = 1024 * 1024;

export function readTextFile(path: string, limitMiB: number): TextReading {
  try {
    // A pipe has no size beforehand.
    const octets = statSync(path).size > limitMiB * MIB ? undefined : readFileSync(path);
    if (octets === undefined || octets.length > limitMiB * MIB) return refused(`is larger than ${limitMiB} MiB`);
    return { kind: 'text', text: octets.toString('utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return refused(`cannot be read (${READING[code] ?? code})`, code === 'ENOENT');
  }
}

const refused = (message: string, isMissing = false): TextReading => ({ kind: 'unreadable', message, isMissing });

const READING: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'this user may not read it',
  ELOOP: 'it is a link in a circle',
};
