/**
 * Reports that were sent, or could not be: kept for operators, and as the mark that a domain's day is done with. The newest
 * come first.
 */
import type { RecordStore, StoredRecord } from '#records/store.ts';
import { dayOf, type Day } from './day.ts';
import {
  dateOf,
  newestFirst,
  parseObject,
  parseTargets,
  parseTotals,
  type JobPlace,
  type ReportTarget,
  type Totals,
} from './job.ts';

export type SentReport = {
  readonly day: Day;
  readonly domain: string;
  readonly outcome: 'sent' | 'failed';
  readonly at: Date;
  readonly reportId: string;
  readonly totals: Totals;
  readonly targets: readonly ReportTarget[];
  readonly gzip: Uint8Array;
};

const COLLECTION = 'tls-report-sent';

const keyOf = ({ day, domain }: JobPlace): string => `${newestFirst(day)} ${domain}`;

export async function keepSent(store: RecordStore, sent: SentReport, expiresAt: Date): Promise<void> {
  const value = JSON.stringify({ ...sent, gzip: Buffer.from(sent.gzip).toString('base64') });
  await store.put(COLLECTION, { key: keyOf(sent), value, expiresAt });
}

export async function readSent(store: RecordStore, place: JobPlace): Promise<SentReport | undefined> {
  const record = await store.get(COLLECTION, keyOf(place));
  return record === undefined ? undefined : parseSent(record);
}

/** What can no longer be read is a mark all the same. */
export async function isDone(store: RecordStore, place: JobPlace): Promise<boolean> {
  return (await store.get(COLLECTION, keyOf(place))) !== undefined;
}

export async function listSent(
  store: RecordStore,
  limit: number,
  after: JobPlace | undefined,
): Promise<readonly SentReport[]> {
  const place = after === undefined ? {} : { after: keyOf(after) };
  return (await store.list(COLLECTION, { ...place, limit })).flatMap((record) => parseSent(record) ?? []);
}

function parseSent({ key, value }: StoredRecord): SentReport | undefined {
  const { reportId, gzip, outcome, ...sent } = parseObject(value);
  const [number = '', domain = ''] = key.split(' ');
  const at = dateOf(sent['at']);
  if (at === undefined || typeof reportId !== 'string' || typeof gzip !== 'string') return undefined;
  return {
    day: dayOf(new Date((100_000 - Number(number)) * 86_400_000)),
    domain,
    outcome: outcome === 'sent' ? 'sent' : 'failed',
    at,
    reportId,
    totals: parseTotals(sent['totals']),
    targets: parseTargets(sent['targets']),
    gzip: Buffer.from(gzip, 'base64'),
  };
}
