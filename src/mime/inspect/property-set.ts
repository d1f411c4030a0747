/** Properties of documents in compound files (MS-OLEPS): two sets with numbers for names, and one of the user's own with a dictionary. */
import { decodeText } from '#mime/charset.ts';
import { visible } from '#mime/visible.ts';
import { asProperties, type Properties } from './properties.ts';

/** By the first octets of the set's identifier. */
const SUMMARY = 'e0859ff2';
const DOCUMENT_SUMMARY = '02d5cdd5';
const OWN = '05d5cdd5';

const NAMES: ReadonlyMap<string, ReadonlyMap<number, string>> = new Map([
  [
    SUMMARY,
    new Map([
      [2, 'Title'],
      [3, 'Subject'],
      [4, 'Author'],
      [5, 'Keywords'],
      [6, 'Comments'],
      [7, 'Template'],
      [8, 'Last author'],
      [18, 'Application'],
    ]),
  ],
  [
    DOCUMENT_SUMMARY,
    new Map([
      [2, 'Category'],
      [14, 'Manager'],
      [15, 'Company'],
      [26, 'Content type'],
      [27, 'Status'],
    ]),
  ],
]);

const CODE_PAGE = 1;
const UTF16_PAGE = 1200;
const INTEGER_16 = 2;
const INTEGER_32 = 3;
const BOOLEAN = 11;
const TEXT = 30;
const WIDE_TEXT = 31;
const MOST = 1000;
const LONGEST = 4096;

/** As far as it can be read. */
export function readPropertySets(octets: Buffer): Properties {
  const found = new Map<string, string>();
  const sets = octets.length < 48 ? 0 : Math.min(2, octets.readUInt32LE(24));
  for (let index = 0; index < sets; index += 1) {
    const at = 28 + index * 20;
    if (at + 20 > octets.length) break;
    const identifier = octets.toString('hex', at, at + 4);
    const set = new PropertySet(octets.subarray(octets.readUInt32LE(at + 16)));
    const names = identifier === OWN ? set.dictionary() : (NAMES.get(identifier) ?? new Map<number, string>());
    for (const [id, name] of names) {
      const value = set.value(id);
      if (value !== undefined && value !== '') found.set(name, value);
    }
  }
  return asProperties(found);
}

class PropertySet {
  readonly #octets: Buffer;
  readonly #places = new Map<number, number>();
  readonly #codePage: number;

  constructor(octets: Buffer) {
    this.#octets = octets;
    const count = Math.min(MOST, this.#number(4));
    for (let index = 0; index < count; index += 1)
      this.#places.set(this.#number(8 + index * 8), this.#number(12 + index * 8));
    const place = this.#places.get(CODE_PAGE);
    this.#codePage = place === undefined ? 1252 : this.#number(place + 4) & 0xffff;
  }

  value(id: number): string | undefined {
    const place = this.#places.get(id);
    if (place === undefined) return undefined;
    const number = this.#number(place + 4);
    switch (this.#number(place) & 0xffff) {
      case TEXT:
        return this.#text(place + 8, number);
      case WIDE_TEXT:
        return clean(this.#octets.toString('utf16le', place + 8, place + 8 + Math.min(LONGEST, number) * 2));
      case INTEGER_16:
      case INTEGER_32:
        return String(number | 0);
      case BOOLEAN:
        return (number & 0xffff) === 0 ? 'false' : 'true';
      default:
        return undefined;
    }
  }

  /** MS-OLEPS 2.17: names of the user's own. */
  dictionary(): ReadonlyMap<number, string> {
    const names = new Map<number, string>();
    const start = this.#places.get(0);
    if (start === undefined) return names;
    const count = Math.min(MOST, this.#number(start));
    let at = start + 4;
    for (let index = 0; index < count && at + 8 <= this.#octets.length; index += 1) {
      const length = this.#number(at + 4);
      const bytes = this.#codePage === UTF16_PAGE ? Math.ceil((length * 2) / 4) * 4 : length;
      names.set(this.#number(at), this.#text(at + 8, bytes));
      at += 8 + bytes;
    }
    return names;
  }

  #text(start: number, bytes: number): string {
    const octets = this.#octets.subarray(start, start + Math.min(LONGEST, bytes));
    if (this.#codePage === UTF16_PAGE) return clean(octets.toString('utf16le'));
    return clean(decodeText(octets, charsetOf(this.#codePage)).text);
  }

  #number(at: number): number {
    return at + 4 <= this.#octets.length ? this.#octets.readUInt32LE(at) : 0;
  }
}

/** Texts end with a zero. */
const clean = (text: string): string => visible(text.split('\0', 1)[0] ?? '').trim();

/** Code pages of Windows. */
export function charsetOf(codePage: number): string {
  return codePage >= 1250 && codePage <= 1258 ? `windows-${codePage}` : `cp${codePage}`;
}
