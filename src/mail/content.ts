/**
 * The octets of a message from its first header field to its last line, exactly as they will be sent: lines end in CRLF,
 * no dot is stuffed. Small content stays in memory and in the database; large content is a file beside it.
 */
import type { Bytes } from './units.ts';

export type Content =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly path: string; readonly sizeBytes: Bytes };

/** What reception saw while the content went by, so that nobody needs to scan it again. */
export type ContentFacts = {
  readonly sizeBytes: Bytes;
  /** Octets up to and including the empty line that ends the header (all of it when there is no body). */
  readonly headerBytes: Bytes;
  /** An octet above 127 occurs, in the header or in the body. */
  readonly eightBit: boolean;
  /** An octet above 127 occurs in the header: the content needs SMTPUTF8 (RFC 6532). */
  readonly eightBitHeader: boolean;
  /** The Message-ID field's value with its angle brackets, `''` when there is none. */
  readonly messageIdField: string;
  /** The header holds `TLS-Required: No` (RFC 8689 §3), and MAIL did not demand the opposite: what the recipient's side publishes about TLS may be passed over. */
  readonly tlsRequired?: 'no' | undefined;
};

export function sizeOf(content: Content): Bytes {
  return content.kind === 'inline' ? content.bytes.length : content.sizeBytes;
}
