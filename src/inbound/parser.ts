/**
 * Cuts what a client sends into command lines and content. Takes the place of smtp-server's parser, which accepts bare
 * LF after commands, unstuffs dots otherwise than RFC 5321 §4.5.2 and has no octet-counted mode (BDAT, RFC 3030).
 *
 * It knows no SMTP command: its listener says what comes next, and whether to go on at once or to wait for `proceed`.
 */
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { DotReader } from './dot-reader.ts';

/** RFC 4954 §4: the longest line of an AUTH exchange; commands have a lower limit, which is their reader's matter. */
const MAX_LINE_BYTES = 12_288;

const CR = 0x0d;
const LF = 0x0a;
const NOTHING: Buffer = Buffer.alloc(0);

/** Each answer is true to go on at once, false to wait for `proceed`. */
export type WireListener = {
  /** A line without its CRLF. */
  lineArrived(line: Buffer): boolean;
  /** A line that ended in a bare LF, or the first octets of one longer than any may be; the rest of that is skipped. */
  badLineArrived(reason: 'bare-line-feed' | 'too-long'): boolean;
  contentArrived(bytes: Buffer): boolean;
  /** The final dot, or the last octet of a BDAT chunk. */
  contentEnded(): boolean;
  /** All that has arrived is dealt with, or something waits: replies should go out. Calls `then` when more may come. */
  settled(then: (() => void) | undefined): void;
};

type Mode = 'lines' | 'overlong-line' | 'dots' | 'octets' | 'content-end';

export class WireParser extends SMTPStream {
  readonly #listener: WireListener;
  #mode: Mode = 'lines';
  #unread = NOTHING;
  #dots = new DotReader();
  #octetsToCome = 0;
  #starved = false;
  #next: (() => void) | undefined;

  constructor(listener: WireListener) {
    super();
    this.#listener = listener;
  }

  /** What follows is content up to the final dot. */
  expectDots(): void {
    this.#mode = 'dots';
    this.#dots = new DotReader();
  }

  /** What follows is `count` octets of content, as they are. */
  expectOctets(count: number): void {
    this.#mode = count === 0 ? 'content-end' : 'octets';
    this.#octetsToCome = count;
  }

  /** Goes on after an answer of false. */
  proceed(): void {
    let going = true;
    this.#starved = false;
    while (going && !this.isClosed && !this.#starved && (this.#unread.length > 0 || this.#mode === 'content-end'))
      going = this.#step();
    if (this.isClosed) this.#unread = NOTHING;
    const next = going || this.isClosed ? this.#next : undefined;
    if (next !== undefined) this.#next = undefined;
    this.#listener.settled(next);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding | 'buffer', next: () => void): void {
    if (this.isClosed) {
      next();
      return;
    }
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    this.#next = next;
    this.proceed();
  }

  /** smtp-server runs an unfinished line as a command when the client closes; it is none. */
  override _flushData(): void {
    this.#unread = NOTHING;
  }

  #step(): boolean {
    switch (this.#mode) {
      case 'lines':
        return this.#readLine();
      case 'overlong-line':
        return this.#skipLine();
      case 'dots':
        return this.#readDots();
      case 'octets':
        return this.#readOctets();
      case 'content-end':
        this.#mode = 'lines';
        return this.#listener.contentEnded();
    }
  }

  #readLine(): boolean {
    const end = this.#unread.indexOf(LF);
    if (end > MAX_LINE_BYTES || (end === -1 && this.#unread.length > MAX_LINE_BYTES)) {
      this.#mode = 'overlong-line';
      return this.#listener.badLineArrived('too-long');
    }
    if (end === -1) {
      this.#starved = true;
      return true;
    }
    const line = this.#unread.subarray(0, Math.max(0, end - 1));
    const complete = end > 0 && this.#unread[end - 1] === CR;
    this.#unread = this.#unread.subarray(end + 1);
    return complete ? this.#listener.lineArrived(line) : this.#listener.badLineArrived('bare-line-feed');
  }

  #skipLine(): boolean {
    const end = this.#unread.indexOf('\r\n');
    if (end === -1) {
      // The last octet may be half of the CRLF.
      this.#unread = this.#unread.at(-1) === CR ? Buffer.from('\r') : NOTHING;
      this.#starved = true;
      return true;
    }
    this.#unread = this.#unread.subarray(end + 2);
    this.#mode = 'lines';
    return true;
  }

  #readDots(): boolean {
    let going = true;
    const chunk = this.#unread;
    const end = this.#dots.read(chunk, (content) => {
      if (content.length > 0) going = this.#listener.contentArrived(content) && going;
    });
    this.#unread = end === -1 ? NOTHING : chunk.subarray(end);
    if (end !== -1) this.#mode = 'content-end';
    return going;
  }

  #readOctets(): boolean {
    const content = this.#unread.subarray(0, this.#octetsToCome);
    this.#unread = this.#unread.subarray(content.length);
    this.#octetsToCome -= content.length;
    if (this.#octetsToCome === 0) this.#mode = 'content-end';
    return this.#listener.contentArrived(content);
  }
}
