/**
 * Messages that we write ourselves: a tree of parts becomes octets with CRLF line ends. nodemailer encodes the header
 * fields and quoted-printable; the tree is put together here, in one step and without streams, so that bursts of reports
 * stay cheap and children stay byte for byte what they were. Not for changing messages of others.
 */
import { isAscii } from 'node:buffer';
import MimeNode from 'nodemailer/lib/mime-node';
import { encode as encodeQuotedPrintable, wrap } from 'nodemailer/lib/qp';
import type { ContentFacts } from '#mail/content.ts';

export type Part =
  /** Our own words; encoded as needed. Lines may end in LF. */
  | { readonly kind: 'text'; readonly type: 'text/plain' | 'text/html'; readonly text: string }
  /** Octets with CRLF line ends that arrive unchanged: as they are with 7bit and 8bit, else after decoding. */
  | {
      readonly kind: 'octets';
      readonly type: string;
      readonly octets: Uint8Array;
      readonly encoding: '7bit' | '8bit' | 'quoted-printable' | 'base64';
      /** Makes it an attachment. US-ASCII without quotes. */
      readonly fileName?: string | undefined;
    }
  | { readonly kind: 'multipart'; readonly type: string; readonly parts: readonly Part[] };

/** Header fields besides Content-Type and MIME-Version; values are plain text, encoded and cleaned here. */
export type HeaderFields = {
  readonly from: string;
  /** One address, taken literally: no syntax in it can name a second recipient. */
  readonly to: string;
  readonly subject: string;
  readonly date: Date;
  /** With angle brackets. */
  readonly messageId: string;
  readonly inReplyTo?: string | undefined;
  readonly autoSubmitted?: 'auto-replied' | 'auto-generated' | undefined;
  /** Fields that only some messages have, written as they are: short values in US-ASCII. */
  readonly others?: readonly (readonly [name: string, value: string])[];
};

export type Composed = { readonly bytes: Uint8Array; readonly facts: ContentFacts };

type Encoded =
  | { readonly kind: 'leaf'; readonly header: string; readonly body: Buffer }
  | { readonly kind: 'multipart'; readonly type: string; readonly parts: readonly Encoded[] };

// RFC 5322 §2.1.1 allows 998; what is longer is encoded.
const MAX_PLAIN_LINE = 900;

/** `seed` makes the boundaries: any text that is unlike other messages' seeds, such as a queue id. */
export function composeMessage(fields: HeaderFields, body: Part, seed: string): Composed {
  const tree = encodePart(body);
  const token = freeToken(tree, seed);
  const boundary = `=_0=${token}`;
  const pieces: Buffer[] = [];
  const header = Buffer.from(`${rootHeader(fields)}\r\n${contentHeader(tree, boundary)}\r\n\r\n`);
  pieces.push(header);
  writeBody(tree, boundary, pieces);
  const bytes = Buffer.concat(pieces);
  const facts = {
    sizeBytes: bytes.length,
    headerBytes: header.length,
    eightBit: !isAscii(bytes),
    eightBitHeader: !isAscii(header),
    messageIdField: fields.messageId,
  };
  return { bytes, facts };
}

/** A part of a message of others: the lines of its header, without an end, and its body. `seed` as above. */
export function composePart(part: Part, seed: string): { readonly header: string; readonly body: Buffer } {
  const tree = encodePart(part);
  const boundary = `=_0=${freeToken(tree, seed)}`;
  const pieces: Buffer[] = [];
  writeBody(tree, boundary, pieces);
  return { header: contentHeader(tree, boundary), body: Buffer.concat(pieces) };
}

/** The value of a field of addresses with the names in it encoded (RFC 2047). */
export const encodeAddresses = (value: string): string => MimeNode.encodeHeaderValue('To', value);

