/** The headers of RAR archives of version 5: numbers in seven bits each, blocks with a type, extra records behind them. Only for `rar.ts`. */
import type { Budget } from './budget.ts';
import type { RarListing, RarMember } from './rar.ts';

const FILE = 2;
const ENCRYPTION = 4;
const END = 5;
const HAS_EXTRA = 1;
const HAS_DATA = 2;
const FILE_IS_DIRECTORY = 1;
const FILE_HAS_TIME = 2;
const FILE_HAS_CRC = 4;
/** The extra record of a file that is encrypted. */
const FILE_ENCRYPTION = 1;

export function readRar5Headers(bytes: Buffer, start: number, budget: Budget): RarListing {
  const members: RarMember[] = [];
  let at = start;
  while (at + 7 <= bytes.length) {
    budget.tick();
    const size = new NumberReader(bytes, at + 4);
    const headerSize = size.next();
    const headerEnd = size.at + headerSize;
    if (headerSize === 0 || headerEnd > bytes.length) return { members, shut: false, damaged: true };
    const block = readBlock(bytes, size.at, headerEnd);
    if (block.type === END) break;
    if (block.type === ENCRYPTION) return { members, shut: true, damaged: false };
    if (block.member !== undefined) members.push(block.member);
    at = headerEnd + block.dataBytes;
  }
  return { members, shut: false, damaged: members.length === 0 };
}

type Block = { readonly type: number; readonly dataBytes: number; readonly member?: RarMember | undefined };

function readBlock(bytes: Buffer, start: number, end: number): Block {
  const reader = new NumberReader(bytes.subarray(0, end), start);
  const type = reader.next();
  const flags = reader.next();
  const extraBytes = (flags & HAS_EXTRA) === 0 ? 0 : reader.next();
  const dataBytes = (flags & HAS_DATA) === 0 ? 0 : reader.next();
  if (type !== FILE) return { type, dataBytes };
  const fileFlags = reader.next();
  const sizeBytes = reader.next();
  reader.next();
  if ((fileFlags & FILE_HAS_TIME) !== 0) reader.at += 4;
  if ((fileFlags & FILE_HAS_CRC) !== 0) reader.at += 4;
  const isStored = ((reader.next() >> 7) & 7) === 0;
  reader.next();
  const nameBytes = reader.next();
  if ((fileFlags & FILE_IS_DIRECTORY) !== 0) return { type, dataBytes };
  const member = {
    path: bytes.toString('utf8', reader.at, Math.min(end, reader.at + nameBytes)),
    sizeBytes,
    encrypted: hasRecord(bytes.subarray(0, end), Math.max(reader.at, end - extraBytes), FILE_ENCRYPTION),
    stored: isStored ? bytes.subarray(end, end + dataBytes) : undefined,
  };
  return { type, dataBytes, member };
}

function hasRecord(header: Buffer, start: number, wanted: number): boolean {
  for (let at = start; at < header.length;) {
    const reader = new NumberReader(header, at);
    const size = reader.next();
    const end = reader.at + size;
    if (reader.next() === wanted) return true;
    at = Math.max(end, at + 1);
  }
  return false;
}

/** Seven bits in each octet, the lowest first. */
class NumberReader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  next(): number {
    let value = 0;
    for (let index = 0; index < 10; index += 1) {
      const octet = this.#bytes[this.at] ?? 0;
      this.at += 1;
      value += (octet & 0x7f) * 128 ** index;
      if (octet < 0x80) break;
    }
    return value;
  }
}
