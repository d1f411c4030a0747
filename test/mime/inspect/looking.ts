/** Messages and files that the tests of looking into messages make, and the limits that they look within. */
import assert from 'node:assert/strict';
import { deflateRawSync } from 'node:zlib';

import { inspect } from '#mime/inspect.ts';
import type { InspectedAttachment, Inspection, InspectionLimits } from '#mime/inspection.ts';

export const LIMITS: InspectionLimits = {
  parts: 1000,
  depth: 5,
  unpackedBytes: 20_000_000,
  textCharacters: 1_000_000,
  milliseconds: 60_000,
};

/** Lines, ended by CRLF. */
export const lines = (...text: readonly string[]): string => text.join('\r\n');

export const look = (message: string | Uint8Array, limits: Partial<InspectionLimits> = {}): Promise<Inspection> =>
  inspect(typeof message === 'string' ? Buffer.from(message, 'latin1') : message, { ...LIMITS, ...limits });

/** A message that is nothing but a file. */
export const messageWith = (octets: Uint8Array, name: string, type = 'application/octet-stream'): string =>
  lines(
    `Content-Type: ${type}`,
    `Content-Disposition: attachment; filename="${name}"`,
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(octets).toString('base64'),
  );

export async function lookInto(
  octets: string | Uint8Array,
  name = 'file',
  limits: Partial<InspectionLimits> = {},
): Promise<readonly InspectedAttachment[]> {
  const { attachments } = await look(
    messageWith(typeof octets === 'string' ? Buffer.from(octets) : octets, name),
    limits,
  );
  return attachments;
}

/** The file itself, without those in it. */
export async function lookAt(octets: string | Uint8Array, name = 'file', limits: Partial<InspectionLimits> = {}) {
  const [file] = await lookInto(octets, name, limits);
  assert.ok(file !== undefined, 'there is no attachment');
  return file;
}

export type ZipFile = {
  readonly name: string | Buffer;
  readonly content: string | Uint8Array;
  readonly stored?: boolean;
  readonly flags?: number;
  readonly method?: number;
  /** What is claimed of its size. */
  readonly claimedBytes?: number;
  readonly extra?: Buffer;
  /** Its header does not know how long it is. */
  readonly streamed?: boolean;
  /** Left out of the directory. */
  readonly unlisted?: boolean;
};

/** By hand, so that it can be wrong. */
export function zipOf(files: readonly ZipFile[], settings: { readonly directory?: boolean } = {}): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const file of files) {
    const { local, central } = zipEntry(file, at);
    locals.push(local);
    at += local.length;
    if (file.unlisted !== true) directory.push(central);
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat(settings.directory === false ? locals : [...locals, listed, end]);
}

export function zipEntry(file: ZipFile, offset: number): { readonly local: Buffer; readonly central: Buffer } {
  const content = Buffer.from(file.content);
  const name = Buffer.from(file.name);
  const packed = file.stored === true ? content : deflateRawSync(content);
  const shape = Buffer.alloc(26);
  shape.writeUInt16LE(20, 0);
  const extra = file.extra ?? Buffer.alloc(0);
  shape.writeUInt16LE(file.streamed === true ? 8 : (file.flags ?? 0), 2);
  shape.writeUInt16LE(file.method ?? (file.stored === true ? 0 : 8), 4);
  if (file.streamed !== true) {
    shape.writeUInt32LE(packed.length, 14);
    shape.writeUInt32LE(file.claimedBytes ?? content.length, 18);
  }
  shape.writeUInt16LE(name.length, 22);
  shape.writeUInt16LE(extra.length, 24);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(offset, 10);
  return {
    local: Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), shape, name, extra, packed]),
    central: Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\0', 'latin1'), shape, tail, name, extra]),
  };
}

/** Streams by their way, `ObjectPool/_1/\u0001Ole10Native`; small ones go where small ones belong (MS-CFB). */
export function compoundFile(streams: Readonly<Record<string, Buffer>>): Buffer {
  const writer = new CompoundWriter();
  for (const [path, octets] of Object.entries(streams)) writer.add(path.split('/'), octets);
  return writer.write();
}

type Node = { name: string; type: number; start: number; size: number; children: number[] };

const END = 0xfffffffe;
const FREE = 0xffffffff;
const SECTOR = 512;

