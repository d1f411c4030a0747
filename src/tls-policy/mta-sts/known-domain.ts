/**
 * What this process knows of the MTA-STS of one domain, and what that comes to for the mail in hand. It asks nobody: where
 * what is known is not enough, it says so, and `policies.ts` asks.
 *
 * Findings are made once: the same knowledge gives the same object, so that those who decide by it can tell.
 */
import type { Answer } from '#dns/answer.ts';
import type { Milliseconds } from '#mail/units.ts';
import type { StsFinding, StsTrouble } from './finding.ts';
import { NOTHING_ARCHIVED, writePolicyRecord, writeTroubleRecord } from './kept.ts';
import type { Archived, KeptPolicy, LookupFailures, PolicyRecord, TroubleRecord } from './kept.ts';
import { readStsRecords, type StsRecord } from './record.ts';

/** What DNS says of a domain's policy. */
export type StsAnnouncement = StsRecord | { readonly kind: 'failed'; readonly reason: string };

/** Look-ups that fail so far apart are no longer in a row: nobody has asked between them, or they would be fewer. */
const ROW_ENDS_AFTER_MS: Milliseconds = 86_400_000;
const ROW_WRITTEN_EVERY_MS: Milliseconds = 3_600_000;

/** What is known is not enough: a policy is announced that must be fetched first. */
export type FetchNeeded = { readonly kind: 'fetch-needed'; readonly id: string };

export class KnownDomain {
  readonly domain: string;
  /** Where DNS announces its policy. */
  readonly recordName: string;
  archived: Archived = NOTHING_ARCHIVED;
  /** When it was read out of the archive, and since when that fails although it has never been read. */
  readAt = -Infinity;
  unreadSince: Date | undefined;
  /** Since when its policy host cannot even be asked, for reasons of our own. */
  unaskedSince: Date | undefined;
  answer: Answer<string> | undefined;
  announcement: StsAnnouncement = { kind: 'none', reason: 'nobody has asked' };
  /** Of DNS, past its cache. */
  askedAnewAt = -Infinity;
  useNotedAt = -Infinity;
  #told: StsFinding | undefined;

  constructor(domain: string) {
    this.domain = domain;
    this.recordName = recordNameOf(domain);
  }

  get record(): PolicyRecord {
    return this.archived.record;
  }

  set record(record: PolicyRecord) {
    this.archived = { ...this.archived, record, recordText: writePolicyRecord(record) };
  }

  get trouble(): TroubleRecord {
    return this.archived.trouble;
  }

  set trouble(trouble: TroubleRecord) {
    this.archived = { ...this.archived, trouble, troubleText: writeTroubleRecord(trouble) };
  }

  /** In octets, roughly: the text it was kept as, and what was made of it. */
  get weight(): number {
    return 1000 + 6 * (this.archived.recordText.length + this.archived.troubleText.length);
  }

  /** Until its time has passed (RFC 8461 §3.2). */
  live(now: Date): KeptPolicy | undefined {
    const { kept } = this.record;
    return kept !== undefined && now < kept.expiresAt ? kept : undefined;
  }

  /**
   * What was read out of the archive, but for what is older than what is known already: a write may be on its way, or may
   * have failed. Of look-ups in a row, those that this process has made count, once it has made any.
   */
  takeIn(read: Archived): void {
    const { record, trouble, answer } = this;
    const isNewer = lastFetch(record) > lastFetch(read.record);
    const failure = lastFailure(trouble) > lastFailure(read.trouble) ? trouble.failure : read.trouble.failure;
    const { lookups } = answer === undefined ? read.trouble : trouble;
    const isSame = failure === read.trouble.failure && lookups === read.trouble.lookups;
    this.archived = {
      record: isNewer ? record : read.record,
      recordText: read.recordText,
      trouble: isSame ? read.trouble : { failure, lookups },
      troubleText: read.troubleText,
    };
  }

  find(announced: StsAnnouncement, now: Date, failureWait: Milliseconds): StsFinding | FetchNeeded {
    const kept = this.live(now);
    const { domain } = this;
    switch (announced.kind) {
      case 'record':
        // RFC 8461 §3.1: ids are compared as they are.
        return kept?.id === announced.id ? this.#holds(kept) : this.#announced(announced.id, now, failureWait);
      case 'none':
        // RFC 8461 §3.3: a policy holds until it expires, whatever becomes of its record.
        if (kept !== undefined) return this.#holds(kept);
        return this.#unreadOr({ kind: 'none', domain, reason: announced.reason });
      case 'failed': {
        if (kept !== undefined) return this.#holds(kept);
        const since = this.trouble.lookups?.since ?? now;
        return this.#tell({ kind: 'lookup-failed', domain, reason: announced.reason, since });
      }
    }
  }

