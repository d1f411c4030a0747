/**
 * A multipart body taken apart at its delimiter lines (RFC 2046 §5.1), by octets and without a copy. Also for bodies that are not what they
 * should be: what stands before, between and behind the parts is told too. Which parts there are to be is the caller's to say.
 */

export type Section =
  | { readonly kind: 'part'; readonly octets: Uint8Array }
  /** Preamble, epilogue: readers do not show it, but it travels. */
  | { readonly kind: 'outside'; readonly octets: Uint8Array };

type Delimiter = { readonly start: number; readonly end: number; readonly closing: boolean };

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const VERTICAL_TAB = 0x0b;
const FORM_FEED = 0x0c;
const DASH = 0x2d;

/**
 * In their order. Without any delimiter line there is one section, all of it outside. A part behind the closing delimiter is a part all the same:
 * some readers show it.
 */
export function* sectionsOf(body: Uint8Array, boundary: string): Generator<Section> {
  let start = 0;
  let kind: Section['kind'] = 'outside';
  for (const delimiter of delimitersOf(body, boundary)) {
    yield { kind, octets: body.subarray(start, endOfSection(body, start, delimiter.start)) };
    start = delimiter.end;
    kind = delimiter.closing ? 'outside' : 'part';
  }
  yield { kind, octets: body.subarray(start) };
}

export function hasDelimiter(body: Uint8Array, boundary: string): boolean {
  return delimitersOf(body, boundary).next().done !== true;
}

/**
 * The boundary that a body seems to have, for one that declares none or another: a line that begins with two dashes, and behind it a line that
 * looks like a field of a part's header.
 */
export function guessBoundary(body: Uint8Array): string | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  for (let at = startOfDashes(bytes, 0); at !== -1; at = startOfDashes(bytes, at + 2)) {
    const lineEnd = bytes.indexOf(LF, at);
    if (lineEnd === -1) return undefined;
    const isLong = lineEnd - at > LONGEST_LINE;
    if (isLong || !isPartHeader(bytes, lineEnd + 1)) continue;
    const boundary = bytes.toString('latin1', at + 2, lineEnd).replace(/[ \t\v\f\r]+$/, '');
    if (boundary !== '') return boundary;
  }
  return undefined;
}

/** RFC 5322 §2.1.1. */
const LONGEST_LINE = 998;

function isPartHeader(bytes: Buffer, at: number): boolean {
  return bytes.toString('latin1', at, at + 'content-'.length).toLowerCase() === 'content-';
}

function startOfDashes(bytes: Buffer, from: number): number {
  if (from === 0 && bytes[0] === DASH && bytes[1] === DASH) return 0;
  const found = bytes.indexOf('\n--', Math.max(0, from - 1));
  return found === -1 ? -1 : found + 1;
}

/** RFC 2046 §5.1.1: the line end before a delimiter belongs to it. */
function endOfSection(body: Uint8Array, start: number, delimiter: number): number {
  let end = delimiter;
  if (end > start && body[end - 1] === LF) end -= 1;
  if (end > start && body[end - 1] === CR) end -= 1;
  return end;
}

function* delimitersOf(body: Uint8Array, boundary: string): Generator<Delimiter> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const sought = Buffer.from(`--${boundary}`, 'latin1');
  for (let at = bytes.indexOf(sought); at !== -1; at = bytes.indexOf(sought, at + 1)) {
    const delimiter =
      at === 0 || bytes[at - 1] === LF || bytes[at - 1] === CR ? readDelimiter(bytes, at, sought.length) : undefined;
    if (delimiter !== undefined) yield delimiter;
  }
}

/** What some readers pass over as they do spaces is passed over here too. */
const isBlank = (octet: number | undefined): boolean =>
  octet === SPACE || octet === TAB || octet === VERTICAL_TAB || octet === FORM_FEED;

/** Behind the boundary only dashes and blanks may stand. */
function readDelimiter(bytes: Buffer, start: number, length: number): Delimiter | undefined {
  let at = start + length;
  const closing = bytes[at] === DASH && bytes[at + 1] === DASH;
  if (closing) at += 2;
  while (isBlank(bytes[at])) at += 1;
  if (at >= bytes.length) return { start, end: at, closing };
  if (bytes[at] === CR) at += 1;
  if (bytes[at] === LF) return { start, end: at + 1, closing };
  return bytes[at - 1] === CR ? { start, end: at, closing } : undefined;
}
