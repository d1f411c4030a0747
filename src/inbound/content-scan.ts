/**
 * Looks once at every octet of a message while it arrives: where the header ends, whether an octet above 127 occurs, and
 * what makes it no text of RFC 5322 §2.3 (bare CR, bare LF, NUL, overlong lines). It keeps no octet and changes none.
 */
const CR = 0x0d;
const LF = 0x0a;

export type ContentDefect = 'bare-carriage-return' | 'bare-line-feed' | 'nul' | 'line-too-long';

export class ContentScan {
  readonly #lineLimit: number;
  #line = 0;
  #previous = LF;
  #bits = 0;
  #sizeBytes = 0;
  #headerBytes: number | undefined;
  #headerBits = 0;

  /** `lineLimit` in octets with the CRLF. */
  constructor(lineLimit: number) {
    this.#lineLimit = lineLimit;
  }

  /** Octets up to and including the empty line, once it has come. */
  get headerBytes(): number | undefined {
    return this.#headerBytes;
  }

  get eightBit(): boolean {
    return this.#bits > 127;
  }

  get eightBitHeader(): boolean {
    return (this.#headerBytes === undefined ? this.#bits : this.#headerBits) > 127;
  }

  /** Content that ends in the middle of a line, as only BDAT can carry it. */
  get endsInLine(): boolean {
    return this.#previous !== LF;
  }

  /** Returns the first defect; after one the scan is of no more use. */
  read(bytes: Buffer): ContentDefect | undefined {
    let previous = this.#previous;
    let line = this.#line;
    let bits = this.#bits;
    for (let at = 0; at < bytes.length; at += 1) {
      const octet = bytes[at] ?? 0;
      if (octet === LF) {
        if (previous !== CR) return 'bare-line-feed';
        if (line >= this.#lineLimit) return 'line-too-long';
        if (line === 1 && this.#headerBytes === undefined) {
          this.#headerBytes = this.#sizeBytes + at + 1;
          this.#headerBits = bits;
        }
        line = 0;
      } else {
        if (previous === CR) return 'bare-carriage-return';
        if (octet === 0) return 'nul';
        bits |= octet;
        line += 1;
      }
      previous = octet;
    }
    this.#previous = previous;
    this.#line = line;
    this.#bits = bits;
    this.#sizeBytes += bytes.length;
    return line > this.#lineLimit ? 'line-too-long' : undefined;
  }

  /** A CR may not be the very last octet either. */
  finish(): ContentDefect | undefined {
    return this.#previous === CR ? 'bare-carriage-return' : undefined;
  }
}

/** Makes every bare CR and bare LF a CRLF and drops NUL, for `bareLineEnds: normalise`. */
export class LineEndRepair {
  #withheldCr = false;

  read(bytes: Buffer): Buffer {
    const repaired = Buffer.allocUnsafe(bytes.length * 2 + 2);
    let length = 0;
    const endLine = (): void => {
      repaired[length] = CR;
      repaired[length + 1] = LF;
      length += 2;
    };
    for (const octet of bytes) {
      if (octet === 0) continue;
      if (octet === LF || this.#withheldCr) endLine();
      this.#withheldCr = octet === CR;
      if (octet === LF || octet === CR) continue;
      repaired[length] = octet;
      length += 1;
    }
    return repaired.subarray(0, length);
  }

  finish(): Buffer {
    return Buffer.from(this.#withheldCr ? '\r\n' : '');
  }
}
