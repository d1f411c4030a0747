/**
 * PowerShell as rule exports and scripts of administrators use it: commands with parameters whose values are written out. Nothing is
 * carried out, so what must be (variables, casts, operators) stays an `Expression`, which whoever reads the command has to tell of.
 */
export type Value = string | boolean | null | readonly Value[] | Table | Expression;
export type Table = { readonly [key: string]: Value };

/** What only PowerShell itself can tell the value of. */
export class Expression {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Argument = {
  /** `''`: it stands without a name. */
  readonly name: string;
  readonly value: Value;
};

export type Command = { readonly name: string; readonly line: number; readonly args: readonly Argument[] };

/** `@(...)` and `@{...}` in one another. */
const DEEPEST = 8;

/** PowerShell takes the quotation marks of word processors for its own. */
const SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b";
const DOUBLE_QUOTES = '"\u201c\u201d\u201e';
const DASHES = '-\u2013\u2014\u2015';
const BETWEEN_STATEMENTS = '\n;|';
const ENDS = `${BETWEEN_STATEMENTS})}`;
const CONSTANTS: readonly (readonly [name: string, value: Value])[] = [
  ['$true', true],
  ['$false', false],
  ['$null', null],
];
const ESCAPES: { readonly [letter: string]: string } = { n: '\n', r: '\r', t: '\t', '0': '\0' };

/** Never throws: whatever the text is, it is some commands. */
export function readCommands(text: string): readonly Command[] {
  return new CommandReader(text.replaceAll('\r\n', '\n')).all();
}

class CommandReader {
  readonly #text: string;
  #at = 0;
  #counted = { line: 1, at: 0 };

  constructor(text: string) {
    this.#text = text;
  }

