/** Wakes the one who waits for the queue; a ring while nobody waits is not lost. */
import type { Milliseconds } from '#mail/units.ts';

/** Longest delay that a timer of Node takes. */
const TIMER_LIMIT_MS = 2 ** 31 - 1;

export class Alarm {
  #rings = false;
  #sleepers: (() => void)[] = [];

  /** True when it rang since this was last asked. */
  takeRing(): boolean {
    const rang = this.#rings;
    this.#rings = false;
    return rang;
  }

  ring(): void {
    this.#rings = true;
    const sleepers = this.#sleepers;
    this.#sleepers = [];
    for (const wake of sleepers) wake();
  }

  /** Resolves at the next ring (at once after one that nobody took), after `longest`, or with the signal. */
  async wait(longest: Milliseconds, signal: AbortSignal): Promise<void> {
    if (this.takeRing() || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(longest, TIMER_LIMIT_MS));
    const onAbort = (): void => resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#sleepers.push(resolve);
    await promise;
    this.#rings = false;
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== resolve);
  }
}
