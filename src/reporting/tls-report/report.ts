/**
 * A TLS report as a value, and as the JSON that RFC 8460 §4.4 describes. Pure. Others' reports are read by `read-report.ts`,
 * which is lenient where this is exact; what one writes the other reads back unchanged.
 */
import type { ResultType } from '#tls-policy/results.ts';

/** All of one day between one sender and one policy domain (RFC 8460 §4.1). */
export type TlsReport = {
  readonly organizationName: string;
  readonly start: Date;
  readonly end: Date;
  readonly contactInfo: string;
  readonly reportId: string;
  readonly policies: readonly PolicyReport[];
};

export type ReportedPolicy = {
  /** `tlsa`, `sts` or `no-policy-found`; reports of others may hold another word. */
  readonly type: string;
  readonly domain: string;
  readonly strings: readonly string[];
  /** Of `sts`: what the policy lists as MX hosts (an array: erratum 6241). */
  readonly mxHosts: readonly string[];
};

export type PolicyReport = ReportedPolicy & {
  readonly successes: number;
  readonly failures: number;
  /** Those that are told one by one; they may be fewer than `failures`. */
  readonly details: readonly FailureDetail[];
};

export type FailureDetail = {
  /** One of RFC 8460 §4.3; reports of others may hold another word. */
  readonly type: string;
  readonly sessions: number;
  readonly sendingIp?: string | undefined;
  readonly mxHost?: string | undefined;
  readonly mxHelo?: string | undefined;
  readonly receivingIp?: string | undefined;
  readonly additional?: string | undefined;
  readonly reason?: string | undefined;
};

/** RFC 8460 §4.3, all of them; a report of others may hold another word. */
export const RESULT_TYPES: readonly string[] = [
  'starttls-not-supported',
  'certificate-host-mismatch',
  'certificate-not-trusted',
  'certificate-expired',
  'validation-failure',
  'tlsa-invalid',
  'dnssec-invalid',
  'dane-required',
  'sts-policy-fetch-error',
  'sts-policy-invalid',
  'sts-webpki-invalid',
] satisfies readonly ResultType[];

/** What of a policy domain nobody can tell: some reporters leave it out. */
export const UNKNOWN_DOMAIN = 'unknown';

export function writeReport(report: TlsReport): string {
  return JSON.stringify({
    'organization-name': report.organizationName,
    'date-range': { 'start-datetime': timeText(report.start), 'end-datetime': timeText(report.end) },
    'contact-info': report.contactInfo,
    'report-id': report.reportId,
    policies: report.policies.map(writePolicy),
  });
}

function writePolicy({ successes, failures, details, ...policy }: PolicyReport): object {
  return {
    policy: policyMembers(policy),
    summary: { 'total-successful-session-count': successes, 'total-failure-session-count': failures },
    ...(details.length > 0 ? { 'failure-details': details.map(detailMembers) } : {}),
  };
}

/** Of `no-policy-found` the domain alone. */
export function policyMembers({ type, domain, strings, mxHosts }: ReportedPolicy): object {
  return {
    'policy-type': type,
    ...(strings.length > 0 ? { 'policy-string': strings } : {}),
    'policy-domain': domain,
    ...(mxHosts.length > 0 ? { 'mx-host': mxHosts } : {}),
  };
}

/** `undefined` members are left out by JSON itself. */
export function detailMembers(detail: Omit<FailureDetail, 'sessions'> & { readonly sessions?: number }): object {
  return {
    'result-type': detail.type,
    'sending-mta-ip': detail.sendingIp,
    'receiving-mx-hostname': detail.mxHost,
    'receiving-mx-helo': detail.mxHelo,
    'receiving-ip': detail.receivingIp,
    'failed-session-count': detail.sessions,
    'additional-information': detail.additional,
    'failure-reason-code': detail.reason,
  };
}

/** RFC 3339 without fractions: `2024-05-01T00:00:00Z`. */
export function timeText(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
