/**
 * The header of a 7z archive, as 7zFormat.txt of 7-Zip describes it: folders, which are streams packed as one, and the files in them. It may be packed itself, in
 * a folder of its own. Only for `seven-zip.ts`.
 */
import type { Budget } from './budget.ts';
import { HeaderReader } from './seven-zip-reader.ts';

export type Coder = { readonly id: string; readonly properties: Uint8Array };

export type Folder = {
  readonly coders: readonly Coder[];
  /** Behind the signature header. */
  readonly packedStart: number;
  readonly packedBytes: number;
  /** As it claims. */
  readonly sizeBytes: number;
  /** Of the whole. */
  readonly hasDigest: boolean;
};

export type SevenZipFile = {
  readonly path: string;
  /** `undefined` for an empty one. */
  readonly folder: Folder | undefined;
  /** In what its folder is unpacked to. */
  readonly start: number;
  readonly sizeBytes: number;
};

export type SevenZipHeader = {
  readonly files: readonly SevenZipFile[];
  /** The header is packed in it, and to be read again. */
  readonly packed: Folder | undefined;
};

const END = 0;
const HEADER = 1;
const ARCHIVE_PROPERTIES = 2;
const MAIN_STREAMS = 4;
const FILES = 5;
const PACK_INFO = 6;
const UNPACK_INFO = 7;
const SUBSTREAMS = 8;
const SIZE = 9;
const DIGEST = 10;
const FOLDERS = 11;
const FOLDER_SIZES = 12;
const SUBSTREAM_COUNTS = 13;
const EMPTY_STREAMS = 14;
const EMPTY_FILES = 15;
const NAMES = 17;
const ENCODED_HEADER = 23;
/** More than any header that anybody wrote. */
const MOST = 50_000;
const MOST_CODERS = 32;

type Piece = { readonly folder: Folder; readonly start: number; readonly sizeBytes: number };

/** `undefined` for what is no header. */
export function readSevenZipHeader(octets: Uint8Array, budget: Budget): SevenZipHeader | undefined {
  const reader = new HeaderReader(octets);
  const kind = reader.octet();
  if (kind === ENCODED_HEADER) {
    const [piece] = readStreams(reader);
    return reader.failed || piece === undefined ? undefined : { files: [], packed: piece.folder };
  }
  if (kind !== HEADER) return undefined;
  let pieces: readonly Piece[] = [];
  let type = reader.octet();
  if (type === ARCHIVE_PROPERTIES) {
    skipProperties(reader);
    type = reader.octet();
  }
  if (type === MAIN_STREAMS) {
    pieces = readStreams(reader);
    type = reader.octet();
  }
  const files = type === FILES ? readFiles(reader, pieces, budget) : [];
  return reader.failed ? undefined : { files, packed: undefined };
}

function skipProperties(reader: HeaderReader): void {
  while (!reader.failed && reader.octet() !== END) reader.take(reader.number());
}

/** All that is packed, one for each file that is not empty. */
function readStreams(reader: HeaderReader): readonly Piece[] {
  let packed: Packed = { start: 0, sizes: [] };
  let folders: readonly Folder[] = [];
  let pieces: readonly Piece[] | undefined;
  for (let type = reader.octet(); type !== END && !reader.failed; type = reader.octet()) {
    if (type === PACK_INFO) packed = readPacked(reader);
    else if (type === UNPACK_INFO) folders = readFolders(reader, packed);
    else if (type === SUBSTREAMS) pieces = readSubstreams(reader, folders);
    else reader.fail();
  }
  return pieces ?? folders.map((folder) => ({ folder, start: 0, sizeBytes: folder.sizeBytes }));
}

type Packed = { readonly start: number; readonly sizes: readonly number[] };

function readPacked(reader: HeaderReader): Packed {
  const start = reader.number();
  const count = reader.count(MOST);
  let sizes: number[] = [];
  for (let type = reader.octet(); type !== END && !reader.failed; type = reader.octet()) {
    if (type === SIZE) sizes = reader.numbers(count);
    else if (type === DIGEST) readDigests(reader, count);
    else reader.fail();
  }
  return { start, sizes };
}

/** Of which there are checksums. */
function readDigests(reader: HeaderReader, count: number): readonly boolean[] {
  const defined = reader.octet() === 1 ? Array.from({ length: count }, () => true) : reader.bits(count);
  reader.take(defined.filter(Boolean).length * 4);
  return defined;
}

type Layout = { readonly coders: readonly Coder[]; readonly outputs: number; readonly packedStreams: number };

