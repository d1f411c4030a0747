/**
 * Structured values of MIME header fields (RFC 2045 §5.1): a first word and parameters, with the places where the parameters' values
 * stand, for whoever puts others there. Comments are seen through. Linear, and throws nothing, whatever the value.
 */

export type Parameter = {
  /** In lower case. */
  readonly name: string;
  /** Without its quotes. */
  readonly value: string;
  /** Where the value stands, its quotes included. */
  readonly start: number;
  readonly end: number;
};

export type StructuredValue = {
  /** `text/plain`, `attachment`, `base64`: in lower case, `''` when there is none. */
  readonly word: string;
  readonly wordEnd: number;
  readonly parameters: readonly Parameter[];
};

const BLANKS = ' \t\r\n';
/** More are passed over: no reader needs them. */
const PARAMETERS_AT_MOST = 100;

/** `rawValue` as `header-index.ts` has it: places are those of its characters. */
export function readStructured(rawValue: string): StructuredValue {
  const reader = new Reader(rawValue);
  reader.skipBlanks();
  const word = reader.takeUntil(';').toLowerCase();
  const wordEnd = reader.at;
  const parameters: Parameter[] = [];
  while (reader.toNextParameter() && parameters.length < PARAMETERS_AT_MOST) {
    const name = reader.takeUntil('=;').toLowerCase();
    if (!reader.skip('=')) continue;
    const start = reader.at;
    const value = reader.takeValue();
    if (name !== '') parameters.push({ name, value, start, end: reader.at });
  }
  return { word, wordEnd, parameters };
}

/** The value of the only parameter of this name; `undefined` when there is none, or nobody knows which counts. */
export function parameterOf({ parameters }: StructuredValue, name: string): Parameter | undefined {
  const [first, second] = parameters.filter((parameter) => parameter.name === name);
  return second === undefined ? first : undefined;
}

class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Blanks and comments (RFC 822 §3.1.4). */
  skipBlanks(): void {
    while (this.at < this.#text.length) {
      const character = this.#text.charAt(this.at);
      if (character === '(') this.#skipComment();
      else if (BLANKS.includes(character)) this.at += 1;
      else return;
    }
  }

  /** A word that ends at one of the characters, at a blank or at a comment; what follows it is skipped. */
  takeUntil(ends: string): string {
    const start = this.at;
    while (this.at < this.#text.length && !`${ends}${BLANKS}(`.includes(this.#text.charAt(this.at))) this.at += 1;
    return this.#text.slice(start, this.at);
  }

  takeValue(): string {
    return this.#text.charAt(this.at) === '"' ? this.#takeQuoted() : this.takeUntil(';');
  }

  skip(character: string): boolean {
    this.skipBlanks();
    if (this.#text.charAt(this.at) !== character) return false;
    this.at += 1;
    this.skipBlanks();
    return true;
  }

  /** Behind the next semicolon; false when there is none. */
  toNextParameter(): boolean {
    while (this.at < this.#text.length) {
      this.skipBlanks();
      const character = this.#text.charAt(this.at);
      if (character === ';') {
        this.at += 1;
        this.skipBlanks();
        return true;
      }
      if (character === '"') this.#takeQuoted();
      else this.at += 1;
    }
    return false;
  }

  #takeQuoted(): string {
    let value = '';
    this.at += 1;
    while (this.at < this.#text.length) {
      const character = this.#text.charAt(this.at);
      if (character === '"') break;
      if (character === '\\') this.at += 1;
      value += this.#text.charAt(this.at);
      this.at += 1;
    }
    this.at = Math.min(this.at + 1, this.#text.length);
    return value.replaceAll(/\r?\n/g, '');
  }

  #skipComment(): void {
    let depth = 0;
    while (this.at < this.#text.length) {
      const character = this.#text.charAt(this.at);
      if (character === '\\') this.at += 1;
      else if (character === '(') depth += 1;
      else if (character === ')') depth -= 1;
      this.at += 1;
      if (depth === 0) return;
    }
    this.at = Math.min(this.at, this.#text.length);
  }
}
