/**
 * The few header fields that reception itself looks at: how often the message was received, its Message-ID, and whether a
 * submitted one still lacks Date or Message-ID (RFC 6409 §8). No general header parser: values stay octets.
 */
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;

export type HeaderFields = {
  readonly received: number;
  readonly hasDate: boolean;
  /** With its angle brackets, `''` when there is none. */
  readonly messageId: string;
};

/** `header` ends with the empty line, or is all there is of a message without a body. */
export function readHeaderFields(header: Buffer): HeaderFields {
  let received = 0;
  let hasDate = false;
  let messageId = '';
  for (let start = 0; start < header.length;) {
    // First letters tell nearly every field apart without making a string of it.
    const letter = (header[start] ?? 0) | 0x20;
    if (letter === 0x72 && isField(header, start, 'received')) received += 1;
    else if (letter === 0x64 && isField(header, start, 'date')) hasDate = true;
    else if (letter === 0x6d && messageId === '' && isField(header, start, 'message-id'))
      messageId = readMessageId(header, start);
    const end = header.indexOf(LF, start);
    start = end === -1 ? header.length : end + 1;
  }
  return { received, hasDate, messageId };
}

/** A name, white space that old messages have before the colon (RFC 5322 §4.5), and the colon. */
function isField(header: Buffer, start: number, name: string): boolean {
  let at = start + name.length;
  if (header.toString('latin1', start, at).toLowerCase() !== name) return false;
  while (header[at] === SPACE || header[at] === TAB) at += 1;
  return header[at] === 0x3a;
}

function readMessageId(header: Buffer, start: number): string {
  let end = header.indexOf(LF, start);
  while (end !== -1 && (header[end + 1] === SPACE || header[end + 1] === TAB)) end = header.indexOf(LF, end + 1);
  const field = header.toString('utf8', header.indexOf(0x3a, start) + 1, end === -1 ? header.length : end);
  return /<[^<>\s]{1,996}>/.exec(field)?.[0] ?? '';
}
