/**
 * What a CMS object (RFC 5652) of S/MIME is: encrypted, or signed or compressed with a message in it that anybody can read, and so also rules.
 * Signatures are not verified here, and nothing is decrypted.
 */

export type CmsContent =
  | { readonly kind: 'encrypted' }
  /** The content that is signed; `undefined` when it stands elsewhere. */
  | { readonly kind: 'signed'; readonly content: Uint8Array | undefined }
  /** By zlib (RFC 3274). */
  | { readonly kind: 'compressed'; readonly content: Uint8Array };

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
const OCTET_STRING = 0x04;
const CONSTRUCTED_OCTET_STRING = 0x24;
const FIRST_TAGGED = 0xa0;
/** Elements within one another; S/MIME has about ten. */
const DEEPEST = 32;

/** RFC 8551 §2.4 and RFC 5083: DER of the type identifiers. */
const TYPES: ReadonlyMap<string, CmsContent['kind']> = new Map([
  ['2a864886f70d010702', 'signed'],
  ['2a864886f70d010703', 'encrypted'],
  ['2a864886f70d010706', 'encrypted'],
  ['2a864886f70d0109100117', 'encrypted'],
  ['2a864886f70d0109100109', 'compressed'],
]);

/** `undefined` for what is no CMS object. */
export function readCms(octets: Uint8Array): CmsContent | undefined {
  const reader = new BerReader(octets);
  reader.enter(SEQUENCE);
  const kind = TYPES.get(Buffer.from(reader.take(OBJECT_IDENTIFIER)).toString('hex'));
  reader.enter(FIRST_TAGGED);
  reader.enter(SEQUENCE);
  if (reader.failed || kind === undefined) return undefined;
  if (kind === 'encrypted') return { kind };
  // The version, and the algorithms.
  reader.skip();
  reader.skip();
  reader.enter(SEQUENCE);
  reader.take(OBJECT_IDENTIFIER);
  const content = reader.isAt(FIRST_TAGGED) ? reader.enter(FIRST_TAGGED).octetString() : undefined;
  if (reader.failed) return undefined;
  return kind === 'signed' ? { kind, content } : content && { kind, content };
}

type Element = { readonly tag: number; readonly start: number; readonly end: number | undefined };

/** Goes through BER from element to element; lengths may be indefinite (X.690, 8.1.3). Once something does not fit, all that follows is empty. */
class BerReader {
  readonly #octets: Uint8Array;
  #at = 0;
  failed = false;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  isAt(tag: number): boolean {
    return !this.failed && this.#octets[this.#at] === tag;
  }

  enter(tag: number): this {
    const element = this.#element();
    if (element?.tag !== tag) this.failed = true;
    else this.#at = element.start;
    return this;
  }

  /** The content of an element that holds no others. */
  take(tag: number): Uint8Array {
    const element = this.#element();
    if (element?.tag !== tag || element.end === undefined) {
      this.failed = true;
      return new Uint8Array();
    }
    this.#at = element.end;
    return this.#octets.subarray(element.start, element.end);
  }

  skip(depth = 0): void {
    const element = this.#element();
    if (element === undefined || depth > DEEPEST) {
      this.failed = true;
      return;
    }
    this.#at = element.end ?? element.start;
    if (element.end !== undefined) return;
    while (!this.failed && !this.#atEndOfContents()) this.skip(depth + 1);
    this.#at += 2;
  }

  /** In one piece or in many. */
  octetString(): Uint8Array | undefined {
    if (this.isAt(OCTET_STRING)) return this.take(OCTET_STRING);
    const element = this.#element();
    if (element?.tag !== CONSTRUCTED_OCTET_STRING) {
      this.failed = true;
      return undefined;
    }
    const end = element.end ?? this.#octets.length;
    const pieces: Uint8Array[] = [];
    this.#at = element.start;
    while (!this.failed && this.#at < end && !this.#atEndOfContents()) pieces.push(this.take(OCTET_STRING));
    // What was read until it broke off is shown by readers too.
    this.failed = pieces.length === 0;
    return Buffer.concat(pieces);
  }

  #atEndOfContents(): boolean {
    return this.#octets[this.#at] === 0 && this.#octets[this.#at + 1] === 0;
  }

  #element(): Element | undefined {
    const tag = this.#octets[this.#at];
    const length = this.#octets[this.#at + 1];
    if (this.failed || tag === undefined || length === undefined) return undefined;
    const start = this.#at + 2;
    if (length < 0x80) return this.#within({ tag, start, end: start + length });
    if (length === 0x80) return { tag, start, end: undefined };
    const size = length & 0x7f;
    if (size > 4) return undefined;
    const value = this.#octets.subarray(start, start + size).reduce((sum, octet) => sum * 256 + octet, 0);
    return this.#within({ tag, start: start + size, end: start + size + value });
  }

  /** A length that reaches beyond the end is cut there. */
  #within({ tag, start, end }: { tag: number; start: number; end: number }): Element {
    return { tag, start, end: Math.min(end, this.#octets.length) };
  }
}