class CompoundWriter {
  readonly #nodes: Node[] = [{ name: 'Root Entry', type: 5, start: END, size: 0, children: [] }];
  readonly #sectors: Buffer[] = [];
  readonly #table: number[] = [];
  readonly #miniTable: number[] = [];
  #mini = Buffer.alloc(0);

  add(path: readonly string[], octets: Buffer): void {
    const name = path.at(-1) ?? '';
    const start = octets.length < 4096 ? this.#addMini(octets) : this.#addChain(octets);
    this.#link(path.slice(0, -1), { name, type: 2, start, size: octets.length, children: [] });
  }

  write(): Buffer {
    const root = this.#nodes[0];
    assert.ok(root !== undefined);
    root.size = this.#mini.length;
    root.start = this.#addChain(this.#mini);
    const miniTable = this.#addChain(numbers(this.#miniTable));
    const directory = this.#addChain(Buffer.concat(this.#nodes.map((node, index) => this.#entry(node, index))));
    const tableSectors = Math.ceil((this.#table.length + 8) / 127) + 1;
    const first = this.#sectors.length;
    for (let index = 0; index < tableSectors; index += 1) this.#table.push(0xfffffffd);
    const header = Buffer.alloc(SECTOR, 0xff);
    Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(header);
    header.fill(0, 8, 76);
    header.writeUInt16LE(3, 26);
    header.writeUInt16LE(9, 30);
    header.writeUInt16LE(6, 32);
    header.writeUInt32LE(tableSectors, 44);
    header.writeUInt32LE(directory, 48);
    header.writeUInt32LE(4096, 56);
    header.writeUInt32LE(miniTable, 60);
    header.writeUInt32LE(Math.ceil(this.#miniTable.length / 128), 64);
    header.writeUInt32LE(END, 68);
    for (let index = 0; index < tableSectors; index += 1) header.writeUInt32LE(first + index, 76 + index * 4);
    const table = numbers([
      ...this.#table,
      ...Array.from({ length: tableSectors * 128 - this.#table.length }, () => FREE),
    ]);
    return Buffer.concat([header, ...this.#sectors, table]);
  }

  #link(storages: readonly string[], node: Node): void {
    let parent = this.#nodes[0];
    for (const storage of storages) {
      const known: Node | undefined = parent?.children
        .map((child) => this.#nodes[child])
        .find((child) => child?.name === storage);
      const next = known ?? { name: storage, type: 1, start: END, size: 0, children: [] };
      if (known === undefined) parent?.children.push(this.#nodes.push(next) - 1);
      parent = next;
    }
    parent?.children.push(this.#nodes.push(node) - 1);
  }

  #addChain(octets: Buffer): number {
    if (octets.length === 0) return END;
    const start = this.#sectors.length;
    for (let at = 0; at < octets.length; at += SECTOR) {
      const sector = Buffer.alloc(SECTOR);
      octets.copy(sector, 0, at);
      this.#sectors.push(sector);
      this.#table.push(at + SECTOR < octets.length ? this.#sectors.length : END);
    }
    return start;
  }

  #addMini(octets: Buffer): number {
    if (octets.length === 0) return END;
    const start = this.#miniTable.length;
    const count = Math.ceil(octets.length / 64);
    for (let index = 0; index < count; index += 1) this.#miniTable.push(index + 1 < count ? start + index + 1 : END);
    this.#mini = Buffer.concat([this.#mini, octets, Buffer.alloc(count * 64 - octets.length)]);
    return start;
  }

  /** Siblings hang one behind the other. */
  #entry({ name, type, start, size, children }: Node, index: number): Buffer {
    const parent = this.#nodes.find((node) => node.children.includes(index));
    const place = parent?.children.indexOf(index) ?? -1;
    const entry = Buffer.alloc(128);
    entry.write(name, 0, 'utf16le');
    entry.writeUInt16LE((name.length + 1) * 2, 64);
    entry.writeUInt8(type, 66);
    entry.writeUInt32LE(FREE, 68);
    entry.writeUInt32LE(parent?.children[place + 1] ?? FREE, 72);
    entry.writeUInt32LE(children[0] ?? FREE, 76);
    entry.writeUInt32LE(start, 116);
    entry.writeUInt32LE(size, 120);
    return entry;
  }
}

function numbers(values: readonly number[]): Buffer {
  const octets = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => octets.writeUInt32LE(value, index * 4));
  return octets;
}
