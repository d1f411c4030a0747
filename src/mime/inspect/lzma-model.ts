/** The state of LZMA while it unpacks: its probabilities, its range coder, and what has come out, which is its dictionary. Only for `lzma.ts`. */

/** Where the probabilities of each kind begin in the one table of them. */
const IS_MATCH = 0;
const IS_REP = IS_MATCH + (12 << 4);
const IS_REP_G0 = IS_REP + 12;
const IS_REP_G1 = IS_REP_G0 + 12;
const IS_REP_G2 = IS_REP_G1 + 12;
const IS_REP0_LONG = IS_REP_G2 + 12;
const POSITION_SLOT = IS_REP0_LONG + (12 << 4);
const POSITION_SPECIAL = POSITION_SLOT + (4 << 6);
const ALIGN = POSITION_SPECIAL + 115;
const MATCH_LENGTH = ALIGN + 16;
const LENGTH_CODER = 2 + 128 + 128 + 256;
const REP_LENGTH = MATCH_LENGTH + LENGTH_CODER;
const LITERAL = REP_LENGTH + LENGTH_CODER;

const EVEN_CHANCE = 1024;
const TOP = 2 ** 24;
const END_MARK = 0xffffffff;

export class LzmaModel {
  #probabilities = new Uint16Array(0);
  #contextBits = 0;
  #literalPositionMask = 0;
  #positionMask = 0;
  #state = 0;
  #distances: [number, number, number, number] = [0, 0, 0, 0];
  #packed: Uint8Array = new Uint8Array();
  #at = 0;
  #range = 0;
  #code = 0;
  #out = Buffer.alloc(64 * 1024);
  length = 0;

  output(): Uint8Array {
    return this.#out.subarray(0, this.length);
  }

  /** False when they are none. */
  setProperties(octet: number): boolean {
    if (octet >= 9 * 5 * 5) return false;
    this.#contextBits = octet % 9;
    const rest = Math.floor(octet / 9);
    this.#literalPositionMask = (1 << (rest % 5)) - 1;
    this.#positionMask = (1 << Math.floor(rest / 5)) - 1;
    this.#probabilities = new Uint16Array(LITERAL + (0x300 << (this.#contextBits + (rest % 5))));
    this.reset();
    return true;
  }

  reset(): void {
    this.#probabilities.fill(EVEN_CHANCE);
    this.#state = 0;
    this.#distances = [0, 0, 0, 0];
  }

  /** Goes on with other packed octets. */
  begin(packed: Uint8Array): void {
    this.#packed = packed;
    this.#at = 1;
    this.#range = END_MARK;
    this.#code = 0;
    for (let index = 0; index < 4; index += 1) this.#code = ((this.#code << 8) | this.#nextOctet()) >>> 0;
  }

  copy(octets: Uint8Array): void {
    for (const octet of octets) this.#put(octet);
  }