  /** A policy was announced and could not be had: what holds then. */
  without(id: string, trouble: StsTrouble, now: Date): StsFinding {
    const kept = this.live(now);
    if (kept !== undefined) return this.#holds(kept, trouble);
    return this.#unreadOr({ kind: 'unavailable', domain: this.domain, id, trouble });
  }

  /** The policy host could not be asked, for reasons of our own: nothing is known, and mail that no policy covers waits. */
  unasked(now: Date): StsFinding {
    const kept = this.live(now);
    if (kept !== undefined) return this.#holds(kept);
    this.unaskedSince ??= now;
    const reason = 'the authorities that policy hosts are trusted by cannot be read';
    return this.#tell({ kind: 'lookup-failed', domain: this.domain, reason, since: this.unaskedSince });
  }

  /** Takes in what DNS said; true when that is worth keeping. */
  hear(announced: StsAnnouncement, now: Date): boolean {
    this.announcement = announced;
    const { failure, lookups } = this.trouble;
    const row = announced.kind === 'failed' ? rowOf(lookups, now) : undefined;
    if (row === lookups) return false;
    this.trouble = { failure, lookups: row };
    return true;
  }

  #holds({ policy, id, fetchedAt }: KeptPolicy, trouble?: StsTrouble): StsFinding {
    return this.#tell({ kind: 'policy', domain: this.domain, policy, id, fetchedAt, fresh: false, trouble });
  }

  /** Another policy than the one that is kept, if any. */
  #announced(id: string, now: Date, failureWait: Milliseconds): StsFinding | FetchNeeded {
    const { failure } = this.trouble;
    const isTooEarly = failure !== undefined && isWithin(failureWait, failure.at, now);
    return isTooEarly ? this.without(id, failure.trouble, now) : { kind: 'fetch-needed', id };
  }

  /** Where nobody could see whether a policy is kept, its absence is no fact: that counts as a look-up that failed. */
  #unreadOr(finding: StsFinding): StsFinding {
    const since = this.unreadSince;
    if (since === undefined) return this.#tell(finding);
    const reason = 'the policies that are kept cannot be read';
    return this.#tell({ kind: 'lookup-failed', domain: this.domain, reason, since });
  }

  #tell(finding: StsFinding): StsFinding {
    const told = this.#told;
    if (told !== undefined && isSameFinding(told, finding)) return told;
    this.#told = finding;
    return finding;
  }
}

const lastFetch = ({ kept, history }: PolicyRecord): number =>
  Math.max(kept?.fetchedAt.getTime() ?? 0, history.at(-1)?.at.getTime() ?? 0);

const lastFailure = ({ failure }: TroubleRecord): number => failure?.at.getTime() ?? 0;

export const recordNameOf = (domain: string): string => `_mta-sts.${domain}`;

/** A clock that was put back makes times of the future, which must not hold for ever. */
export const isWithin = (span: Milliseconds, at: Date, now: Date): boolean =>
  Math.abs(now.getTime() - at.getTime()) < span;

export function readAnnouncement(name: string, answer: Answer<string>): StsAnnouncement {
  switch (answer.kind) {
    case 'found':
      return readStsRecords(answer.records);
    case 'absent':
      return { kind: 'none', reason: `there is no TXT record at ${name}` };
    case 'bogus':
      return { kind: 'failed', reason: `DNSSEC validation of ${name} TXT failed` };
    case 'failed':
      // Nothing can stand at a name that cannot be asked for.
      if (answer.why === 'name-invalid') return { kind: 'none', reason: `${name} is no name` };
      return { kind: 'failed', reason: `${name} TXT cannot be looked up (${answer.why})` };
  }
}

function rowOf(lookups: LookupFailures | undefined, now: Date): LookupFailures {
  if (lookups === undefined || !isWithin(ROW_ENDS_AFTER_MS, lookups.latest, now)) return { since: now, latest: now };
  return isWithin(ROW_WRITTEN_EVERY_MS, lookups.latest, now) ? lookups : { since: lookups.since, latest: now };
}

/** Findings of one kind are made with the same fields in the same order, and hold what does not change. */
function isSameFinding(one: StsFinding, other: StsFinding): boolean {
  const values: readonly unknown[] = Object.values(other);
  return Object.values(one).every((value: unknown, at) => value === values[at]);
}
