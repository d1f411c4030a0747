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
type Matched = 'text' | 'cr' | 'line-start' | 'dot' | 'dot-cr';

export class DotReader {
  #matched: Matched = 'line-start';

  /**
   * Hands the content in `chunk` to `take`, in at most two pieces, and returns the position behind the end of DATA, or -1
   * when the end is still to come. The pieces lie in `chunk` itself: it is compacted in place, which keeps a message made
   * of nothing but dots linear.
   */
  read(chunk: Buffer, take: (content: Buffer) => void): number {
    let position = 0;
    // Octets from `start` on have not been moved to `kept` yet.
    let start = 0;
    let kept = 0;
    const keepUpTo = (end: number): void => {
      if (kept !== start) chunk.copyWithin(kept, start, end);
      kept += end - start;
    };
    while (position < chunk.length) {
      if (this.#matched === 'text') {
        const found = chunk.indexOf(CRLF_DOT, position);
        if (found === -1) {
          this.#matched = ending(chunk, position);
          break;
        }
        keepUpTo(found + 2);
        start = found + 3;
        position = start;
        this.#matched = 'dot';
        continue;
      }
      const octet = chunk[position];
      if (this.#matched === 'dot-cr') {
        if (octet === LF) {
          if (kept > 0) take(chunk.subarray(0, kept));
          return position + 1;
        }
        if (position === 0) take(WITHHELD_CR);
        this.#matched = 'text';
      } else if (this.#matched === 'line-start' && octet === DOT) {
        keepUpTo(position);
        position += 1;
        start = position;
        this.#matched = 'dot';
      } else {
        // Of all other octets only the next one of the sequence is used up here; the rest is looked at again as text.
        this.#matched = next(this.#matched, octet);
        if (this.#matched !== 'text') position += 1;
      }
    }
    if (this.#matched !== 'dot-cr') keepUpTo(chunk.length);
    if (kept > 0) take(chunk.subarray(0, kept));
    return -1;
  }
}

function next(matched: Matched, octet: number | undefined): Matched {
  if (matched === 'cr' && octet === LF) return 'line-start';
  return matched === 'dot' && octet === CR ? 'dot-cr' : 'text';
}

function ending(chunk: Buffer, from: number): Matched {
  const last = chunk.length - 1;
  if (chunk[last] === CR) return 'cr';
  return chunk[last] === LF && last > from && chunk[last - 1] === CR ? 'line-start' : 'text';
}
