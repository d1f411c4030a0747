/**
 * The text of Word documents as they were until 2007 (MS-DOC 2.4.1): a table of pieces says where it stands. Headers, notes and text boxes are in the same table;
 * what was deleted and is still tracked, too.
 */
import type { CompoundStream } from './compound-file.ts';
import type { FlatText } from './flat-text.ts';
import type { TextResult, TextTarget } from './legacy-office.ts';

const MARK = 0xa5ec;
const FLAGS_AT = 10;
const IS_ENCRYPTED = 0x0100;
const USES_TABLE_1 = 0x0200;
const PIECES_AT = 418;
/** Those before Word 97 have no table there. */
const FIRST_VERSION = 101;
const PIECE_BYTES = 8;
const IS_NARROW = 0x40000000;

export function readWordText(stream: CompoundStream, { streams, out, budget }: TextTarget): TextResult {
  const document = stream.read();
  if (document.length < PIECES_AT + 8 || document.readUInt16LE(0) !== MARK) return 'damaged';
  const flags = document.readUInt16LE(FLAGS_AT);
  if ((flags & IS_ENCRYPTED) !== 0) return 'encrypted';
  if (document.readUInt16LE(2) < FIRST_VERSION) return 'damaged';
  const tableName = (flags & USES_TABLE_1) === 0 ? '0Table' : '1Table';
  const table = streams.find(({ name, storage }) => name === tableName && storage === stream.storage)?.read();
  const start = document.readUInt32LE(PIECES_AT);
  const pieces = table && pieceTable(table.subarray(start, start + document.readUInt32LE(PIECES_AT + 4)));
  if (pieces === undefined) return 'damaged';
  for (const text of textsOf(document, pieces)) {
    budget.tick();
    writeLines(text, out);
    if (out.full) break;
  }
  return 'read';
}

/** MS-DOC 2.9.38: behind properties of paragraphs, which are passed over. */
function pieceTable(clx: Buffer): Buffer | undefined {
  let at = 0;
  while (clx[at] === 1 && at + 3 <= clx.length) at += 3 + clx.readUInt16LE(at + 1);
  if (clx[at] !== 2 || at + 5 > clx.length) return undefined;
  return clx.subarray(at + 5, at + 5 + clx.readUInt32LE(at + 1));
}

function* textsOf(document: Buffer, pieces: Buffer): Generator<string> {
  const count = Math.floor((pieces.length - 4) / (PIECE_BYTES + 4));
  for (let index = 0; index < count; index += 1) {
    const characters = Math.max(0, pieces.readUInt32LE(index * 4 + 4) - pieces.readUInt32LE(index * 4));
    yield textAt(document, pieces.readUInt32LE((count + 1) * 4 + index * PIECE_BYTES + 2), characters);
  }
}

const WINDOWS_1252 = new TextDecoder('windows-1252');

function textAt(document: Buffer, place: number, characters: number): string {
  if ((place & IS_NARROW) === 0) return document.toString('utf16le', place, place + characters * 2);
  const start = (place & ~IS_NARROW) >>> 1;
  return WINDOWS_1252.decode(document.subarray(start, start + characters));
}

/** Paragraphs, pages and cells end a line. Instructions of fields are set off. */
function writeLines(text: string, out: FlatText): void {
  // oxlint-disable-next-line no-control-regex -- controls are what Word marks these with
  const lines = text.replaceAll(/[\u0013\u0014]/g, ' ').split(/[\u0007\u000b-\u000e\r]/);
  for (const [index, line] of lines.entries()) {
    if (index > 0) out.endLine();
    out.write(line.replaceAll('\u001e', '-'));
  }
}
