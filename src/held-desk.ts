/**
 * The operator's desk over kept mail, put together with the stores in the data directory. Part of the composition root; the relay and
 * the commands without one use the same.
 */
import { randomInt } from 'node:crypto';
import { StoreHeldDesk, type HeldDesk } from '#held/desk.ts';
import { queueIds } from '#queue/id.ts';
import { SqliteAuditStore } from '#storage/sqlite/audit.ts';
import { SqliteHeldStore } from '#storage/sqlite/held-store.ts';
import { systemClock } from './policy-chain.ts';

/** Rejects with `StorageUnavailable`. */
export async function openHeldDesk(dataDirectory: string): Promise<HeldDesk> {
  return new StoreHeldDesk({
    store: await SqliteHeldStore.open(dataDirectory),
    audit: new SqliteAuditStore(dataDirectory),
    makeQueueId: queueIds(randomInt(32_768)),
    now: systemClock,
  });
}

/** Operators ask seldom, so nothing is kept open in between. What is being read can be read to its end. */
export class OpeningHeldDesk implements Omit<HeldDesk, 'close'> {
  readonly #open: () => Promise<HeldDesk>;

  constructor(open: () => Promise<HeldDesk>) {
    this.#open = open;
  }

  async list(...question: Parameters<HeldDesk['list']>): ReturnType<HeldDesk['list']> {
    return this.#with(async (desk) => desk.list(...question));
  }

  async summary(...question: Parameters<HeldDesk['summary']>): ReturnType<HeldDesk['summary']> {
    return this.#with(async (desk) => desk.summary(...question));
  }

  async show(...question: Parameters<HeldDesk['show']>): ReturnType<HeldDesk['show']> {
    return this.#with(async (desk) => desk.show(...question));
  }

  async content(...question: Parameters<HeldDesk['content']>): ReturnType<HeldDesk['content']> {
    return this.#with(async (desk) => desk.content(...question));
  }

  async act(...question: Parameters<HeldDesk['act']>): ReturnType<HeldDesk['act']> {
    return this.#with(async (desk) => desk.act(...question));
  }

  async #with<Answer>(ask: (desk: HeldDesk) => Promise<Answer>): Promise<Answer> {
    const desk = await this.#open();
    try {
      return await ask(desk);
    } finally {
      await desk.close();
    }
  }
}