function readFolders(reader: HeaderReader, packed: Packed): readonly Folder[] {
  if (reader.octet() !== FOLDERS) reader.fail();
  const count = reader.count(MOST);
  if (reader.octet() !== 0) reader.fail();
  const layouts: Layout[] = [];
  for (let index = 0; index < count && !reader.failed; index += 1) layouts.push(readLayout(reader));
  if (reader.octet() !== FOLDER_SIZES) reader.fail();
  const sizes = layouts.map(({ outputs }) => reader.numbers(outputs));
  let digests: readonly boolean[] = [];
  for (let type = reader.octet(); type !== END && !reader.failed; type = reader.octet()) {
    if (type === DIGEST) digests = readDigests(reader, count);
    else reader.fail();
  }
  return placed(layouts, sizes, packed).map((folder, index) => ({ ...folder, hasDigest: digests[index] === true }));
}

function placed(
  layouts: readonly Layout[],
  sizes: readonly (readonly number[])[],
  packed: Packed,
): readonly Omit<Folder, 'hasDigest'>[] {
  let start = packed.start;
  let stream = 0;
  return layouts.map(({ coders, packedStreams }, index) => {
    const packedBytes = packed.sizes.slice(stream, stream + packedStreams).reduce((sum, size) => sum + size, 0);
    const folder = { coders, packedStart: start, packedBytes, sizeBytes: sizes[index]?.at(-1) ?? 0 };
    start += packedBytes;
    stream += packedStreams;
    return folder;
  });
}

function readLayout(reader: HeaderReader): Layout {
  const coders: Coder[] = [];
  let inputs = 0;
  let outputs = 0;
  const count = reader.count(MOST_CODERS);
  for (let index = 0; index < count && !reader.failed; index += 1) {
    const flags = reader.octet();
    const id = Buffer.from(reader.take(flags & 0x0f)).toString('hex');
    const isComplex = (flags & 0x10) !== 0;
    inputs += isComplex ? reader.count(MOST_CODERS) : 1;
    outputs += isComplex ? reader.count(MOST_CODERS) : 1;
    const properties = (flags & 0x20) === 0 ? new Uint8Array() : reader.take(reader.number());
    coders.push({ id, properties });
  }
  const bonds = Math.max(0, outputs - 1);
  reader.numbers(bonds * 2);
  const packedStreams = Math.max(0, inputs - bonds);
  if (packedStreams > 1) reader.numbers(packedStreams);
  return { coders, outputs, packedStreams };
}

function readSubstreams(reader: HeaderReader, folders: readonly Folder[]): readonly Piece[] {
  let type = reader.octet();
  let counts = folders.map(() => 1);
  if (type === SUBSTREAM_COUNTS) {
    counts = folders.map(() => reader.count(MOST));
    type = reader.octet();
  }
  // The last size of a folder is what is left of it.
  const sizes = counts.map((count) => (type === SIZE ? reader.numbers(Math.max(0, count - 1)) : []));
  if (type === SIZE) type = reader.octet();
  if (type === DIGEST) {
    const undigested = folders.map(({ hasDigest }, index) =>
      hasDigest && counts[index] === 1 ? 0 : (counts[index] ?? 0),
    );
    readDigests(
      reader,
      undigested.reduce((sum, count) => sum + count, 0),
    );
    type = reader.octet();
  }
  if (type !== END) reader.fail();
  return folders.flatMap((folder, index) => piecesOf(folder, counts[index] ?? 0, sizes[index] ?? []));
}

function piecesOf(folder: Folder, count: number, sizes: readonly number[]): readonly Piece[] {
  let start = 0;
  return Array.from({ length: count }, (_, index) => {
    const sizeBytes = index < count - 1 ? (sizes[index] ?? 0) : Math.max(0, folder.sizeBytes - start);
    const piece = { folder, start, sizeBytes };
    start += sizeBytes;
    return piece;
  });
}

function readFiles(reader: HeaderReader, pieces: readonly Piece[], budget: Budget): readonly SevenZipFile[] {
  const count = reader.count(MOST);
  let names: readonly string[] = [];
  let isEmpty: readonly boolean[] = [];
  let isFile: readonly boolean[] = [];
  for (let type = reader.octet(); type !== END && !reader.failed; type = reader.octet()) {
    budget.tick();
    const property = new HeaderReader(reader.take(reader.number()));
    if (type === NAMES) names = property.names(count);
    if (type === EMPTY_STREAMS) isEmpty = property.bits(count);
    // One bit for each of the empty ones; the others of them are directories.
    if (type === EMPTY_FILES) isFile = property.bits(isEmpty.filter(Boolean).length);
  }
  let next = 0;
  let empty = 0;
  return Array.from({ length: count }, (_, index) => ({ path: names[index] ?? '', isEmpty: isEmpty[index] === true }))
    .filter((file) => !file.isEmpty || isFile[empty++] === true)
    .map((file) => {
      const piece = file.isEmpty ? undefined : pieces[next++];
      return { path: file.path, folder: piece?.folder, start: piece?.start ?? 0, sizeBytes: piece?.sizeBytes ?? 0 };
    });
}
