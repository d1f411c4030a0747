/**
 * Moves mail out of the queue: takes leases (fresh ones as they are accepted, others when they are due), gives each destination
 * its places, and settles what the attempts concluded, with the reports that the senders are owed.
 *
 * What a trouble leads to is not decided here (`trouble.ts`), nor when to try again (`queue/schedule.ts`).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '#log/events.ts';
import { diagnose } from '#mail/diagnosis.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import { isExpired, nextRetry, scheduleFor } from '#queue/schedule.ts';
import type { QueueSettings } from '#queue/settings.ts';
import type { Queue } from '#queue/queue.ts';
import type { Lease, Pause } from '#queue/store.ts';
import type { MakeReports, Reports } from '#reporting/dsn/reports.ts';
import type { AttemptOrder, AttemptResult, Reach } from './attempt.ts';
import { concludeLease, outcomesWithoutAttempt, withoutFailures, type Conclusion, type Terms } from './conclusion.ts';
import { Lanes } from './lanes.ts';
import type { Outcome } from './outcome.ts';
import type { Pauses } from './pauses.ts';
import type { PolicyWatch } from './policy-watch.ts';
import { decideRoute } from './route.ts';
import type { OutboundConnectorSettings, OutboundSettings } from './settings.ts';

export type WorkerParts = {
  readonly queue: Pick<Queue, 'lease' | 'leaseOverdue' | 'settle' | 'due' | 'wake'>;
  readonly attempt: (order: AttemptOrder) => Promise<AttemptResult>;
  readonly pauses: Pauses;
  readonly watch: Pick<PolicyWatch, 'learn' | 'forget'>;
  readonly makeReports: MakeReports;
  readonly settings: Live<OutboundSettings>;
  readonly schedules: Live<QueueSettings>;
  readonly report: Report;
  readonly now: () => Date;
  readonly random: () => number;
};

/** Longer than any attempt takes: a crash voids leases at once, so only a hang waits for it. */
export const LEASE_MS = 3_600_000;
const LEASES_AT_ONCE = 100;
/** How often mail that is late or too old is looked for. */
const OVERDUE_EVERY_MS = 10_000;
const SETTLE_AGAIN_MS = 2_000;
/** How often mail that is too old asks anew for the policy that it waits for, and for how many destinations that is known. */
const LAST_LOOK_EVERY_MS = 60_000;
const LAST_LOOKS = 10_000;
/** Outcomes that the store has not taken yet; beyond these no new attempt begins. */
const UNSETTLED_LIMIT = 2_000;

/** What is to become of overdue mail now: an attempt, its end or a word to its sender, or nothing yet. */
type Turn = 'attempt' | 'end' | 'wait';

export class OutboundWorker {
  readonly #parts: WorkerParts;
  readonly #lanes: Lanes;
  readonly #stop = new AbortController();
  /** Ends what still tries when the time of a drain is over. */
  readonly #end = new AbortController();
  /** Expired mail that has its last attempt in spite of a pause, by destination, and when one last told how things stand. */
  readonly #looking = new Map<string, Lease>();
  readonly #lastLooks = new Map<string, Milliseconds>();
  #unsettled = 0;
  #nextOverdue = 0;
  #storeChanged = false;
  /** What waited for a last look is to be looked for again. */
  #lookEnded = false;
  #roomFreed = Promise.withResolvers<void>();
  #idle = Promise.withResolvers<void>();
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#lanes = new Lanes(parts.settings().outbound.concurrency);
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Attempts under way. */
  get active(): number {
    return this.#lanes.active;
  }

  /** True while fresh mail for the destination would be attempted soon: else it waits on disk alone. */
  hasRoom(destination: string): boolean {
    return !this.#stop.signal.aborted && this.#unsettled < UNSETTLED_LIMIT && this.#lanes.hasRoom(destination);
  }

