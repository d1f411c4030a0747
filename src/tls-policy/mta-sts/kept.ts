/**
 * What is kept of a domain's MTA-STS between messages and restarts, and the text that it is kept as. Pure; `archive.ts` puts
 * it into the record store. Text that cannot be read gives `undefined`: it may come from a damaged file or another program.
 */
import type { StsTrouble } from './finding.ts';
import { readPolicyText, writePolicy, type StsPolicy } from './policy.ts';

export type KeptPolicy = {
  readonly policy: StsPolicy;
  /** Of the record under which it was fetched. */
  readonly id: string;
  /** Of the last fetch: a record that stays the same proves nothing and prolongs nothing (RFC 8461 §3.2). */
  readonly fetchedAt: Date;
  readonly expiresAt: Date;
};

/** A fetch that brought something else than the one before. */
export type PolicyChange = { readonly at: Date; readonly id: string; readonly policy: StsPolicy };

export type PolicyRecord = {
  /** Also after it has expired. */
  readonly kept: KeptPolicy | undefined;
  /** The latest last. */
  readonly history: readonly PolicyChange[];
};

export type FetchFailure = { readonly trouble: StsTrouble; readonly id: string; readonly at: Date };

/** TXT look-ups that failed, without one between them that did not; `latest` is not exact. */
export type LookupFailures = { readonly since: Date; readonly latest: Date };

export type TroubleRecord = {
  readonly failure: FetchFailure | undefined;
  readonly lookups: LookupFailures | undefined;
};

/** Each with the text that it is kept as, `''` where there is none: what is unchanged need not be read again. */
export type Archived = {
  readonly record: PolicyRecord;
  readonly recordText: string;
  readonly trouble: TroubleRecord;
  readonly troubleText: string;
};

export const NOTHING_ARCHIVED: Archived = {
  record: { kept: undefined, history: [] },
  recordText: '',
  trouble: { failure: undefined, lookups: undefined },
  troubleText: '',
};

const MOST_CHANGES = 20;
/** A policy may be long, and a record of all of them must stay small. */
const MOST_HISTORY_CHARACTERS = 200_000;

/** `Date` alone reads almost anything. */
const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const RESULTS: readonly StsTrouble['result'][] = ['sts-policy-fetch-error', 'sts-policy-invalid', 'sts-webpki-invalid'];

export function expiryOf(policy: StsPolicy, fetchedAt: Date): Date {
  return new Date(fetchedAt.getTime() + policy.maxAgeS * 1000);
}

/** The same list when the change is none. */
export function withChange(history: readonly PolicyChange[], change: PolicyChange): readonly PolicyChange[] {
  const last = history.at(-1);
  const text = writePolicy(change.policy);
  if (last !== undefined && last.id === change.id && writePolicy(last.policy) === text) return history;
  let left = MOST_HISTORY_CHARACTERS - text.length;
  const earlier = history
    .slice(1 - MOST_CHANGES)
    .toReversed()
    .filter(({ policy }) => (left -= writePolicy(policy).length) >= 0)
    .toReversed();
  return [...earlier, change];
}

export function writePolicyRecord({ kept, history }: PolicyRecord): string {
  return JSON.stringify({
    kept: kept === undefined ? null : { at: kept.fetchedAt, id: kept.id, policy: writePolicy(kept.policy) },
    history: history.map(({ at, id, policy }) => ({ at, id, policy: writePolicy(policy) })),
  });
}

export function readPolicyRecord(text: string): PolicyRecord | undefined {
  const stored = parseObject(text);
  if (stored === undefined || !Array.isArray(stored['history'])) return undefined;
  const history = stored['history'].map(readChange).filter((change) => change !== undefined);
  if (history.length !== stored['history'].length) return undefined;
  if (stored['kept'] === null) return { kept: undefined, history };
  const kept = readChange(stored['kept']);
  if (kept === undefined) return undefined;
  const { at: fetchedAt, id, policy } = kept;
  return { kept: { id, policy, fetchedAt, expiresAt: expiryOf(policy, fetchedAt) }, history };
}

export function writeTroubleRecord({ failure, lookups }: TroubleRecord): string {
  return JSON.stringify({ failure: failure ?? null, lookups: lookups ?? null });
}

export function readTroubleRecord(text: string): TroubleRecord | undefined {
  const stored = parseObject(text);
  if (stored === undefined) return undefined;
  const failure = stored['failure'] === null ? undefined : readFailure(stored['failure']);
  const lookups = stored['lookups'] === null ? undefined : readLookups(stored['lookups']);
  if (failure === undefined && stored['failure'] !== null) return undefined;
  if (lookups === undefined && stored['lookups'] !== null) return undefined;
  return { failure, lookups };
}

function readChange(value: unknown): PolicyChange | undefined {
  if (!isObject(value) || typeof value['policy'] !== 'string') return undefined;
  const [at, id] = [readDate(value['at']), readId(value['id'])];
  const reading = readPolicyText(value['policy']);
  if (at === undefined || id === undefined || reading.kind === 'invalid') return undefined;
  return { at, id, policy: reading.policy };
}

function readFailure(value: unknown): FetchFailure | undefined {
  if (!isObject(value) || !isObject(value['trouble'])) return undefined;
  const { result, reason } = value['trouble'];
  const [at, id] = [readDate(value['at']), readId(value['id'])];
  const known = RESULTS.find((each) => each === result);
  if (at === undefined || id === undefined || known === undefined || typeof reason !== 'string') return undefined;
  return { trouble: { result: known, reason }, id, at };
}

function readLookups(value: unknown): LookupFailures | undefined {
  if (!isObject(value)) return undefined;
  const [since, latest] = [readDate(value['since']), readDate(value['latest'])];
  return since === undefined || latest === undefined ? undefined : { since, latest };
}

function readDate(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !ISO_DATE.test(value)) return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

const readId = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[A-Za-z0-9]{1,32}$/.test(value) ? value : undefined;

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
