/**
 * The MTA-STS policies of the domains that mail goes to: asked for with each attempt, fetched when they are announced anew,
 * and kept in memory and in the record store (RFC 8461 §3.3, RFC 8461 §5.1). What a policy means for a host is decided in
 * `decide.ts`; how long mail waits while nothing is known, likewise.
 *
 * For a domain that is known a question costs a few microtasks: its knowledge is in memory and DNS has its answer.
 */
import type { SecureContext } from 'node:tls';

import type { LookOptions, Resolver } from '#dns/resolver.ts';
import type { Report } from '#log/events.ts';
import { parseDomain } from '#mail/domain.ts';
import { isIp } from '#mail/ip.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import type { RecordStore } from '#records/store.ts';
import type { MtaStsSettings } from '#tls-policy/settings.ts';
import { PolicyArchive, type ArchivedPolicy, type DomainQuery } from './archive.ts';
import { fetchPolicy, type PolicyFetch } from './fetch.ts';
import { FetchTurns } from './fetch-turns.ts';
import type { StsFinding, StsTrouble } from './finding.ts';
import { expiryOf, withChange, type FetchFailure, type KeptPolicy, type PolicyChange } from './kept.ts';
import { isWithin, KnownDomain, readAnnouncement, recordNameOf, type StsAnnouncement } from './known-domain.ts';
import type { StsPolicy } from './policy.ts';
import { isDue } from './refresh.ts';
import { WeighedCache } from './weighed-cache.ts';

export type StsPoliciesParts = {
  readonly resolver: Pick<Resolver, 'txt' | 'addresses'>;
  readonly store: RecordStore;
  readonly settings: Live<MtaStsSettings>;
  /** The authorities that policy hosts are trusted by; rejects when they cannot be read. */
  readonly context: () => Promise<SecureContext>;
  readonly report: Report;
  readonly now: () => Date;
};

/** All that is kept of a domain, for people. A policy that has expired is still shown. */
export type StsState = {
  readonly domain: string;
  readonly kept: KeptPolicy | undefined;
  /** The latest last. */
  readonly history: readonly PolicyChange[];
  readonly failure: FetchFailure | undefined;
  readonly lookupsFailSince: Date | undefined;
  readonly lastUsedAt: Date | undefined;
};

/** Other processes fetch too, and operators act. */
const READ_AGAIN_AFTER_MS: Milliseconds = 60_000;
const ASK_ANEW_EVERY_MS: Milliseconds = 60_000;
const USE_NOTED_EVERY_MS: Milliseconds = 86_400_000;
/** Of a refresh that failed. */
const RETRY_AFTER_MS: Milliseconds = 3_600_000;

const MEMORY_LIMIT = 32 * 1024 * 1024;
const FETCHES = { inAll: 64, fromOnePlace: 16 };
const REFRESHES_AT_ONCE = 4;
const POLICIES_READ_AT_ONCE = 200;

const ANEW: LookOptions = { fresh: true };

export class StsPolicies {
  readonly #parts: StsPoliciesParts;
  readonly #archive: PolicyArchive;
  readonly #turns = new FetchTurns(FETCHES);
  readonly #memory = new WeighedCache<KnownDomain>(MEMORY_LIMIT);
  readonly #reading = new Map<string, Promise<KnownDomain>>();
  readonly #fetching = new Map<string, Promise<StsFinding>>();
  #refreshing: Promise<void> | undefined;
  #storageFails = false;

  constructor(parts: StsPoliciesParts) {
    this.#parts = parts;
    this.#archive = new PolicyArchive(parts);
  }