  all(): readonly Command[] {
    const commands: Command[] = [];
    for (;;) {
      this.#skipBlanks(true);
      const next = this.#next();
      if (next === '') return commands;
      if (ENDS.includes(next)) this.#at += 1;
      else commands.push(this.#command());
    }
  }

  #command(): Command {
    const line = this.#countLines();
    const name = this.#word();
    // What is no word is passed over, so that there is always a step forward.
    if (name === '') this.#at += 1;
    const args: Argument[] = [];
    for (;;) {
      this.#skipBlanks(false);
      if (this.#isEnd()) return { name, line, args };
      args.push(this.#argument());
    }
  }

  #argument(): Argument {
    const name = this.#parameterName();
    if (name === undefined) return { name: '', value: this.#value(0) };
    if (this.#next() === ':') this.#at += 1;
    this.#skipBlanks(false);
    const isSwitch = this.#isEnd() || this.#isParameter();
    return { name, value: isSwitch ? true : this.#value(0) };
  }

  #isParameter(): boolean {
    return DASHES.includes(this.#next()) && /^[A-Za-z_]/.test(this.#text.charAt(this.#at + 1));
  }

  #parameterName(): string | undefined {
    if (this.#next() === '' || !this.#isParameter()) return undefined;
    const [name = ''] = /^\w+/.exec(this.#text.slice(this.#at + 1, this.#at + 129)) ?? [];
    this.#at += 1 + name.length;
    return name;
  }

  /** One value, or several with commas between them. */
  #value(depth: number): Value {
    const values = [this.#whole(depth)];
    for (;;) {
      const before = this.#at;
      this.#skipBlanks(false);
      if (this.#next() !== ',') {
        this.#at = before;
        return values.length === 1 ? (values[0] ?? null) : values;
      }
      this.#at += 1;
      this.#skipBlanks(true);
      values.push(this.#whole(depth));
    }
  }

  /** With anything right behind it, it is a part of an expression. */
  #whole(depth: number): Value {
    const from = this.#at;
    const value = this.#single(depth);
    if (this.#isEnd() || /[\s,]/.test(this.#next())) return value;
    return this.#expression(from);
  }

  #single(depth: number): Value {
    const next = this.#next();
    if (next === '') return null;
    if (SINGLE_QUOTES.includes(next)) return this.#singleQuoted();
    if (DOUBLE_QUOTES.includes(next)) return this.#doubleQuoted();
    const ahead = this.#text.slice(this.#at, this.#at + 6).toLowerCase();
    if (/^@['"]/.test(ahead)) return this.#hereString();
    if (depth < DEEPEST && ahead.startsWith('@{')) return this.#table(depth);
    if (depth < DEEPEST && /^@?\(/.test(ahead)) return this.#list(depth);
    const constant = CONSTANTS.find(([name]) => ahead.startsWith(name));
    if (constant === undefined) return /[$[({@]/.test(next) ? this.#expression(this.#at) : this.#word();
    this.#at += constant[0].length;
    return constant[1];
  }

  #list(depth: number): Value {
    const from = this.#at;
    this.#at += this.#next() === '@' ? 2 : 1;
    const values: Value[] = [];
    for (;;) {
      this.#skipBlanks(true);
      if (this.#next() === ')') {
        this.#at += 1;
        return values;
      }
      if (this.#isEnd()) return this.#expression(from);
      const value = this.#value(depth + 1);
      if (Array.isArray(value)) values.push(...value);
      else values.push(value);
      this.#skipBlanks(true);
      // `(Get-Date)` and the like.
      if (this.#next() !== ')' && this.#next() !== ';') return this.#expression(from);
      if (this.#next() === ';') this.#at += 1;
    }
  }

  #table(depth: number): Value {
    const from = this.#at;
    this.#at += 2;
    const entries: [string, Value][] = [];
    for (;;) {
      this.#skipBlanks(true);
      if (this.#next() === ';') {
        this.#at += 1;
        continue;
      }
      if (this.#next() === '}') {
        this.#at += 1;
        return Object.fromEntries(entries);
      }
      const key = this.#key();
      this.#skipBlanks(false);
      if (key === undefined || this.#next() !== '=') return this.#expression(from);
      this.#at += 1;
      this.#skipBlanks(true);
      entries.push([key, this.#value(depth + 1)]);
    }
  }

  #key(): string | undefined {
    const next = this.#next();
    if (next !== '' && SINGLE_QUOTES.includes(next)) return this.#singleQuoted();
    if (next !== '' && DOUBLE_QUOTES.includes(next)) {
      const key = this.#doubleQuoted();
      return typeof key === 'string' ? key : undefined;
    }
    const [key] = /^\w{1,128}/.exec(this.#text.slice(this.#at, this.#at + 128)) ?? [];
    this.#at += key?.length ?? 0;
    return key;
  }

  /**
   * A quotation mark of a word processor ends the text in PowerShell too. Exports hold them in texts all the same, so only the mark that
   * began it ends it here.
   */
  #singleQuoted(): string {
    const mark = this.#next();
    let text = '';
    for (this.#at += 1; this.#next() !== ''; this.#at += 1) {
      const letter = this.#next();
      const isMark = SINGLE_QUOTES.includes(letter);
      if (isMark && this.#text.charAt(this.#at + 1) === letter) this.#at += 1;
      else if (letter === mark) {
        this.#at += 1;
        return text;
      }
      text += letter;
    }
    return text;
  }

  #doubleQuoted(): Value {
    const from = this.#at;
    const mark = this.#next();
    let text = '';
    let isPlain = true;
    for (this.#at += 1; this.#next() !== ''; this.#at += 1) {
      const letter = this.#next();
      const after = this.#text.charAt(this.#at + 1);
      if (letter === '`' && after !== '') {
        text += ESCAPES[after] ?? after;
        this.#at += 1;
        continue;
      }
      if (DOUBLE_QUOTES.includes(letter) && after === letter) this.#at += 1;
      else if (letter === mark) {
        this.#at += 1;
        return isPlain ? text : new Expression(this.#text.slice(from, this.#at));
      }
      if (letter === '$' && /[\w({:^?$]/.test(after)) isPlain = false;
      text += letter;
    }
    return text;
  }

  #hereString(): Value {
    const from = this.#at;
    const mark = this.#text.charAt(from + 1);
    const begin = this.#text.indexOf('\n', from);
    const end = begin === -1 ? -1 : this.#text.indexOf(`\n${mark}@`, begin);
    if (end === -1) return this.#expression(from);
    this.#at = end + 3;
    const text = this.#text.slice(begin + 1, Math.max(begin + 1, end));
    return mark === '"' && /[$`]/.test(text) ? new Expression(this.#text.slice(from, this.#at)) : text;
  }

  /** To where a blank or the end of the statement stands outside of all brackets and quotation marks. */
  #expression(from: number): Expression {
    this.#at = from;
    let depth = 0;
    while (this.#next() !== '') {
      const letter = this.#next();
      if (depth === 0 && from !== this.#at && /[\s,;|)}]/.test(letter)) break;
      if (SINGLE_QUOTES.includes(letter)) this.#singleQuoted();
      else if (DOUBLE_QUOTES.includes(letter)) this.#doubleQuoted();
      else {
        if (/[([{]/.test(letter)) depth += 1;
        if (/[)\]}]/.test(letter)) depth = Math.max(0, depth - 1);
        this.#at += 1;
      }
    }
    return new Expression(this.#text.slice(from, this.#at));
  }

  #word(): string {
    const from = this.#at;
    while (this.#next() !== '' && !/[\s,;|)}]/.test(this.#next())) this.#at += this.#next() === '`' ? 2 : 1;
    return this.#text.slice(from, this.#at).replaceAll(/`(.)/gs, '$1');
  }

  #countLines(): number {
    const more = this.#text.slice(this.#counted.at, this.#at).split('\n').length - 1;
    this.#counted = { line: this.#counted.line + more, at: this.#at };
    return this.#counted.line;
  }

  #next(): string {
    return this.#text.charAt(this.#at);
  }

  #isEnd(): boolean {
    return this.#next() === '' || ENDS.includes(this.#next());
  }

  /** Blanks, comments, and lines that a grave accent continues. */
  #skipBlanks(alsoLines: boolean): void {
    for (;;) {
      const from = this.#at;
      const next = this.#next();
      const after = this.#text.charAt(from + 1);
      if (next === '' || (next === '\n' && !alsoLines)) return;
      if (/\s/.test(next)) this.#at += 1;
      else if (next === '`' && /\s/.test(after)) this.#at += 2;
      else if (next === '#') this.#at = endOf(this.#text.indexOf('\n', from), this.#text);
      else if (next === '<' && after === '#') this.#at = endOf(this.#text.indexOf('#>', from), this.#text, 2);
      else return;
    }
  }
}

const endOf = (found: number, text: string, length = 0): number => (found === -1 ? text.length : found + length);
