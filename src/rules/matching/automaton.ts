/**
 * Many terms in one pass: the automaton of Aho and Corasick over UTF-16 units. The work for a text grows with its length, whatever
 * the terms are and whatever the text is.
 *
 * Transitions lie in one hash table, since alphabets are as large as Chinese; those of the root, where ordinary text mostly stays,
 * in a table of their own.
 */

export class Automaton {
  /** By unit: the state after it. */
  readonly #root = new Int32Array(0x10000);
  readonly #mask: number;
  readonly #keys: Int32Array;
  readonly #keyUnits: Uint16Array;
  readonly #targets: Int32Array;
  /** The longest proper suffix of a state that is a state. */
  readonly #failure: Int32Array;
  /** The term that ends in a state, else -1. */
  readonly #term: Int32Array;
  /** The next state on the way of failures in which a term ends, else 0. */
  readonly #suffix: Int32Array;

  /** Terms are told by their index. Empty ones are never found; of equal ones only the first is. */
  constructor(terms: readonly Uint16Array[]) {
    const states = terms.reduce((sum, term) => sum + term.length, 1);
    const capacity = 2 ** Math.ceil(Math.log2(states * 2 + 2));
    this.#mask = capacity - 1;
    this.#keys = new Int32Array(capacity);
    this.#keyUnits = new Uint16Array(capacity);
    this.#targets = new Int32Array(capacity);
    this.#failure = new Int32Array(states);
    this.#term = new Int32Array(states).fill(-1);
    this.#suffix = new Int32Array(states);
    this.#link(this.#plant(terms, states));
  }

  /** Calls `found` for each term that ends somewhere, in the order of ends, the longest first; `true` stops the search. */
  search(units: Uint16Array, length: number, found: (term: number, end: number) => boolean): void {
    let state = 0;
    for (let at = 0; at < length; at += 1) {
      state = this.#next(state, units[at] ?? 0);
      if (state === 0) continue;
      let ending = (this.#term[state] ?? -1) >= 0 ? state : (this.#suffix[state] ?? 0);
      while (ending !== 0) {
        if (found(this.#term[ending] ?? -1, at + 1)) return;
        ending = this.#suffix[ending] ?? 0;
      }
    }
  }

  #next(from: number, unit: number): number {
    let state = from;
    while (state !== 0) {
      const target = this.#child(state, unit);
      if (target !== 0) return target;
      state = this.#failure[state] ?? 0;
    }
    return this.#root[unit] ?? 0;
  }

  #slot(state: number, unit: number): number {
    let slot = (Math.imul(state, 0x9e3779b1) ^ Math.imul(unit + 1, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & this.#mask;
    while (this.#targets[slot] !== 0 && (this.#keys[slot] !== state || this.#keyUnits[slot] !== unit))
      slot = (slot + 1) & this.#mask;
    return slot;
  }

  #child(state: number, unit: number): number {
    return state === 0 ? (this.#root[unit] ?? 0) : (this.#targets[this.#slot(state, unit)] ?? 0);
  }

  /** Makes the tree of all terms. Answers for each state whence and by which unit it is reached; parents come before children. */
  #plant(terms: readonly Uint16Array[], states: number): Tree {
    const tree = {
      parents: new Int32Array(states),
      units: new Uint16Array(states),
      depths: new Int32Array(states),
      size: 1,
    };
    for (const [index, term] of terms.entries()) {
      let state = 0;
      for (const unit of term) {
        let target = this.#child(state, unit);
        if (target === 0) {
          target = tree.size;
          tree.size += 1;
          tree.parents[target] = state;
          tree.units[target] = unit;
          tree.depths[target] = (tree.depths[state] ?? 0) + 1;
          this.#grow(state, unit, target);
        }
        state = target;
      }
      if (state !== 0 && this.#term[state] === -1) this.#term[state] = index;
    }
    return tree;
  }

  #grow(state: number, unit: number, target: number): void {
    if (state === 0) {
      this.#root[unit] = target;
      return;
    }
    const slot = this.#slot(state, unit);
    this.#keys[slot] = state;
    this.#keyUnits[slot] = unit;
    this.#targets[slot] = target;
  }

  /** Failures of a state lead to states nearer to the root, so those are done first. */
  #link({ parents, units, depths, size }: Tree): void {
    const order = Array.from({ length: size - 1 }, (_, index) => index + 1);
    order.sort((one, other) => (depths[one] ?? 0) - (depths[other] ?? 0));
    for (const state of order) {
      const parent = parents[state] ?? 0;
      const failure = parent === 0 ? 0 : this.#next(this.#failure[parent] ?? 0, units[state] ?? 0);
      this.#failure[state] = failure;
      this.#suffix[state] = (this.#term[failure] ?? -1) >= 0 ? failure : (this.#suffix[failure] ?? 0);
    }
  }
}

type Tree = {
  readonly parents: Int32Array;
  readonly units: Uint16Array;
  readonly depths: Int32Array;
  size: number;
};
