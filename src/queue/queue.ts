/**
 * The queue as one process uses it: its own store and those that it adopted from processes that are gone. Fresh mail goes
 * straight to the outbound side while that has room; everything else waits until it is due. What an attempt leads to is not
 * decided here.
 */
import type { Report } from '#log/events.ts';
import { domainOf } from '#mail/address.ts';
import { sizeOf } from '#mail/content.ts';
import { diagnosticText } from '#mail/diagnosis.ts';
import type { Bytes, Live, Milliseconds } from '#mail/units.ts';
import { Alarm } from './alarm.ts';
import { overdueBounds } from './schedule.ts';
import type { QueueSettings } from './settings.ts';
import {
  StorageUnavailable,
  type Lease,
  type LeaseRequest,
  type NewMessage,
  type Pause,
  type QueueDepth,
  type QueueStore,
  type SettledLease,
} from './store.ts';

/** The outbound side as the queue knows it. */
export type FreshMail = {
  readonly leaseFor: Milliseconds;
  readonly recipientsPerLease: number;
  /** Whether a delivery to this destination could begin at once. */
  readonly freshRoom: (destination: string) => boolean;
  /** Called only once the messages are safe on the disk. */
  readonly onFresh: (leases: readonly Lease[]) => void;
};

export type QueueParts = {
  readonly store: QueueStore;
  readonly settings: Live<QueueSettings>;
  readonly report: Report;
  readonly now?: () => Date;
};

/** Where a lease came from, and the octets of memory that it holds. */
type Home = { readonly store: QueueStore; readonly freshBytes: Bytes };

const SETTLE_AGAIN_MS = 1000;

export class Queue {
  readonly #settings: Live<QueueSettings>;
  readonly #report: Report;
  readonly #now: () => Date;
  readonly #own: QueueStore;
  #stores: readonly QueueStore[];
  readonly #homes = new Map<Lease, Home>();
  readonly #pauses = new Map<string, Pause>();
  readonly #alarm = new Alarm();
  #freshMail: FreshMail | undefined;
  #freshBytes = 0;
  #turn = 0;
  #isClosed = false;

  private constructor({ store, settings, report, now }: QueueParts) {
    this.#own = store;
    this.#stores = [store];
    this.#settings = settings;
    this.#report = report;
    this.#now = now ?? (() => new Date());
  }

  static async open(parts: QueueParts): Promise<Queue> {
    const queue = new Queue(parts);
    await queue.#learnPauses(parts.store);
    return queue;
  }

  /** Where inbound writes large content. */
  get spoolDirectory(): string {
    return this.#own.spoolDirectory;
  }

  /** Fresh mail goes to this side from now on. */
  subscribe(freshMail: FreshMail): void {
    this.#freshMail = freshMail;
  }

  /** Takes the mail of a shard over whose process is gone. */
  async adopt(store: QueueStore): Promise<void> {
    await this.#learnPauses(store);
    this.#stores = [...this.#stores, store];
    this.wake();
  }

