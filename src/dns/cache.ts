/**
 * Answers kept in memory, least recently used out first. What is kept is the promise: a question under way is not asked
 * twice, and a cached one costs no new promise. How long an answer lives is the caller's word; nothing is stored on disk.
 */
import type { Milliseconds } from '#mail/units.ts';

type Entry<Value> = { readonly value: Promise<Value>; expiresAt: Milliseconds };

export class Cache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #now: () => Milliseconds;

  /** `now` is a clock that never jumps. */
  constructor(now: () => Milliseconds) {
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Promise<Value> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.expiresAt <= this.#now()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps at most `limit` entries; `lifetime` is asked once the value is there. */
  keep(key: string, value: Promise<Value>, limit: number, lifetime: (value: Value) => Milliseconds): void {
    const entry: Entry<Value> = { value, expiresAt: Infinity };
    this.#entries.set(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= Math.max(1, limit)) break;
      this.#entries.delete(oldest);
    }
    const settle = (lifetimeMs: Milliseconds): void => {
      entry.expiresAt = this.#now() + lifetimeMs;
      const isUseless = lifetimeMs <= 0 || limit <= 0;
      if (isUseless && this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    value.then(
      (settled) => settle(lifetime(settled)),
      () => settle(0), // whoever asked hears of it
    );
  }

  clear(): void {
    this.#entries.clear();
  }
}
