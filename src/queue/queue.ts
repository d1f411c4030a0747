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
  readonly recipientsPerLease: Live<number>;
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

export class Queue {
  readonly #settings: Live<QueueSettings>;
  readonly #report: Report;
  readonly #now: () => Date;
  readonly #own: QueueStore;
  #stores: readonly QueueStore[];
  readonly #homes = new Map<Lease, Home>();
  readonly #alarm = new Alarm();
  #freshMail: FreshMail | undefined;
  #freshBytes = 0;
  #turn = 0;
  /** The time of the last `lease`: what was due then and was not lent is left for lack of room. */
  #leasedAt = 0;

  constructor({ store, settings, report, now }: QueueParts) {
    this.#own = store;
    this.#stores = [store];
    this.#settings = settings;
    this.#report = report;
    this.#now = now ?? (() => new Date());
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
  adopt(store: QueueStore): void {
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
      leases = await this.#stored(this.#own.add(messages, until, freshMail.recipientsPerLease()));
    } finally {
      this.#freshBytes -= bytes;
    }
    this.#takeFresh(leases);
    if (leases.length > 0) freshMail.onFresh(leases);
    else this.wake();
  }

  /** From all stores, each first in turn. */
  async lease(request: LeaseRequest): Promise<readonly Lease[]> {
    this.#alarm.takeRing();
    this.#leasedAt = request.now.getTime();
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
   * Writes outcomes: in the order of `settled`, false where the lease was lost. After a rejection the caller tries again,
   * since a delivery that has happened must not be forgotten; what was written before is then told as lost.
   */
  async settle(settled: readonly SettledLease[]): Promise<readonly boolean[]> {
    const [first] = settled;
    const home = first === undefined ? undefined : this.#homes.get(first.lease);
    // One lease, or several of one store, need no sorting: the usual case.
    if (home !== undefined && settled.every(({ lease }) => this.#homes.get(lease)?.store === home.store)) {
      return this.#settleIn(home.store, settled);
    }
    const kept: boolean[] = [];
    for (const one of settled) {
      const store = this.#homes.get(one.lease)?.store;
      kept.push(...(store === undefined ? [false] : await this.#settleIn(store, [one])));
    }
    return kept;
  }

  async pause(pause: Pause): Promise<void> {
    const { destination, until, failures, diagnosis } = pause;
    await Promise.all(this.#stores.map(async (store) => this.#stored(store.pause(pause))));
    const reason = diagnosticText('deferred', diagnosis);
    this.#report('queue.paused', { nexthop: destination, reason, retryAt: until.toISOString(), attempt: failures });
  }

  async hasten(destination: string, now: Date): Promise<void> {
    await Promise.all(this.#stores.map(async (store) => this.#stored(store.hasten(destination, now))));
    this.wake();
  }

  async resume(destination: string): Promise<void> {
    await Promise.all(this.#stores.map(async (store) => this.#stored(store.resume(destination))));
    this.#report('queue.resumed', { nexthop: destination });
    this.wake();
  }

  /** Of several stores' pauses for a destination the longest. */
  async pauses(): Promise<readonly Pause[]> {
    const longest = new Map<string, Pause>();
    for (const store of this.#stores) {
      for (const pause of await this.#stored(store.pauses())) {
        const known = longest.get(pause.destination);
        if (known === undefined || known.until < pause.until) longest.set(pause.destination, pause);
      }
    }
    return [...longest.values()];
  }

  /** Something may be due now: mail was added, an operator acted, room was made. */
  wake(): void {
    this.#alarm.ring();
  }

  /**
   * Resolves when `lease` may return something that it did not return before, and at the latest after `longest`: at once
   * when the queue was woken since the last `lease` began, or since this was last asked.
   */
  async due(longest: Milliseconds, signal: AbortSignal): Promise<void> {
    if (this.#alarm.takeRing() || signal.aborted) return;
    const dues = await Promise.all(this.#stores.map(async (store) => this.#stored(store.nextDue())));
    const now = this.#now().getTime();
    // What was due at the last `lease` already was left by it for lack of room, whose end wakes us; what has become due
    // since then it could not see.
    const coming = dues.map((due) => due?.getTime() ?? Infinity).filter((due) => due > this.#leasedAt);
    const waits = coming.map((due) => Math.max(0, due - now));
    await this.#alarm.wait(Math.min(longest, ...waits), signal);
  }

  async depth(): Promise<QueueDepth> {
    const now = this.#now();
    const depths = await Promise.all(this.#stores.map(async (store) => this.#stored(store.depth(now))));
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
    this.wake();
    await Promise.all(this.#stores.map(async (store) => store.close()));
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

  async #settleIn(store: QueueStore, settled: readonly SettledLease[]): Promise<readonly boolean[]> {
    const kept = await this.#stored(store.settle(settled));
    for (const { lease } of settled) {
      this.#freshBytes -= this.#homes.get(lease)?.freshBytes ?? 0;
      this.#homes.delete(lease);
    }
    // Reports, and deliveries that go back as they were, are due at once; a retry may be the next thing due.
    if (settled.some((one) => one.reports.length > 0 || leavesMail(one))) this.wake();
    return kept;
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

function leavesMail({ settlements, lease }: SettledLease): boolean {
  if (settlements.size < lease.deliveries.length) return true;
  for (const { kind } of settlements.values()) if (kind === 'deferred') return true;
  return false;
}

function memoryOf(messages: readonly NewMessage[]): Bytes {
  return messages.reduce((sum, { content }) => sum + (content.kind === 'inline' ? sizeOf(content) : 0), 0);
}
