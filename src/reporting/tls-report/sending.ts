/**
 * The daily job (RFC 8460 §4.1): when the report of a finished day is due its domain is asked whether it wants one, the
 * report is composed once, and handed over until one destination has taken it. One process of the relay does it; all that
 * must outlive it is in the record store, where an interrupted round is simply taken up again.
 */
import { randomUUID } from 'node:crypto';
import type { Resolver } from '#dns/resolver.ts';
import { matchesDomain, parseDomainPatterns } from '#mail/domain-pattern.ts';
import type { Milliseconds } from '#mail/units.ts';
import type { RecordStore } from '#records/store.ts';
import { listCountedDomains, readCounts, removeCounts, type CountedDomain } from './counts.ts';
import { dueAt } from './day.ts';
import { mailReport, postReport, type Handover, type HandoverParts } from './handover.ts';
import {
  keepJob,
  listJobs,
  readJob,
  removeJob,
  type JobPlace,
  type KeptJob,
  type ReportTarget,
  type SendingJob,
} from './job.ts';
import { rangeOf } from './message.ts';
import { packReport } from './packed.ts';
import { destinationText, readTlsReportRecords, tlsReportName, type ReportDestination } from './record.ts';
import type { PolicyReport } from './report.ts';
import { isDone, keepSent } from './sent.ts';
import { suppressionOf } from './suppression.ts';

export type SendingParts = HandoverParts & {
  readonly store: RecordStore;
  readonly resolver: Pick<Resolver, 'txt' | 'addresses'>;
};

/** Domains whose reports are under way at the same time. */
const AT_ONCE = 10;
/** After the first failed try, the second, ...; the last is repeated. */
const WAITS_MS: readonly Milliseconds[] = [900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000];
/** RFC 8460 §5.5 */
const GIVE_UP_AFTER_MS: Milliseconds = 86_400_000;

export class TlsReportSender {
  readonly #parts: SendingParts;
  #round: Promise<void> | undefined;
  #isStopping = false;

  constructor(parts: SendingParts) {
    this.#parts = parts;
  }

  /** All that is due now. One round at a time; never rejects. */
  async run(): Promise<void> {
    this.#round ??= this.#all().finally(() => (this.#round = undefined));
    return this.#round;
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#round;
  }

