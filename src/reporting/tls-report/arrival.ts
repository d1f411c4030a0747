/**
 * What is to be known of a report that came in: whose it is, whether it is about us, what is odd about it. Runs in the thread
 * of `reading-thread.ts` and is pure but for the look-up of DKIM keys.
 */
import { matchesDomain, parseDomainPatterns } from '#mail/domain-pattern.ts';
import type { Bytes } from '#mail/units.ts';
import { verifyDkim, type DkimFindings, type KeyAnswer } from '#mime/dkim.ts';
import { attachmentsOf } from '#mime/inspect.ts';
import { DAY_MS } from './day.ts';
import type { Totals } from './job.ts';
import { packReport } from './packed.ts';
import type { ReportReading } from './read-report.ts';
import { UNKNOWN_DOMAIN, type PolicyReport, type TlsReport } from './report.ts';
import { mayBeReport, readOctets } from './unpack.ts';

export type ArrivalRequest = {
  readonly kind: 'mail' | 'https';
  readonly octets: Uint8Array;
  readonly reportLimit: Bytes;
  /** Patterns of the domains that are ours. */
  readonly ours: readonly string[];
  readonly now: Date;
};

export type Arrived = {
  /** Who vouches for it: the domain of its DKIM signature, or over HTTPS nobody. */
  readonly signer: string;
  readonly organizationName: string;
  readonly reportId: string;
  readonly start: Date;
  readonly end: Date;
  readonly domains: readonly string[];
  readonly totals: Totals;
  readonly oddities: readonly string[];
  readonly failures: readonly FailureKind[];
  readonly gzip: Uint8Array;
};

/** One type of failure at one of our hosts (`''` where none is told). */
export type FailureKind = { readonly type: string; readonly mxHost: string };

export type Arrival =
  | { readonly kind: 'report'; readonly arrived: Arrived }
  /** `reason` is one of few words, for counting. */
  | { readonly kind: 'ignored'; readonly reason: string }
  /** It cannot be judged at the moment. */
  | { readonly kind: 'later'; readonly reason: string };

/** Parts of a message that are looked at. */
const PARTS_AT_MOST = 20;
const RANGE_AT_MOST_MS = 8 * DAY_MS;
const FAILURE_KINDS_AT_MOST = 100;

export async function readArrival(
  request: ArrivalRequest,
  lookUpText: (name: string) => Promise<KeyAnswer>,
): Promise<Arrival> {
  if (request.kind === 'https') return judge(readOctets(request.octets, request.reportLimit), request, '');
  const { octets, now } = request;
  const voucher = voucherOf(await verifyDkim(octets, { lookUpText, service: 'tlsrpt', now }));
  return voucher.kind === 'signed' ? judge(readMail(request), request, voucher.domain) : voucher;
}

type Voucher = { readonly kind: 'signed'; readonly domain: string } | Exclude<Arrival, { kind: 'report' }>;

/**
 * RFC 8460 §3: a report by mail must have a valid signature of the submitter's domain, over all of it. Which domain that is
 * From says, as in DMARC: it is the signature's, or lies below it.
 */
function voucherOf({ signatures, fromDomains }: DkimFindings): Voucher {
  if (signatures.length === 0) return { kind: 'ignored', reason: 'unsigned' };
  const [from, ...others] = fromDomains;
  const own = signatures.filter(
    ({ domain }) => others.length === 0 && domain.includes('.') && (from === domain || from?.endsWith(`.${domain}`)),
  );
  const whole = own.filter(({ isPartial }) => !isPartial);
  const valid = whole.find(({ result }) => result === 'pass');
  if (valid !== undefined) return { kind: 'signed', domain: valid.domain };
  if (whole.some(({ result }) => result === 'unknown')) return { kind: 'later', reason: 'the key of its signature' };
  if (own.length === 0) return { kind: 'ignored', reason: 'signed-by-another' };
  return { kind: 'ignored', reason: whole.length === 0 ? 'partly-signed' : 'bad-signature' };
}

/** The first part that is a report; else why the first that might have been one is none. */
function readMail({ octets, reportLimit }: ArrivalRequest): ReportReading {
  const attachments = attachmentsOf(octets);
  if (attachments === undefined) return { kind: 'refused', reason: 'unreadable' };
  const parts = attachments.filter((part) => mayBeReport(part.octets)).slice(0, PARTS_AT_MOST);
  let trouble: ReportReading = { kind: 'refused', reason: 'no-report' };
  for (const [index, part] of parts.entries()) {
    const reading = readOctets(part.octets, reportLimit);
    if (reading.kind === 'report') return reading;
    if (index === 0) trouble = reading;
  }
  return trouble;
}

function judge(reading: ReportReading, { ours, now }: ArrivalRequest, signer: string): Arrival {
  if (reading.kind === 'refused') return { kind: 'ignored', reason: reading.reason };
  const patterns = parseDomainPatterns(ours);
  const isOurs = ({ domain }: PolicyReport): boolean =>
    domain === UNKNOWN_DOMAIN || patterns.some((pattern) => matchesDomain(pattern, domain));
  const policies = reading.report.policies.filter(isOurs);
  if (policies.length === 0) return { kind: 'ignored', reason: 'not-ours' };
  const { gzip, report } = packReport({ ...reading.report, policies });
  const { organizationName, reportId, start, end } = report;
  const sum = (count: (policy: PolicyReport) => number): number =>
    policies.reduce((total, policy) => total + count(policy), 0);
  return {
    kind: 'report',
    arrived: {
      signer,
      organizationName,
      reportId,
      start,
      end,
      domains: [...new Set(policies.map(({ domain }) => domain))].slice(0, PARTS_AT_MOST),
      totals: { successes: sum(({ successes }) => successes), failures: sum(({ failures }) => failures) },
      oddities: [...odditiesOf(report, now), ...reading.warnings],
      failures: failureKindsOf(policies),
      gzip,
    },
  };
}

/** What makes an operator doubt the times. */
export function odditiesOf({ start, end }: Pick<TlsReport, 'start' | 'end'>, now: Date): readonly string[] {
  const length = end.getTime() - start.getTime();
  return [
    ...(length > RANGE_AT_MOST_MS ? [`it covers ${Math.round(length / DAY_MS)} days`] : []),
    ...(length < 0 ? ['it ends before it begins'] : []),
    ...(Math.max(start.getTime(), end.getTime()) > now.getTime() + DAY_MS ? ['it is about the future'] : []),
  ];
}

function failureKindsOf(policies: readonly PolicyReport[]): readonly FailureKind[] {
  const kinds = new Map<string, FailureKind>();
  for (const { details } of policies) {
    for (const { type, mxHost = '', sessions } of details) {
      if (sessions > 0 && kinds.size < FAILURE_KINDS_AT_MOST) kinds.set(`${type} ${mxHost}`, { type, mxHost });
    }
  }
  return [...kinds.values()];
}
