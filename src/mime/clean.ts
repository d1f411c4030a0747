/**
 * Text of strangers (remote replies, original header fields, envelope parameters) made fit for a message of ours: no line ends, no
 * control characters, bounded. Everything of others that enters a report or a notice passes through here.
 */

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
