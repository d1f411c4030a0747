/**
 * TAR archives (POSIX.1-2001 pax, GNU, and the oldest form), and files packed by gzip and its relatives, which often are one. Names come from extended headers where there are
 * some.
 */
import { decodeText } from '#mime/charset.ts';
import { unpackBzip2 } from './bzip2.ts';
import { contents, failed, type Contents, type Member, type Source } from './contents.ts';
import { memberPath } from './file-name.ts';
import { unpack, type Unpacked } from './unpack.ts';

const BLOCK = 512;
const MOST_MEMBERS = 50_000;
/** Names in extended headers. */
const LONGEST_HEADER = 64 * 1024;

export function readTar({ octets, budget }: Source): Contents {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const members: Member[] = [];
  let longName = '';
  for (const { type, header, body, cut } of entriesOf(bytes)) {
    budget.tick();
    if (members.length >= MOST_MEMBERS) throw budget.limit(`more than ${MOST_MEMBERS} members of an archive`);
    if (type === 'damage') return failed(DAMAGED, { members });
    if (FILES.has(type)) members.push(memberOf(longName || nameOf(header), body, cut));
    if (NAMES_NEXT.has(type)) longName = nameIn(body, type) || longName;
    else if (!EXTENDED.has(type)) longName = '';
  }
  return members.length === 0 ? failed(DAMAGED) : contents({ members });
}

const DAMAGED = 'it is a damaged TAR archive';

type Entry = {
  /** One character, or `damage`, behind which nothing can be found. */
  readonly type: string;
  readonly header: Buffer;
  readonly body: Buffer;
  readonly cut: boolean;
};

function* entriesOf(bytes: Buffer): Generator<Entry> {
  for (let at = 0; at + BLOCK <= bytes.length;) {
    const header = bytes.subarray(at, at + BLOCK);
    const size = sizeIn(header);
    at += BLOCK;
    // Two blocks of zeros end it; some readers go on behind one, and so does this.
    if (header[0] === 0 && size === 0) continue;
    const body = bytes.subarray(at, at + (size ?? 0));
    const type = size === undefined ? 'damage' : String.fromCharCode(header[156] ?? 0);
    yield { type, header, body, cut: body.length < (size ?? 0) };
    at += Math.ceil((size ?? 0) / BLOCK) * BLOCK;
  }
}

/** `L` is GNU's long name, `x` that of pax. */
const NAMES_NEXT = new Set(['L', 'x']);
const EXTENDED = new Set(['K', 'g']);
const FILES = new Set(['0', '\0', '7', 'S']);

function sizeIn(header: Buffer): number | undefined {
  const first = header[124] ?? 0;
  // GNU writes large sizes in base 256.
  if (first >= 0x80) return (first & 0x7f) === 0 ? Number(header.readBigUInt64BE(128)) : undefined;
  const digits = /^[ 0]*([0-7]*)[ \0]/.exec(`${header.toString('latin1', 124, 136)}\0`)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits || '0', 8);
}

function nameOf(header: Buffer): string {
  const name = textOf(header.subarray(0, 100));
  const isPosix = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? textOf(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function nameIn(body: Buffer, type: string): string {
  const header = body.subarray(0, LONGEST_HEADER);
  if (type === 'L') return textOf(header);
  return /(?:^|\n)\d{1,6} path=([^\n]*)\n/.exec(decodeText(header, 'utf-8').text)?.[1] ?? '';
}

function textOf(octets: Buffer): string {
  const end = octets.indexOf(0);
  return decodeText(end === -1 ? octets : octets.subarray(0, end), 'utf-8').text;
}

const memberOf = (path: string, octets: Uint8Array, damaged: boolean): Member => ({
  path: memberPath(path),
  open: () => ({ kind: 'open', octets, damaged }),
});

/** RFC 1952. Of several files behind one another all are read. */
export function readGzip({ octets, name, budget }: Source): Contents {
  const unpacked = unpack(octets, 'gzip', budget);
  if (unpacked === undefined) return failed('its packed octets are damaged');
  const member: Member = { path: nameInGzip(octets) || nameWithin(name), open: () => ({ kind: 'open', ...unpacked }) };
  return contents({ members: [member] });
}

const HAS_EXTRA = 4;
const HAS_NAME = 8;
const LONGEST_NAME = 4096;

/** RFC 1952 §2.3. */
function nameInGzip(octets: Uint8Array): string {
  const flags = octets[3] ?? 0;
  if ((flags & HAS_NAME) === 0) return '';
  const start = 10 + ((flags & HAS_EXTRA) === 0 ? 0 : 2 + (octets[10] ?? 0) + (octets[11] ?? 0) * 256);
  const end = octets.indexOf(0, start);
  return end === -1 ? '' : memberPath(decodeText(octets.subarray(start, Math.min(end, start + LONGEST_NAME)), '').text);
}

/** `list.txt.gz` holds `list.txt`, and `all.tgz` `all.tar`. */
export function nameWithin(name: string): string {
  const stem = name.replace(/\.(?:gz|gzip|z|bz2|xz|zst)$/i, '').replace(/\.t(?:gz|bz2?|xz|zst)$/i, '.tar');
  return stem === name ? 'content' : stem;
}

export function readZstd({ octets, name, budget }: Source): Contents {
  return oneFile(name, unpack(octets, 'zstd', budget));
}

export function readBzip2({ octets, name, budget }: Source): Contents {
  return oneFile(name, unpackBzip2(octets, budget));
}

function oneFile(name: string, unpacked: Unpacked | undefined): Contents {
  if (unpacked === undefined) return failed('its packed octets are damaged');
  return contents({ members: [{ path: nameWithin(name), open: () => ({ kind: 'open', ...unpacked }) }] });
}
