/**
 * Messages for hosts without 8BITMIME (RFC 6152 §3): parts with octets above 127 become quoted-printable or base64, and
 * everything else keeps its octets. Not for headers, which only SMTPUTF8 can carry, and not for signed content.
 * Large content is worked on in turns with everything else that the process does.
 */
import { isAscii } from 'node:buffer';
import { setImmediate as turn } from 'node:timers/promises';

import { splitParts } from './exact-parts.ts';
import { encodeBody } from './transfer-encoding.ts';

type Bytes = Buffer;

/** A field of a header: its name in lower case, its whole text, and where it stands. */
type Field = { readonly name: string; readonly value: string; readonly start: number; readonly end: number };

type Entity = { readonly header: Bytes; readonly fields: readonly Field[]; readonly body: Bytes };

const MAX_DEPTH = 32;
const MAX_PARTS = 10_000;
/** Octets that are looked through at once. */
const LOOK_BYTES = 1024 * 1024;
/** Of a part's header; expressions that look into a field of megabytes run out of stack. */
const MAX_HEADER_BYTES = 1024 * 1024;
const CRLF = '\r\n';

/**
 * Returns `undefined` when the content cannot be converted without breaking it: a signature covers it, a header holds
 * octets above 127, a part's encoding forbids another, or the structure is beyond reading.
 */
export async function convertToSevenBit(message: Uint8Array): Promise<Buffer | undefined> {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const out: Bytes[] = [];
  const converted = await new Conversion(out).entity(bytes, 0, 'text/plain');
  return converted ? Buffer.concat(out) : undefined;
}

class Conversion {
  readonly #out: Bytes[];
  #parts = 0;
  #looked = 0;

  constructor(out: Bytes[]) {
    this.#out = out;
  }

  /** Writes one entity, converted; false when that cannot be. */
  async entity(bytes: Bytes, depth: number, defaultType: string): Promise<boolean> {
    this.#parts += 1;
    this.#looked += bytes.length;
    if (this.#looked > LOOK_BYTES) {
      this.#looked = 0;
      await turn();
    }
    if (isAscii(bytes)) {
      this.#out.push(bytes);
      return true;
    }
    if (depth > MAX_DEPTH || this.#parts > MAX_PARTS) return false;
    const headerEnd = endOfHeader(bytes);
    const header = bytes.subarray(0, headerEnd);
    if (!isAscii(header) || header.length > MAX_HEADER_BYTES) return false;
    const fields = readFields(header);
    if (depth === 0 && isVouchedFor(fields)) return false;
    // Octets above 127 within an encoding that has none: whatever this is, encoding it again would hide it.
    const encoding = fieldValue(fields, 'content-transfer-encoding').toLowerCase();
    if (!['', '7bit', '8bit', 'binary'].includes(encoding)) return false;
    const mimeHeader = depth === 0 ? withMimeVersion(header, fields) : header;
    return this.#write({ header: mimeHeader, fields, body: bytes.subarray(headerEnd) }, depth, defaultType);
  }

  async #write({ header, fields, body }: Entity, depth: number, defaultType: string): Promise<boolean> {
    const { type, boundary } = contentType(fields, defaultType);
    if (type === 'multipart/signed' || type === 'multipart/encrypted') return false;
    if (type.startsWith('multipart/')) return this.#multipart(header, fields, body, { boundary, type, depth });
    if (type === 'message/rfc822') return this.#nested(header, fields, body, depth);
    // RFC 2046 §5.2.2, RFC 3464 §2.1.1: other messages must not be encoded.
    if (type.startsWith('message/')) return false;
    return this.#leaf(header, fields, body, type);
  }

