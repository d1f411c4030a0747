/**
 * How long a session may take, and how long it may say nothing: a whole line or content counts, octets of a command that
 * never ends do not. How fast content must come is `data-rate.ts`'s matter.
 */
import type { InboundLimits } from './settings.ts';

export class Patience {
  readonly #openedAt: number;
  /** As `excess` has seen it: what comes on the hot path only leaves a mark. */
  #heardAt: number;
  #isHeard = false;

  constructor(openedAt: number) {
    this.#openedAt = openedAt;
    this.#heardAt = openedAt;
  }

  get openedAt(): number {
    return this.#openedAt;
  }

  heard(): void {
    this.#isHeard = true;
  }

  /** Says what the session exceeds at this moment, if anything. `isOurTurn`: the client waits for us. */
  excess(
    now: number,
    isOurTurn: boolean,
    { sessionTimeout, idleTimeout }: Pick<InboundLimits, 'sessionTimeout' | 'idleTimeout'>,
  ): string | undefined {
    if (this.#isHeard || isOurTurn) this.#heardAt = now;
    this.#isHeard = false;
    if (now - this.#openedAt > sessionTimeout) return 'Session lasts too long';
    return now - this.#heardAt > idleTimeout ? 'Timeout, closing connection' : undefined;
  }
}
