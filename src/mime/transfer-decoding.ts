/**
 * Bodies of others without their transfer encoding (RFC 2045 §6), read as the most forgiving reader would: what does not belong there is
 * passed over. In linear time. Encoding is `transfer-encoding.ts`'s.
 */

export type TransferEncoding = 'identity' | 'base64' | 'quoted-printable' | 'uuencode';

export type DecodedBody = {
  readonly octets: Uint8Array;
  /** It holds octets that have no place in its encoding. */
  readonly flawed: boolean;
};

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const EQUALS = 0x3d;

/** What the values of Content-Transfer-Encoding can mean: all that some reader takes it for, the likeliest first. */
export function encodingsOf(rawValues: readonly string[]): readonly TransferEncoding[] {
  const found = new Set<TransferEncoding>();
  for (const rawValue of rawValues) {
    const value = rawValue
      .replaceAll(/\([^()]*\)?/g, '')
      .trim()
      .toLowerCase();
    const exact = ENCODINGS.get(value.replace(/[\s;].*$/s, ''));
    if (exact !== undefined) found.add(exact);
    // `"base64"`, `base64, 7bit`, `x-base64`: to some readers base64 and to others nothing.
    if (exact === undefined) found.add('identity');
    if (exact === undefined && value.includes('base64')) found.add('base64');
    if (exact === undefined && value.includes('quoted')) found.add('quoted-printable');
  }
  return found.size === 0 ? ['identity'] : [...found];
}

const ENCODINGS: ReadonlyMap<string, TransferEncoding> = new Map([
  ['', 'identity'],
  ['7bit', 'identity'],
  ['8bit', 'identity'],
  ['binary', 'identity'],
  ['base64', 'base64'],
  ['quoted-printable', 'quoted-printable'],
  ['x-uuencode', 'uuencode'],
  ['x-uue', 'uuencode'],
  ['uuencode', 'uuencode'],
  ['uue', 'uuencode'],
]);

/** uuencode is `findUuencoded`'s, since it has a name in it: here it stays. */
export function decodeBody(body: Uint8Array, encoding: TransferEncoding): DecodedBody {
  switch (encoding) {
    case 'base64':
      return decodeBase64(body);
    case 'quoted-printable':
      return decodeQuotedPrintable(body);
    case 'identity':
    case 'uuencode':
      return { octets: body, flawed: false };
  }
}

/** Value of each octet, 64 for `=`, 65 for line ends and blanks, 255 for all else. */
const SEXTETS = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code === EQUALS) return 64;
  if (code === CR || code === LF || code === SPACE || code === TAB) return 65;
  const index = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(String.fromCharCode(code));
  return index === -1 ? 255 : index;
});

/**
 * RFC 2045 §6.8. Behind padding it goes on with the next group: pieces that were encoded one by one stand after one another in mail of
 * some senders.
 */
function decodeBase64(body: Uint8Array): DecodedBody {
  const octets = Buffer.allocUnsafe(Math.ceil((body.length * 3) / 4) + 3);
  let used = 0;
  let bits = 0;
  let count = 0;
  let strangers = 0;
  for (const octet of body) {
    const value = SEXTETS[octet] ?? 255;
    if (value < 64) {
      bits = (bits << 6) | value;
      count += 1;
      if (count < 4) continue;
      octets[used] = bits >> 16;
      octets[used + 1] = bits >> 8;
      octets[used + 2] = bits;
      used += 3;
    } else if (value === 64) {
      used += putRest(octets, used, bits, count);
    } else {
      if (value === 255) strangers += 1;
      continue;
    }
    bits = 0;
    count = 0;
  }
  used += putRest(octets, used, bits, count);
  return { octets: octets.subarray(0, used), flawed: strangers > 0 };
}

/** Two sextets make one octet, three make two. */
function putRest(octets: Buffer, used: number, bits: number, count: number): number {
  if (count < 2) return 0;
  const whole = bits << (6 * (4 - count));
  octets[used] = whole >> 16;
  octets[used + 1] = whole >> 8;
  return count - 1;
}

