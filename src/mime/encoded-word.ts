/**
 * Encoded words of header fields (RFC 2047), read as leniently as readers do: what is none stays as it is written. Only for
 * reading; who writes one asks `compose.ts`.
 */
import { decodeText } from './charset.ts';

/** Charset, language (RFC 2231 §5), encoding. The text goes to the next `?=`, blanks and question marks in it or not. */
const OPENING = /=\?([\w.:+-]{1,40})(?:\*[\w-]{0,40})?\?([bq])\?/gi;

type Word = {
  readonly charset: string;
  readonly encoding: string;
  readonly octets: Buffer;
  readonly start: number;
  readonly end: number;
};

/** An unfolded value with its encoded words decoded. */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return value;
  let text = '';
  let end = 0;
  let run: Word[] = [];
  for (const word of findWords(value)) {
    const between = value.slice(end, word.start);
    // RFC 2047 §6.2: white space between two of them is not shown.
    if (run.length === 0 || between.trim() !== '') {
      text += decodeRun(run) + between;
      run = [];
    }
    run.push(word);
    end = word.end;
  }
  return text + decodeRun(run) + value.slice(end);
}

function findWords(value: string): Word[] {
  const words: Word[] = [];
  OPENING.lastIndex = 0;
  for (let match = OPENING.exec(value); match !== null; match = OPENING.exec(value)) {
    const [, charset = '', encoding = ''] = match;
    const close = value.indexOf('?=', OPENING.lastIndex);
    if (close === -1) return words;
    const text = value.slice(OPENING.lastIndex, close);
    const isBase64 = encoding === 'b' || encoding === 'B';
    const octets = isBase64 ? Buffer.from(text, 'base64') : decodeQ(text);
    words.push({ charset, encoding: isBase64 ? 'b' : 'q', octets, start: match.index, end: close + 2 });
    OPENING.lastIndex = close + 2;
  }
  return words;
}

/** Words in one charset are one text: many senders cut characters of several octets in two. */
function decodeRun(run: readonly Word[]): string {
  let text = '';
  for (let from = 0, to = 0; from < run.length; from = to) {
    const first = run[from];
    const charset = first?.charset.toLowerCase() ?? '';
    while (run[to]?.charset.toLowerCase() === charset) to += 1;
    const octets = to - from === 1 && first !== undefined ? first.octets : joined(run.slice(from, to));
    text += decodeText(octets, charset).text;
  }
  return text;
}

const joined = (words: readonly Word[]): Buffer => Buffer.concat(words.map(({ octets }) => octets));

/** RFC 2047 §4.2: quoted-printable in which `_` is a space. */
function decodeQ(text: string): Buffer {
  const octets = text
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return Buffer.from(octets, isLatin1(octets) ? 'latin1' : 'utf8');
}

// oxlint-disable-next-line no-control-regex -- the range is one octet as such
const isLatin1 = (text: string): boolean => /^[\x00-\xff]*$/.test(text);
