/**
 * Sends content: dot-stuffed behind DATA, as it is behind BDAT; from memory or, with backpressure, from its file.
 *
 * Content that needs no dot is never copied. A dot is stuffed behind a bare LF too: a host that takes one for a line end
 * must not find an end of data there.
 */
import { open, type FileHandle } from 'node:fs/promises';

import type { Content } from '#mail/content.ts';
import type { Milliseconds } from '#mail/units.ts';
import type { Wire } from './wire.ts';

const BLOCK_BYTES = 256 * 1024;
const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;

/** Octets on their way, block by block; `undefined` at the end. Rejects when the file cannot be read as it was stored. */
export interface ContentSource {
  readonly sizeBytes: number;
  read(maxBytes: number): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

export async function openContent(content: Content): Promise<ContentSource> {
  if (content.kind === 'inline') return new InlineSource(content.bytes);
  return new FileSource(await open(content.path), content.sizeBytes);
}

class InlineSource implements ContentSource {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  read(maxBytes: number): Promise<Uint8Array | undefined> {
    const block = this.#bytes.subarray(this.#at, this.#at + maxBytes);
    this.#at += block.length;
    return Promise.resolve(block.length === 0 ? undefined : block);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class FileSource implements ContentSource {
  readonly sizeBytes: number;
  readonly #file: FileHandle;
  #left: number;

  constructor(file: FileHandle, sizeBytes: number) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
    this.#left = sizeBytes;
  }

  async read(maxBytes: number): Promise<Uint8Array | undefined> {
    if (this.#left === 0) return undefined;
    // A fresh block each time: the socket still holds the last one.
    const block = Buffer.allocUnsafe(Math.min(maxBytes, this.#left));
    const { bytesRead } = await this.#file.read(block, 0, block.length);
    if (bytesRead === 0) throw new Error('the content file is shorter than it was');
    this.#left -= bytesRead;
    return block.subarray(0, bytesRead);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** What has been sent so far decides how the next octets begin. */
type Position = { readonly atLineStart: boolean; readonly afterLf: boolean; readonly afterCr: boolean };

const BEGINNING: Position = { atLineStart: true, afterLf: true, afterCr: false };

/** Everything at once, for content that is small: clean content, then the rest of it, in one write. */
export function sendInline(wire: Wire, bytes: Uint8Array): void {
  wire.send(stuff(bytes, true), 1, terminator(after(bytes, BEGINNING)));
}

/**
 * Block by block up to the final dot. Resolves early when the host answers before the end or is lost; the caller finds
 * out by the next answer. Resolves to false when the final dot was not sent.
 */
export async function streamData(wire: Wire, source: ContentSource, blockMs: Milliseconds): Promise<boolean> {
  let position = BEGINNING;
  wire.send('', 1);
  for (let block = await source.read(BLOCK_BYTES); block !== undefined; block = await source.read(BLOCK_BYTES)) {
    if (wire.answered) return false;
    wire.send(stuff(block, position.afterLf), 0);
    position = after(block, position);
    await wire.drained(blockMs);
  }
  if (wire.answered) return false;
  wire.send(terminator(position), 0);
  return true;
}

/** One chunk of BDAT, without its command; false when it could not be sent to its end. */
export async function streamChunk(
  wire: Wire,
  source: ContentSource,
  size: number,
  blockMs: Milliseconds,
): Promise<boolean> {
  for (let left = size; left > 0;) {
    const block = await source.read(Math.min(BLOCK_BYTES, left));
    if (block === undefined || wire.answered) return false;
    left -= block.length;
    wire.send(block, 0);
    await wire.drained(blockMs);
  }
  return true;
}

/** RFC 5321 §4.5.2: a line that begins with a dot gets another. */
export function stuff(bytes: Uint8Array, afterLf: boolean): Uint8Array {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = afterLf && content[0] === DOT ? 0 : nextDot(content, 0);
  if (first < 0) return bytes;
  const dots: number[] = [];
  for (let at = first; at >= 0; at = nextDot(content, at)) dots.push(at);
  const stuffed = Buffer.allocUnsafe(content.length + dots.length);
  let [from, to] = [0, 0];
  for (const at of dots) {
    to += content.copy(stuffed, to, from, at);
    stuffed[to] = DOT;
    to += 1;
    from = at;
  }
  content.copy(stuffed, to, from);
  return stuffed;
}

/** Where the next line begins with a dot, behind `from`. */
function nextDot(content: Buffer, from: number): number {
  const found = content.indexOf('\n.', from, 'latin1');
  return found < 0 ? -1 : found + 1;
}

function after(bytes: Uint8Array, before: Position): Position {
  if (bytes.length === 0) return before;
  const last = bytes[bytes.length - 1];
  const previous = bytes.length > 1 ? bytes[bytes.length - 2] === CR : before.afterCr;
  return { atLineStart: last === LF && previous, afterLf: last === LF, afterCr: last === CR };
}

const END_AT_LINE_START = Buffer.from('.\r\n');
const END_WITHIN_LINE = Buffer.from('\r\n.\r\n');

const terminator = ({ atLineStart }: Position): Uint8Array => (atLineStart ? END_AT_LINE_START : END_WITHIN_LINE);