  /**
   * What is known of the policy of a domain, after all that can be done to know it: a first policy is waited for as long as
   * its fetch may take. With `fresh`, DNS is asked past its cache, once a minute at most. Never rejects.
   */
  async find(domain: string, { fresh = false }: { readonly fresh?: boolean } = {}): Promise<StsFinding> {
    const known = this.#remembered(domain) ?? (await this.#enter(domain));
    if (known === undefined) return { kind: 'none', domain, reason: 'only a domain name has a policy' };
    const announced = await this.#listen(known, fresh);
    const found = known.find(announced, this.#parts.now(), this.#parts.settings().failureWait);
    return this.#used(known, found.kind === 'fetch-needed' ? await this.#fetch(known, found.id, 'needed') : found);
  }

  /**
   * Fetches the policies anew that have been kept for a while, a few at a time, and forgets those of domains that get no mail
   * (RFC 8461 §10.2 says why). For one process of the relay, from time to time. Never rejects.
   */
  refreshDue(now: Date): Promise<void> {
    this.#refreshing ??= this.#refreshAll(now).finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /** One page of the domains of which anything is kept, in order. Rejects as the store does. */
  async known(query: DomainQuery): Promise<readonly StsState[]> {
    const domains = await this.#archive.domains(query);
    return Promise.all(domains.map(async (domain) => this.#stateOf(domain)));
  }

  /** What is kept of a domain, and what DNS says now. Fetches nothing and changes nothing. Rejects as the store does. */
  async state(domain: string): Promise<(StsState & { readonly announced: StsAnnouncement }) | undefined> {
    const name = nameOf(domain);
    if (name === undefined) return undefined;
    const recordName = recordNameOf(name);
    const [answer, state] = await Promise.all([this.#parts.resolver.txt(recordName), this.#stateOf(name)]);
    return { ...state, announced: readAnnouncement(recordName, answer) };
  }

  /** The names of most questions are written as they are kept. */
  #remembered(domain: string): KnownDomain | undefined {
    const known = this.#memory.get(domain);
    if (known === undefined) return undefined;
    const age = Math.abs(this.#parts.now().getTime() - known.readAt);
    return age < READ_AGAIN_AFTER_MS ? known : undefined;
  }

  async #enter(domain: string): Promise<KnownDomain | undefined> {
    const name = nameOf(domain);
    if (name === undefined) return undefined;
    const reading = this.#reading.get(name) ?? this.#remembered(name);
    if (reading !== undefined) return reading;
    const read = this.#read(this.#memory.get(name) ?? new KnownDomain(name)).finally(() => this.#reading.delete(name));
    this.#reading.set(name, read);
    return read;
  }

  /** A store that fails leaves what is in memory as it is. */
  async #read(known: KnownDomain): Promise<KnownDomain> {
    try {
      known.takeIn(await this.#archive.read(known.domain, known.archived));
      known.readAt = this.#parts.now().getTime();
      known.unreadSince = undefined;
      this.#storageFails = false;
    } catch (error) {
      if (known.readAt === -Infinity) known.unreadSince ??= this.#parts.now();
      this.#tellStorage(error);
    }
    this.#memory.set(known.domain, known, known.weight);
    return known;
  }

  async #write(write: () => Promise<void>): Promise<void> {
    try {
      await write();
      this.#storageFails = false;
    } catch (error) {
      this.#tellStorage(error);
    }
  }

  /** Once for each time that it begins to fail. */
  #tellStorage(error: unknown): void {
    if (this.#storageFails) return;
    this.#storageFails = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#parts.report('mta-sts.storage-failed', { reason }, error);
  }

  /** RFC 8461 §3.1: the record is asked for each time; DNS says how long its answer may be kept. */
  async #listen(known: KnownDomain, fresh: boolean): Promise<StsAnnouncement> {
    const { resolver, now } = this.#parts;
    const anew = fresh && Math.abs(now().getTime() - known.askedAnewAt) >= ASK_ANEW_EVERY_MS;
    if (anew) known.askedAnewAt = now().getTime();
    const answer = await resolver.txt(known.recordName, anew ? ANEW : undefined);
    if (answer !== known.answer) {
      known.answer = answer;
      const isNews = known.hear(readAnnouncement(known.recordName, answer), now());
      if (isNews) await this.#write(async () => this.#archive.saveTrouble(known.domain, known.archived, now()));
    }
    return known.announcement;
  }

  /** All who need the policy of a domain at one time share one fetch, whatever it is for. */
  #fetch(known: KnownDomain, id: string, why: 'needed' | 'old'): Promise<StsFinding> {
    const { domain } = known;
    const underWay = this.#fetching.get(domain);
    if (underWay !== undefined) return underWay;
    const fetching = this.#fetchNow(known, id, why).finally(() => this.#fetching.delete(domain));
    this.#fetching.set(domain, fetching);
    return fetching;
  }

  async #fetchNow(known: KnownDomain, id: string, why: 'needed' | 'old'): Promise<StsFinding> {
    const { now, settings, resolver, context } = this.#parts;
    // Another process may have been quicker, or may have failed.
    await this.#read(known);
    const found = known.find({ kind: 'record', id }, now(), settings().failureWait);
    if (found.kind !== 'fetch-needed' && why === 'needed') return found;
    const started = performance.now();
    const fetched = await fetchPolicy(known.domain, { resolver, settings, context, turns: this.#turns });
    const durationMs = Math.round(performance.now() - started);
    return this.#settle(known, fetched, { id, durationMs });
  }

  async #settle(known: KnownDomain, fetched: PolicyFetch, asked: Asked): Promise<StsFinding> {
    if (fetched.kind !== 'not-asked') known.unaskedSince = undefined;
    switch (fetched.kind) {
      case 'policy':
        return this.#accept(known, fetched.policy, asked, fetched.warnings[0]?.text);
      case 'failed':
        return this.#endure(known, fetched.trouble, asked);
      case 'not-asked': {
        const finding = known.unasked(this.#parts.now());
        const reason = finding.kind === 'lookup-failed' ? finding.reason : 'nobody was asked';
        this.#parts.report('mta-sts.failed', { policy: known.domain, decision: 'not-asked', reason }, fetched.error);
        return finding;
      }
    }
  }

  async #accept(known: KnownDomain, policy: StsPolicy, asked: Asked, warning?: string): Promise<StsFinding> {
    const { id, durationMs } = asked;
    const { domain, record } = known;
    const fetchedAt = this.#parts.now();
    const previous = record.history.at(-1)?.policy;
    const history = withChange(record.history, { at: fetchedAt, id, policy });
    // RFC 8461 §3.2 lets a policy last for no time: it is for the mail in hand alone.
    const kept = policy.maxAgeS === 0 ? undefined : { id, policy, fetchedAt, expiresAt: expiryOf(policy, fetchedAt) };
    const isNews = kept !== undefined || history !== record.history;
    known.record = { kept, history };
    this.#memory.set(domain, known, known.weight);
    if (isNews) await this.#write(async () => this.#archive.savePolicy(domain, known.archived, fetchedAt));
    const reason = warning === undefined ? {} : { reason: warning };
    this.#parts.report('mta-sts.fetched', { policy: domain, decision: policy.mode, durationMs, ...reason });
    if (previous?.mode === 'enforce' && policy.mode !== 'enforce') {
      this.#parts.report('mta-sts.downgraded', { policy: domain, decision: policy.mode });
    }
    return { kind: 'policy', domain, policy, id, fetchedAt, fresh: true, trouble: undefined };
  }

  async #endure(known: KnownDomain, trouble: StsTrouble, { id, durationMs }: Asked): Promise<StsFinding> {
    const { domain } = known;
    const at = this.#parts.now();
    known.trouble = { ...known.trouble, failure: { trouble, id, at } };
    await this.#write(async () => this.#archive.saveTrouble(domain, known.archived, at));
    const { result, reason } = trouble;
    // RFC 8461 §3.3: nobody needs to hear that a policy which asks for nothing could not be had again.
    if (known.record.kept?.policy.mode !== 'none') {
      this.#parts.report('mta-sts.failed', { policy: domain, decision: result, reason, durationMs });
    }
    return known.without(id, trouble, at);
  }

  /** A policy of a domain that gets mail is kept and refreshed. */
  #used(known: KnownDomain, finding: StsFinding): StsFinding {
    if (finding.kind !== 'policy') return finding;
    const now = this.#parts.now();
    const every = Math.min(USE_NOTED_EVERY_MS, this.#parts.settings().forgetAfter / 4);
    if (Math.abs(now.getTime() - known.useNotedAt) < every) return finding;
    known.useNotedAt = now.getTime();
    void this.#write(async () => this.#archive.noteUse(known.domain, now));
    return finding;
  }

  async #refreshAll(now: Date): Promise<void> {
    if (this.#parts.settings().mode === 'off') return;
    await this.#write(async () => {
      let after: string | undefined;
      do {
        // oxlint-disable-next-line no-await-in-loop -- page by page
        const policies = await this.#archive.policies({ after, limit: POLICIES_READ_AT_ONCE });
        const left = policies.values();
        const refreshers = Array.from({ length: REFRESHES_AT_ONCE }, async () => this.#refreshEach(left, now));
        // oxlint-disable-next-line no-await-in-loop -- page by page
        await Promise.all(refreshers);
        after = policies.at(-1)?.domain;
      } while (after !== undefined);
    });
  }

