/**
 * How counters of TLS reports lie in the record store: one record for each domain of a day, for each policy's successes and
 * failures, and for each kind of failure. `tally.ts` adds to them, `sending.ts` makes reports of them.
 */
import { createHash } from 'node:crypto';
import type { Addition, RecordStore, StoredRecord } from '#records/store.ts';
import type { Day } from './day.ts';
import { readPolicies } from './read-report.ts';
import type { PolicyReport } from './report.ts';

export type CountedDomain = { readonly day: Day; readonly domain: string; readonly expiresAt: Date };

const COLLECTION = 'tls-report-tally';
/** Failures of one report that are told one by one, the most frequent first; all are in the sums. */
const DETAILS_AT_MOST = 2000;
/** Records of failures that are looked through for them. */
const LOOKED_THROUGH = 20_000;
const PAGE = 1000;

/** Sums up counters; all of one call are stored or none. */
export async function addCounts(store: RecordStore, additions: readonly Addition[]): Promise<void> {
  await store.add(COLLECTION, additions);
}

export const domainKey = ({ day, domain }: Pick<CountedDomain, 'day' | 'domain'>): string => `domain ${day} ${domain}`;

export function totalKey(
  { day, domain }: Pick<CountedDomain, 'day' | 'domain'>,
  policy: string,
  outcome: 'ok' | 'failed',
): string {
  return `total ${day} ${domain} ${shortHash(policy)} ${outcome}`;
}

export function detailKey(
  { day, domain }: Pick<CountedDomain, 'day' | 'domain'>,
  policy: string,
  failure: string,
): string {
  return `detail ${day} ${domain} ${shortHash(policy)} ${shortHash(failure)}`;
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 16);

/** Domains with counters, by day; those behind `after` when it is given. */
export async function listCountedDomains(
  store: RecordStore,
  after: CountedDomain | undefined,
): Promise<readonly CountedDomain[]> {
  const place = after === undefined ? {} : { after: domainKey(after) };
  const records = await store.list(COLLECTION, { prefix: 'domain ', ...place, limit: PAGE });
  return records.map(({ key, expiresAt }) => {
    const [, day = '', domain = ''] = key.split(' ');
    return { day, domain, expiresAt };
  });
}

/** What was counted for the domain on that day, the policies with most sessions first. */
export async function readCounts(store: RecordStore, counted: CountedDomain): Promise<readonly PolicyReport[]> {
  const totals = await listAll(store, `total ${counted.day} ${counted.domain} `, LOOKED_THROUGH);
  const details = await listAll(store, `detail ${counted.day} ${counted.domain} `, LOOKED_THROUGH);
  const told = details.toSorted((one, other) => other.count - one.count).slice(0, DETAILS_AT_MOST);
  const byPolicy = Map.groupBy(told, ({ key }) => policyOf(key));
  const entries = [...Map.groupBy(totals, ({ key }) => policyOf(key))].map(([policy, rows]) =>
    entryOf(rows, byPolicy.get(policy) ?? []),
  );
  return readPolicies(entries)
    .filter(({ type }) => type !== '')
    .toSorted((one, other) => other.successes + other.failures - (one.successes + one.failures));
}

const policyOf = (key: string): string => key.split(' ')[3] ?? '';

/** In the form of a report, whose reader checks what it is given: a file that was damaged costs the counter. */
function entryOf(totals: readonly StoredRecord[], details: readonly StoredRecord[]): object {
  const sum = (outcome: string): number => totals.find(({ key }) => key.endsWith(` ${outcome}`))?.count ?? 0;
  return {
    policy: parse(totals[0]?.value),
    summary: { 'total-successful-session-count': sum('ok'), 'total-failure-session-count': sum('failed') },
    'failure-details': details.map(({ value, count }) => ({ ...parse(value), 'failed-session-count': count })),
  };
}

function parse(text = ''): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** The domain's own record last: as long as it is there, the rest is found and removed. */
export async function removeCounts(store: RecordStore, counted: CountedDomain): Promise<void> {
  for (const kind of ['total', 'detail']) {
    const prefix = `${kind} ${counted.day} ${counted.domain} `;
    for (let rest = await listAll(store, prefix, PAGE); rest.length > 0; rest = await listAll(store, prefix, PAGE)) {
      await store.remove(
        COLLECTION,
        rest.map(({ key }) => key),
      );
    }
  }
  await store.remove(COLLECTION, [domainKey(counted)]);
}

async function listAll(store: RecordStore, prefix: string, limit: number): Promise<readonly StoredRecord[]> {
  const records: StoredRecord[] = [];
  for (;;) {
    const after = records.at(-1)?.key;
    const place = after === undefined ? {} : { after };
    const wanted = Math.min(PAGE, limit - records.length);
    const page = wanted === 0 ? [] : await store.list(COLLECTION, { prefix, ...place, limit: wanted });
    records.push(...page);
    if (page.length < wanted || wanted === 0) return records;
  }
}
