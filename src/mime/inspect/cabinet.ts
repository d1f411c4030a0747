/**
 * Cabinets of Windows (MS-CAB): their members, unpacked where they are stored or packed as MSZIP, which is all that Windows' own tool writes unless asked.
 */
import { decodeText } from '#mime/charset.ts';
import { LimitReached, type Budget } from './budget.ts';
import { contents, failed, type Contents, type Member, type Opened, type Source } from './contents.ts';
import { memberPath } from './file-name.ts';
import { unpack } from './unpack.ts';

type Folder = {
  readonly dataStart: number;
  readonly blocks: number;
  /** MS-CAB 2.2: 0 none, 1 MSZIP, 2 Quantum, 3 LZX. */
  readonly compression: number;
};

type Cabinet = {
  readonly bytes: Buffer;
  readonly folders: readonly Folder[];
  /** Octets that each block has before its data. */
  readonly reserved: number;
  readonly budget: Budget;
  /** What has been unpacked: folders are unpacked whole. */
  readonly unpacked: Map<Folder, Uint8Array | undefined>;
};

const HEADER_BYTES = 36;
const FOLDER_BYTES = 8;
const FILE_BYTES = 16;
const BLOCK_BYTES = 8;
const HAS_PREVIOUS = 1;
const HAS_NEXT = 2;
const HAS_RESERVE = 4;
const NAME_IS_UTF8 = 0x80;
/** How far a block of MSZIP may point back. */
const WINDOW = 32_768;
const DAMAGED = 'it is a damaged cabinet';

export function readCabinet({ octets, budget }: Source): Contents {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const members: Member[] = [];
  try {
    fillMembers(members, bytes, budget);
    return contents({ members });
  } catch (error) {
    // Offsets that lead beyond the end.
    if (error instanceof RangeError) return failed(DAMAGED, { members });
    throw error;
  }
}

function fillMembers(members: Member[], bytes: Buffer, budget: Budget): void {
  const flags = bytes.readUInt16LE(30);
  const { at, folderReserve, reserved } = endOfHeader(bytes, flags);
  const folders: Folder[] = [];
  for (let index = 0; index < bytes.readUInt16LE(26); index += 1) {
    const start = at + index * (FOLDER_BYTES + folderReserve);
    folders.push({
      dataStart: bytes.readUInt32LE(start),
      blocks: bytes.readUInt16LE(start + 4),
      compression: bytes.readUInt16LE(start + 6) & 0x0f,
    });
  }
  const cabinet: Cabinet = { bytes, folders, reserved, budget, unpacked: new Map() };
  let start = bytes.readUInt32LE(16);
  for (let index = 0; index < bytes.readUInt16LE(28); index += 1) {
    budget.tick();
    const nameEnd = bytes.indexOf(0, start + FILE_BYTES);
    if (nameEnd === -1) throw new RangeError('a name without an end');
    members.push(memberAt(cabinet, start, nameEnd));
    start = nameEnd + 1;
  }
}

function endOfHeader(bytes: Buffer, flags: number): { at: number; folderReserve: number; reserved: number } {
  const hasReserve = (flags & HAS_RESERVE) !== 0;
  let at = HEADER_BYTES + (hasReserve ? 4 + bytes.readUInt16LE(HEADER_BYTES) : 0);
  // The names of the cabinets before and after it, and of their disks.
  const names = ((flags & HAS_PREVIOUS) !== 0 ? 2 : 0) + ((flags & HAS_NEXT) !== 0 ? 2 : 0);
  for (let name = 0; name < names; name += 1) {
    const end = bytes.indexOf(0, at);
    if (end === -1) throw new RangeError('a name without an end');
    at = end + 1;
  }
  return {
    at,
    folderReserve: hasReserve ? bytes.readUInt8(HEADER_BYTES + 2) : 0,
    reserved: hasReserve ? bytes.readUInt8(HEADER_BYTES + 3) : 0,
  };
}

function memberAt(cabinet: Cabinet, start: number, nameEnd: number): Member {
  const { bytes, folders } = cabinet;
  const size = bytes.readUInt32LE(start);
  const offset = bytes.readUInt32LE(start + 4);
  const folder = folders[bytes.readUInt16LE(start + 8)];
  const isUtf8 = (bytes.readUInt16LE(start + 14) & NAME_IS_UTF8) !== 0;
  const name = decodeText(bytes.subarray(start + FILE_BYTES, nameEnd), isUtf8 ? 'utf-8' : '').text;
  const shut = (state: 'unsupported' | 'failed', reason: string): Opened => ({
    kind: 'shut',
    state,
    reason,
    sizeBytes: size,
  });
  const open = (): Opened => {
    if (folder === undefined) return shut('unsupported', 'it goes on in another cabinet');
    if (folder.compression > 1)
      return shut('unsupported', folder.compression === 2 ? 'packed with Quantum' : 'packed with LZX');
    const octets = unpackedFolder(cabinet, folder);
    if (octets === undefined || offset > octets.length) return shut('failed', 'its packed octets are damaged');
    return { kind: 'open', octets: octets.subarray(offset, offset + size), damaged: offset + size > octets.length };
  };
  return { path: memberPath(name), open };
}

function unpackedFolder(cabinet: Cabinet, folder: Folder): Uint8Array | undefined {
  if (!cabinet.unpacked.has(folder)) cabinet.unpacked.set(folder, unpackFolder(cabinet, folder));
  return cabinet.unpacked.get(folder);
}

function unpackFolder({ bytes, reserved, budget }: Cabinet, folder: Folder): Uint8Array | undefined {
  const pieces: Uint8Array[] = [];
  let before: Uint8Array = new Uint8Array();
  let at = folder.dataStart;
  try {
    for (let block = 0; block < folder.blocks; block += 1) {
      const size = bytes.readUInt16LE(at + 4);
      const data = bytes.subarray(at + BLOCK_BYTES + reserved, at + BLOCK_BYTES + reserved + size);
      const piece = folder.compression === 0 ? data : unpackBlock(data, before, budget);
      if (piece === undefined) break;
      pieces.push(piece);
      before = piece.subarray(-WINDOW);
      at += BLOCK_BYTES + reserved + size;
    }
  } catch (error) {
    if (error instanceof LimitReached || !(error instanceof RangeError)) throw error;
  }
  return pieces.length === 0 ? undefined : Buffer.concat(pieces);
}

/** MS-MCI: each block is a deflate stream of its own, which points back into the one before. */
function unpackBlock(data: Buffer, dictionary: Uint8Array, budget: Budget): Uint8Array | undefined {
  if (data.toString('latin1', 0, 2) !== 'CK') return undefined;
  return unpack(data.subarray(2), 'deflate', budget, dictionary.length === 0 ? undefined : dictionary)?.octets;
}
