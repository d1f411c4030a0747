/**
 * How large the packed streams of a PDF document become, found without reading the document: each is unpacked for itself and counted, so that one made to
 * become endless is refused before a reader is asked. What it holds is `pdf.ts`'s.
 */
import type { Budget } from './budget.ts';
import { unpack } from './unpack.ts';

const STREAM = Buffer.from('stream');
const END = Buffer.from('endstream');
const CR = 0x0d;
const LF = 0x0a;
/** A stream's dictionary stands right before it. */
const DICTIONARY_BYTES = 2048;
/** Packed within packed; no writer does that more than once. */
const DEEPEST = 2;

/** Throws `LimitReached`. */
export function countPdfStreams(octets: Uint8Array, budget: Budget): void {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  let end = -1;
  for (let at = bytes.indexOf(STREAM); at !== -1; at = bytes.indexOf(STREAM, at + STREAM.length)) {
    budget.tick();
    if (bytes.toString('latin1', at - 3, at) === 'end') continue;
    const start = startOfStream(bytes, at + STREAM.length);
    // The word may stand where no stream begins: what lies behind it is looked at again.
    if (end < start) end = bytes.indexOf(END, start);
    if (end === -1) end = bytes.length;
    const dictionary = bytes.toString('latin1', Math.max(0, at - DICTIONARY_BYTES), at);
    count(bytes.subarray(start, end), dictionary.slice(dictionary.lastIndexOf(' obj') + 1), budget);
  }
}

function startOfStream(bytes: Buffer, from: number): number {
  const afterReturn = bytes[from] === CR ? from + 1 : from;
  return bytes[afterReturn] === LF ? afterReturn + 1 : afterReturn;
}

function count(packed: Uint8Array, dictionary: string, budget: Budget): void {
  const filters = dictionary.match(/\/(?:Fl(?:ate(?:Decode)?)?|LZW(?:Decode)?|RL|RunLengthDecode)\b/g) ?? [];
  if (filters.length > DEEPEST) throw budget.limit('a PDF stream that is packed many times');
  let octets = packed;
  for (let depth = 0; depth <= DEEPEST && looksPacked(octets); depth += 1) {
    const unpacked = unpack(octets, 'zlib', budget);
    if (unpacked === undefined) return;
    octets = unpacked.octets;
  }
}

/** RFC 1950 §2.2. */
function looksPacked(octets: Uint8Array): boolean {
  const [method = 0, flags = 0] = octets;
  return (method & 0x0f) === 8 && (method * 256 + flags) % 31 === 0;
}
