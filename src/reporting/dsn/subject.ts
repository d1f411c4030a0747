/** The subject of the message that a report is about, for its reader. */
import { cleanLine } from '#mime/clean.ts';
import { decodeWords } from './words.ts';

/** The decoded Subject of a message header, `''` when it has none. */
export function subjectOf(header: Uint8Array, limit: number): string {
  const text = Buffer.from(header.buffer, header.byteOffset, header.byteLength).toString('utf8');
  const field = /^subject:((?:[^\r\n]|\r?\n[ \t])*)/im.exec(text)?.[1] ?? '';
  return cleanLine(decodeWords(field.slice(0, limit * 20)), limit);
}
