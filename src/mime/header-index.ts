/**
 * Where the fields of a header stand, to the octet, for whoever reads them and for whoever cuts one out or puts another in.
 * Values stay as they are written: unfolding and decoding are `header.ts`'s. Whatever the octets are, it is linear and throws nothing.
 */

/** One field. `octets.subarray(start, end)` is all of it, its folds and its last line end among them. */
export type HeaderField = {
  /** As it is written. */
  readonly name: string;
  readonly start: number;
  /** Where the next line begins. */
  readonly end: number;
  /** What stands behind the colon, with its folds and without the last line end: one character for each octet (Latin-1). */
  readonly rawValue: string;
};

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;

/**
 * The fields of a message or a part, in their order, up to the empty line. A line that is no field (RFC 5322 §2.2) is passed
 * over together with its folds, as most readers do.
 */
export function indexHeader(octets: Uint8Array): readonly HeaderField[] {
  const text = latin1(octets.subarray(0, endOfHeader(octets)));
  const fields: HeaderField[] = [];
  for (let start = 0; start < text.length;) {
    const end = endOfField(text, start);
    const field = readField(text, start, end);
    if (field !== undefined) fields.push(field);
    start = end;
  }
  return fields;
}

/** Where the first line stands that is no field of the header; what mail stores put in front of it (`From `) is none that counts. */
export function strayLine(octets: Uint8Array): number | undefined {
  const text = latin1(octets.subarray(0, endOfHeader(octets)));
  for (let start = 0; start < text.length;) {
    const end = endOfField(text, start);
    const isEmptyLine = text.charCodeAt(start) === LF || text.startsWith('\r\n', start);
    if (isEmptyLine) return undefined;
    const isOfStore = start === 0 && /^>?From /.test(text.slice(0, 6));
    if (!isOfStore && readField(text, start, end) === undefined) return start;
    start = end;
  }
  return undefined;
}

/** Where the body begins: behind the first empty line. Without one it is all header. */
export function endOfHeader(octets: Uint8Array): number {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  if (bytes[0] === LF) return 1;
  if (bytes[0] === CR && bytes[1] === LF) return 2;
  const crlf = bytes.indexOf('\n\r\n');
  const lf = (crlf === -1 ? bytes : bytes.subarray(0, crlf)).indexOf('\n\n');
  if (lf !== -1) return lf + 2;
  return crlf === -1 ? bytes.length : crlf + 3;
}

/** Octets as characters, one for each. */
export function latin1(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
}

function endOfField(text: string, start: number): number {
  let end = text.indexOf('\n', start);
  while (end !== -1 && isBlank(text.charCodeAt(end + 1))) end = text.indexOf('\n', end + 1);
  return end === -1 ? text.length : end + 1;
}

function readField(text: string, start: number, end: number): HeaderField | undefined {
  let at = start;
  while (at < end && isNameCharacter(text.charCodeAt(at))) at += 1;
  const name = text.slice(start, at);
  // RFC 5322 §4.5: old messages have white space before the colon.
  while (isBlank(text.charCodeAt(at))) at += 1;
  if (name === '' || at >= end || text.charCodeAt(at) !== COLON) return undefined;
  return { name, start, end, rawValue: text.slice(at + 1, endOfLastLine(text, at + 1, end)) };
}

function endOfLastLine(text: string, from: number, end: number): number {
  if (end === from || text.charCodeAt(end - 1) !== LF) return end;
  return end - 1 > from && text.charCodeAt(end - 2) === CR ? end - 2 : end - 1;
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB;

/** RFC 5322 §2.2: printable US-ASCII but the colon. */
const isNameCharacter = (code: number): boolean => code > SPACE && code < 0x7f && code !== COLON;