  async #all(): Promise<void> {
    try {
      await this.#beginDue();
      await this.#continueJobs();
    } catch (error) {
      this.#parts.report('tls-report.storage-failed', { reason: 'reports wait' }, error);
    }
  }

  async #beginDue(): Promise<void> {
    const { store, settings, now } = this.#parts;
    const { submitter } = settings().tlsReports;
    let after: CountedDomain | undefined;
    do {
      const page: readonly CountedDomain[] = await listCountedDomains(store, after);
      const due = page.filter(({ day, domain }) => dueAt(day, domain, submitter) <= now());
      await this.#each(due, async (counted) => this.#begin(counted));
      after = page.at(-1);
    } while (after !== undefined && !this.#isStopping);
  }

  async #continueJobs(): Promise<void> {
    const { store, now } = this.#parts;
    let after: JobPlace | undefined;
    do {
      const page: readonly KeptJob[] = await listJobs(store, after);
      await this.#each(page, async ({ place, job, expiresAt }) => {
        if (job.kind === 'sending' && job.nextAt <= now()) await this.#send(place, job, expiresAt);
      });
      after = page.at(-1)?.place;
    } while (after !== undefined && !this.#isStopping);
  }

  /** One that fails hinders no other, unless the store fails for all of them. */
  async #each<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
    for (let at = 0; at < items.length && !this.#isStopping; at += AT_ONCE) {
      const results = await Promise.allSettled(items.slice(at, at + AT_ONCE).map(act));
      const failures = results.filter((result) => result.status === 'rejected');
      const [first] = failures;
      if (first === undefined) continue;
      if (failures.length === AT_ONCE) throw first.reason;
      this.#parts.report('tls-report.storage-failed', { reason: 'a report waits' }, first.reason);
    }
  }

  /** From counters to a report on its way, or to nothing. */
  async #begin(counted: CountedDomain): Promise<void> {
    const { store, now } = this.#parts;
    const job = await readJob(store, counted);
    // What was counted after the report had been composed belongs to no other: one day has one report.
    if (job?.kind === 'sending' || (await isDone(store, counted))) return removeCounts(store, counted);
    if (job !== undefined && job.nextAt > now()) return undefined;
    if (!this.#isReported(counted.domain)) return this.#forget(counted);
    const wish = await this.#destinationsOf(counted.domain);
    if (wish === 'unknown') return this.#lookAgain(counted, (job?.tries ?? 0) + 1);
    const policies = await readCounts(store, counted);
    if (wish.length === 0 || !this.#isWorthTelling(policies)) return this.#forget(counted);
    await keepJob(store, counted, this.#compose(counted, policies, wish), this.#keptUntil());
    return removeCounts(store, counted);
  }

  #isReported(domain: string): boolean {
    const { send, excludedDomains } = this.#parts.settings().tlsReports;
    return send && !parseDomainPatterns(excludedDomains).some((pattern) => matchesDomain(pattern, domain));
  }

  #isWorthTelling(policies: readonly PolicyReport[]): boolean {
    const { successes } = this.#parts.settings().tlsReports;
    return successes ? policies.length > 0 : policies.some(({ failures }) => failures > 0);
  }

  async #forget(counted: CountedDomain): Promise<void> {
    const { store } = this.#parts;
    await removeCounts(store, counted);
    await removeJob(store, counted);
  }

  /** RFC 8460 §3: no record above the domain counts. A failed look-up is no absence. */
  async #destinationsOf(domain: string): Promise<readonly ReportDestination[] | 'unknown'> {
    const name = tlsReportName(domain);
    const answer = name === undefined ? undefined : await this.#parts.resolver.txt(name, { fresh: true });
    if (answer === undefined || answer.kind === 'absent') return [];
    if (answer.kind !== 'found') return 'unknown';
    const record = readTlsReportRecords(answer.records);
    return record.kind === 'record' ? record.destinations : [];
  }

  async #lookAgain(counted: CountedDomain, tries: number): Promise<void> {
    const { store, report, now } = this.#parts;
    const nextAt = later(now(), tries);
    if (nextAt < counted.expiresAt) {
      return keepJob(store, counted, { kind: 'lookup', tries, nextAt }, counted.expiresAt);
    }
    report('tls-report.failed', { nexthop: counted.domain, reason: 'its record could not be looked up in time' });
    return this.#forget(counted);
  }

  #compose({ day }: JobPlace, policies: readonly PolicyReport[], wish: readonly ReportDestination[]): SendingJob {
    const { organizationName, contactInfo, submitter } = this.#parts.settings().tlsReports;
    const reportId = `${day}.${randomUUID()}@${submitter}`;
    const { gzip } = packReport({ organizationName, contactInfo, reportId, ...rangeOf(day), policies });
    const now = this.#parts.now();
    const sum = (count: (policy: PolicyReport) => number): number =>
      policies.reduce((total, policy) => total + count(policy), 0);
    return {
      kind: 'sending',
      reportId,
      gzip,
      totals: { successes: sum(({ successes }) => successes), failures: sum(({ failures }) => failures) },
      targets: wish.map((target) => ({ kind: target.kind, to: destinationText(target), state: 'waiting', reason: '' })),
      tries: 0,
      nextAt: now,
      giveUpAt: new Date(now.getTime() + GIVE_UP_AFTER_MS),
    };
  }

  /** Every destination that has not taken it is tried once; one that has is enough (RFC 8460 §3). */
  async #send(place: JobPlace, job: SendingJob, expiresAt: Date): Promise<void> {
    const { store, now } = this.#parts;
    if (await isDone(store, place)) return removeJob(store, place);
    const targets = await Promise.all(job.targets.map(async (target) => this.#try(place, job, target)));
    const tries = job.tries + 1;
    const nextAt = later(now(), tries);
    const isAccepted = targets.some(({ state }) => state === 'accepted');
    const isHopeless = nextAt > job.giveUpAt || targets.every(({ state }) => state !== 'waiting');
    if (!isAccepted && !isHopeless) return keepJob(store, place, { ...job, targets, tries, nextAt }, expiresAt);
    return this.#finish(place, { ...job, targets }, isAccepted ? 'sent' : 'failed');
  }

  async #try(place: JobPlace, job: SendingJob, target: ReportTarget): Promise<ReportTarget> {
    if (target.state !== 'waiting') return target;
    if (target.kind === 'mailto') {
      const suppression = await suppressionOf(this.#parts.store, target.to);
      if (suppression !== undefined) return { ...target, state: 'suppressed', reason: suppression.reason };
    }
    const hand = target.kind === 'mailto' ? mailReport : postReport;
    const handover = await hand(target.to, place, job, this.#parts);
    this.#tell(place, job, target, handover);
    return handover.kind === 'accepted'
      ? { ...target, state: 'accepted', reason: '' }
      : { ...target, reason: handover.reason };
  }

  #tell({ domain }: JobPlace, { reportId }: SendingJob, { kind, to }: ReportTarget, handover: Handover): void {
    const fields = { nexthop: domain, recipient: to, decision: kind, headerMessageId: reportId };
    if (handover.kind === 'failed') {
      this.#parts.report('tls-report.failed', { ...fields, reason: handover.reason }, handover.error);
      return;
    }
    const { messageId } = handover;
    this.#parts.report('tls-report.sent', messageId === undefined ? fields : { ...fields, messageId });
  }

  async #finish(place: JobPlace, job: SendingJob, outcome: 'sent' | 'failed'): Promise<void> {
    const { store, now, report } = this.#parts;
    const { reportId, totals, gzip } = job;
    const targets = job.targets.map((target) =>
      outcome === 'failed' && target.state === 'waiting' ? { ...target, state: 'failed' as const } : target,
    );
    await keepSent(store, { ...place, outcome, at: now(), reportId, totals, targets, gzip }, this.#keptUntil());
    await removeJob(store, place);
    if (outcome === 'sent') return;
    const reason = targets.map(({ to, state, reason: why }) => `${to} ${state}: ${why}`).join('; ');
    report('tls-report.failed', { nexthop: place.domain, headerMessageId: reportId, reason: `given up; ${reason}` });
  }

  #keptUntil(): Date {
    return new Date(this.#parts.now().getTime() + this.#parts.settings().tlsReports.keep);
  }
}

function later(now: Date, tries: number): Date {
  return new Date(now.getTime() + (WAITS_MS[Math.min(tries, WAITS_MS.length) - 1] ?? 0));
}
