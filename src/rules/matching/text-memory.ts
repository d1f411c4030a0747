/** What was found in the texts that were looked at last: a message's texts are asked about by one condition after the other. */

/** More than a message has recipients, whose addresses are asked about by one rule after the other. */
const TEXTS_LIMIT = 1024;
const CHARACTERS_LIMIT = 4_194_304;

type Entry<Value> = { readonly text: string; readonly value: Value };

export class TextMemory<Value> {
  readonly #values = new Map<string, Value>();
  /** The two that were asked about last, since rules ask about the subject and the text in turn. */
  #last: Entry<Value> | undefined;
  #lastButOne: Entry<Value> | undefined;
  #characters = 0;

  of(text: string, make: () => Value): Value {
    if (this.#last?.text === text) return this.#last.value;
    const entry = this.#lastButOne?.text === text ? this.#lastButOne : { text, value: this.#find(text, make) };
    this.#lastButOne = this.#last;
    this.#last = entry;
    return entry.value;
  }

  #find(text: string, make: () => Value): Value {
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
    this.#last = undefined;
    this.#lastButOne = undefined;
    this.#characters = 0;
  }
}
