/**
 * ZIP archives: the only door of yauzl, which reads their directory. Members that the directory leaves out are found by their own headers,
 * since some unpackers go by those. Sizes that an archive claims are never believed; what is unpacked is counted.
 */
import yauzl from 'yauzl';

import { decodeText } from '#mime/charset.ts';
import type { Budget } from './budget.ts';
import { unpackBzip2 } from './bzip2.ts';
import { contents, encrypted, failed, type Contents, type Member, type Opened, type Source } from './contents.ts';
import { memberPath } from './file-name.ts';
import { unpackLzma } from './lzma.ts';
import { unpack, type Compression, type Unpacked } from './unpack.ts';

export type ZipMember = {
  readonly path: string;
  /** What unpackers call it that go by other places than the directory. */
  readonly otherNames: readonly string[];
  readonly encrypted: boolean;
  readonly sizeBytes: number;
  readonly open: () => Opened;
};

export type ZipListing = {
  readonly members: readonly ZipMember[];
  /** It is not what it should be: some of its members may be missing. */
  readonly damage?: string | undefined;
  /** It is made to be larger unpacked than its octets can hold. */
  readonly bomb: boolean;
};

type Entry = {
  readonly path: string;
  readonly otherNames: readonly string[];
  readonly flags: number;
  readonly method: number;
  readonly headerStart: number;
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly sizeBytes: number;
};

const LOCAL_HEADER = Buffer.from('PK\u0003\u0004', 'latin1');
const END_OF_DIRECTORY = Buffer.from('PK\u0005\u0006', 'latin1');
const LOCAL_HEADER_BYTES = 30;
const ENCRYPTED = 0x0001;
const STRONGLY_ENCRYPTED = 0x0040;
const HAS_DESCRIPTOR = 0x0008;
const IS_UTF8 = 0x0800;
const UNICODE_PATH = 0x7075;
/** APPNOTE 7.2: the real method is in an extra field of what WinZip's AES encrypts. */
const AES = 99;
const COMPRESSIONS: ReadonlyMap<number, Compression> = new Map([
  [8, 'deflate'],
  [93, 'zstd'],
]);
const BZIP2 = 12;
const LZMA = 14;
const METHOD_NAMES: ReadonlyMap<number, string> = new Map([
  [9, 'Deflate64'],
  [95, 'xz'],
  [98, 'PPMd'],
]);
/** More of them are listed by nobody. */
const MOST_MEMBERS = 50_000;

export async function readZip(source: Source, listing?: ZipListing): Promise<Contents> {
  const { members, damage, bomb } = listing ?? (await listZip(source.octets, source.budget));
  const files: Member[] = members.filter(({ path }) => path !== '' && !path.endsWith('/'));
  const shut = members.filter((member) => member.encrypted).length;
  if (bomb) return contents({ state: 'limit', reason: 'its members share their octets' });
  if (shut > 0) return encrypted({ members: files, reason: `a password keeps ${shut} of its members shut` });
  return damage === undefined ? contents({ members: files }) : failed(damage, { members: files });
}

/**
 * True when a ZIP archive stands at the end of something else, as it may: unpackers look for it from the end. With something behind it, it does so only where it is
 * not a file that the other, `isContainer`, holds as it is.
 */
export function endsAsZip(octets: Uint8Array, isContainer: boolean): boolean {
  const tail = Buffer.from(octets.subarray(Math.max(0, octets.length - 65_557)));
  const at = tail.lastIndexOf(END_OF_DIRECTORY);
  if (at === -1 || at + 22 > tail.length || tail.readUInt16LE(at + 10) === 0) return false;
  return !isContainer || at + 22 + tail.readUInt16LE(at + 20) === tail.length;
}

