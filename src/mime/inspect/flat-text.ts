/**
 * Text that grows out of a document's pieces, with white space as documents show it: runs of it are one space, lines are not empty. Never
 * longer than its limit.
 */

export class FlatText {
  readonly #limit: number;
  readonly #pieces: string[] = [];
  #length = 0;
  #cut = false;
  /** What is to stand before the next word. */
  #gap: '' | ' ' | '\t' | '\n' = '';

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whatever comes now is left out. */
  get full(): boolean {
    return this.#length > this.#limit;
  }

  endLine(): void {
    if (this.#length > 0) this.#gap = '\n';
  }

  tab(): void {
    if (this.#length > 0 && this.#gap !== '\n') this.#gap = '\t';
  }

  space(): void {
    if (this.#length > 0 && this.#gap === '') this.#gap = ' ';
  }

  write(text: string): void {
    if (this.full) {
      this.#cut ||= text !== '';
      return;
    }
    const flat = text.replaceAll(/[ \t\r\n\f]+/g, ' ');
    const words = flat.startsWith(' ') ? flat.slice(1) : flat;
    if (words.length < flat.length) this.space();
    if (words === '') return;
    const body = words.endsWith(' ') ? words.slice(0, -1) : words;
    this.#pieces.push(this.#gap, body);
    this.#length += this.#gap.length + body.length;
    this.#gap = body.length < words.length ? ' ' : '';
  }

  finish(): { readonly text: string; readonly cut: boolean } {
    const text = this.#pieces.join('');
    return { text: text.slice(0, this.#limit), cut: this.#cut || text.length > this.#limit };
  }
}
