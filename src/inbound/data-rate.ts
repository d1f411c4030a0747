/** Whether content arrives fast enough: looked at once a minute, so that a short stall does no harm. */
import type { Milliseconds } from '#mail/units.ts';

const WINDOW_MS: Milliseconds = 60_000;

export class DataRate {
  readonly #minimumBytesPerSecond: number;
  #since: Milliseconds;
  #bytes = 0;

  /** 0 sets no minimum. */
  constructor(minimumBytesPerSecond: number, now: Milliseconds) {
    this.#minimumBytesPerSecond = minimumBytesPerSecond;
    this.#since = now;
  }

  isTooSlow(bytes: number, now: Milliseconds): boolean {
    const elapsedMs = now - this.#since;
    if (elapsedMs < WINDOW_MS) return false;
    const slow = (bytes - this.#bytes) * 1000 < this.#minimumBytesPerSecond * elapsedMs;
    this.restart(bytes, now);
    return slow;
  }

  /** A new minute begins, as when we ourselves held the client back. */
  restart(bytes: number, now: Milliseconds): void {
    this.#since = now;
    this.#bytes = bytes;
  }
}
