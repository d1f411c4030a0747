/**
 * Cells of Excel workbooks as they were until 2007 (MS-XLS, and BIFF5 before it): records with a type, a length and a value. As `spreadsheet.ts` does, a row is a
 * line and a cell is set off by a tab.
 */
import type { Budget } from './budget.ts';
import { readCellStrings } from './excel-strings.ts';
import type { FlatText } from './flat-text.ts';
import type { TextResult } from './legacy-office.ts';
import { numberAsShown } from './spreadsheet.ts';
import { rkNumber } from './spreadsheet-binary.ts';

export type CellRecord = { readonly type: number; readonly value: Buffer };

const BEGIN = 0x0809;
const ENCRYPTED = 0x002f;
const SHARED_STRINGS = 0x00fc;
const CONTINUE = 0x003c;
const CELL_SHARED = 0x00fd;
const CELL_LABEL = 0x0204;
const CELL_RICH_LABEL = 0x00d6;
const CELL_NUMBER = 0x0203;
const CELL_RK = 0x027e;
const CELLS_RK = 0x00bd;
const FORMULA = 0x0006;
const FORMULA_TEXT = 0x0207;
const TEXT_OBJECT = 0x01b6;
const HEADER = 0x0014;
const FOOTER = 0x0015;
const SHEET = 0x0085;
const BIFF8 = 0x0600;

export function readExcelText(octets: Buffer, out: FlatText, budget: Budget): TextResult {
  const reader = new SheetReader(out);
  const records = [...recordsOf(octets, budget)];
  const [first] = records;
  if (first?.type !== BEGIN) return 'damaged';
  if (records.some(({ type }) => type === ENCRYPTED)) return 'encrypted';
  reader.isWide = first.value.length < 2 || first.value.readUInt16LE(0) >= BIFF8;
  records.forEach(({ type }, index) => {
    if (type === SHARED_STRINGS) reader.strings = readCellStrings(withContinued(records, index), budget);
  });
  for (const [index, record] of records.entries()) {
    budget.tick();
    if (out.full) break;
    if (record.type === TEXT_OBJECT) reader.textObject(withContinued(records, index).slice(1));
    else reader.read(record);
  }
  return 'read';
}

const MOST_RECORDS = 5_000_000;

function* recordsOf(octets: Buffer, budget: Budget): Generator<CellRecord> {
  let count = 0;
  for (let at = 0; at + 4 <= octets.length && count < MOST_RECORDS; count += 1) {
    budget.tick();
    const end = at + 4 + octets.readUInt16LE(at + 2);
    yield { type: octets.readUInt16LE(at), value: octets.subarray(at + 4, end) };
    at = end;
  }
}

/** A value and those that go on with it. */
function withContinued(records: readonly CellRecord[], index: number): readonly Buffer[] {
  let end = index + 1;
  while (records[end]?.type === CONTINUE) end += 1;
  return records.slice(index, end).map(({ value }) => value);
}

class SheetReader {
  readonly #out: FlatText;
  #row = -1;
  /** Strings have a flag for the width of their characters. */
  isWide = true;
  strings: readonly string[] = [];

  constructor(out: FlatText) {
    this.#out = out;
  }

  read({ type, value }: CellRecord): void {
    const line = this.#lineOf(type, value);
    if (line !== undefined) this.#line(line);
    const cells = value.length < 8 ? [] : this.#cellsOf(type, value);
    for (const cell of cells) {
      if (type !== FORMULA_TEXT) this.#begin(value.readUInt16LE(0));
      this.#out.tab();
      this.#out.write(cell);
    }
  }

  /** Of drawings and comments. */
  textObject(continued: readonly Buffer[]): void {
    const [value] = continued;
    if (value !== undefined) this.#line(characters(value.subarray(1), value[0] === 1));
  }

  #line(text: string): void {
    this.#out.endLine();
    this.#out.write(text);
    this.#out.endLine();
  }

  #begin(row: number): void {
    if (row !== this.#row) this.#out.endLine();
    this.#row = row;
  }

  #lineOf(type: number, value: Buffer): string | undefined {
    if (type === FORMULA_TEXT) return undefined;
    if (type === SHEET && value.length > 8) return this.#string(value.subarray(6), 1);
    return (type === HEADER || type === FOOTER) && value.length > 3
      ? this.#string(value, this.isWide ? 2 : 1)
      : undefined;
  }

  #cellsOf(type: number, value: Buffer): readonly string[] {
    switch (type) {
      case CELL_SHARED:
        return value.length < 10 ? [] : [this.strings[value.readUInt32LE(6)] ?? ''];
      case CELL_LABEL:
      case CELL_RICH_LABEL:
        return [this.#string(value.subarray(6), 2)];
      case FORMULA_TEXT:
        return [this.#string(value, 2)];
      case CELL_NUMBER:
      case FORMULA:
        return doubleAt(value);
      // One number, or many with a format before each.
      case CELL_RK:
      case CELLS_RK:
        return runOfNumbers(value);
      default:
        return [];
    }
  }

  /** With a length of one or two octets before it. */
  #string(value: Buffer, lengthBytes: 1 | 2): string {
    if (value.length < lengthBytes + 1) return '';
    const length = lengthBytes === 1 ? value.readUInt8(0) : value.readUInt16LE(0);
    if (!this.isWide) return value.toString('latin1', lengthBytes, lengthBytes + length);
    const isWide = ((value[lengthBytes] ?? 0) & 1) === 1;
    const start = lengthBytes + 1;
    return characters(value.subarray(start, start + (isWide ? length * 2 : length)), isWide);
  }
}

const characters = (octets: Buffer, isWide: boolean): string => octets.toString(isWide ? 'utf16le' : 'latin1');

/** The result of a formula that is no number has ones at its end. */
const doubleAt = (value: Buffer): readonly string[] =>
  value.length < 14 || value.readUInt16LE(12) === 0xffff ? [] : [numberAsShown(String(value.readDoubleLE(6)))];

const rkText = (rk: number): string => numberAsShown(String(rkNumber(rk)));

/** Behind the row, the first column and the first format. */
function runOfNumbers(value: Buffer): readonly string[] {
  const numbers: string[] = [];
  for (let at = 6; at + 4 <= value.length; at += 6) numbers.push(rkText(value.readInt32LE(at)));
  return numbers;
}
