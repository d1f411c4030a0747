/** The letters of RTF: octets of a code page, which may belong together, and numbers of Unicode with letters behind them for old readers. Only for `rtf.ts`. */
import { decodeText } from '#mime/charset.ts';
import { charsetOf } from './property-set.ts';

/** Charsets of fonts, by the code page that they stand for. */
const CODE_PAGES: ReadonlyMap<number, number> = new Map([
  [128, 932],
  [129, 949],
  [134, 936],
  [136, 950],
  [161, 1253],
  [162, 1254],
  [163, 1258],
  [177, 1255],
  [178, 1256],
  [186, 1257],
  [204, 1251],
  [222, 874],
  [238, 1250],
]);
const MOST_FONTS = 10_000;

export class RtfText {
  readonly #put: (text: string) => void;
  readonly #fonts = new Map<number, string>();
  /** As characters, one for each. */
  #octets = '';
  #font = 0;
  #default = 'windows-1252';
  /** Letters that are still to be passed over. */
  #skip = 0;
  charset = 'windows-1252';
  fallback = 1;

  constructor(put: (text: string) => void) {
    this.#put = put;
  }

  letters(text: string): void {
    const skipped = Math.min(this.#skip, text.length);
    this.#skip -= skipped;
    this.#octets += text.slice(skipped);
  }

  octet(octet: number): void {
    if (this.#skip > 0) this.#skip -= 1;
    else this.#octets += String.fromCharCode(octet);
  }

  /** A unit of UTF-16; above 32767 it is written as a negative number. */
  unicode(number: number): void {
    this.#decode();
    this.#put(String.fromCharCode(number & 0xffff));
    this.#skip = this.fallback;
  }

  /** At the end of a run of letters. */
  flush(): void {
    this.#decode();
    this.#skip = 0;
  }

  defineFont(number: number): void {
    this.#font = number;
  }

  defineCharset(charset: number): void {
    const codePage = CODE_PAGES.get(charset);
    if (codePage !== undefined && this.#fonts.size < MOST_FONTS) this.#fonts.set(this.#font, charsetOf(codePage));
  }

  charsetOfFont(number: number): string {
    return this.#fonts.get(number) ?? this.#default;
  }

  setDefault(codePage: number): string {
    this.#default = charsetOf(codePage);
    return this.#default;
  }

  #decode(): void {
    if (this.#octets === '') return;
    const octets = Buffer.from(this.#octets, 'latin1');
    this.#octets = '';
    this.#put(decodeText(octets, this.charset).text);
  }
}
