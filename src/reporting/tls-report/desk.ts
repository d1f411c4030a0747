/**
 * The operator's view of TLS reports: those that others sent us and those that we sent, or are about to. A port, behind which
 * the running relay or the record store alone may stand; what it tells is plain text and numbers, and survives JSON.
 */
import type { RecordStore } from '#records/store.ts';
import type { Day } from './day.ts';
import {
  listJobs,
  readJob,
  type JobPlace,
  type KeptJob,
  type ReportTarget,
  type SendingJob,
  type Totals,
} from './job.ts';
import { unpackReport } from './packed.ts';
import { listReceived, readReceived, type ReceivedReport } from './received.ts';
import { timeText, type PolicyReport } from './report.ts';
import { listSent, readSent, type SentReport } from './sent.ts';
import { listSuppressions } from './suppression.ts';

export type ReportDirection = 'received' | 'sent';

export type ReportRow = {
  /** `in-2024-05-01-0123456789ab`, `out-2024-05-01-dest.test` */
  readonly id: string;
  readonly direction: ReportDirection;
  readonly day: Day;
  /** Policy domains that it is about. */
  readonly domains: readonly string[];
  /** Who sent it, or where it went. */
  readonly party: string;
  readonly totals: Totals;
  readonly state: 'received' | 'waiting' | 'sent' | 'failed';
  /** What makes one doubt it; of sent ones why a destination has not taken it. */
  readonly remarks: readonly string[];
};

export type ReportDetail = ReportRow & {
  readonly reportId: string;
  readonly organizationName: string;
  readonly contactInfo: string;
  /** RFC 3339. */
  readonly begins: string;
  readonly ends: string;
  /** When it came, or when it was last handed over. */
  readonly handled: string;
  readonly via: 'mail' | 'https' | '';
  /** Whose DKIM signature vouches for it. */
  readonly signer: string;
  readonly targets: readonly ReportTarget[];
  readonly policies: readonly PolicyReport[];
};

export type SuppressedAddress = { readonly address: string; readonly reason: string; readonly lastsUntil: string };

export type ReportQuery = {
  readonly direction?: ReportDirection | undefined;
  /** Only those about this domain. */
  readonly domain?: string | undefined;
  readonly limit: number;
};

export type ReportListing = {
  /** The newest days first. */
  readonly reports: readonly ReportRow[];
  readonly suppressed: readonly SuppressedAddress[];
};

export interface TlsReportDesk {
  list(query: ReportQuery): Promise<ReportListing>;
  /** `undefined` when there is none of this id. */
  show(id: string): Promise<ReportDetail | undefined>;
  close(): Promise<void>;
}

export const MAX_REPORTS = 1000;
const PAGE = 200;
/** Records that are looked through for those of one domain. */
const LOOKED_THROUGH = 20_000;
const SUPPRESSED_AT_MOST = 100;

export class RecordTlsReportDesk implements TlsReportDesk {
  readonly #store: RecordStore;

  /** The store is taken over: it is closed with the desk. */
  constructor(store: RecordStore) {
    this.#store = store;
  }

