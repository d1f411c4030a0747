/**
 * 7z archives: names, which members a password keeps shut, and the content of what is packed by LZMA, LZMA2, bzip2 or deflate alone, as 7-Zip packs documents.
 * The layout of the headers is `seven-zip-header.ts`'s.
 */
import type { Budget } from './budget.ts';
import { unpackBzip2 } from './bzip2.ts';
import { contents, encrypted, failed, type Contents, type Member, type Opened, type Source } from './contents.ts';
import { memberPath } from './file-name.ts';
import { unpackLzma, unpackLzma2 } from './lzma.ts';
import { readSevenZipHeader, type Folder, type SevenZipFile, type SevenZipHeader } from './seven-zip-header.ts';
import { unpack } from './unpack.ts';

const SIGNATURE_HEADER_BYTES = 32;
/** Headers in headers; 7-Zip packs it once. */
const DEEPEST = 4;
const AES = '06f10701';

export function readSevenZip({ octets, budget }: Source): Contents {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const header = headerOf(bytes, budget);
  if (header === 'encrypted') return encrypted();
  if (header === undefined) return failed('it is a damaged 7z archive');
  const archive = { bytes, budget, unpacked: new Map<Folder, Uint8Array | undefined>() };
  const members = header.files.map((file) => memberOf(file, archive));
  const shut = header.files.filter(({ folder }) => folder !== undefined && isEncrypted(folder)).length;
  return shut > 0
    ? encrypted({ members, reason: `a password keeps ${shut} of its members shut` })
    : contents({ members });
}

type Archive = {
  readonly bytes: Buffer;
  readonly budget: Budget;
  /** Members of one folder are packed as one. */
  readonly unpacked: Map<Folder, Uint8Array | undefined>;
};

const isEncrypted = ({ coders }: Folder): boolean => coders.some(({ id }) => id === AES);

function headerOf(bytes: Buffer, budget: Budget): SevenZipHeader | 'encrypted' | undefined {
  if (bytes.length < SIGNATURE_HEADER_BYTES) return undefined;
  const start = SIGNATURE_HEADER_BYTES + Number(bytes.readBigUInt64LE(12));
  const size = Number(bytes.readBigUInt64LE(20));
  if (size === 0) return { files: [], packed: undefined };
  let octets: Uint8Array | undefined = start + size <= bytes.length ? bytes.subarray(start, start + size) : undefined;
  for (let depth = 0; depth < DEEPEST && octets !== undefined; depth += 1) {
    const header = readSevenZipHeader(octets, budget);
    if (header?.packed === undefined) return header;
    if (isEncrypted(header.packed)) return 'encrypted';
    octets = unpackFolder(header.packed, bytes, budget);
  }
  return undefined;
}

function memberOf({ path, folder, start, sizeBytes }: SevenZipFile, { bytes, budget, unpacked }: Archive): Member {
  const shut = (state: 'encrypted' | 'unsupported' | 'failed', reason: string): Opened => ({
    kind: 'shut',
    state,
    reason,
    sizeBytes,
  });
  const open = (): Opened => {
    if (folder === undefined) return { kind: 'open', octets: new Uint8Array() };
    if (isEncrypted(folder)) return shut('encrypted', 'a password keeps it shut');
    if (coderOf(folder) === undefined) return shut('unsupported', 'packed by 7-Zip in several steps or a rare way');
    if (!unpacked.has(folder)) unpacked.set(folder, unpackFolder(folder, bytes, budget));
    const octets = unpacked.get(folder);
    if (octets === undefined || start > octets.length) return shut('failed', 'its packed octets are damaged');
    return {
      kind: 'open',
      octets: octets.subarray(start, start + sizeBytes),
      damaged: start + sizeBytes > octets.length,
    };
  };
  return { path: memberPath(path), open };
}

type Unpack = (packed: Uint8Array, folder: Folder, properties: Uint8Array, budget: Budget) => Uint8Array | undefined;

const CODERS: ReadonlyMap<string, Unpack> = new Map<string, Unpack>([
  ['00', (packed) => packed],
  ['030101', (packed, { sizeBytes }, properties, budget) => unpackLzma(packed, properties, sizeBytes, budget)],
  ['21', (packed, { sizeBytes }, _, budget) => unpackLzma2(packed, sizeBytes, budget)],
  ['040202', (packed, _folder, _properties, budget) => unpackBzip2(packed, budget)?.octets],
  ['040108', (packed, _folder, _properties, budget) => unpack(packed, 'deflate', budget)?.octets],
]);

function coderOf({ coders }: Folder): { readonly run: Unpack; readonly properties: Uint8Array } | undefined {
  const [coder, more] = coders;
  const run = more === undefined && coder !== undefined ? CODERS.get(coder.id) : undefined;
  return coder && run && { run, properties: coder.properties };
}

function unpackFolder(folder: Folder, bytes: Buffer, budget: Budget): Uint8Array | undefined {
  const coder = coderOf(folder);
  const start = SIGNATURE_HEADER_BYTES + folder.packedStart;
  return coder?.run(bytes.subarray(start, start + folder.packedBytes), folder, coder.properties, budget);
}
