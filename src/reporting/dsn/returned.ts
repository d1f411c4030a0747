/**
 * The octets of the original message that go back with a report: all of it or its header. The only I/O of reporting;
 * what cannot be read is left out, since a report without it is worth more than none.
 */
import type { Content, ContentFacts } from '#mail/content.ts';
import type { Bytes } from '#mail/units.ts';
import { convertToSevenBit } from '#mime/convert.ts';
import { readStart } from '#queue/read-start.ts';

export type Returned =
  | { readonly kind: 'full' | 'header'; readonly octets: Uint8Array }
  /** The content could not be read: the report goes without it. */
  | { readonly kind: 'unreadable' };

export type ReturnRequest = {
  /** RET=FULL of a failure (RFC 3461 §4.3). */
  readonly full: boolean;
  /** It will be message/global, which may be encoded; message/rfc822 may not (RFC 2046 §5.2.1). */
  readonly mayBeEncoded: boolean;
  readonly fullContentLimit: Bytes;
};

/** Header fields go back up to this size, cut at the end of a line. */
export const RETURNED_HEADER_LIMIT: Bytes = 64 * 1024;

export async function readReturnedContent(
  content: Content,
  facts: ContentFacts,
  { full, mayBeEncoded, fullContentLimit }: ReturnRequest,
): Promise<Returned> {
  const wholly = full && facts.sizeBytes <= fullContentLimit;
  const length = wholly ? facts.sizeBytes : Math.min(facts.headerBytes, RETURNED_HEADER_LIMIT);
  // Any failure to read has the same answer, and delivery itself meets and reports the same trouble.
  const octets = await readStart(content, length).catch(() => undefined);
  if (octets === undefined) return { kind: 'unreadable' };
  if (wholly && (mayBeEncoded || (await fitsSevenBits(octets, facts)))) return { kind: 'full', octets };
  return { kind: 'header', octets: wholeLines(octets.subarray(0, Math.min(facts.headerBytes, RETURNED_HEADER_LIMIT))) };
}

/**
 * Nobody is told of a report that fails. So content that a host without 8BITMIME could never take, since it is signed or
 * broken, does not go back with one.
 */
async function fitsSevenBits(octets: Uint8Array, { eightBit }: ContentFacts): Promise<boolean> {
  return !eightBit || (await convertToSevenBit(octets)) !== undefined;
}

/** Up to the last line end, so that a cut header stays a header; the empty line that ends it is not needed. */
function wholeLines(octets: Uint8Array): Uint8Array {
  const end = octets.lastIndexOf(0x0a) + 1;
  const endsWithEmptyLine = end >= 4 && octets[end - 2] === 0x0d && octets[end - 3] === 0x0a;
  return octets.subarray(0, endsWithEmptyLine ? end - 2 : end);
}
