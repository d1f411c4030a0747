/** A place in a pattern that is read, and the way out when it cannot be. */

/** Never leaves this folder: `parsePattern` makes a value of it. */
export class PatternProblem extends Error {
  override readonly name = 'PatternProblem';
  readonly code = 'pattern-refused';
}

export class Cursor {
  readonly #pattern: string;
  at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  isAtEnd(): boolean {
    return this.at >= this.#pattern.length;
  }

  isAt(text: string): boolean {
    return this.startsAt(this.at, text);
  }

  startsAt(place: number, text: string): boolean {
    return this.#pattern.startsWith(text, place);
  }

  /** The character that comes next; `''` at the end. */
  peek(): string {
    const codePoint = this.#pattern.codePointAt(this.at);
    return codePoint === undefined ? '' : String.fromCodePoint(codePoint);
  }

  next(): string {
    const character = this.peek();
    this.at += character.length;
    return character;
  }

  take(text: string): boolean {
    if (!this.isAt(text)) return false;
    this.at += text.length;
    return true;
  }

  /** What a sticky expression matches here. */
  takeMatch(expression: RegExp): string | undefined {
    expression.lastIndex = this.at;
    const [match] = expression.exec(this.#pattern) ?? [];
    this.at += match?.length ?? 0;
    return match;
  }

  refuse(message: string): never {
    return this.refuseAt(this.at, message);
  }

  refuseAt(place: number, message: string): never {
    throw new PatternProblem(`has at character ${place + 1} ${message}`);
  }
}
