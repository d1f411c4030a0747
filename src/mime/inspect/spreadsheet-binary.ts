/**
 * Cells of workbooks in Excel's binary form of 2007 (MS-XLSB): records with a type, a length and a value, one for each cell. Read as
 * `spreadsheet.ts` reads the XML of the others.
 */
import type { Budget } from './budget.ts';
import type { FlatText } from './flat-text.ts';
import { numberAsShown } from './spreadsheet.ts';

/** MS-XLSB 2.3.2: the records that hold what a reader sees. */
const ROW = 0;
const CELL_RK = 2;
const CELL_REAL = 5;
const CELL_TEXT = 6;
const CELL_SHARED = 7;
const FORMULA_TEXT = 8;
const FORMULA_NUMBER = 9;
const SHARED_STRING = 19;
const CELL_RICH_TEXT = 62;
/** A column and a style stand before a cell's value. */
const CELL_HEADER = 8;
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

export function readBinarySheet(octets: Uint8Array, strings: readonly string[], out: FlatText, budget: Budget): void {
  for (const { type, value } of recordsOf(octets)) {
    budget.tick();
    if (out.full) return;
    if (type === ROW) out.endLine();
    const text = cellText(type, value, strings);
    if (text === undefined) continue;
    out.tab();
    out.write(text);
  }
}

function cellText(type: number, value: Buffer, strings: readonly string[]): string | undefined {
  if (value.length < CELL_HEADER + 4) return undefined;
  switch (type) {
    case CELL_RK:
      return numberAsShown(String(rkNumber(value.readInt32LE(CELL_HEADER))));
    case CELL_REAL:
    case FORMULA_NUMBER:
      return value.length < CELL_HEADER + 8 ? undefined : numberAsShown(String(value.readDoubleLE(CELL_HEADER)));
    case CELL_TEXT:
    case FORMULA_TEXT:
      return wideString(value, CELL_HEADER);
    case CELL_RICH_TEXT:
      return wideString(value, CELL_HEADER + 1);
    case CELL_SHARED:
      return strings[value.readUInt32LE(CELL_HEADER)];
    default:
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
