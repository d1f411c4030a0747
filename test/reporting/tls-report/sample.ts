/** Settings, policies and sessions for tests of TLS reports: each test names only what it is about. */
import type { TlsReportSettings } from '#reporting/tls-report/settings.ts';
import type { AppliedPolicy, PolicyFailure, SessionResults } from '#tls-policy/results.ts';

type Changes = Partial<Omit<TlsReportSettings['tlsReports'], 'receive'>> & {
  readonly receive?: Partial<TlsReportSettings['tlsReports']['receive']>;
  readonly keyFile?: string;
};

export function reportSettings({ receive, keyFile = '', ...changes }: Changes = {}): TlsReportSettings {
  return {
    reports: { from: 'postmaster@s.test' },
    dkim: { domain: 's.test', selector: 'postern', keyFile },
    tlsReports: {
      send: true,
      organizationName: 'Sender & Co',
      contactInfo: 'postmaster@s.test',
      submitter: 's.test',
      successes: true,
      skipReused: true,
      sendingIp: false,
      receivingIp: true,
      excludedDomains: [],
      allowUntrustedHttps: true,
      privateAddresses: false,
      keep: 7 * 86_400_000,
      suppressFor: 14 * 86_400_000,
      ...changes,
      receive: {
        address: 'tls-reports@own.test',
        domains: [],
        keep: 90 * 86_400_000,
        messageLimit: 10_000_000,
        reportLimit: 20_000_000,
        dailyLimit: 100_000_000,
        ...receive,
      },
    },
  };
}

export const TLSA: AppliedPolicy = {
  type: 'tlsa',
  domain: 'mx.dest.test',
  strings: [`3 1 1 ${'ab'.repeat(32)}`],
  mxPatterns: [],
};

export const STS: AppliedPolicy = {
  type: 'sts',
  domain: 'dest.test',
  strings: ['version: STSv1', 'mode: enforce', 'mx: mx1.dest.test', 'mx: *.mail.dest.test', 'max_age: 604800'],
  mxPatterns: ['mx1.dest.test', '*.mail.dest.test'],
};

export const NO_POLICY: AppliedPolicy = { type: 'no-policy-found', domain: 'dest.test', strings: [], mxPatterns: [] };

export const NOON = new Date('2024-05-01T12:00:00Z');

export function failure(changes: Partial<PolicyFailure> = {}): PolicyFailure {
  return { type: 'certificate-expired', reason: 'expired', mxHost: 'mx1.dest.test', ip: '192.0.2.1', ...changes };
}

/** A session under these policies: good ones, unless a failure is given. */
export function session(
  policies: readonly AppliedPolicy[],
  failed?: PolicyFailure,
  changes: Partial<SessionResults> = {},
): SessionResults {
  const results = policies.map((policy) => ({ policy, failure: failed }));
  return { domain: 'dest.test', results, at: NOON, ...changes };
}