  async list({ direction, domain, limit }: ReportQuery): Promise<ReportListing> {
    const isWanted = ({ domains }: ReportRow): boolean => domain === undefined || domains.includes(domain);
    const received = direction === 'sent' ? [] : await this.#collect(receivedPages(this.#store), isWanted, limit);
    const sent = direction === 'received' ? [] : await this.#collect(sentPages(this.#store), isWanted, limit);
    const reports = [...received, ...sent].toSorted(byDay).slice(0, limit);
    const suppressed = await listSuppressions(this.#store, SUPPRESSED_AT_MOST);
    return {
      reports,
      suppressed: suppressed.map(({ address, reason, expiresAt }) => ({
        address,
        reason,
        lastsUntil: timeText(expiresAt),
      })),
    };
  }

  async show(id: string): Promise<ReportDetail | undefined> {
    const [, direction, day = '', rest = ''] = /^(in|out)-(\d{4}-\d\d-\d\d)-(.{1,253})$/.exec(id) ?? [];
    if (direction === 'in') {
      const received = await readReceived(this.#store, { day, number: rest });
      return received === undefined ? undefined : receivedDetail(received);
    }
    if (direction !== 'out') return undefined;
    const place = { day, domain: rest };
    const sent = await readSent(this.#store, place);
    if (sent !== undefined) return sentDetail(sent, sent);
    const job = await readJob(this.#store, place);
    return job?.kind === 'sending'
      ? sentDetail({ ...place, outcome: 'waiting' }, { ...job, at: job.nextAt })
      : undefined;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async #collect(
    pages: AsyncGenerator<readonly ReportRow[]>,
    isWanted: (row: ReportRow) => boolean,
    limit: number,
  ): Promise<readonly ReportRow[]> {
    const rows: ReportRow[] = [];
    let seen = 0;
    for await (const page of pages) {
      rows.push(...page.filter(isWanted));
      seen += page.length;
      if (rows.length >= limit || seen >= LOOKED_THROUGH) break;
    }
    return rows;
  }
}

const byDay = (one: ReportRow, other: ReportRow): number =>
  other.day.localeCompare(one.day) || one.id.localeCompare(other.id);

async function* receivedPages(store: RecordStore): AsyncGenerator<readonly ReportRow[]> {
  for (let after: ReceivedReport | undefined; ;) {
    const page: readonly ReceivedReport[] = await listReceived(store, PAGE, after);
    yield page.map(receivedRow);
    after = page.at(-1);
    if (after === undefined) return;
  }
}

/** What waits first, then what is done. */
async function* sentPages(store: RecordStore): AsyncGenerator<readonly ReportRow[]> {
  for (let after: JobPlace | undefined; ;) {
    const page: readonly KeptJob[] = await listJobs(store, after);
    yield page.flatMap(({ place, job }) =>
      job.kind === 'sending' ? [sentRow({ ...place, outcome: 'waiting' }, job)] : [],
    );
    after = page.at(-1)?.place;
    if (after === undefined) break;
  }
  for (let after: SentReport | undefined; ;) {
    const page: readonly SentReport[] = await listSent(store, PAGE, after);
    yield page.map((sent) => sentRow(sent, sent));
    after = page.at(-1);
    if (after === undefined) return;
  }
}

function receivedRow(report: ReceivedReport): ReportRow {
  const { number, day, domains, organizationName, signer, totals, oddities } = report;
  return {
    id: `in-${day}-${number}`,
    direction: 'received',
    day,
    domains,
    party: signer === '' ? `${organizationName} (unsigned)` : signer,
    totals,
    state: 'received',
    remarks: oddities,
  };
}

type SentPlace = JobPlace & { readonly outcome: 'waiting' | 'sent' | 'failed' };

function sentRow(
  { day, domain, outcome }: SentPlace,
  { totals, targets }: Pick<SendingJob, 'totals' | 'targets'>,
): ReportRow {
  const open = targets.filter(({ state }) => state !== 'accepted');
  return {
    id: `out-${day}-${domain}`,
    direction: 'sent',
    day,
    domains: [domain],
    party: targets.map(({ to }) => to).join(' '),
    totals,
    state: outcome,
    remarks: open.flatMap(({ to, state, reason }) => (reason === '' ? [] : [`${to} ${state}: ${reason}`])),
  };
}

function receivedDetail(report: ReceivedReport): ReportDetail {
  const { via, signer, receivedAt, gzip } = report;
  return {
    ...receivedRow(report),
    ...contentOf(report, gzip),
    via,
    signer,
    handled: timeText(receivedAt),
    targets: [],
  };
}

type Handled = Pick<SendingJob, 'totals' | 'targets' | 'gzip' | 'reportId'> & { readonly at: Date };

function sentDetail(place: SentPlace, job: Handled): ReportDetail {
  const { gzip, targets, at } = job;
  return { ...sentRow(place, job), ...contentOf(job, gzip), via: '', signer: '', handled: timeText(at), targets };
}

function contentOf({ reportId }: { readonly reportId: string }, gzip: Uint8Array) {
  const report = unpackReport(gzip);
  return {
    reportId,
    organizationName: report?.organizationName ?? '',
    contactInfo: report?.contactInfo ?? '',
    begins: report === undefined ? '' : timeText(report.start),
    ends: report === undefined ? '' : timeText(report.end),
    policies: report?.policies ?? [],
  };
}
