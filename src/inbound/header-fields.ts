/**
 * The few header fields that reception itself looks at: how often the message was received, its Message-ID, whether a
 * submitted one still lacks Date or Message-ID (RFC 6409 §8), and whether TLS may fail (RFC 8689 §3). No general header
 * parser: values stay octets.
 */
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;

export type HeaderFields = {
  readonly received: number;
  readonly hasDate: boolean;
  /** With its angle brackets, `''` when there is none. */
  readonly messageId: string;
  readonly tlsRequired: TlsRequired;
};

/** What the TLS-Required fields of a header say together: only `No` is defined (RFC 8689 §3). */
export type TlsRequired =
  | { readonly kind: 'absent' | 'no' }
  /** `no` more than once is no again. */
  | { readonly kind: 'repeated'; readonly count: number }
  /** Other words, or contradicting ones: as if there were none, since more protection does no harm. */
  | { readonly kind: 'unclear'; readonly count: number };

type Name = 'received' | 'date' | 'message-id' | 'tls-required';

/** First letters tell nearly every field apart without making a string of it. */
const NAMES: ReadonlyMap<number, Name> = new Map<number, Name>([
  [0x72, 'received'],
  [0x64, 'date'],
  [0x6d, 'message-id'],
  [0x74, 'tls-required'],
]);

type Found = { received: number; hasDate: boolean; messageId: string; tlsRequired: number; allNo: boolean };

/** `header` ends with the empty line, or is all there is of a message without a body. */
export function readHeaderFields(header: Buffer): HeaderFields {
  const found: Found = { received: 0, hasDate: false, messageId: '', tlsRequired: 0, allNo: true };
  for (let start = 0; start < header.length;) {
    const name = NAMES.get((header[start] ?? 0) | 0x20);
    if (name !== undefined && isField(header, start, name)) note(name, header, start, found);
    const end = header.indexOf(LF, start);
    start = end === -1 ? header.length : end + 1;
  }
  const { received, hasDate, messageId } = found;
  return { received, hasDate, messageId, tlsRequired: tlsRequiredBy(found) };
}

function note(name: Name, header: Buffer, start: number, found: Found): void {
  switch (name) {
    case 'received':
      found.received += 1;
      return;
    case 'date':
      found.hasDate = true;
      return;
    case 'message-id':
      if (found.messageId === '') found.messageId = /<[^<>\s]{1,996}>/.exec(valueOf(header, start))?.[0] ?? '';
      return;
    case 'tls-required':
      found.tlsRequired += 1;
      found.allNo &&= /^\s*no\s*$/i.test(valueOf(header, start));
  }
}

function tlsRequiredBy({ tlsRequired: count, allNo }: Found): TlsRequired {
  if (count === 0) return { kind: 'absent' };
  if (!allNo) return { kind: 'unclear', count };
  return count === 1 ? { kind: 'no' } : { kind: 'repeated', count };
}

/** A name, white space that old messages have before the colon (RFC 5322 §4.5), and the colon. */
function isField(header: Buffer, start: number, name: string): boolean {
  let at = start + name.length;
  if (header.toString('latin1', start, at).toLowerCase() !== name) return false;
  while (header[at] === SPACE || header[at] === TAB) at += 1;
  return header[at] === 0x3a;
}

/** What stands behind the colon, with the folds in it. */
function valueOf(header: Buffer, start: number): string {
  let end = header.indexOf(LF, start);
  while (end !== -1 && (header[end + 1] === SPACE || header[end + 1] === TAB)) end = header.indexOf(LF, end + 1);
  return header.toString('utf8', header.indexOf(0x3a, start) + 1, end === -1 ? header.length : end);
}
