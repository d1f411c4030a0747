/** Reads a file that people write: text in UTF-8, up to a limit, and why it cannot be read in words for them. */
import { readFileSync, statSync } from 'node:fs';

type Unreadable = { readonly kind: 'unreadable'; readonly message: string; readonly isMissing: boolean };

export type TextReading = { readonly kind: 'text'; readonly text: string } | Unreadable;
export type OctetsReading = { readonly kind: 'octets'; readonly octets: Buffer } | Unreadable;

const MIB = 1024 * 1024;

export function readTextFile(path: string, limitMiB: number): TextReading {
  const reading = readOctets(path, limitMiB);
  return reading.kind === 'octets' ? { kind: 'text', text: reading.octets.toString('utf8') } : reading;
}

/** For files that may have another encoding. */
export function readOctets(path: string, limitMiB: number): OctetsReading {
  try {
    // A pipe has no size beforehand.
    const octets = statSync(path).size > limitMiB * MIB ? undefined : readFileSync(path);
    if (octets === undefined || octets.length > limitMiB * MIB) return refused(`is larger than ${limitMiB} MiB`);
    return { kind: 'octets', octets };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return refused(`cannot be read (${READING[code] ?? code})`, code === 'ENOENT');
  }
}

const refused = (message: string, isMissing = false): Unreadable => ({ kind: 'unreadable', message, isMissing });

const READING: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'this user may not read it',
  ELOOP: 'it is a link in a circle',
};