function rootHeader(fields: HeaderFields): string {
  // Without a given one it would draw a random boundary, which nobody uses.
  const node = new MimeNode(false, { baseBoundary: 'none' });
  node.setHeader('From', fields.from);
  node.setHeader('Subject', fields.subject);
  node.setHeader('Date', fields.date);
  node.setHeader('Message-ID', fields.messageId);
  if (fields.inReplyTo !== undefined) {
    node.setHeader('In-Reply-To', fields.inReplyTo);
    node.setHeader('References', fields.inReplyTo);
  }
  if (fields.autoSubmitted !== undefined) node.setHeader('Auto-Submitted', fields.autoSubmitted);
  // Not left to the node: it would fold within a quoted local part, which some readers cut there.
  const to = MimeNode.encodeHeaderValue('To', [{ name: '', address: fields.to }]);
  const others = (fields.others ?? []).map(([name, value]) => `${name}: ${value}\r\n`);
  return `To: ${to}\r\n${others.join('')}${node.buildHeaders()}`;
}

function contentHeader(part: Encoded, boundary: string): string {
  return part.kind === 'leaf' ? part.header : `Content-Type: ${part.type};\r\n boundary="${boundary}"`;
}

function writeBody(part: Encoded, boundary: string, pieces: Buffer[]): void {
  if (part.kind === 'leaf') {
    pieces.push(part.body);
    return;
  }
  for (const [index, child] of part.parts.entries()) {
    // Never the outer boundary with something behind it: parsers compare the start of a line only (RFC 2046 §5.1.1).
    const inner = boundary.replace('=_', `=_${index}.`);
    pieces.push(Buffer.from(`${index === 0 ? '' : '\r\n'}--${boundary}\r\n${contentHeader(child, inner)}\r\n\r\n`));
    writeBody(child, inner, pieces);
  }
  pieces.push(Buffer.from(`\r\n--${boundary}--\r\n`));
}

function encodePart(part: Part): Encoded {
  switch (part.kind) {
    case 'multipart':
      return { kind: 'multipart', type: part.type, parts: part.parts.map(encodePart) };
    case 'octets':
      return leaf(part.type, part.encoding, encodeOctets(part.octets, part.encoding), part.fileName);
    case 'text':
      return encodeText(part.type, part.text);
  }
}

function encodeText(type: string, text: string): Encoded {
  const octets = Buffer.from(text.replaceAll(/\r\n?|\n/g, '\r\n'));
  const plain = isAscii(octets) && longestLine(octets) <= MAX_PLAIN_LINE;
  const encoding = plain ? '7bit' : 'quoted-printable';
  return leaf(`${type}; charset=utf-8`, encoding, encodeOctets(octets, encoding));
}

function encodeOctets(octets: Uint8Array, encoding: '7bit' | '8bit' | 'quoted-printable' | 'base64'): Buffer {
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  switch (encoding) {
    case '7bit':
    case '8bit':
      return buffer;
    case 'quoted-printable':
      return Buffer.from(wrap(encodeQuotedPrintable(buffer)), 'latin1');
    case 'base64':
      return Buffer.from(buffer.toString('base64').replaceAll(/.{76}(?!$)/g, '$&\r\n'), 'latin1');
  }
}

function leaf(type: string, encoding: string, body: Buffer, fileName?: string): Encoded {
  const header = `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}`;
  if (fileName === undefined) return { kind: 'leaf', header, body };
  return { kind: 'leaf', header: `${header}\r\nContent-Disposition: attachment;\r\n filename="${fileName}"`, body };
}

/** RFC 2046 §5.1.1: no boundary may occur in what it encloses, and a hostile original could hold a guessed one. */
function freeToken(tree: Encoded, seed: string): string {
  const stem = seed.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 40);
  for (let count = 0; ; count += 1) {
    const token = `${stem}.${count}`;
    if (!occurs(token, tree)) return token;
  }
}

function occurs(token: string, part: Encoded): boolean {
  return part.kind === 'leaf' ? part.body.includes(token) : part.parts.some((child) => occurs(token, child));
}

/** The longest line in octets, without its end. */
export function longestLine(octets: Uint8Array): number {
  let longest = 0;
  let start = 0;
  for (let end = octets.indexOf(0x0a); end !== -1; end = octets.indexOf(0x0a, start)) {
    longest = Math.max(longest, end - start);
    start = end + 1;
  }
  return Math.max(longest, octets.length - start);
}
