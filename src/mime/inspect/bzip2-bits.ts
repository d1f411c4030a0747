/** Bits of octets, the highest first. Behind the end they are zeros. Only for `bzip2.ts`. */

export class BitReader {
  readonly #octets: Uint8Array;
  /** In bits. */
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  get isPastEnd(): boolean {
    return this.#at > this.#octets.length * 8;
  }

  bit(): number {
    const octet = this.#octets[this.#at >>> 3] ?? 0;
    const bit = (octet >> (7 - (this.#at & 7))) & 1;
    this.#at += 1;
    return bit;
  }

  /** At most 32. */
  read(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1) value = value * 2 + this.bit();
    return value;
  }

  /** A multiple of eight, as digits. */
  hex(count: number): string {
    let digits = '';
    for (let index = 0; index < count; index += 8) digits += this.read(8).toString(16).padStart(2, '0');
    return digits;
  }

  toOctet(): void {
    this.#at = Math.ceil(this.#at / 8) * 8;
  }
}