  async #multipart(
    header: Bytes,
    fields: readonly Field[],
    body: Bytes,
    { boundary, type, depth }: { boundary: string; type: string; depth: number },
  ): Promise<boolean> {
    const sections = boundary === '' ? undefined : splitParts(body, boundary);
    if (sections === undefined) return false;
    if (!isAscii(sections.preamble) || !isAscii(sections.epilogue)) return false;
    this.#out.push(relabelled(header, fields, '7bit'), sections.preamble);
    const partType = type === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
    for (const { delimiter, part } of sections.parts) {
      this.#out.push(delimiter);
      if (!(await this.entity(part, depth + 1, partType))) return false;
    }
    this.#out.push(sections.closing, sections.epilogue);
    return true;
  }

  async #nested(header: Bytes, fields: readonly Field[], body: Bytes, depth: number): Promise<boolean> {
    const inner = readFields(body.subarray(0, endOfHeader(body)));
    // What a signature in there covers would change.
    if (isVouchedFor(inner)) return false;
    this.#out.push(relabelled(header, fields, '7bit'));
    return this.entity(body, depth + 1, 'text/plain');
  }

  async #leaf(header: Bytes, fields: readonly Field[], body: Bytes, type: string): Promise<boolean> {
    const { encoding, pieces } = await encodeBody(body, type.startsWith('text/'));
    this.#out.push(relabelled(header, fields, encoding), ...pieces);
    return true;
  }
}

/** Fields whose presence says that the body's octets are vouched for. */
const SIGNATURES = new Set(['dkim-signature', 'arc-message-signature', 'domainkey-signature']);

const isVouchedFor = (fields: readonly Field[]): boolean => fields.some(({ name }) => SIGNATURES.has(name));

/** Where the body begins; a header without an empty line is all header. */
function endOfHeader(bytes: Bytes): number {
  if (bytes.subarray(0, 2).toString('latin1') === CRLF) return 2;
  const found = bytes.indexOf('\r\n\r\n');
  return found < 0 ? bytes.length : found + 4;
}

function readFields(header: Bytes): Field[] {
  const fields: Field[] = [];
  const text = header.toString('latin1');
  for (const match of text.matchAll(/^([!-9;-~]+)[ \t]*:(.*(?:\r\n[ \t].*)*)\r\n/gm)) {
    const [whole, name = '', value = ''] = match;
    fields.push({ name: name.toLowerCase(), value, start: match.index, end: match.index + whole.length });
  }
  return fields;
}

const fieldValue = (fields: readonly Field[], name: string): string =>
  (fields.find((field) => field.name === name)?.value ?? '')
    .replaceAll(/\r\n/g, '')
    .replaceAll(/\([^()]*\)/g, '')
    .trim();

function contentType(fields: readonly Field[], defaultType: string): { type: string; boundary: string } {
  const value = fieldValue(fields, 'content-type');
  const type = /^([^\s;/]+\/[^\s;]+)/.exec(value)?.[1]?.toLowerCase() ?? defaultType;
  const [, quoted, plain] = /;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))/i.exec(value) ?? [];
  return { type, boundary: (quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '').trimEnd() };
}

/** Without MIME-Version an encoding is not looked at (RFC 2045 §4). It stands last, so that no field moves. */
function withMimeVersion(header: Bytes, fields: readonly Field[]): Bytes {
  if (fields.some(({ name }) => name === 'mime-version')) return header;
  const end = header.length - CRLF.length;
  return Buffer.concat([header.subarray(0, end), Buffer.from('MIME-Version: 1.0\r\n'), header.subarray(end)]);
}

/** The header with another Content-Transfer-Encoding; the other octets stay. */
function relabelled(header: Bytes, fields: readonly Field[], encoding: string): Bytes {
  const line = Buffer.from(`Content-Transfer-Encoding: ${encoding}\r\n`);
  const field = fields.find(({ name }) => name === 'content-transfer-encoding');
  if (field !== undefined) return Buffer.concat([header.subarray(0, field.start), line, header.subarray(field.end)]);
  // 7bit is what no field means.
  if (encoding === '7bit') return header;
  const end = header.length - CRLF.length;
  return Buffer.concat([header.subarray(0, end), line, header.subarray(end)]);
}
