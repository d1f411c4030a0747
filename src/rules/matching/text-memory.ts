/** What was found in the texts that were looked at last: a message's texts are asked about by one condition after the other. */

/** More than a message has recipients, whose addresses are asked about by one rule after the other. */
const TEXTS_LIMIT = 1024;
const CHARACTERS_LIMIT = 4_194_304;

export class TextMemory<Value> {
  readonly #values = new Map<string, Value>();
  #characters = 0;

  of(text: string, make: () => Value): Value {
    const known = this.#values.get(text);
    if (known !== undefined) return known;
    const value = make();
    this.#characters += text.length;
    this.#values.set(text, value);
    for (const oldest of this.#values.keys()) {
      const isFull = this.#values.size > TEXTS_LIMIT || this.#characters > CHARACTERS_LIMIT;
      // The text that was asked about stays, however long it is.
      if (!isFull || oldest === text) break;
      this.#values.delete(oldest);
      this.#characters -= oldest.length;
    }
    return value;
  }

  clear(): void {
    this.#values.clear();
    this.#characters = 0;
  }
}
