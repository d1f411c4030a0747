/**
 * Mail that is kept back, of one relay process, put together: the store that all processes share and, in the one process that does the
 * chores, what time and decisions lead to. A part of the composition root: it connects, and decides nothing.
 */
import type { RelayConfig } from '#config/schema.ts';
import { Custody } from '#held/custody.ts';
import type { HeldNotices } from '#held/notices.ts';
import { Rounds } from '#held/rounds.ts';
import type { HeldKind, HeldStore } from '#held/store.ts';
import type { Report } from '#log/events.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import type { MakeQueueId } from '#queue/id.ts';
import type { Queue } from '#queue/queue.ts';
import { systemClock } from './policy-chain.ts';

export type HeldMailParts = {
  readonly settings: Live<RelayConfig>;
  readonly store: HeldStore;
  readonly queue: Pick<Queue, 'accept' | 'spoolDirectory'>;
  readonly notices: HeldNotices;
  readonly makeQueueId: MakeQueueId;
  readonly report: Report;
  readonly setFigures: (held: { readonly [kind in HeldKind]: number }) => void;
  /** This process does what one must do for all. */
  readonly doesChores: boolean;
};

export class HeldMail {
  readonly #rounds: Rounds | undefined;

  constructor({ doesChores, settings, store, queue, report, ...parts }: HeldMailParts) {
    if (!doesChores) return;
    const custody = new Custody({
      store,
      settings,
      queue,
      report,
      notices: parts.notices,
      inlineLimit: () => settings().queue.inlineLimit,
      makeQueueId: parts.makeQueueId,
      now: systemClock,
    });
    this.#rounds = new Rounds({ store, custody, settings, setFigures: parts.setFigures, report, now: systemClock });
  }

  start(): void {
    this.#rounds?.start();
  }

  /** Something was added or decided. The process with the chores notices also what it is not told, a little later. */
  wake(): void {
    this.#rounds?.wake();
  }

  /** While the queue still takes mail. What is not carried out by then is found at the next start. */
  async drain(timeout: Milliseconds): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeout);
    await Promise.race([this.#rounds?.stop(), late]);
    clearTimeout(timer);
  }
}
