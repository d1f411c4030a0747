/**
 * Reports that others sent about us, as they are kept for operators: the newest days first, each once (RFC 8460 §5.6),
 * beside what is counted of them by day.
 */
import { createHash } from 'node:crypto';
import type { Bytes } from '#mail/units.ts';
import type { RecordStore, StoredRecord } from '#records/store.ts';
import type { Arrived, FailureKind } from './arrival.ts';
import { DAY_MS, dayOf, type Day } from './day.ts';
import { dateOf, newestFirst, parseObject, parseTotals, type Totals } from './job.ts';

export type ReceivedReport = {
  /** What is behind the day in its key. */
  readonly number: string;
  readonly day: Day;
  readonly via: 'mail' | 'https';
  readonly signer: string;
  readonly organizationName: string;
  readonly reportId: string;
  readonly start: Date;
  readonly end: Date;
  readonly receivedAt: Date;
  readonly domains: readonly string[];
  readonly totals: Totals;
  readonly oddities: readonly string[];
  readonly gzip: Uint8Array;
};

const REPORTS = 'tls-report-received';
const DAYS = 'tls-report-received-day';
const NUMBER_LENGTH = 12;
/** Days that a report may be about to be sorted by it; others are sorted by when they came. */
const PAST_MS = 400 * DAY_MS;
/** Alerts of one day: strangers can make hosts up. */
const ALERTS_AT_MOST = 100;
const DAY_KEPT_MS = 2 * DAY_MS;

/** The same submitter and number make the same report. Over HTTPS nobody vouches for either, so those are kept apart. */
export function receivedReport(arrived: Arrived, via: 'mail' | 'https', receivedAt: Date): ReceivedReport {
  const { failures: _failures, ...kept } = arrived;
  const identity = arrived.reportId === '' ? Buffer.from(arrived.gzip).toString('base64') : arrived.reportId;
  const submitter = via === 'mail' ? arrived.signer : arrived.organizationName;
  const number = createHash('sha256').update(`${via}\n${submitter}\n${identity}`).digest('hex').slice(0, NUMBER_LENGTH);
  const age = receivedAt.getTime() - arrived.start.getTime();
  const day = dayOf(age >= -DAY_MS && age <= PAST_MS ? arrived.start : receivedAt);
  return { ...kept, number, day, via, receivedAt };
}

const keyOf = ({ day, number }: Pick<ReceivedReport, 'day' | 'number'>): string => `${newestFirst(day)} ${number}`;

export async function isKnown(store: RecordStore, report: ReceivedReport): Promise<boolean> {
  return (await store.get(REPORTS, keyOf(report))) !== undefined;
}

/** Of two processes that get it at the same time the first one's stays. */
export async function keepReceived(store: RecordStore, report: ReceivedReport, expiresAt: Date): Promise<void> {
  const { gzip, number: _number, day: _day, ...told } = report;
  const value = JSON.stringify({ ...told, gzip: Buffer.from(gzip).toString('base64') });
  await store.add(REPORTS, [{ key: keyOf(report), value, count: 1, expiresAt }]);
}

export async function readReceived(
  store: RecordStore,
  place: Pick<ReceivedReport, 'day' | 'number'>,
): Promise<ReceivedReport | undefined> {
  const record = await store.get(REPORTS, keyOf(place));
  return record === undefined ? undefined : parseReceived(record);
}

export async function listReceived(
  store: RecordStore,
  limit: number,
  after: Pick<ReceivedReport, 'day' | 'number'> | undefined,
): Promise<readonly ReceivedReport[]> {
  const place = after === undefined ? {} : { after: keyOf(after) };
  return (await store.list(REPORTS, { ...place, limit })).flatMap((record) => parseReceived(record) ?? []);
}

/** Makes room for so many octets of the day; false when there is none left. */
export async function takeRoom(store: RecordStore, size: Bytes, limit: Bytes, now: Date): Promise<boolean> {
  const key = `octets ${dayOf(now)}`;
  const used = (await store.get(DAYS, key))?.count ?? 0;
  if (used + size > limit) return false;
  await store.add(DAYS, [{ key, value: '', count: size, expiresAt: new Date(now.getTime() + DAY_KEPT_MS) }]);
  return true;
}

/** Those of the kinds of failure that nobody was told of today; from now on they are. */
export async function newToday(
  store: RecordStore,
  failures: readonly FailureKind[],
  now: Date,
): Promise<readonly FailureKind[]> {
  const prefix = `alert ${dayOf(now)} `;
  const known = new Set((await store.list(DAYS, { prefix, limit: ALERTS_AT_MOST })).map(({ key }) => key));
  const expiresAt = new Date(now.getTime() + DAY_KEPT_MS);
  const fresh: FailureKind[] = [];
  for (const failure of failures) {
    const key = `${prefix}${failure.type} ${failure.mxHost}`.slice(0, 500);
    if (known.has(key) || known.size >= ALERTS_AT_MOST) continue;
    known.add(key);
    fresh.push(failure);
    await store.put(DAYS, { key, value: '', expiresAt });
  }
  return fresh;
}

function parseReceived({ key, value }: StoredRecord): ReceivedReport | undefined {
  const told = parseObject(value);
  const [place = '', number = ''] = key.split(' ');
  const [start, end, receivedAt] = [dateOf(told['start']), dateOf(told['end']), dateOf(told['receivedAt'])];
  const gzip = told['gzip'];
  if (start === undefined || end === undefined || receivedAt === undefined || typeof gzip !== 'string')
    return undefined;
  return {
    number,
    day: dayOf(new Date((100_000 - Number(place)) * DAY_MS)),
    via: told['via'] === 'mail' ? 'mail' : 'https',
    signer: textOf(told['signer']),
    organizationName: textOf(told['organizationName']),
    reportId: textOf(told['reportId']),
    start,
    end,
    receivedAt,
    domains: textsOf(told['domains']),
    totals: parseTotals(told['totals']),
    oddities: textsOf(told['oddities']),
    gzip: Buffer.from(gzip, 'base64'),
  };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(textOf) : []);