/** Never rejects for what the octets are. */
export async function listZip(octets: Uint8Array, budget: Budget): Promise<ZipListing> {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const { entries, damage } = await readDirectory(bytes, budget);
  const ordered = entries.toSorted((one, other) => one.headerStart - other.headerStart);
  const bomb = ordered.some((entry, index) => entry.headerStart < (ordered[index - 1]?.dataEnd ?? 0));
  const unlisted = bomb ? [] : findUnlisted(bytes, ordered, budget);
  const members = [...entries, ...unlisted].map((entry) => memberOf(entry, bytes, budget));
  return { members, damage, bomb };
}

async function readDirectory(bytes: Buffer, budget: Budget): Promise<{ entries: Entry[]; damage?: string }> {
  const entries: Entry[] = [];
  try {
    const zip = await yauzl.fromBufferPromise(bytes, { decodeStrings: false });
    for await (const entry of zip.eachEntry()) {
      budget.tick();
      if (entries.length >= MOST_MEMBERS) throw budget.limit(`more than ${MOST_MEMBERS} members of an archive`);
      const listed = listedEntry(entry, bytes);
      if (listed === undefined) return { entries, damage: 'its directory names a member that is not there' };
      entries.push(listed);
    }
    return { entries };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'LIMIT_REACHED') throw error;
    return { entries, damage: 'its directory cannot be read' };
  }
}

function listedEntry(entry: yauzl.Entry, bytes: Buffer): Entry | undefined {
  const headerStart = entry.relativeOffsetOfLocalHeader;
  const dataStart = startOfData(bytes, headerStart);
  if (dataStart === undefined) return undefined;
  const path = memberPath(nameOf(entry));
  const otherNames = [localName(entry, bytes), unicodeName(entry)].map(memberPath);
  return {
    path: path + (entry.fileNameRaw.at(-1) === 0x2f ? '/' : ''),
    otherNames: [...new Set(otherNames)].filter((name) => name !== '' && name !== path),
    flags: entry.generalPurposeBitFlag,
    method: entry.compressionMethod,
    headerStart,
    dataStart,
    dataEnd: Math.min(bytes.length, dataStart + entry.compressedSize),
    sizeBytes: entry.uncompressedSize,
  };
}

/** Many writers put UTF-8 there without saying so. */
function nameOf({ fileNameRaw, generalPurposeBitFlag, extraFields }: yauzl.Entry): string {
  const utf8 = decodeText(fileNameRaw, 'utf-8');
  return utf8.flawed ? yauzl.getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false) : utf8.text;
}

/** Of the member's own header; `''` where it is the same. */
function localName({ fileNameRaw, relativeOffsetOfLocalHeader: at }: yauzl.Entry, bytes: Buffer): string {
  const start = at + LOCAL_HEADER_BYTES;
  const name = bytes.subarray(start, start + bytes.readUInt16LE(at + 26));
  return name.equals(fileNameRaw) ? '' : decodeText(name, '').text;
}

/** APPNOTE 4.6.9: a version and a checksum stand before it. */
function unicodeName({ extraFields }: yauzl.Entry): string {
  const field = extraFields.find(({ id }) => id === UNICODE_PATH);
  return field === undefined ? '' : decodeText(field.data.subarray(5), 'utf-8').text;
}

function startOfData(bytes: Buffer, headerStart: number): number | undefined {
  if (!LOCAL_HEADER.equals(bytes.subarray(headerStart, headerStart + 4))) return undefined;
  if (headerStart + LOCAL_HEADER_BYTES > bytes.length) return undefined;
  return headerStart + LOCAL_HEADER_BYTES + bytes.readUInt16LE(headerStart + 26) + bytes.readUInt16LE(headerStart + 28);
}

