/**
 * What is on its way: the report of one day to one domain, from the look-up of its record until it is done. Kept in the
 * record store, so that a crash neither loses a report nor composes it anew under another number.
 */
import type { RecordStore } from '#records/store.ts';
import type { CountedDomain } from './counts.ts';
import type { Day } from './day.ts';

export type JobPlace = Pick<CountedDomain, 'day' | 'domain'>;

export type ReportTarget = {
  readonly kind: 'mailto' | 'https';
  /** An address or a URL. */
  readonly to: string;
  /** `suppressed`: the address refused an earlier report for good. */
  readonly state: 'waiting' | 'accepted' | 'suppressed' | 'failed';
  /** Of the last try; `''` when there was none or it went well. */
  readonly reason: string;
};

export type Totals = { readonly successes: number; readonly failures: number };

export type ReportJob =
  /** DNS did not say whether the domain wants a report. */
  | { readonly kind: 'lookup'; readonly tries: number; readonly nextAt: Date }
  | {
      readonly kind: 'sending';
      readonly reportId: string;
      readonly gzip: Uint8Array;
      readonly totals: Totals;
      readonly targets: readonly ReportTarget[];
      readonly tries: number;
      readonly nextAt: Date;
      readonly giveUpAt: Date;
    };

export type SendingJob = Extract<ReportJob, { kind: 'sending' }>;

const COLLECTION = 'tls-report-job';
const PAGE = 100;
const STATES = ['waiting', 'accepted', 'suppressed', 'failed'] as const;

const keyOf = ({ day, domain }: JobPlace): string => `${day} ${domain}`;

export async function readJob(store: RecordStore, place: JobPlace): Promise<ReportJob | undefined> {
  const record = await store.get(COLLECTION, keyOf(place));
  return record === undefined ? undefined : parseJob(record.value);
}

export async function keepJob(store: RecordStore, place: JobPlace, job: ReportJob, expiresAt: Date): Promise<void> {
  const gzip = job.kind === 'sending' ? { gzip: Buffer.from(job.gzip).toString('base64') } : {};
  await store.put(COLLECTION, { key: keyOf(place), value: JSON.stringify({ ...job, ...gzip }), expiresAt });
}

export async function removeJob(store: RecordStore, place: JobPlace): Promise<void> {
  await store.remove(COLLECTION, [keyOf(place)]);
}

export type KeptJob = { readonly place: JobPlace; readonly job: ReportJob; readonly expiresAt: Date };

/** In the order of their days; those behind `after` when it is given. */
export async function listJobs(store: RecordStore, after: JobPlace | undefined): Promise<readonly KeptJob[]> {
  const place = after === undefined ? {} : { after: keyOf(after) };
  const records = await store.list(COLLECTION, { ...place, limit: PAGE });
  return records.flatMap(({ key, value, expiresAt }) => {
    const [day = '', domain = ''] = key.split(' ');
    const job = parseJob(value);
    return job === undefined ? [] : [{ place: { day, domain }, job, expiresAt }];
  });
}

/** `undefined` for what an older program or a damaged file left. */
export function parseJob(text: string): ReportJob | undefined {
  const job = parseObject(text);
  const nextAt = dateOf(job['nextAt']);
  const tries = job['tries'];
  if (nextAt === undefined || typeof tries !== 'number') return undefined;
  if (job['kind'] === 'lookup') return { kind: 'lookup', tries, nextAt };
  const { reportId, gzip } = job;
  const giveUpAt = dateOf(job['giveUpAt']);
  if (typeof reportId !== 'string' || typeof gzip !== 'string' || giveUpAt === undefined) return undefined;
  const totals = parseTotals(job['totals']);
  const targets = parseTargets(job['targets']);
  return { kind: 'sending', reportId, gzip: Buffer.from(gzip, 'base64'), totals, targets, tries, nextAt, giveUpAt };
}

export function parseTargets(value: unknown): readonly ReportTarget[] {
  return (Array.isArray(value) ? value : []).flatMap((entry: unknown) => {
    const { kind, to, state, reason } = membersOf(entry);
    const known = STATES.find((one) => one === state);
    if ((kind !== 'mailto' && kind !== 'https') || typeof to !== 'string' || known === undefined) return [];
    return [{ kind, to, state: known, reason: typeof reason === 'string' ? reason : '' }];
  });
}

export function parseTotals(value: unknown): Totals {
  const { successes, failures } = membersOf(value);
  return { successes: Number(successes ?? 0), failures: Number(failures ?? 0) };
}

export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return membersOf(JSON.parse(text));
  } catch {
    return {};
  }
}

export const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

export function dateOf(value: unknown): Date | undefined {
  const date = typeof value === 'string' ? new Date(value) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}

/** Keys of days that put the newest first. */
export function newestFirst(day: Day): string {
  const number = Math.floor(new Date(`${day}T00:00:00Z`).getTime() / 86_400_000);
  return String(100_000 - number).padStart(6, '0');
}