  /**
   * Resolves once the messages are safe, so that the caller may answer 250 (RFC 5321 §6.1); rejects with
   * `StorageUnavailable` when none of them was kept.
   */
  async accept(messages: readonly NewMessage[]): Promise<void> {
    const bytes = memoryOf(messages);
    const freshMail = this.#roomFor(messages, bytes);
    if (freshMail === undefined) {
      await this.#stored(this.#own.add(messages));
      this.wake();
      return;
    }
    // Reserved before the write, so that a burst cannot take the memory twice.
    this.#freshBytes += bytes;
    let leases: readonly Lease[] = [];
    try {
      const until = new Date(this.#now().getTime() + freshMail.leaseFor);
      leases = await this.#stored(this.#own.add(messages, until, freshMail.recipientsPerLease));
    } finally {
      this.#freshBytes -= bytes;
    }
    this.#takeFresh(leases);
    if (leases.length > 0) freshMail.onFresh(leases);
    else this.wake();
  }

  /** From all stores, each first in turn. */
  async lease(request: LeaseRequest): Promise<readonly Lease[]> {
    this.#alarm.clear();
    this.#turn = (this.#turn + 1) % this.#stores.length;
    const leases: Lease[] = [];
    const busy = new Set(request.busy);
    for (const store of [...this.#stores.slice(this.#turn), ...this.#stores.slice(0, this.#turn)]) {
      const limit = request.limit - leases.length;
      if (limit <= 0) break;
      const lent = await this.#stored(store.lease({ ...request, limit, busy }));
      for (const lease of lent) {
        this.#homes.set(lease, { store, freshBytes: 0 });
        leases.push(lease);
        // What one store lent of a destination, the next need not lend again in this call.
        busy.add(lease.destination);
      }
    }
    return leases;
  }

  /** What is late or too old by the settings, and what the operator wants returned. */
  async leaseOverdue(request: { now: Date; until: Date; limit: number }): Promise<readonly Lease[]> {
    const bounds = overdueBounds(this.#settings(), request.now);
    const leases: Lease[] = [];
    for (const store of this.#stores) {
      const limit = request.limit - leases.length;
      if (limit <= 0) break;
      for (const lease of await this.#stored(store.leaseOverdue({ ...request, ...bounds, limit }))) {
        this.#homes.set(lease, { store, freshBytes: 0 });
        leases.push(lease);
      }
    }
    return leases;
  }

  /**
   * Writes the outcomes. A delivery that has happened must not be forgotten: while the disk is full it is tried again
   * until the lease runs out. Answers in the order of `settled`; false where the lease was lost.
   */
  async settle(settled: readonly SettledLease[]): Promise<readonly boolean[]> {
    const byStore = new Map<QueueStore, SettledLease[]>();
    for (const one of settled) {
      const store = this.#homes.get(one.lease)?.store;
      if (store !== undefined) byStore.set(store, [...(byStore.get(store) ?? []), one]);
    }
    const kept = new Map<Lease, boolean>();
    try {
      for (const [store, ones] of byStore) {
        const answers = await this.#settleIn(store, ones);
        for (const [index, { lease }] of ones.entries()) kept.set(lease, answers[index] === true);
      }
    } finally {
      for (const { lease } of settled) this.#forget(lease);
    }
    if (
      settled.some(
        ({ reports, settlements, lease }) => reports.length > 0 || settlements.size < lease.deliveries.length,
      )
    ) {
      this.wake();
    }
    return settled.map(({ lease }) => kept.get(lease) === true);
  }

  async pause(pause: Pause): Promise<void> {
    const { destination, until, failures, diagnosis } = pause;
    this.#pauses.set(destination, pause);
    await Promise.all(this.#stores.map(async (store) => this.#stored(store.pause(pause))));
    const reason = diagnosticText('deferred', diagnosis);
    this.#report('queue.paused', { nexthop: destination, reason, retryAt: until.toISOString(), attempt: failures });
  }

  /** The pause of a destination, also one that has ended without a success since. */
  pauseOf(destination: string): Pause | undefined {
    return this.#pauses.get(destination);
  }

  /** Cheap for a destination that is not paused, so it may follow every success. */
  async resume(destination: string): Promise<void> {
    if (!this.#pauses.delete(destination)) return;
    await Promise.all(this.#stores.map(async (store) => this.#stored(store.resume(destination))));
    this.#report('queue.resumed', { nexthop: destination });
    this.wake();
  }

  /** Something may be due now: mail was added, an operator acted, room was made. */
  wake(): void {
    this.#alarm.ring();
  }

  /**
   * Resolves when `lease` may return something that it did not return before, and at the latest after `longest`: at once
   * when the queue was woken since the last `lease` began.
   */
  async due(longest: Milliseconds, signal: AbortSignal): Promise<void> {
    if (this.#alarm.isRinging || signal.aborted) return;
    const dues = await Promise.all(this.#stores.map(async (store) => this.#stored(store.nextDue())));
    const now = this.#now().getTime();
    // What is due already was left by the last `lease` for lack of room, whose end wakes us.
    const waits = dues.map((due) => (due === undefined ? longest : due.getTime() - now)).filter((wait) => wait > 0);
    await this.#alarm.wait(Math.min(longest, ...waits), signal);
  }

  async depth(): Promise<QueueDepth> {
    const depths = await Promise.all(this.#stores.map(async (store) => this.#stored(store.depth())));
    const oldest = depths.map(({ oldestReceivedAt }) => oldestReceivedAt).filter((date) => date !== undefined);
    const sum = (count: (depth: QueueDepth) => number): number =>
      depths.reduce((total, depth) => total + count(depth), 0);
    return {
      waiting: sum(({ waiting }) => waiting),
      leased: sum(({ leased }) => leased),
      held: sum(({ held }) => held),
      messages: sum(({ messages }) => messages),
      pausedDestinations: Math.max(...depths.map(({ pausedDestinations }) => pausedDestinations)),
      oldestReceivedAt: oldest.toSorted((a, b) => a.getTime() - b.getTime())[0],
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.wake();
    await Promise.all(this.#stores.map(async (store) => store.close()));
  }

  async #learnPauses(store: QueueStore): Promise<void> {
    for (const pause of await store.pauses()) this.#pauses.set(pause.destination, pause);
  }

  /** The outbound side, if it can begin with all of these messages now. */
  #roomFor(messages: readonly NewMessage[], bytes: Bytes): FreshMail | undefined {
    const freshMail = this.#freshMail;
    if (freshMail === undefined || this.#freshBytes + bytes > this.#settings().freshMemory) return undefined;
    for (const { recipients } of messages) {
      for (const { address } of recipients) if (!freshMail.freshRoom(domainOf(address))) return undefined;
    }
    return freshMail;
  }

  /** Leases of one message share its content, which counts with the first of them. */
  #takeFresh(leases: readonly Lease[]): void {
    let last: Lease['message'] | undefined;
    for (const lease of leases) {
      const { message } = lease;
      const freshBytes = message !== last && message.content.kind === 'inline' ? message.content.bytes.length : 0;
      last = message;
      this.#freshBytes += freshBytes;
      this.#homes.set(lease, { store: this.#own, freshBytes });
    }
  }

  #forget(lease: Lease): void {
    this.#freshBytes -= this.#homes.get(lease)?.freshBytes ?? 0;
    this.#homes.delete(lease);
  }

  async #settleIn(store: QueueStore, settled: readonly SettledLease[]): Promise<readonly boolean[]> {
    const end = Math.max(...settled.map(({ lease }) => lease.until.getTime()));
    for (;;) {
      try {
        return await this.#stored(store.settle(settled));
      } catch (error) {
        const isPassing = error instanceof StorageUnavailable && error.code === 'full';
        if (!isPassing || this.#isClosed || this.#now().getTime() >= end) throw error;
        await new Promise((resolve) => setTimeout(resolve, SETTLE_AGAIN_MS));
      }
    }
  }

  async #stored<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof StorageUnavailable) this.#report('queue.storage-failed', { reason: error.code }, error);
      throw error;
    }
  }
}

function memoryOf(messages: readonly NewMessage[]): Bytes {
  return messages.reduce((sum, { content }) => sum + (content.kind === 'inline' ? sizeOf(content) : 0), 0);
}
