/**
 * Counts what became of TLS in sessions, for the reports of the day (RFC 8460 §4). `count` is called for each session and
 * costs a few look-ups in memory; every few seconds what was added goes to the record store, where all processes of the
 * relay add up. A crash costs those seconds.
 */
import type { Report } from '#log/events.ts';
import { matchesDomain, parseDomainPatterns, type DomainPattern } from '#mail/domain-pattern.ts';
import type { Live } from '#mail/units.ts';
import type { Addition, RecordStore } from '#records/store.ts';
import type { AppliedPolicy, CountResults, PolicyFailure, PolicyResult } from '#tls-policy/results.ts';
import { addCounts, detailKey, domainKey, totalKey } from './counts.ts';
import { DAY_MS, dayOf } from './day.ts';
import { cleanReason } from './reason.ts';
import { detailMembers, policyMembers } from './report.ts';
import type { TlsReportSettings } from './settings.ts';

export type TallyParts = {
  readonly store: RecordStore;
  readonly settings: Live<TlsReportSettings>;
  readonly report: Report;
};

type Settings = TlsReportSettings['tlsReports'];

/** Policies of one domain that are told apart in a day; a domain may change its records with every session. */
const POLICIES_AT_MOST = 100;
/** Kinds of failures that are told apart for one policy in a day; the sum counts them all. */
const DETAILS_AT_MOST = 1000;
const LINES_AT_MOST = 100;
const LINE_LENGTH_AT_MOST = 5000;
/** Of all lines of a policy: as much as RFC 8461 §3.2 allows one to have. */
const POLICY_LENGTH_AT_MOST = 65_536;
/** Counters in memory; when there are more, those that are stored are forgotten, and found again by their keys. */
const REMEMBERED_AT_MOST = 50_000;
/** Counters that wait for the store. */
const WAITING_AT_MOST = 100_000;
const ADDITIONS_AT_ONCE = 1000;

type Counter = { count: number; readonly addition: () => Omit<Addition, 'count'> };

type PolicyTally = {
  readonly policy: AppliedPolicy;
  readonly successes: Counter;
  readonly failures: Counter;
  readonly details: Map<string, Counter>;
  /** Makes the counter of one kind of failure. */
  readonly detail: (failure: object) => Counter;
};

type DomainTally = { readonly place: Place; readonly sessions: Counter; readonly policies: PolicyTally[] };
type Place = { readonly day: string; readonly domain: string; readonly expiresAt: Date };

export class Tally {
  readonly #parts: TallyParts;
  readonly #days = new Map<number, Map<string, DomainTally | 'excluded'>>();
  #dirty = new Set<Counter>();
  #remembered = 0;
  #settings: Settings;
  #excluded: readonly DomainPattern[];
  #flushing: Promise<void> = Promise.resolve();

  constructor(parts: TallyParts) {
    this.#parts = parts;
    this.#settings = parts.settings().tlsReports;
    this.#excluded = parseDomainPatterns(this.#settings.excludedDomains);
  }

  readonly count: CountResults = ({ domain, results, at, reused }) => {
    if (!this.#settings.send || (reused === true && this.#settings.skipReused)) return;
    const day = Math.floor(at.getTime() / DAY_MS);
    for (const result of results) {
      this.#add(day, domain, result);
      // Of DANE the policy is the host's (RFC 8460 §1.1): its own domain may want to know, whosever mail it takes.
      const { type, domain: host } = result.policy;
      if (type === 'tlsa' && host !== domain) this.#add(day, host, result);
    }
  };

  /** What was counted so far is in the store, or stays for the next time. Never rejects. */
  async flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#store());
    return this.#flushing;
  }