  async #refreshEach(policies: Iterable<ArchivedPolicy>, now: Date): Promise<void> {
    for (const { domain, record } of policies) {
      const isOld = isDue(domain, record.kept, now, this.#parts.settings().refreshAfter);
      // oxlint-disable-next-line no-await-in-loop -- a few of these run side by side
      if (isOld) await this.#refresh(domain, now);
    }
  }

  async #refresh(domain: string, now: Date): Promise<void> {
    if ((await this.#archive.lastUse(domain)) === undefined) {
      await this.#archive.forget(domain);
      this.#parts.report('mta-sts.forgotten', { policy: domain });
      return;
    }
    const known = await this.#enter(domain);
    if (known === undefined) return;
    const { failure } = known.trouble;
    const wait = Math.max(RETRY_AFTER_MS, this.#parts.settings().failureWait);
    if (failure !== undefined && isWithin(wait, failure.at, now)) return;
    const announced = await this.#listen(known, false);
    // Without a record the policy stays the one of the record that announced it (RFC 8461 §3.3).
    const id = announced.kind === 'record' ? announced.id : known.record.kept?.id;
    if (id !== undefined) await this.#fetch(known, id, 'old');
  }

  async #stateOf(domain: string): Promise<StsState> {
    const [archived, lastUsedAt] = await Promise.all([this.#archive.read(domain), this.#archive.lastUse(domain)]);
    const { kept, history } = archived.record;
    const { failure, lookups } = archived.trouble;
    return { domain, kept, history, failure, lookupsFailSince: lookups?.since, lastUsedAt };
  }
}

type Asked = { readonly id: string; readonly durationMs: number };

/** RFC 8461 §3.4: an address literal has no policy. */
function nameOf(domain: string): string | undefined {
  return isIp(domain) ? undefined : parseDomain(domain);
}
