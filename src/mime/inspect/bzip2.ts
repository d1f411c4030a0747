/**
 * What bzip2 packed, as its own source describes it: blocks of letters that were sorted, moved to the front, counted and coded by Huffman, all of it backwards. What
 * comes out is counted while it grows. Checksums are not looked at: what is damaged shows by making no sense.
 */
import type { Budget } from './budget.ts';
import { BlockReader } from './bzip2-block.ts';
import { BitReader } from './bzip2-bits.ts';
import type { Unpacked } from './unpack.ts';

const BLOCK_MARK = '314159265359';
const END_MARK = '177245385090';
const BLOCK_UNIT = 100_000;
/** Octets between two looks at the budget. */
const STRIDE = 64 * 1024;

/** `undefined` when nothing at all could be unpacked. Throws `LimitReached`. */
export function unpackBzip2(packed: Uint8Array, budget: Budget): Unpacked | undefined {
  const bits = new BitReader(packed);
  const pieces: Uint8Array[] = [];
  let blockBytes = readHeader(bits);
  let damaged = blockBytes === 0;
  while (!damaged && blockBytes > 0) {
    const mark = bits.hex(48);
    if (mark === BLOCK_MARK) {
      const letters = new BlockReader(bits, blockBytes, budget).read();
      damaged = letters === undefined || bits.isPastEnd;
      if (letters !== undefined && !damaged) for (const piece of withRuns(letters, budget)) pieces.push(piece);
    } else if (mark === END_MARK) {
      bits.read(32);
      bits.toOctet();
      // Several may stand behind one another.
      blockBytes = readHeader(bits);
    } else damaged = true;
  }
  return pieces.length === 0 && damaged ? undefined : { octets: Buffer.concat(pieces), damaged };
}

/** How long its blocks are at most; 0 when it is none. */
function readHeader(bits: BitReader): number {
  const isMark = bits.hex(24) === '425a68';
  const level = bits.read(8) - 0x30;
  return isMark && level >= 1 && level <= 9 ? level * BLOCK_UNIT : 0;
}

/** Four letters that are the same are followed by how often more they are. */
function* withRuns(letters: Uint8Array, budget: Budget): Generator<Uint8Array> {
  let out = Buffer.alloc(STRIDE + 256);
  let used = 0;
  let same = 0;
  let last = -1;
  for (const letter of letters) {
    if (same === 4) {
      out.fill(last, used, used + letter);
      used += letter;
      same = 0;
      last = -1;
    } else {
      same = letter === last ? same + 1 : 1;
      last = letter;
      out[used] = letter;
      used += 1;
    }
    if (used < STRIDE) continue;
    budget.checkTime();
    budget.countUnpacked(used);
    yield out.subarray(0, used);
    out = Buffer.alloc(STRIDE + 256);
    used = 0;
  }
  budget.countUnpacked(used);
  yield out.subarray(0, used);
}
