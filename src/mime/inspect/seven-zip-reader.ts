/** Numbers, bits and names of a 7z header, read one after the other. Once something does not fit, all that follows is empty. Only for `seven-zip-header.ts`. */

export class HeaderReader {
  readonly #bytes: Buffer;
  #at = 0;
  failed = false;

  constructor(octets: Uint8Array) {
    this.#bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  }

  /** For what can be no header; 0 is what ends a list. */
  fail(): void {
    this.failed = true;
  }

  octet(): number {
    const octet = this.failed ? 0 : this.#bytes[this.#at];
    if (octet === undefined) this.fail();
    this.#at += 1;
    return octet ?? 0;
  }

  /** The ones that the first octet begins with say how many follow. */
  number(): number {
    const first = this.octet();
    let value = 0;
    let mask = 0x80;
    for (let index = 0; index < 8; index += 1) {
      if ((first & mask) === 0) return value + (first & (mask - 1)) * 256 ** index;
      value += this.octet() * 256 ** index;
      mask >>= 1;
    }
    return value;
  }

  /** A number of things of which there are not many. */
  count(most: number): number {
    const count = this.number();
    if (count > most) this.fail();
    return this.failed ? 0 : count;
  }

  numbers(count: number): number[] {
    const numbers: number[] = [];
    for (let index = 0; index < count && !this.failed; index += 1) numbers.push(this.number());
    return numbers;
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) this.fail();
    if (this.failed) return new Uint8Array();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  bits(count: number): boolean[] {
    const octets = this.take(Math.ceil(count / 8));
    return Array.from({ length: count }, (_, index) => ((octets[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0);
  }

  /** UTF-16, each ended by a zero; they may not lie elsewhere. */
  names(count: number): string[] {
    if (this.octet() !== 0) return [];
    const text = this.#bytes.subarray(this.#at, this.#bytes.length).toString('utf16le');
    return text.split('\0', count);
  }
}
