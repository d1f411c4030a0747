/**
 * The outbound side of one relay process, put together: from leases over the policy chain to sessions and settlements. A part of
 * the composition root: it connects, and decides nothing.
 */
import type { RelayConfig } from '#config/schema.ts';
import type { ResolverTrust } from '#dns/trust.ts';
import type { Report } from '#log/events.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import { attempt } from '#outbound/attempt.ts';
import { Pauses } from '#outbound/pauses.ts';
import { PolicyWatch } from '#outbound/policy-watch.ts';
import { SessionPool } from '#outbound/pool.ts';
import { TlsTeller } from '#outbound/tls-events.ts';
import { LEASE_MS, OutboundWorker } from '#outbound/worker.ts';
import type { Queue } from '#queue/queue.ts';
import { scheduleFor } from '#queue/schedule.ts';
import type { RecordStore } from '#records/store.ts';
import type { MakeReports } from '#reporting/dsn/reports.ts';
import { LastDecisions } from '#tls-policy/last-decisions.ts';
import { isExpired } from '#tls-policy/override.ts';
import type { CountResults } from '#tls-policy/results.ts';
import { PolicyChain, resolverTrust, systemClock } from './policy-chain.ts';

const IDLE_SESSIONS_EVERY_MS = 5_000;
const POLICIES_EVERY_MS = 60_000;

export type DeliveryParts = {
  readonly settings: Live<RelayConfig>;
  readonly queue: Queue;
  readonly records: RecordStore;
  readonly report: Report;
  readonly count: CountResults;
  readonly makeReports: MakeReports;
  readonly isOurs: (ip: string, port: number) => boolean;
  /** This process does what one must do for all. */
  readonly doesChores: boolean;
};

export class Delivery {
  readonly #parts: DeliveryParts;
  readonly chain: PolicyChain;
  readonly trust: ResolverTrust;
  readonly #pool: SessionPool;
  readonly #pauses: Pauses;
  readonly #watch: PolicyWatch;
  readonly #worker: OutboundWorker;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #toldExpired = new Set<string>();
  #isDraining = false;

  constructor(parts: DeliveryParts) {
    const { settings, queue, records, report, count } = parts;
    this.#parts = parts;
    this.trust = resolverTrust(settings, report);
    const chain = new PolicyChain({ ...parts, dnssec: () => this.trust.dnssec() });
    this.chain = chain;
    const lastDecisions = new LastDecisions(records, (error) =>
      report('records.storage-failed', { reason: 'a TLS decision was not kept' }, error),
    );
    const remember = lastDecisions.remember.bind(lastDecisions);
    const teller = new TlsTeller(chain.open.bind(chain), { report, count, remember, now: systemClock });
    this.#pool = new SessionPool(settings);
    this.#pauses = new Pauses(queue, (destination) => scheduleFor(settings().queue, destination), Math.random);
    const look = { survey: chain.survey.bind(chain), decisions: chain.decisions };
    this.#watch = new PolicyWatch({
      ...look,
      hasten: async (destination) => this.#hasten(destination),
      settings,
      now: systemClock,
      report,
    });
    const attemptParts = {
      ...look,
      open: teller.open.bind(teller),
      skip: teller.skip.bind(teller),
      reuse: teller.reuse.bind(teller),
      pool: this.#pool,
    };
    this.#worker = new OutboundWorker({
      queue,
      attempt: async (order) => attempt(order, attemptParts),
      pauses: this.#pauses,
      watch: this.#watch,
      makeReports: parts.makeReports,
      settings,
      schedules: () => settings().queue,
      report,
      now: systemClock,
      random: Math.random,
    });
    this.#timers = [
      setInterval(() => void this.#pool.closeIdle(), IDLE_SESSIONS_EVERY_MS),
      setInterval(() => void this.#carefully(this.#lookAtPolicies()), POLICIES_EVERY_MS),
    ];
  }

  /** Those at work and those that wait for the next message. */
  get sessions(): number {
    return this.#worker.active + this.#pool.size;
  }

  /** Takes up what was paused before. Rejects as the store does. */
  async load(): Promise<void> {
    await this.#pauses.load();
  }

  /** From now on mail goes out. */
  begin(): void {
    if (this.#isDraining) return;
    const { queue, settings } = this.#parts;
    queue.subscribe({
      leaseFor: LEASE_MS,
      recipientsPerLease: () => settings().outbound.recipientsPerTransaction,
      freshRoom: (destination) => this.#worker.hasRoom(destination),
      onFresh: (leases) => this.#worker.take(leases),
    });
    this.#worker.start();
    this.#tellExpired();
    void this.#carefully(this.#watchPaused());
  }

  /** Mail that waits may go by the new settings. */
  async reload(): Promise<void> {
    await this.trust.test();
    this.#tellExpired();
    const pauses = await this.#parts.queue.pauses();
    await this.#watch.reloaded(pauses.map(({ destination }) => destination));
    this.#parts.queue.wake();
  }

  /** An operator changed the store. */
  lookAgain(): void {
    this.#worker.lookAgain();
  }

  async drain(timeout: Milliseconds): Promise<void> {
    this.#isDraining = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.trust.stop();
    await this.#worker.drain(timeout);
    await this.#pool.drain();
  }

  async #hasten(destination: string): Promise<void> {
    await this.#parts.queue.hasten(destination, systemClock());
    this.#worker.lookAgain();
  }

  /** Those that rest since an earlier life because of their policy. */
  async #watchPaused(): Promise<void> {
    const waiting = (await this.#parts.queue.pauses()).filter(({ diagnosis }) => diagnosis.policy !== undefined);
    for (const { destination } of waiting) {
      if (this.#isDraining) return;
      await this.#watch.learn(destination);
    }
  }

  async #lookAtPolicies(): Promise<void> {
    this.#tellExpired();
    await this.#watch.look();
    if (this.#parts.doesChores) await this.chain.policies.refreshDue(systemClock());
  }

  /** Each once, for as long as it stands in the settings. */
  #tellExpired(): void {
    const { overrides } = this.#parts.settings().tlsPolicy;
    const expired = overrides.filter((override) => isExpired(override, systemClock()));
    for (const { name, expires } of expired) {
      if (this.#toldExpired.has(name)) continue;
      this.#parts.report('tls.override-expired', { policy: name, reason: `it ended ${expires.toISOString()}` });
    }
    this.#toldExpired.clear();
    for (const { name } of expired) this.#toldExpired.add(name);
  }

  async #carefully(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#parts.report('relay.defect', { reason: 'policies could not be looked at' }, error);
    }
  }
}
