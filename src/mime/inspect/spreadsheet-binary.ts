/**
 * Cells of workbooks in Excel's binary form of 2007 (MS-XLSB): records with a type, a length and a value, one for each cell. Read as
 * `spreadsheet.ts` reads the XML of the others.
 */
import type { Budget } from './budget.ts';
import type { FlatText } from './flat-text.ts';
import { numberAsShown, type SharedText } from './spreadsheet.ts';

/** MS-XLSB 2.3.2: the records that hold what a reader sees. */
const ROW = 0;
const SHARED_STRING = 19;
/** Cells, by what their value is. A column and a style stand before it, or where a cell follows another only a style. */
const CELLS: ReadonlyMap<number, readonly [value: 'rk' | 'real' | 'text' | 'rich-text' | 'shared', start: number]> =
  new Map([
    [2, ['rk', 8]],
    [5, ['real', 8]],
    [6, ['text', 8]],
    [7, ['shared', 8]],
    [8, ['text', 8]],
    [9, ['real', 8]],
    [13, ['rk', 4]],
    [16, ['real', 4]],
    [17, ['text', 4]],
    [18, ['shared', 4]],
    [62, ['rich-text', 8]],
  ]);
const MOST_STRINGS = 2_000_000;

export function readBinaryStrings(octets: Uint8Array, budget: Budget): readonly string[] {
  const strings: string[] = [];
  for (const { type, value } of recordsOf(octets)) {
    budget.tick();
    if (type === SHARED_STRING) strings.push(wideString(value, 1));
    if (strings.length > MOST_STRINGS) break;
  }
  return strings;
}

export function readBinarySheet(octets: Uint8Array, sharedText: SharedText, out: FlatText, budget: Budget): void {
  for (const { type, value } of recordsOf(octets)) {
    budget.tick();
    if (out.full) return;
    if (type === ROW) out.endLine();
    const text = cellText(type, value, sharedText);
    if (text === undefined) continue;
    out.tab();
    out.write(text);
  }
}

function cellText(type: number, record: Buffer, sharedText: SharedText): string | undefined {
  const [kind, start] = CELLS.get(type) ?? ['none', 0];
  const value = record.subarray(start);
  if (value.length < (kind === 'real' ? 8 : 4)) return undefined;
  switch (kind) {
    case 'rk':
      return numberAsShown(String(rkNumber(value.readInt32LE(0))));
    case 'real':
      return numberAsShown(String(value.readDoubleLE(0)));
    case 'text':
      return wideString(value, 0);
    case 'rich-text':
      return wideString(value, 1);
    case 'shared':
      return sharedText(value.readUInt32LE(0));
    case 'none':
      return undefined;
  }
}

/** MS-XLSB 2.5.122: 30 bits of an integer or of the upper half of a double, perhaps times a hundred. */
export function rkNumber(rk: number): number {
  const double = Buffer.alloc(8);
  double.writeInt32LE(rk & ~3, 4);
  const number = (rk & 2) !== 0 ? rk >> 2 : double.readDoubleLE();
  return (rk & 1) !== 0 ? number / 100 : number;
}

/** MS-XLSB 2.5.168: its length in characters, and UTF-16. */
function wideString(value: Buffer, at: number): string {
  if (value.length < at + 4) return '';
  const end = at + 4 + value.readUInt32LE(at) * 2;
  return value.subarray(at + 4, end).toString('utf16le');
}

type BinaryRecord = { readonly type: number; readonly value: Buffer };

/** MS-XLSB 2.1.4: types of one or two octets, lengths of one to four, seven bits of each. */
function* recordsOf(octets: Uint8Array): Generator<BinaryRecord> {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  for (let at = 0; at < bytes.length;) {
    const type = sevenBitNumber(bytes, at, 2);
    const length = sevenBitNumber(bytes, type.end, 4);
    const end = length.end + length.value;
    yield { type: type.value, value: bytes.subarray(length.end, end) };
    at = end;
  }
}

function sevenBitNumber(bytes: Buffer, start: number, longest: number): { value: number; end: number } {
  let value = 0;
  for (let index = 0; index < longest; index += 1) {
    const octet = bytes[start + index] ?? 0;
    value += (octet & 0x7f) * 2 ** (7 * index);
    if (octet < 0x80) return { value, end: start + index + 1 };
  }
  return { value, end: start + longest };
}
