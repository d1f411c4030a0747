/**
 * RAR archives, of versions 1.5 to 4 and of 5: names of members, which of them a password keeps shut, and the content of those that are not packed. How the
 * others are packed is a secret of their maker, so their content counts as not inspectable.
 */
import { decodeText } from '#mime/charset.ts';
import type { Budget } from './budget.ts';
import { encrypted, contents, failed, type Contents, type Member, type Opened, type Source } from './contents.ts';
import { memberPath } from './file-name.ts';
import { readRar5Headers } from './rar5.ts';

export type RarMember = {
  readonly path: string;
  readonly sizeBytes: number;
  readonly encrypted: boolean;
  /** `undefined` when it is packed. */
  readonly stored: Uint8Array | undefined;
};

export type RarListing = {
  readonly members: readonly RarMember[];
  /** Even the names are encrypted. */
  readonly shut: boolean;
  readonly damaged: boolean;
};

const MARK_4 = Buffer.from('Rar!\u001a\u0007\0', 'latin1');
const MARK_5 = Buffer.from('Rar!\u001a\u0007\u0001\0', 'latin1');
const DAMAGED = 'it is a damaged RAR archive';

export function readRar({ octets, budget }: Source): Contents {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const { members, shut, damaged } = listing(bytes, budget);
  const files = members.map(memberOf);
  const shutMembers = members.filter((member) => member.encrypted).length;
  if (shut) return encrypted({ members: files });
  if (shutMembers > 0)
    return encrypted({ members: files, reason: `a password keeps ${shutMembers} of its members shut` });
  return damaged ? failed(DAMAGED, { members: files }) : contents({ members: files });
}

function listing(bytes: Buffer, budget: Budget): RarListing {
  if (bytes.subarray(0, MARK_5.length).equals(MARK_5)) return readRar5Headers(bytes, MARK_5.length, budget);
  if (bytes.subarray(0, MARK_4.length).equals(MARK_4)) return readRar4Headers(bytes, MARK_4.length, budget);
  return { members: [], shut: false, damaged: true };
}

function memberOf({ path, sizeBytes, encrypted: isShut, stored }: RarMember): Member {
  const open = (): Opened => {
    if (isShut) return { kind: 'shut', state: 'encrypted', reason: 'a password keeps it shut', sizeBytes };
    if (stored === undefined) return { kind: 'shut', state: 'unsupported', reason: 'packed by RAR', sizeBytes };
    return { kind: 'open', octets: stored, damaged: stored.length < sizeBytes };
  };
  return { path: memberPath(path), open };
}

const MAIN = 0x73;
const FILE = 0x74;
const END = 0x7b;
const ALL_ENCRYPTED = 0x0080;
const FILE_ENCRYPTED = 0x0004;
const IS_LARGE = 0x0100;
const IS_UNICODE = 0x0200;
const HAS_DATA = 0x8000;
const DIRECTORY = 0x00e0;
const STORED = 0x30;

function readRar4Headers(bytes: Buffer, start: number, budget: Budget): RarListing {
  const members: RarMember[] = [];
  for (let at = start; at + 7 <= bytes.length;) {
    budget.tick();
    const type = bytes.readUInt8(at + 2);
    const flags = bytes.readUInt16LE(at + 3);
    const size = bytes.readUInt16LE(at + 5);
    if (type === END) break;
    if (size < 7 || at + size > bytes.length) return { members, shut: false, damaged: true };
    if (type === MAIN && (flags & ALL_ENCRYPTED) !== 0) return { members, shut: true, damaged: false };
    const dataBytes = (flags & HAS_DATA) !== 0 || type === FILE ? dataSize(bytes, at, flags, size) : 0;
    if (type === FILE && size >= 32 && (flags & DIRECTORY) !== DIRECTORY) {
      members.push(rar4Member(bytes.subarray(at, at + size), flags, bytes.subarray(at + size, at + size + dataBytes)));
    }
    at += size + dataBytes;
  }
  return { members, shut: false, damaged: members.length === 0 };
}

function dataSize(bytes: Buffer, at: number, flags: number, size: number): number {
  if (size < 11) return 0;
  const high = (flags & IS_LARGE) !== 0 && size >= 40 ? bytes.readUInt32LE(at + 32) : 0;
  return high * 2 ** 32 + bytes.readUInt32LE(at + 7);
}

function rar4Member(header: Buffer, flags: number, data: Buffer): RarMember {
  const nameStart = (flags & IS_LARGE) === 0 ? 32 : 40;
  const name = header.subarray(nameStart, nameStart + header.readUInt16LE(26));
  return {
    path: rar4Name(name, flags),
    sizeBytes: header.readUInt32LE(11),
    encrypted: (flags & FILE_ENCRYPTED) !== 0,
    stored: header.readUInt8(25) === STORED ? data : undefined,
  };
}

/** Behind a zero stands what the name has outside of one octet for each character; without one it is UTF-8. */
function rar4Name(name: Buffer, flags: number): string {
  const end = (flags & IS_UNICODE) === 0 ? -1 : name.indexOf(0);
  return end === -1 ? decodeText(name, 'utf-8').text : wideName(name.subarray(0, end), name.subarray(end + 1));
}

const LONGEST_NAME = 4096;

/** Two bits for each character, or run of them, say how it is written. */
function wideName(narrow: Buffer, packed: Buffer): string {
  const [high = 0] = packed;
  const units: number[] = [];
  let flags = 0;
  let bits = 0;
  let at = 1;
  const next = (): number => packed[at++] ?? 0;
  while (at < packed.length && units.length < LONGEST_NAME) {
    if (bits === 0) {
      flags = next();
      bits = 8;
    }
    bits -= 2;
    const kind = (flags >> bits) & 3;
    if (kind === 0) units.push(next());
    else if (kind === 1) units.push(next() | (high << 8));
    else if (kind === 2) units.push(next() | (next() << 8));
    else {
      const run = next();
      const shift = (run & 0x80) === 0 ? undefined : next();
      for (let count = (run & 0x7f) + 2; count > 0; count -= 1) {
        const unit = narrow[units.length] ?? 0;
        units.push(shift === undefined ? unit : ((unit + shift) & 0xff) | (high << 8));
      }
    }
  }
  return String.fromCharCode(...units);
}
