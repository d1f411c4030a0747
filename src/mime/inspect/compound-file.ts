/**
 * Compound files (MS-CFB), in which Office kept its documents until 2007: streams in storages, cut into sectors that point to the next. Chains that lead in
 * a circle or nowhere end. What a stream holds is its readers' to say.
 */
import type { Budget } from './budget.ts';

export type CompoundStream = {
  /** The storages it is in, `''` at the top, else with a slash behind each. */
  readonly storage: string;
  readonly name: string;
  /** As far as there is anything of it. */
  readonly read: () => Buffer;
};

const HEADER_BYTES = 512;
const ENTRY_BYTES = 128;
const LAST_SECTOR = 0xfffffffa;
const NONE = 0xffffffff;
const MINI_SECTOR_SHIFT = 6;
const MINI_STREAM_LIMIT = 4096;
const STREAM = 2;
const ROOT = 5;
const MOST_ENTRIES = 20_000;
const LONGEST_PATH = 1024;

/** `undefined` for what is none, or too damaged for its directory to be read. */
export function readCompoundFile(octets: Uint8Array, budget: Budget): readonly CompoundStream[] | undefined {
  if (octets.length < HEADER_BYTES) return undefined;
  const sectors = new Sectors(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength));
  const directory = sectors.chain(sectors.number(48), MOST_ENTRIES * ENTRY_BYTES);
  const entries: Entry[] = [];
  for (let at = 0; at + ENTRY_BYTES <= directory.length; at += ENTRY_BYTES) {
    budget.tick();
    entries.push(entryAt(directory.subarray(at, at + ENTRY_BYTES)));
  }
  const [root] = entries;
  if (root?.type !== ROOT) return undefined;
  const mini = new MiniSectors(sectors, root);
  return placed(entries).map(({ entry, storage }) => ({
    storage,
    name: entry.name,
    read: () =>
      entry.size < MINI_STREAM_LIMIT ? mini.chain(entry.start, entry.size) : sectors.chain(entry.start, entry.size),
  }));
}

type Entry = {
  readonly name: string;
  readonly type: number;
  readonly start: number;
  readonly size: number;
  readonly siblings: readonly number[];
  readonly child: number;
};

function entryAt(octets: Buffer): Entry {
  const nameBytes = Math.max(0, Math.min(64, octets.readUInt16LE(64)) - 2);
  return {
    name: octets.toString('utf16le', 0, nameBytes),
    type: octets.readUInt8(66),
    siblings: [octets.readUInt32LE(68), octets.readUInt32LE(72)],
    child: octets.readUInt32LE(76),
    start: octets.readUInt32LE(116),
    size: octets.readUInt32LE(120),
  };
}

type Placed = { readonly entry: Entry; readonly storage: string };

/** In the order of the directory. Entries that no storage has count too: some readers find them. */
function placed(entries: readonly Entry[]): readonly Placed[] {
  const storages = new Map<number, string>();
  const open: [index: number, storage: string][] = [[0, '']];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [index, storage] = next;
    const entry = entries[index];
    if (entry === undefined || storages.has(index)) continue;
    storages.set(index, storage);
    for (const sibling of entry.siblings) open.push([sibling, storage]);
    if (entry.child !== NONE)
      open.push([entry.child, index === 0 ? '' : `${storage}${entry.name}/`.slice(-LONGEST_PATH)]);
  }
  return entries.flatMap((entry, index) =>
    entry.type === STREAM ? [{ entry, storage: storages.get(index) ?? '' }] : [],
  );
}

class Sectors {
  readonly #bytes: Buffer;
  readonly #shift: number;
  readonly #table: Uint32Array;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#shift = bytes.readUInt16LE(30) === 12 ? 12 : 9;
    this.#table = this.#readTable();
  }

  /** Of the header. */
  number(at: number): number {
    return this.#bytes.readUInt32LE(at);
  }

  next(sector: number): number {
    return this.#table[sector] ?? NONE;
  }

  sector(index: number): Buffer {
    const start = (index + 1) * 2 ** this.#shift;
    return this.#bytes.subarray(start, start + 2 ** this.#shift);
  }

  /** No longer than the file, however it goes round. */
  chain(start: number, size: number): Buffer {
    const pieces: Buffer[] = [];
    const limit = Math.min(size, this.#bytes.length);
    let length = 0;
    for (let at = start; at < LAST_SECTOR && length < limit; at = this.next(at)) {
      const piece = this.sector(at);
      if (piece.length === 0) break;
      pieces.push(piece);
      length += piece.length;
    }
    return Buffer.concat(pieces).subarray(0, limit);
  }

  /** Where its own sectors are is said in the header, and for large files in further sectors. */
  #readTable(): Uint32Array {
    const numbers: number[] = [];
    const perSector = 2 ** this.#shift / 4;
    const most = Math.ceil(this.#bytes.length / 2 ** this.#shift / perSector) + 1;
    const addSectors = (list: Buffer, count: number): void => {
      for (let at = 0; at + 4 <= count * 4 && at + 4 <= list.length && numbers.length < most; at += 4) {
        const sector = list.readUInt32LE(at);
        if (sector < LAST_SECTOR) numbers.push(sector);
      }
    };
    addSectors(this.#bytes.subarray(76, HEADER_BYTES), 109);
    let further = this.number(68);
    for (let count = 0; further < LAST_SECTOR && count < most && numbers.length < most; count += 1) {
      const list = this.sector(further);
      if (list.length < perSector * 4) break;
      addSectors(list, perSector - 1);
      further = list.readUInt32LE(list.length - 4);
    }
    return asNumbers(Buffer.concat(numbers.map((sector) => this.sector(sector))));
  }
}

/** Small streams lie together in a stream of the root. */
class MiniSectors {
  readonly #octets: Buffer;
  readonly #table: Uint32Array;

  constructor(sectors: Sectors, root: Entry) {
    this.#octets = sectors.chain(root.start, root.size);
    this.#table = asNumbers(sectors.chain(sectors.number(60), sectors.number(64) * 4096));
  }

  chain(start: number, size: number): Buffer {
    const pieces: Buffer[] = [];
    let length = 0;
    for (let at = start; at < LAST_SECTOR && length < size; at = this.#table[at] ?? NONE) {
      const piece = this.#octets.subarray(at << MINI_SECTOR_SHIFT, (at + 1) << MINI_SECTOR_SHIFT);
      if (piece.length === 0) break;
      pieces.push(piece);
      length += piece.length;
    }
    return Buffer.concat(pieces).subarray(0, size);
  }
}

function asNumbers(octets: Buffer): Uint32Array {
  return Uint32Array.from({ length: octets.length >> 2 }, (_, index) => octets.readUInt32LE(index * 4));
}
