/**
 * Content-Type and Content-Disposition: a value and its parameters (RFC 2045 §5.1), continued and in other charsets (RFC 2231). Read
 * as leniently as readers do, and in linear time. A parameter that is given twice is told twice, since readers differ in which they take.
 */
import { decodeText } from './charset.ts';
import { decodeWords } from './encoded-word.ts';

export type Parameterized = {
  /** Without comments, in lower case. */
  readonly value: string;
  readonly parameters: readonly Parameter[];
};

export type Parameter = {
  /** In lower case, without the signs of RFC 2231. */
  readonly name: string;
  /** As it is written, without quotes; of RFC 2231 it is decoded. */
  readonly value: string;
};

/** One `name=value` as it stands there. */
type Written = { readonly name: string; readonly value: string };

const PARAMETERS_AT_MOST = 1000;

/** `rawValue` as `indexHeader` tells it. */
export function parseParameterized(rawValue: string): Parameterized {
  const text = rawValue.replaceAll(/\r?\n/g, '');
  const end = endOfValue(text);
  return { value: withoutComments(text.slice(0, end)).trim().toLowerCase(), parameters: combined(written(text, end)) };
}

/** All values of a parameter, those first that readers prefer. */
export function valuesOf({ parameters }: Parameterized, name: string): readonly string[] {
  return parameters.filter((parameter) => parameter.name === name).map(({ value }) => value);
}

/** A name that people read: encoded words have no place in a parameter (RFC 2047 §5) but are often there. */
export function readableName(value: string): string {
  // oxlint-disable-next-line no-control-regex -- the range is US-ASCII as such
  if (/^[\x00-\x7f]*$/.test(value)) return decodeWords(value);
  // oxlint-disable-next-line no-control-regex -- the range is one octet as such
  return decodeWords(/^[\x00-\xff]*$/.test(value) ? decodeText(Buffer.from(value, 'latin1'), '').text : value);
}

function endOfValue(text: string): number {
  const end = text.indexOf(';');
  return end === -1 ? text.length : end;
}

/** RFC 822 comments, without those in comments. */
const withoutComments = (text: string): string => (text.includes('(') ? text.replaceAll(/\([^()]*\)?/g, '') : text);

const BLANK = /[\s;]*/y;
const NAME = /[^\s=;"]*/y;
const EQUALS = /\s*=\s*/y;
const TOKEN = /[^;]*/y;

function written(text: string, from: number): Written[] {
  const found: Written[] = [];
  for (let at = endOf(BLANK, text, from); at < text.length && found.length < PARAMETERS_AT_MOST;) {
    const nameEnd = endOf(NAME, text, at);
    const name = text.slice(at, nameEnd).toLowerCase();
    const valueStart = endOf(EQUALS, text, nameEnd);
    if (valueStart === nameEnd) {
      // No parameter: read on behind it.
      at = endOf(BLANK, text, Math.max(nameEnd, at + 1));
      continue;
    }
    const { value, end } = valueAt(text, valueStart);
    found.push({ name, value });
    at = endOf(BLANK, text, end);
  }
  return found;
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function valueAt(text: string, start: number): { value: string; end: number } {
  if (text[start] !== '"') {
    const end = endOf(TOKEN, text, start);
    return { value: withoutComments(text.slice(start, end)).trim(), end };
  }
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (sign === '"') return { value, end: at + 1 };
    // Many senders put the backslashes of a path there as they are; only these two are ever meant to be escaped.
    const escapes = sign === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\');
    value += escapes ? text.charAt(at + 1) : sign;
    if (escapes) at += 1;
  }
  return { value, end: text.length };
}

/** RFC 2231 §3 and RFC 2231 §4: what is continued or names its charset comes first, as readers prefer it. */
function combined(parameters: readonly Written[]): Parameter[] {
  const extended = new Map<string, Written[]>();
  const plain: Parameter[] = [];
  for (const parameter of parameters) {
    const star = parameter.name.indexOf('*');
    if (star === -1) {
      plain.push(parameter);
      continue;
    }
    const name = parameter.name.slice(0, star);
    const sections = extended.get(name);
    if (sections === undefined) extended.set(name, [parameter]);
    else sections.push(parameter);
  }
  return [...[...extended].map(([name, sections]) => ({ name, value: joined(name, sections) })), ...plain];
}

function joined(name: string, sections: readonly Written[]): string {
  const numbered = sections
    .map((section) => ({ ...section, number: Number(/^\*(\d{1,4})/.exec(section.name.slice(name.length))?.[1] ?? 0) }))
    .toSorted((one, other) => one.number - other.number);
  const [, charset = ''] = /^([^']*)'[^']*'/.exec(numbered[0]?.value ?? '') ?? [];
  const octets = numbered.map((section, index) => {
    if (!section.name.endsWith('*')) return Buffer.from(section.value, 'latin1');
    return percentDecoded(index === 0 ? section.value.replace(/^[^']*'[^']*'/, '') : section.value);
  });
  return decodeText(Buffer.concat(octets), charset).text;
}

const percentDecoded = (value: string): Buffer =>
  Buffer.from(
    value.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  );