  #add(day: number, domain: string, { policy, failure }: PolicyResult): void {
    const tally = this.#tallyOf(day, domain);
    if (tally === 'excluded') return;
    const own = tally.policies.find((one) => isSame(one.policy, policy)) ?? this.#newPolicy(tally, policy);
    this.#increment(tally.sessions);
    if (failure === undefined) {
      this.#increment(own.successes);
      return;
    }
    this.#increment(own.failures);
    const detail = this.#detailOf(own, failure);
    if (detail !== undefined) this.#increment(detail);
  }

  #increment(counter: Counter): void {
    // Beyond this the store has failed for long: new counters are lost, those that wait go on.
    if (this.#dirty.size >= WAITING_AT_MOST && !this.#dirty.has(counter)) return;
    counter.count += 1;
    this.#dirty.add(counter);
  }

  #tallyOf(day: number, domain: string): DomainTally | 'excluded' {
    const known = this.#days.get(day)?.get(domain);
    if (known !== undefined) return known;
    const tallies = this.#days.get(day) ?? new Map<string, DomainTally | 'excluded'>();
    this.#days.set(day, tallies);
    const made = this.#isCounted(domain) ? this.#newDomain(day, domain) : 'excluded';
    tallies.set(domain, made);
    this.#remembered += 1;
    return made;
  }

  /** Who is reached by an address has no DNS to ask for reports in. */
  #isCounted(domain: string): boolean {
    return /^[^[:\s]+$/.test(domain) && !this.#excluded.some((pattern) => matchesDomain(pattern, domain));
  }

  #newDomain(day: number, domain: string): DomainTally {
    const expiresAt = new Date((day + 1) * DAY_MS + this.#settings.keep);
    const place = { day: dayOf(new Date(day * DAY_MS)), domain, expiresAt };
    return { place, sessions: counterOf(place, domainKey(place), ''), policies: [] };
  }

  #newPolicy(tally: DomainTally, policy: AppliedPolicy): PolicyTally {
    this.#remembered += 1;
    if (tally.policies.length < POLICIES_AT_MOST) return addPolicy(tally, policy);
    // Told together and without their texts: the sums stay right.
    const others = { type: policy.type, domain: tally.place.domain, strings: [], mxPatterns: [] };
    return tally.policies.find((one) => isSame(one.policy, others)) ?? addPolicy(tally, others);
  }

  #detailOf(tally: PolicyTally, { type, reason, mxHost, ip, sourceIp }: PolicyFailure): Counter | undefined {
    const { sendingIp, receivingIp } = this.#settings;
    const told = {
      type,
      reason: cleanReason(reason),
      mxHost,
      receivingIp: receivingIp ? ip : undefined,
      sendingIp: sendingIp ? sourceIp : undefined,
    };
    const name = [type, mxHost, told.receivingIp, told.sendingIp, told.reason].join('\n');
    const known = tally.details.get(name);
    if (known !== undefined || tally.details.size >= DETAILS_AT_MOST) return known;
    const made = tally.detail(detailMembers(told));
    tally.details.set(name, made);
    this.#remembered += 1;
    return made;
  }

  async #store(): Promise<void> {
    const counters = [...this.#dirty];
    this.#dirty = new Set();
    for (let at = 0; at < counters.length; at += ADDITIONS_AT_ONCE) {
      const some = counters.slice(at, at + ADDITIONS_AT_ONCE);
      if (await this.#storeSome(some)) continue;
      for (const counter of counters.slice(at + ADDITIONS_AT_ONCE)) this.#dirty.add(counter);
      break;
    }
    this.#forget();
  }

  /** False when they could not be stored and are as they were. */
  async #storeSome(counters: readonly Counter[]): Promise<boolean> {
    const counts = counters.map((counter) => counter.count);
    const additions = counters.map(({ addition, count }) => ({ ...addition(), count }));
    for (const counter of counters) counter.count = 0;
    try {
      await addCounts(this.#parts.store, additions);
      return true;
    } catch (error) {
      for (const [index, counter] of counters.entries()) {
        counter.count += counts[index] ?? 0;
        this.#dirty.add(counter);
      }
      this.#parts.report(
        'tls-report.storage-failed',
        { reason: 'counters wait in memory', count: counters.length },
        error,
      );
      return false;
    }
  }

  /**
   * What is stored need not be in memory, and must not when the settings have changed or days have passed. Counters that
   * wait for the store are kept by `#dirty`; new ones for the same record add up with them there.
   */
  #forget(): void {
    const { tlsReports } = this.#parts.settings();
    const isFull = this.#remembered > REMEMBERED_AT_MOST || this.#days.size > 2;
    if (!isFull && tlsReports === this.#settings) return;
    this.#settings = tlsReports;
    this.#excluded = parseDomainPatterns(tlsReports.excludedDomains);
    this.#days.clear();
    this.#remembered = 0;
  }
}

function addPolicy(tally: DomainTally, policy: AppliedPolicy): PolicyTally {
  const { place } = tally;
  const value = JSON.stringify(
    policyMembers({
      type: policy.type,
      domain: policy.domain,
      strings: bounded(policy.strings),
      mxHosts: bounded(policy.mxPatterns),
    }),
  );
  const made: PolicyTally = {
    policy,
    successes: counterOf(place, totalKey(place, value, 'ok'), value),
    failures: counterOf(place, totalKey(place, value, 'failed'), value),
    details: new Map(),
    detail: (failure) => {
      const text = JSON.stringify(failure);
      return counterOf(place, detailKey(place, value, text), text);
    },
  };
  tally.policies.push(made);
  return made;
}

function counterOf({ expiresAt }: Place, key: string, value: string): Counter {
  return { count: 0, addition: () => ({ key, value, expiresAt }) };
}

function bounded(lines: readonly string[]): readonly string[] {
  let left = POLICY_LENGTH_AT_MOST;
  return lines.slice(0, LINES_AT_MOST).flatMap((line) => {
    const kept = line.slice(0, Math.min(LINE_LENGTH_AT_MOST, left));
    left -= kept.length;
    return kept === '' ? [] : [kept];
  });
}

/** Usually it is the very same object: policies are kept between sessions. */
function isSame(one: AppliedPolicy, other: AppliedPolicy): boolean {
  return (
    one === other ||
    (one.type === other.type &&
      one.domain === other.domain &&
      one.strings.length === other.strings.length &&
      one.strings.every((line, index) => line === other.strings[index]))
  );
}
