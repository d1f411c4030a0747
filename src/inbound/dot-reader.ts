/**
 * Takes the content of a message out of a DATA stream: finds the end and removes stuffed dots (RFC 5321 §4.5.2).
 *
 * Nothing but CRLF "." CRLF ends the content, however the octets are cut into chunks, so that no second message can be
 * smuggled behind a look-alike. It does not judge the content; bare line ends pass through it unchanged.
 */
const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
const CRLF_DOT = Buffer.from('\r\n.');
const WITHHELD_CR = Buffer.from('\r');

/** How much of CRLF "." CRLF the octets so far end with. */
type Matched = 'text' | 'cr' | 'line-start' | 'dot' | 'dot-cr' | 'end';

export class DotReader {
  #matched: Matched = 'line-start';

  /**
   * Hands the content in `chunk` to `take`, in at most two pieces, and returns the position behind the end of DATA, or -1
   * when the end is still to come. The pieces lie in `chunk` itself: it is compacted in place, which keeps a message made
   * of nothing but dots linear.
   */
  read(chunk: Buffer, take: (content: Buffer) => void): number {
    const kept = new Compaction(chunk);
    // A CR that was held back in the chunk before is content after all.
    if (this.#matched === 'dot-cr' && chunk.length > 0 && chunk[0] !== LF) take(WITHHELD_CR);
    let position = 0;
    while (position < chunk.length && this.#matched !== 'end') position = this.#step(chunk, position, kept);
    if (this.#matched === 'dot') kept.keepUpTo(chunk.length - 1);
    else if (this.#matched !== 'dot-cr' && this.#matched !== 'end') kept.keepUpTo(chunk.length);
    take(kept.result());
    return this.#matched === 'end' ? position : -1;
  }

  /** Returns the position to go on at: the same one when the octet is to be seen with other eyes. */
  #step(chunk: Buffer, position: number, kept: Compaction): number {
    const octet = chunk[position];
    switch (this.#matched) {
      case 'line-start':
        return this.#expect(octet === DOT, 'dot', position);
      case 'cr':
        return this.#expect(octet === LF, 'line-start', position);
      case 'dot':
        // The dot goes, whatever follows it; a CR may go with it.
        kept.keepUpTo(position - 1);
        kept.skipTo(position);
        return this.#expect(octet === CR, 'dot-cr', position);
      case 'dot-cr':
        return this.#expect(octet === LF, 'end', position);
      case 'text':
        return this.#skipText(chunk, position);
      case 'end':
        return position;
    }
  }

  #expect(met: boolean, matched: Matched, position: number): number {
    this.#matched = met ? matched : 'text';
    return met ? position + 1 : position;
  }

  /** To behind the next dot that starts a line, or to the end. */
  #skipText(chunk: Buffer, position: number): number {
    const found = chunk.indexOf(CRLF_DOT, position);
    this.#matched = found === -1 ? ending(chunk, position) : 'dot';
    return found === -1 ? chunk.length : found + CRLF_DOT.length;
  }
}

/** Pushes the pieces of a chunk that are kept together, each octet moved once at most. */
class Compaction {
  readonly #chunk: Buffer;
  #length = 0;
  #from = 0;

  constructor(chunk: Buffer) {
    this.#chunk = chunk;
  }

  keepUpTo(end: number): void {
    if (end <= this.#from) return;
    if (this.#length !== this.#from) this.#chunk.copyWithin(this.#length, this.#from, end);
    this.#length += end - this.#from;
    this.#from = end;
  }

  skipTo(position: number): void {
    this.#from = position;
  }

  result(): Buffer {
    return this.#chunk.subarray(0, this.#length);
  }
}

function ending(chunk: Buffer, from: number): Matched {
  const last = chunk.length - 1;
  if (chunk[last] === CR) return 'cr';
  return chunk[last] === LF && last > from && chunk[last - 1] === CR ? 'line-start' : 'text';
}