const HEX = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return digit === -1 ? 255 : digit;
});

/** RFC 2045 §6.7. */
function decodeQuotedPrintable(body: Uint8Array): DecodedBody {
  const octets = Buffer.allocUnsafe(body.length);
  let used = 0;
  let flawed = false;
  for (let at = 0; at < body.length;) {
    const octet = body[at] ?? 0;
    const value = octet === EQUALS ? escapedAt(body, at) : octet;
    const end = value === undefined ? endOfSoftBreak(body, at + 1) : undefined;
    if (value === undefined && end === undefined) flawed = true;
    if (end === undefined) octets[used++] = value ?? octet;
    at = end ?? at + (octet === EQUALS && value !== undefined ? 3 : 1);
  }
  return { octets: octets.subarray(0, used), flawed };
}

function escapedAt(body: Uint8Array, at: number): number | undefined {
  const high = HEX[body[at + 1] ?? 0] ?? 255;
  const low = HEX[body[at + 2] ?? 0] ?? 255;
  return high < 16 && low < 16 ? high * 16 + low : undefined;
}

/** Blanks that hosts on the way have added may stand before the line end. */
function endOfSoftBreak(body: Uint8Array, from: number): number | undefined {
  let at = from;
  while (body[at] === SPACE || body[at] === TAB) at += 1;
  if (at >= body.length) return at;
  if (body[at] === CR) return body[at + 1] === LF ? at + 2 : at + 1;
  return body[at] === LF ? at + 1 : undefined;
}

export type Uuencoded = { readonly name: string; readonly octets: Uint8Array };

const BEGIN = /^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,500})\r?\n/gm;

/** Files that stand in a text as uuencode (or its relative with base64) wrote them before there was MIME; readers still show them. */
export function* findUuencoded(body: Uint8Array): Generator<Uuencoded> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.includes('begin')) return;
  const text = bytes.toString('latin1');
  BEGIN.lastIndex = 0;
  let from = 0;
  for (const { 0: line, 1: name = '', index } of text.matchAll(BEGIN)) {
    const start = index + line.length;
    if (index < from) continue;
    const isBase64 = line.startsWith('begin-base64');
    const end = isBase64 ? text.indexOf('\n====', start) : endOfUuencoded(text, start);
    from = end === -1 ? text.length : end;
    const octets = isBase64 ? decodeBase64(bytes.subarray(start, from)).octets : decodeUu(bytes.subarray(start, from));
    if (octets.length > 0) yield { name: name.trim(), octets };
  }
}

function endOfUuencoded(text: string, start: number): number {
  if (text.startsWith('end', start)) return start;
  const end = text.indexOf('\nend', start);
  return end === -1 ? text.length : end + 1;
}

/** Each line begins with its length; a line that has none ends it. */
function decodeUu(body: Uint8Array): Uint8Array {
  const octets = Buffer.allocUnsafe(body.length);
  let used = 0;
  for (let start = 0; start < body.length;) {
    const lineEnd = body.indexOf(LF, start);
    const end = lineEnd === -1 ? body.length : lineEnd;
    const length = ((body[start] ?? SPACE) - SPACE) & 0x3f;
    const groups = Math.ceil(length / 3);
    if (length === 0 || (body[start] ?? 0) > 0x60 || end - start < groups * 3) break;
    for (let group = 0; group < groups; group += 1) {
      const bits = bitsOf(body, start + 1 + group * 4, end);
      octets[used + group * 3] = bits >> 16;
      octets[used + group * 3 + 1] = bits >> 8;
      octets[used + group * 3 + 2] = bits;
    }
    used += length;
    start = end + 1;
  }
  return octets.subarray(0, used);
}

function bitsOf(body: Uint8Array, from: number, end: number): number {
  let bits = 0;
  for (let at = from; at < from + 4; at += 1) {
    const octet = at < end ? (body[at] ?? SPACE) : SPACE;
    bits = (bits << 6) | ((octet - SPACE) & 0x3f);
  }
  return bits;
}
