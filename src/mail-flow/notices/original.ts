/**
 * The message that a notice is about: its header for the words of the notice, and itself as an attachment. What cannot be read is left
 * out, since a notice without it is worth more than none. Only here notices read a file.
 */
import { isAscii } from 'node:buffer';
import type { Content, ContentFacts } from '#mail/content.ts';
import type { Bytes } from '#mail/units.ts';
import { longestLine, type Part } from '#mime/compose.ts';
import { convertToSevenBit } from '#mime/convert.ts';
import { readStart } from '#queue/read-start.ts';

export type Original = {
  /** `header`: it is too large. */
  readonly kind: 'whole' | 'header' | 'unreadable';
  readonly octets: Uint8Array;
  readonly headerBytes: Bytes;
};

/** A header goes along up to this size, cut at the end of a line. */
const HEADER_LIMIT: Bytes = 64 * 1024;
/** RFC 5322 §2.1.1 */
const MAX_LINE = 998;
const FILE_NAME = 'original.eml';

/** `content` is `undefined` where it is known to be gone. */
export async function readOriginal(content: Content | undefined, facts: ContentFacts, limit: Bytes): Promise<Original> {
  const isWhole = facts.sizeBytes <= limit;
  const headerBytes = Math.min(facts.headerBytes, HEADER_LIMIT);
  // Any failure to read has the same answer, and whoever delivers the message meets and reports it.
  const octets = content && (await readStart(content, isWhole ? facts.sizeBytes : headerBytes).catch(() => undefined));
  if (octets === undefined) return { kind: 'unreadable', octets: new Uint8Array(), headerBytes: 0 };
  return isWhole ? { kind: 'whole', octets, headerBytes } : { kind: 'header', octets, headerBytes };
}

export const headerOf = ({ octets, headerBytes }: Original): Uint8Array => octets.subarray(0, headerBytes);

/** Nothing where it cannot be read. */
export async function attachmentOf(original: Original): Promise<Part | undefined> {
  switch (original.kind) {
    case 'unreadable':
      return undefined;
    case 'header':
      return headerPart(wholeLines(headerOf(original)));
    case 'whole':
      return messagePart(original);
  }
}

/** Why the attachment is not the message itself, for its reader. */
export function attachmentNote({ kind }: Original): string {
  switch (kind) {
    case 'whole':
      return 'The message is attached.';
    case 'header':
      return 'The message is too large to be attached; its header is.';
    case 'unreadable':
      return 'The message could not be attached: it cannot be read any more.';
  }
}

function headerPart(octets: Uint8Array): Part {
  const isPlain = isAscii(octets) && longestLine(octets) <= MAX_LINE;
  const encoding = isPlain ? '7bit' : 'quoted-printable';
  return { kind: 'octets', type: 'text/rfc822-headers', octets, encoding, fileName: 'header.txt' };
}

/** In a form that every host on the way can carry: nobody hears of a notice that is lost. */
async function messagePart(original: Original): Promise<Part> {
  const { octets } = original;
  // Only the newer kind may be encoded (RFC 2046 §5.2.1, RFC 6532 §3.7).
  if (!isAscii(headerOf(original))) return attached('message/global', octets, 'base64');
  if (longestLine(octets) > MAX_LINE) return attached('application/octet-stream', octets, 'base64');
  if (isAscii(octets)) return attached('message/rfc822', octets, '7bit');
  // What is signed or broken can be brought to no host without 8BITMIME (RFC 6152 §3).
  const canBeConverted = (await convertToSevenBit(octets)) !== undefined;
  return canBeConverted
    ? attached('message/rfc822', octets, '8bit')
    : attached('application/octet-stream', octets, 'base64');
}

const attached = (type: string, octets: Uint8Array, encoding: '7bit' | '8bit' | 'base64'): Part => ({
  kind: 'octets',
  type,
  octets,
  encoding,
  fileName: FILE_NAME,
});

/** Up to the last line end, so that a cut header stays a header. */
const wholeLines = (octets: Uint8Array): Uint8Array => octets.subarray(0, octets.lastIndexOf(0x0a) + 1);