  /** Until so much has come out; false when it ends before that or makes no sense. */
  decode(end: number): boolean {
    if (this.#probabilities.length === 0) return false;
    while (this.length < end) {
      if (this.#at > this.#packed.length) return false;
      const position = this.length & this.#positionMask;
      if (this.#bit(IS_MATCH + (this.#state << 4) + position) === 0) this.#literal();
      else if (!this.#match(position)) return false;
    }
    return true;
  }

  #match(position: number): boolean {
    const length = this.#bit(IS_REP + this.#state) === 0 ? this.#newMatch(position) : this.#repeatedMatch(position);
    const distance = this.#distances[0];
    if (distance === END_MARK || distance >= this.length) return false;
    for (let index = 0; index < length; index += 1) this.#put(this.#out[this.length - distance - 1] ?? 0);
    return true;
  }

  #newMatch(position: number): number {
    const [first, second, third] = this.#distances;
    const length = this.#length(MATCH_LENGTH, position);
    this.#state = this.#state < 7 ? 7 : 10;
    this.#distances = [this.#distance(length), first, second, third];
    return length + 2;
  }

  #repeatedMatch(position: number): number {
    const [first, second, third, fourth] = this.#distances;
    if (this.#bit(IS_REP_G0 + this.#state) === 0) {
      if (this.#bit(IS_REP0_LONG + (this.#state << 4) + position) === 0) {
        this.#state = this.#state < 7 ? 9 : 11;
        return 1;
      }
    } else if (this.#bit(IS_REP_G1 + this.#state) === 0) this.#distances = [second, first, third, fourth];
    else if (this.#bit(IS_REP_G2 + this.#state) === 0) this.#distances = [third, first, second, fourth];
    else this.#distances = [fourth, first, second, third];
    const length = this.#length(REP_LENGTH, position);
    this.#state = this.#state < 7 ? 8 : 11;
    return length + 2;
  }

  #literal(): void {
    const previous = this.#out[this.length - 1] ?? 0;
    const context =
      ((this.length & this.#literalPositionMask) << this.#contextBits) + (previous >> (8 - this.#contextBits));
    const start = LITERAL + 0x300 * context;
    let symbol = 1;
    if (this.#state >= 7) {
      let matched = this.#out[this.length - this.#distances[0] - 1] ?? 0;
      while (symbol < 0x100) {
        const expected = (matched >> 7) & 1;
        matched <<= 1;
        const bit = this.#bit(start + ((1 + expected) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== expected) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(start + symbol);
    this.#put(symbol);
    this.#state = STATE_AFTER_LITERAL[this.#state] ?? 0;
  }

  #length(coder: number, position: number): number {
    if (this.#bit(coder) === 0) return this.#tree(coder + 2 + (position << 3), 3);
    if (this.#bit(coder + 1) === 0) return 8 + this.#tree(coder + 130 + (position << 3), 3);
    return 16 + this.#tree(coder + 258, 8);
  }

  #distance(length: number): number {
    const slot = this.#tree(POSITION_SLOT + (Math.min(length, 3) << 6), 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const high = (2 | (slot & 1)) * 2 ** bits;
    if (slot < 14) return high + this.#reverseTree(POSITION_SPECIAL + high - slot, bits);
    return high + this.#directBits(bits - 4) * 16 + this.#reverseTree(ALIGN, 4);
  }

  #tree(start: number, bits: number): number {
    let symbol = 1;
    for (let index = 0; index < bits; index += 1) symbol = (symbol << 1) | this.#bit(start + symbol);
    return symbol - (1 << bits);
  }

  #reverseTree(start: number, bits: number): number {
    let symbol = 1;
    let value = 0;
    for (let index = 0; index < bits; index += 1) {
      const bit = this.#bit(start + symbol);
      symbol = (symbol << 1) | bit;
      value |= bit << index;
    }
    return value;
  }

  #directBits(bits: number): number {
    let value = 0;
    for (let index = 0; index < bits; index += 1) {
      this.#range = (this.#range >>> 1) >>> 0;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit === 1) this.#code = (this.#code - this.#range) >>> 0;
      value = value * 2 + bit;
      this.#normalize();
    }
    return value;
  }

  #bit(index: number): number {
    const probability = this.#probabilities[index] ?? EVEN_CHANCE;
    const bound = (this.#range >>> 11) * probability;
    const bit = this.#code < bound ? 0 : 1;
    if (bit === 0) {
      this.#range = bound;
      this.#probabilities[index] = probability + ((2048 - probability) >> 5);
    } else {
      this.#range = (this.#range - bound) >>> 0;
      this.#code = (this.#code - bound) >>> 0;
      this.#probabilities[index] = probability - (probability >> 5);
    }
    this.#normalize();
    return bit;
  }

  #normalize(): void {
    if (this.#range >= TOP) return;
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | this.#nextOctet()) >>> 0;
  }

  #nextOctet(): number {
    const octet = this.#packed[this.#at] ?? 0;
    this.#at += 1;
    return octet;
  }

  #put(octet: number): void {
    if (this.length === this.#out.length) {
      const larger = Buffer.alloc(this.#out.length * 2);
      larger.set(this.#out);
      this.#out = larger;
    }
    this.#out[this.length] = octet;
    this.length += 1;
  }
}

const STATE_AFTER_LITERAL = [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 4, 5];
