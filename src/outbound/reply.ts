/**
 * Replies of an SMTP server (RFC 5321 §4.2): reading them off the wire within limits, and what their text says.
 * Not for what a reply leads to: `peer-trouble.ts` makes a trouble of it.
 */
export type Reply = {
  readonly code: number;
  /** The text of each line, behind the code and its separator. Octets are as they came (Latin-1). */
  readonly lines: readonly string[];
};

// RFC 5321 §4.5.3.1.5 has 512 octets; real servers exceed that, endless ones exceed anything.
const MAX_LINE_CHARS = 4096;
const MAX_REPLY_CHARS = 65_536;
const MAX_REPLY_LINES = 512;
const MAX_TEXT_CHARS = 1000;

/** Cuts a stream into replies. A breach of the protocol ends it: nothing behind one is read. */
export class ReplyReader {
  #rest = '';
  #lines: string[] = [];
  #code = 0;
  #chars = 0;

  /** True between replies. */
  get between(): boolean {
    return this.#rest === '' && this.#lines.length === 0;
  }

  /** Gives every complete reply to `take`; returns what is wrong with the stream, if anything is. */
  push(octets: Buffer, take: (reply: Reply) => void): string | undefined {
    const text = this.#rest === '' ? octets.toString('latin1') : this.#rest + octets.toString('latin1');
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const problem = this.#line(text, start, end, take);
      if (problem !== undefined) return problem;
      start = end + 1;
    }
    this.#rest = start === 0 ? text : text.slice(start);
    return this.#rest.length > MAX_LINE_CHARS ? 'a reply line is too long' : undefined;
  }

  #line(text: string, start: number, end: number, take: (reply: Reply) => void): string | undefined {
    const stop = text.charCodeAt(end - 1) === 0x0d && end > start ? end - 1 : end;
    if (stop - start > MAX_LINE_CHARS) return 'a reply line is too long';
    const code = codeAt(text, start, stop);
    if (code === 0) return 'a line is no SMTP reply';
    if (this.#lines.length > 0 && code !== this.#code) return 'a reply changes its code between lines';
    const words = text.slice(start + 4, stop);
    if (text.charCodeAt(start + 3) !== 0x2d || stop === start + 3) {
      const lines = this.#lines.length === 0 ? [words] : [...this.#lines, words];
      [this.#lines, this.#chars] = [[], 0];
      take({ code, lines });
      return undefined;
    }
    this.#code = code;
    this.#chars += words.length;
    this.#lines.push(words);
    const excessive = this.#chars > MAX_REPLY_CHARS || this.#lines.length > MAX_REPLY_LINES;
    return excessive ? 'a reply does not end' : undefined;
  }
}

/** Three digits, the first from 2 to 5, then a space, a hyphen or the end of the line; 0 otherwise. */
function codeAt(text: string, start: number, stop: number): number {
  if (stop - start < 3) return 0;
  const [a, b, c] = [text.charCodeAt(start) - 48, text.charCodeAt(start + 1) - 48, text.charCodeAt(start + 2) - 48];
  const separator = stop === start + 3 ? 0x20 : text.charCodeAt(start + 3);
  const digits = a >= 2 && a <= 5 && b >= 0 && b <= 9 && c >= 0 && c <= 9;
  return digits && (separator === 0x20 || separator === 0x2d) ? a * 100 + b * 10 + c : 0;
}

const ENHANCED = /^([245])\.(\d{1,3}\.\d{1,3})(?:\s+|$)/;

/**
 * `subject.detail` of the reply's enhanced status code (RFC 2034 §4). Of a refusal whose classes contradict each other the
 * detail counts, and the class of the reply, which is what clients must act on.
 */
export function enhancedDetail({ code, lines }: Reply): string | undefined {
  const [, status, detail] = ENHANCED.exec(lines[0] ?? '') ?? [];
  return (status === '2') === code < 400 ? detail : undefined;
}

/** `550 5.1.1 No such user`: on one line, in US-ASCII, of a bounded length; an enhanced code is said once. */
export function replyText({ code, lines }: Reply): string {
  const [first = '', ...more] = lines;
  if (more.length === 0 && PLAIN.test(first)) return first === '' ? String(code) : `${code} ${first}`;
  const enhanced = ENHANCED.exec(first)?.[0];
  const words = more.map((line) =>
    enhanced !== undefined && line.startsWith(enhanced) ? line.slice(enhanced.length) : line,
  );
  const text = [String(code), first, ...words].join(' ').slice(0, MAX_TEXT_CHARS);
  return text.replaceAll(/[^\x20-\x7e]+/g, '?').trimEnd();
}

const PLAIN = /^[\x20-\x7e]{0,500}$/;
