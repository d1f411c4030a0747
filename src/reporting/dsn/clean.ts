/**
 * Text of strangers (remote replies, original header fields, envelope parameters) made fit for a report: no line ends, no
 * control characters, bounded. Everything that enters a report passes through here.
 */
import { decodeWords } from './words.ts';

// C0, DEL, C1, line and paragraph separators, and the marks that turn the direction of writing around.
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const INVISIBLE = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g;

/** One line of Unicode text, at most `limit` characters. */
export function cleanLine(text: string, limit: number): string {
  const line = text
    .slice(0, limit * 2)
    .toWellFormed()
    .replaceAll(INVISIBLE, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim();
  return line.length > limit ? `${line.slice(0, limit - 3).toWellFormed()}...` : line;
}

/** The same in printable US-ASCII: what is not becomes `?` (RFC 3464 §2.1.2 wants nothing else in its fields). */
export function cleanAscii(text: string, limit: number): string {
  return cleanLine(text, limit).replaceAll(/[^\x20-\x7e]/gu, '?');
}

/** Several lines for people: line ends become LF, the rest is cleaned line by line. */
export function cleanLines(text: string, limit: number): string {
  return text
    .slice(0, limit)
    .split(/\r?\n/)
    .map((line) => line.toWellFormed().replaceAll('\t', ' ').replaceAll(INVISIBLE, '?').trimEnd())
    .join('\n');
}

/** The decoded Subject of a message header, `''` when it has none. */
export function subjectOf(header: Uint8Array, limit: number): string {
  const text = Buffer.from(header.buffer, header.byteOffset, header.byteLength).toString('utf8');
  const field = /^subject:((?:[^\r\n]|\r?\n[ \t])*)/im.exec(text)?.[1] ?? '';
  return cleanLine(decodeWords(field.slice(0, limit * 20)), limit);
}
