/**
 * Reads command lines: verb and argument, the path of MAIL and RCPT, and their ESMTP parameters (RFC 5321 §4.1.1).
 * Pure text work; whether a command is in place, and whether a parameter is wanted, is decided elsewhere.
 */
import { isUtf8 } from 'node:buffer';

export type Command = {
  /** Upper case. */
  readonly verb: string;
  /** What follows the verb and its spaces, without trailing spaces. */
  readonly argument: string;
};

export type PathCommand = {
  /** What stood between the angle brackets, a source route removed (RFC 5321 §4.1.1.3). */
  readonly path: string;
  readonly parameters: readonly (readonly [keyword: string, value: string | undefined])[];
};

/** Returns `undefined` for octets that no command may hold: control characters, or 8-bit octets that are no UTF-8. */
export function readCommand(line: Buffer): Command | undefined {
  if (!isUtf8(line)) return undefined;
  const text = line.toString('utf8');
  // oxlint-disable-next-line no-control-regex -- these are what must not occur
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) return undefined;
  const space = text.search(/[ \t]/);
  if (space === -1) return { verb: text.toUpperCase(), argument: '' };
  return { verb: text.slice(0, space).toUpperCase(), argument: text.slice(space + 1).trim() };
}

/** Browsers that are made to talk to a mail server send one of these first. */
export function isHttpVerb(verb: string): boolean {
  return /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|PATCH)$/.test(verb);
}

/**
 * Reads `FROM:<path> KEY=value KEY`. White space behind the colon is let pass, as most servers do. Returns `undefined` when
 * it has not this form.
 */
export function readPathCommand(argument: string, keyword: 'FROM' | 'TO'): PathCommand | undefined {
  const colon = keyword.length;
  if (argument.slice(0, colon + 1).toUpperCase() !== `${keyword}:`) return undefined;
  const rest = argument.slice(colon + 1).trimStart();
  const end = rest.startsWith('<') ? closingBracket(rest) : -1;
  if (end === -1) return undefined;
  const tail = rest.slice(end + 1);
  if (tail !== '' && !tail.startsWith(' ')) return undefined;
  const words = tail === '' ? [] : tail.split(' ').filter((word) => word !== '');
  const parameters = words.map(readParameter);
  if (!parameters.every((parameter) => parameter !== undefined)) return undefined;
  const path = rest.slice(1, end);
  return { path: path.startsWith('@') ? path.slice(path.indexOf(':') + 1) : path, parameters };
}

/** The first `>` outside a quoted string. */
function closingBracket(text: string): number {
  let quoted = false;
  for (let at = 1; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\' && quoted) at += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === '>' && !quoted) return at;
  }
  return -1;
}

/** RFC 5321 §4.1.2: esmtp-keyword, and a value without spaces and control characters; its reader refuses an empty one. */
function readParameter(word: string): [string, string | undefined] | undefined {
  const equals = word.indexOf('=');
  const keyword = equals === -1 ? word : word.slice(0, equals);
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(keyword)) return undefined;
  if (equals === -1) return [keyword.toUpperCase(), undefined];
  return [keyword.toUpperCase(), word.slice(equals + 1)];
}