  take(leases: readonly Lease[]): void {
    // What comes too late stays lent until the store is opened again.
    if (this.#end.signal.aborted) return;
    for (const lease of leases) this.#lanes.add(lease);
    this.#fill();
  }

  /** An operator changed the store: pauses may have ended, and mail may have to be returned. */
  lookAgain(): void {
    this.#storeChanged = true;
    this.#parts.queue.wake();
  }

  /** Gives back what has not begun and waits for what has, for at most so long. */
  async drain(timeout: Milliseconds): Promise<void> {
    this.#stop.abort();
    this.#roomFreed.resolve();
    const timer = setTimeout(() => this.#idle.resolve(), timeout);
    await Promise.race([this.#finish(), this.#idle.promise]);
    clearTimeout(timer);
    this.#end.abort();
  }

  async #finish(): Promise<void> {
    await this.#loop;
    await this.#giveBack(this.#lanes.clearAll());
    if (!this.#isIdle) await this.#idle.promise;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#takeChanges();
        await this.#takeOverdue();
        // Room that comes free from here on counts, also while the store is being asked.
        this.#roomFreed = Promise.withResolvers<void>();
        const isLimited = this.#lanes.full().size > 0 || this.#lanes.room === 0 || this.#unsettled >= UNSETTLED_LIMIT;
        const leased = await this.#takeDue();
        // A ring of the queue that came before the leases were taken is heard by nobody.
        if (leased > 0 || signal.aborted || this.#storeChanged || this.#lookEnded) continue;
        // What is due in a full lane would be looked for in vain: its places must come free first.
        if (isLimited) await this.#room(1_000);
        else await this.#parts.queue.due(OVERDUE_EVERY_MS, signal);
      } catch (error) {
        this.#parts.report('queue.storage-failed', { reason: 'leases could not be taken' }, error);
        await sleep(SETTLE_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #takeChanges(): Promise<void> {
    if (!this.#storeChanged) return;
    this.#storeChanged = false;
    this.#nextOverdue = 0;
    try {
      await this.#parts.pauses.load();
    } catch (error) {
      this.#storeChanged = true;
      throw error;
    }
  }

  async #takeDue(): Promise<number> {
    if (this.#unsettled >= UNSETTLED_LIMIT) return 0;
    const { concurrency, recipientsPerTransaction } = this.#parts.settings().outbound;
    this.#lanes.limits = concurrency;
    const limit = Math.min(this.#lanes.room, LEASES_AT_ONCE);
    if (limit === 0) return 0;
    const now = this.#parts.now();
    const leases = await this.#parts.queue.lease({
      now,
      until: new Date(now.getTime() + LEASE_MS),
      limit,
      recipientsPerLease: recipientsPerTransaction,
      perDestination: this.#lanes.refill,
      busy: this.#lanes.full(),
    });
    this.take(leases);
    return leases.length;
  }

  async #takeOverdue(): Promise<void> {
    const now = this.#parts.now();
    const isEarly = now.getTime() < this.#nextOverdue && this.#nextOverdue - now.getTime() <= OVERDUE_EVERY_MS;
    if (isEarly && !this.#lookEnded) return;
    this.#lookEnded = false;
    const until = new Date(now.getTime() + LEASE_MS);
    const leases = await this.#parts.queue.leaseOverdue({ now, until, limit: LEASES_AT_ONCE });
    const { room } = this.#lanes;
    const [due, waiting, settling]: [Lease[], Lease[], Promise<void>[]] = [[], [], []];
    for (const lease of leases) {
      const pause = this.#parts.pauses.at(lease.destination, now);
      const turn = this.#turnOf(lease, pause, now);
      if (turn === 'attempt' && due.length < room) {
        if (pause !== undefined) this.#looking.set(lease.destination, lease);
        due.push(lease);
      } else if (turn !== 'end') waiting.push(lease);
      // All at once, so that they share a commit: a dead destination may have thousands that end together.
      else settling.push(this.#settle(lease, this.#concludeUntried(lease, pause, now)));
    }
    // A full answer means that there is more, but for what would only be lent again.
    const isMore = leases.length === LEASES_AT_ONCE && waiting.length === 0;
    this.#nextOverdue = isMore ? 0 : now.getTime() + OVERDUE_EVERY_MS;
    this.take(due);
    await Promise.all([...settling, this.#giveBack(waiting)]);
  }

  #concludeUntried(lease: Lease, pause: Pause | undefined, now: Date): Conclusion {
    const terms = { ...this.#terms(lease, now), retryAt: pause?.until ?? now };
    return concludeLease(lease, outcomesWithoutAttempt(lease, pause?.diagnosis, terms.expired), terms);
  }

  /**
   * Overdue mail of a destination that rests is only told about. Mail that is too old and waits for a policy has a last attempt all
   * the same: the policy may have changed (RFC 8461 §5.1). One in a while speaks for all of the destination, which wait for it.
   */
  #turnOf({ destination, message, deliveries }: Lease, pause: Pause | undefined, now: Date): Turn {
    if (deliveries.every(({ operatorFailed }) => operatorFailed)) return 'end';
    if (pause === undefined) return 'attempt';
    const schedule = scheduleFor(this.#parts.schedules(), destination);
    if (pause.diagnosis.policy === undefined || !isExpired(schedule, message.receivedAt, now)) return 'end';
    if (this.#looking.has(destination)) return 'wait';
    return now.getTime() - (this.#lastLooks.get(destination) ?? 0) < LAST_LOOK_EVERY_MS ? 'end' : 'attempt';
  }

  #fill(): void {
    while (this.#unsettled < UNSETTLED_LIMIT) {
      const lease = this.#lanes.next();
      if (lease === undefined) return;
      void this.#deliver(lease);
    }
  }

  /** One lease from its attempt to its settlement. Never rejects. */
  async #deliver(lease: Lease): Promise<void> {
    const started = this.#parts.now();
    const terms = this.#terms(lease, started);
    const result = await this.#attempt(lease, terms.expired);
    const now = this.#parts.now();
    // Before its place is free: the next of its mail must not begin at a destination that rests.
    const rests = await this.#learn(lease.destination, result.reach, now);
    this.#endLook(lease, result.reach, now);
    const back = rests ? this.#lanes.clear(lease.destination) : [];
    this.#lanes.done(lease);
    this.#unsettled += 1;
    const conclusion = concludeLease(lease, result.outcomes, {
      ...terms,
      now,
      durationMs: now.getTime() - started.getTime(),
    });
    this.#fill();
    if (this.#lanes.wantsMore(lease.destination)) this.#roomFreed.resolve();
    await Promise.all([this.#settle(lease, conclusion), this.#giveBack(back)]);
    this.#unsettled -= 1;
    if (this.#unsettled === UNSETTLED_LIMIT - 1) this.#fill();
    if (this.#isIdle) this.#idle.resolve();
  }

  async #attempt(lease: Lease, expired: boolean): Promise<AttemptResult> {
    const returned = lease.deliveries.filter(({ operatorFailed }) => operatorFailed);
    const kept = lease.deliveries.filter(({ operatorFailed }) => operatorFailed !== true);
    const decided = outcomesWithoutAttempt({ ...lease, deliveries: returned }, undefined, expired);
    if (kept.length === 0) return { outcomes: decided, reach: { kind: 'untold' } };
    try {
      const settings = this.#parts.settings();
      const { terms } = lease.message.envelope;
      const { route, tested } = decideRoute(lease.destination, settings, terms?.connector?.name);
      for (const connector of tested) this.#reportTested(lease, connector, settings);
      const result = await this.#parts.attempt({ lease: { ...lease, deliveries: kept }, route, settings, expired });
      return {
        outcomes: new Map([...decided, ...result.outcomes]),
        // The hosts of a connector that a rule has chosen say nothing of the destination's own.
        reach: terms?.connector === undefined ? result.reach : { kind: 'untold' },
      };
    } catch (error) {
      this.#parts.report('relay.defect', { messageId: lease.message.messageId, nexthop: lease.destination }, error);
      const diagnosis = diagnose('internal-error');
      const deferred = kept.map(({ index }): [number, Outcome] => [index, { kind: 'deferred', diagnosis }]);
      return { outcomes: new Map([...decided, ...deferred]), reach: { kind: 'untold' } };
    }
  }

  #reportTested(
    { message: { messageId }, destination }: Lease,
    { name, tlsSettings }: OutboundConnectorSettings,
    { tlsPolicy }: OutboundSettings,
  ): void {
    const decision = tlsSettings ?? tlsPolicy.floor;
    this.#parts.report('connector.tested', { messageId, nexthop: destination, connector: name, decision });
  }

  /** True when the destination rests from now on. */
  async #learn(destination: string, reach: Reach, now: Date): Promise<boolean> {
    if (reach.kind === 'untold') return false;
    const { watch, pauses, report } = this.#parts;
    const unreachable = reach.kind === 'unreachable' ? reach.diagnosis : undefined;
    if (unreachable === undefined) watch.forget(destination);
    else if (unreachable.policy !== undefined) {
      watch.learn(destination).catch((error: unknown) => report('relay.defect', { nexthop: destination }, error));
    }
    try {
      return await pauses.learn(destination, unreachable, now);
    } catch (error) {
      report('queue.storage-failed', { nexthop: destination, reason: 'a pause was not kept' }, error);
      return false;
    }
  }

  /** Those that waited for it have their turn now. What told nothing has not spoken for them. */
  #endLook(lease: Lease, reach: Reach, now: Date): void {
    const { destination } = lease;
    if (this.#looking.get(destination) !== lease) return;
    this.#looking.delete(destination);
    if (reach.kind === 'untold') return;
    this.#lastLooks.delete(destination);
    this.#lastLooks.set(destination, now.getTime());
    if (this.#lastLooks.size > LAST_LOOKS) this.#lastLooks.delete(this.#lastLooks.keys().next().value ?? '');
    this.#lookEnded = true;
    this.#parts.queue.wake();
  }

  /** Tries until the store takes it: a delivered message that stays unsettled would be sent twice. Never rejects. */
  async #settle(lease: Lease, outcome: Conclusion): Promise<void> {
    const { queue, report } = this.#parts;
    const { conclusion, reports } = await this.#withReports(lease, outcome);
    while (!this.#end.signal.aborted) {
      try {
        const { settlements } = conclusion;
        const [kept] = await queue.settle([{ lease, settlements, reports: reports.messages }]);
        if (kept === true) {
          for (const [event, fields] of [...conclusion.events, ...reports.events]) report(event, fields);
        } else report('delivery.lease-lost', { messageId: lease.message.messageId, nexthop: lease.destination });
        return;
      } catch (error) {
        report('queue.storage-failed', { messageId: lease.message.messageId, reason: 'an outcome waits' }, error);
        await sleep(SETTLE_AGAIN_MS, undefined, { signal: this.#end.signal }).catch(() => undefined);
      }
    }
  }

  /**
   * A report that cannot be made is a defect; what it would have told is then not ended, so that no mail ends in silence. Mail
   * that is too old ends all the same: it would be tried for ever.
   */
  async #withReports(lease: Lease, conclusion: Conclusion): Promise<{ conclusion: Conclusion; reports: Reports }> {
    const { makeReports, report, now, random } = this.#parts;
    try {
      return { conclusion, reports: await makeReports(lease.message, conclusion.endings, now()) };
    } catch (error) {
      report('relay.defect', { messageId: lease.message.messageId, nexthop: lease.destination }, error);
      const none: Reports = { messages: [], events: [] };
      const schedule = scheduleFor(this.#parts.schedules(), lease.destination);
      if (isExpired(schedule, lease.message.receivedAt, now())) return { conclusion, reports: none };
      const retryAt = nextRetry(schedule, { failures: schedule.retryWaits.length, now: now(), random: random() });
      return { conclusion: withoutFailures(conclusion, retryAt), reports: none };
    }
  }

  async #giveBack(leases: readonly Lease[]): Promise<void> {
    for (const lease of leases) {
      if (this.#looking.get(lease.destination) === lease) this.#looking.delete(lease.destination);
    }
    const nothing: Conclusion = { settlements: new Map(), endings: [], events: [] };
    await Promise.all(leases.map(async (lease) => this.#settle(lease, nothing)));
  }

  #terms(lease: Lease, now: Date): Terms {
    const schedule = scheduleFor(this.#parts.schedules(), lease.destination);
    const expired = isExpired(schedule, lease.message.receivedAt, now);
    return { schedule, now, expired, random: this.#parts.random(), durationMs: 0 };
  }

  async #room(longest: Milliseconds): Promise<void> {
    const timer = setTimeout(() => this.#roomFreed.resolve(), longest);
    await this.#roomFreed.promise;
    clearTimeout(timer);
  }

  get #isIdle(): boolean {
    return this.#stop.signal.aborted && this.#lanes.active === 0 && this.#unsettled === 0;
  }
}
