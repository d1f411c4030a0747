/** Reads a file that people write: text in UTF-8, up to a limit, and why it cannot be read in words for them. */
import { isUtf8 } from 'node:buffer';
import { lstatSync, readFileSync, statSync } from 'node:fs';

type Unreadable = { readonly kind: 'unreadable'; readonly message: string; readonly isMissing: boolean };

export type TextReading = { readonly kind: 'text'; readonly text: string } | Unreadable;
export type OctetsReading = { readonly kind: 'octets'; readonly octets: Buffer } | Unreadable;

const MIB = 1024 * 1024;

export function readTextFile(path: string, limitMiB: number): TextReading {
  const reading = readOctets(path, limitMiB);
  if (reading.kind === 'unreadable') return reading;
  const line = firstOtherLine(reading.octets);
  if (line === undefined) return { kind: 'text', text: reading.octets.toString('utf8') };
  return refused(`is not in UTF-8: line ${line} holds other octets; save it as UTF-8`);
}

/** For files that may have another encoding. */
export function readOctets(path: string, limitMiB: number): OctetsReading {
  try {
    // A pipe has no size beforehand.
    const octets = statSync(path).size > limitMiB * MIB ? undefined : readFileSync(path);
    if (octets === undefined || octets.length > limitMiB * MIB) return refused(`is larger than ${limitMiB} MiB`);
    return { kind: 'octets', octets };
  } catch (error) {
    const isMissing = codeOf(error) === 'ENOENT';
    if (isMissing && isLink(path)) return refused('is a link to a file that is not there');
    return refused(whyUnreadable(error), isMissing);
  }
}

/** What follows on the name of the file. */
export function whyUnreadable(error: unknown): string {
  const code = codeOf(error);
  return `cannot be read (${READING[code] ?? code})`;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** Of the first line that is not UTF-8, from 1: no octet of a longer character is that of a line end. */
function firstOtherLine(octets: Buffer): number | undefined {
  if (isUtf8(octets)) return undefined;
  let line = 1;
  for (let start = 0, end = 0; start <= octets.length; start = end + 1, line += 1) {
    const found = octets.indexOf('\n', start);
    end = found === -1 ? octets.length : found;
    if (!isUtf8(octets.subarray(start, end))) return line;
  }
  return line;
}

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;

const refused = (message: string, isMissing = false): Unreadable => ({ kind: 'unreadable', message, isMissing });

const READING: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'this user may not read it',
  ELOOP: 'it is a link in a circle',
};
