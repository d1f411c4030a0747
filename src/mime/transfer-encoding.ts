/**
 * Quoted-printable and base64 of bodies of any size (RFC 2045 §6.7, RFC 2045 §6.8), in slices between which other work has its turn.
 * Which parts are encoded is `convert.ts`'s to say.
 */
import { setImmediate as turn } from 'node:timers/promises';

export type Encoded = {
  readonly encoding: 'quoted-printable' | 'base64';
  readonly pieces: readonly Buffer[];
};

/** Octets that are worked on at once: a millisecond or two. */
const SLICE_BYTES = 128 * 1024;
const CR = 0x0d;
const LF = 0x0a;
const EQUALS = 0x3d;
const MAX_LINE = 76;
const BASE64_LINE_OCTETS = 57;
/** Text up to this size stays readable even where base64 would be shorter. */
const ALWAYS_QUOTED_BYTES = 4096;

/** What goes through quoted-printable as it is: 1; blanks, which may not end a line: 2; what must be escaped: 0. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code === 0x20 || code === 0x09) return 2;
  return code > 0x20 && code < 0x7f && code !== EQUALS ? 1 : 0;
});
type Triple = readonly [number, number, number];
const SOFT_BREAK: Triple = [EQUALS, CR, LF];
const ESCAPES: readonly Triple[] = Array.from({ length: 256 }, (_, code) => {
  const digits = Buffer.from(code.toString(16).toUpperCase().padStart(2, '0'));
  return [EQUALS, digits.readUInt8(0), digits.readUInt8(1)];
});

/** Text becomes quoted-printable unless its line ends are none or base64 is shorter; all else becomes base64. */
export async function encodeBody(body: Buffer, isText: boolean): Promise<Encoded> {
  const quoted = isText && (await suitsQuoting(body));
  const pieces: Buffer[] = [];
  let width = 0;
  const step = quoted ? SLICE_BYTES : BASE64_LINE_OCTETS * Math.floor(SLICE_BYTES / BASE64_LINE_OCTETS);
  for (let from = 0; from < body.length; from += step) {
    if (from > 0) await turn();
    const to = Math.min(from + step, body.length);
    const slice = quoted ? quote(body, from, to, width) : { piece: toBase64(body.subarray(from, to)), width };
    width = slice.width;
    pieces.push(slice.piece);
  }
  return { encoding: quoted ? 'quoted-printable' : 'base64', pieces };
}

/** A short text, whose line ends are CRLF. */
export const quotePrintable = (text: Buffer): Buffer => quote(text, 0, text.length, 0).piece;

/** No CR or LF stands alone, and what is to be escaped takes less room than base64 would. */
async function suitsQuoting(body: Buffer): Promise<boolean> {
  let escapes = 0;
  for (let from = 0; from < body.length; from += SLICE_BYTES) {
    if (from > 0) await turn();
    const to = Math.min(from + SLICE_BYTES, body.length);
    for (let at = from; at < to; at += 1) {
      const code = body[at] ?? 0;
      if (code === CR && body[at + 1] !== LF) return false;
      if (code === LF && body[at - 1] !== CR) return false;
      if (PLAIN[code] === 0) escapes += 1;
    }
  }
  // An escape adds two octets; base64 adds a third and its line ends.
  return body.length <= ALWAYS_QUOTED_BYTES || escapes * 2 < body.length * 0.37;
}

/** Quotes one slice; `width` is how much of the current line the slices before have filled. */
function quote(body: Buffer, from: number, to: number, width: number): { piece: Buffer; width: number } {
  // Each octet takes three at most, and each line of at least 73 a soft line break of three.
  const out = Buffer.allocUnsafe(Math.ceil((to - from) * 3 * (1 + 3 / 73)) + 8);
  let used = 0;
  for (let at = from; at < to; at += 1) {
    const code = body[at] ?? 0;
    if (code === CR || code === LF) {
      out[used++] = code;
      width = 0;
      continue;
    }
    const isLast = at + 1 === body.length || body[at + 1] === CR;
    const length = quotedLength(code, isLast);
    if (width + length > (isLast ? MAX_LINE : MAX_LINE - 1)) {
      used = put(out, used, SOFT_BREAK);
      width = 0;
    }
    if (length === 1) out[used++] = code;
    else used = put(out, used, ESCAPES[code]);
    width += length;
  }
  return { piece: Buffer.from(out.subarray(0, used)), width };
}

function quotedLength(code: number, isLast: boolean): 1 | 3 {
  const kind = PLAIN[code];
  return kind === 1 || (kind === 2 && !isLast) ? 1 : 3;
}

/** Three octets, without a call into the runtime for them. */
function put(out: Buffer, at: number, [first, second, third]: Triple = SOFT_BREAK): number {
  out[at] = first;
  out[at + 1] = second;
  out[at + 2] = third;
  return at + 3;
}

function toBase64(slice: Buffer): Buffer {
  const text = Buffer.from(slice.toString('base64'), 'latin1');
  const out = Buffer.allocUnsafe(text.length + 2 * Math.ceil(text.length / MAX_LINE));
  let used = 0;
  for (let at = 0; at < text.length; at += MAX_LINE) {
    used += text.copy(out, used, at, Math.min(at + MAX_LINE, text.length));
    out[used++] = CR;
    out[used++] = LF;
  }
  return out;
}