/** Members in the gaps between those that the directory lists, and all of them where it cannot be read. */
function findUnlisted(bytes: Buffer, listed: readonly Entry[], budget: Budget): Entry[] {
  const found: Entry[] = [];
  let from = 0;
  for (const gapEnd of [...listed, undefined]) {
    const to = gapEnd?.headerStart ?? bytes.length;
    for (let at = bytes.indexOf(LOCAL_HEADER, from); at !== -1 && at < to; at = bytes.indexOf(LOCAL_HEADER, from)) {
      budget.tick();
      const entry = entryAt(bytes, at, to);
      if (entry !== undefined) found.push(entry);
      if (found.length > MOST_MEMBERS) throw budget.limit(`more than ${MOST_MEMBERS} members of an archive`);
      from = Math.max(at + 4, entry?.dataEnd ?? 0);
    }
    from = Math.max(from, gapEnd?.dataEnd ?? 0);
  }
  return found;
}

function entryAt(bytes: Buffer, headerStart: number, end: number): Entry | undefined {
  const dataStart = startOfData(bytes, headerStart);
  if (dataStart === undefined || dataStart > end) return undefined;
  const flags = bytes.readUInt16LE(headerStart + 6);
  const claimed = bytes.readUInt32LE(headerStart + 18);
  const isOpen = (flags & HAS_DESCRIPTOR) !== 0 && claimed === 0;
  const next = isOpen ? bytes.indexOf(LOCAL_HEADER, dataStart) : -1;
  const name = bytes.subarray(
    headerStart + LOCAL_HEADER_BYTES,
    headerStart + LOCAL_HEADER_BYTES + bytes.readUInt16LE(headerStart + 26),
  );
  return {
    path: memberPath(decodeText(name, (flags & IS_UTF8) !== 0 ? 'utf-8' : '').text) + (name.at(-1) === 0x2f ? '/' : ''),
    otherNames: [],
    flags,
    method: bytes.readUInt16LE(headerStart + 8),
    headerStart,
    dataStart,
    dataEnd: isOpen ? Math.min(end, next === -1 ? end : next) : Math.min(end, dataStart + claimed),
    sizeBytes: bytes.readUInt32LE(headerStart + 22),
  };
}

function memberOf(entry: Entry, bytes: Buffer, budget: Budget): ZipMember {
  const { path, otherNames, flags, method, sizeBytes } = entry;
  const isEncrypted = (flags & (ENCRYPTED | STRONGLY_ENCRYPTED)) !== 0 || method === AES;
  return {
    path,
    otherNames,
    sizeBytes,
    encrypted: isEncrypted,
    open: () => openEntry(entry, isEncrypted, bytes, budget),
  };
}

function openEntry(entry: Entry, isEncrypted: boolean, bytes: Buffer, budget: Budget): Opened {
  const { method, sizeBytes } = entry;
  const shut = (state: 'encrypted' | 'unsupported' | 'failed', reason: string): Opened => ({
    kind: 'shut',
    state,
    reason,
    sizeBytes,
  });
  if (isEncrypted) return shut('encrypted', 'a password keeps it shut');
  const data = bytes.subarray(entry.dataStart, entry.dataEnd);
  if (method === 0) return { kind: 'open', octets: data };
  const unpacked = unpackAs(method, data, sizeBytes, budget);
  if (unpacked === 'unknown')
    return shut('unsupported', `packed with ${METHOD_NAMES.get(method) ?? `method ${method}`}`);
  return unpacked === undefined ? shut('failed', 'its packed octets are damaged') : { kind: 'open', ...unpacked };
}

/** Before what LZMA packed stand a version, and how long its properties are (APPNOTE 5.8.8). */
function unpackAs(method: number, data: Buffer, size: number, budget: Budget): Unpacked | 'unknown' | undefined {
  const compression = COMPRESSIONS.get(method);
  if (compression !== undefined) return unpack(data, compression, budget);
  if (method === BZIP2) return unpackBzip2(data, budget);
  if (method !== LZMA) return 'unknown';
  const start = 4 + (data[2] ?? 0) + (data[3] ?? 0) * 256;
  const octets = unpackLzma(data.subarray(start), data.subarray(4, start), size, budget);
  return { octets, damaged: octets.length < size };
}
