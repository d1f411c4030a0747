/**
 * The addresses in From, To and Cc (RFC 5322 §3.4), read as leniently as readers do: groups, comments, names without quotes and
 * old routes are all seen through. In linear time, whatever the octets; display names are left out.
 */
import { parseAddress } from '#mail/address.ts';

const PLAIN = /^[\w.+-]+@[\w.-]+$/;
/** Where something other than words begins or ends. */
const SPECIAL = /["(<,;:]/g;

/** Canonical and in lower case, in their order; what is no address that SMTP can carry is passed over. */
export function readMailboxes(value: string): readonly string[] {
  const trimmed = value.trim();
  return PLAIN.test(trimmed) ? canonical(trimmed) : new MailboxReader(value).read();
}

class MailboxReader {
  readonly #value: string;
  readonly #found: string[] = [];
  /** Of the mailbox that the place is in: what stands outside of brackets and comments. */
  #words = '';
  #angles: string[] = [];
  /** Signs that are known to have no counterpart up to the end, so that it is not looked for again. */
  readonly #unfinished = new Set<string>();

  constructor(value: string) {
    this.#value = value;
  }

  read(): readonly string[] {
    for (let at = 0; at < this.#value.length;) {
      SPECIAL.lastIndex = at;
      const special = SPECIAL.exec(this.#value)?.index ?? this.#value.length;
      this.#words += this.#value.slice(at, special);
      at = this.#readSpecial(special);
    }
    this.#endMailbox();
    return this.#found;
  }

  /** Returns where it ends. */
  #readSpecial(at: number): number {
    switch (this.#value.charAt(at)) {
      case '"':
        return this.#readQuoted(at);
      case '(':
        return this.#readComment(at);
      case '<':
        return this.#readAngle(at);
      // Before it stood the name of a group.
      case ':':
        this.#words = '';
        return at + 1;
      default:
        this.#endMailbox();
        return at + 1;
    }
  }

  #readQuoted(at: number): number {
    const end = this.#endOfQuoted(at) ?? at + 1;
    this.#words += this.#value.slice(at, end);
    return end;
  }

  /** RFC 5322 §3.2.2: comments may hold comments. */
  #readComment(at: number): number {
    this.#words += ' ';
    if (this.#unfinished.has('(')) return at + 1;
    let depth = 0;
    for (let end = at; end < this.#value.length; end += 1) {
      const sign = this.#value[end];
      if (sign === '\\') end += 1;
      else if (sign === '(') depth += 1;
      else if (sign === ')') depth -= 1;
      if (depth === 0) return end + 1;
    }
    this.#unfinished.add('(');
    return at + 1;
  }

  /** One without an end reaches to the next mailbox. */
  #readAngle(start: number): number {
    let cut: number | undefined;
    for (let at = start + 1; at < this.#value.length; at += 1) {
      const sign = this.#value[at];
      if (sign === '>') {
        this.#angles.push(this.#value.slice(start + 1, at));
        return at + 1;
      }
      if (sign === '<') {
        cut ??= at;
        break;
      }
      // A comma may belong to a route, `<@first,@second:a@example.org>`, and else says that the bracket is not closed.
      if ((sign === ',' && this.#value[start + 1] !== '@') || sign === ';') {
        cut = at;
        break;
      }
      if (sign === '"') at = (this.#endOfQuoted(at) ?? at + 1) - 1;
    }
    const end = cut ?? this.#value.length;
    this.#angles.push(this.#value.slice(start + 1, end));
    return end;
  }

  #endOfQuoted(start: number): number | undefined {
    if (this.#unfinished.has('"')) return undefined;
    for (let at = start + 1; at < this.#value.length; at += 1) {
      const sign = this.#value[at];
      if (sign === '\\') at += 1;
      else if (sign === '"') return at + 1;
    }
    this.#unfinished.add('"');
    return undefined;
  }

  #endMailbox(): void {
    const found = this.#angles.flatMap((angle) => canonical(withoutRoute(angle)));
    for (const address of found.length > 0 ? found : addressInWords(this.#words)) this.#found.push(address);
    this.#words = '';
    this.#angles = [];
  }
}

/** RFC 5322 §4.4: the route before the address of an old message says nothing. */
const withoutRoute = (angle: string): string => (/^\s*@/.test(angle) ? angle.slice(angle.indexOf(':') + 1) : angle);

/** Without brackets: all of it is the address, or one word of it is. */
function addressInWords(words: string): readonly string[] {
  if (!words.includes('@')) return [];
  const whole = canonical(words);
  if (whole.length > 0) return whole;
  return words
    .split(/\s+/)
    .filter((word) => word.includes('@'))
    .flatMap(canonical);
}

/** RFC 5322 §4.4: white space around dots and `@` is no part of it. */
function canonical(text: string): readonly string[] {
  const trimmed = text.trim();
  const tight = /\s/.test(trimmed) ? trimmed.replaceAll(/\s*([.@])\s*/g, '$1') : trimmed;
  const address = parseAddress(tight)?.text.toLowerCase();
  return address === undefined ? [] : [address];
}
