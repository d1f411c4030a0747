/** What TLS reports need of the configuration. Defaults and the manual are in `config/tls-reports.ts`. */
import type { Bytes, Milliseconds } from '#mail/units.ts';
import type { DkimSettings } from '#mime/dkim-key.ts';

export type TlsReportSettings = {
  readonly reports: { readonly from: string };
  readonly dkim: DkimSettings;
  readonly tlsReports: {
    /** Sessions are counted and reports of them go to the domains that ask for them. */
    readonly send: boolean;
    readonly organizationName: string;
    readonly contactInfo: string;
    /** The domain that reports come from: Subject, TLS-Report-Submitter, file names. */
    readonly submitter: string;
    /** A day without a failure is reported too. */
    readonly successes: boolean;
    readonly skipReused: boolean;
    readonly sendingIp: boolean;
    readonly receivingIp: boolean;
    /** Neither counted nor reported: `example.org`, `*.example.org`. */
    readonly excludedDomains: readonly string[];
    /** Goes on where the certificate of a host that takes reports over HTTPS is not valid (RFC 8460 §3). */
    readonly allowUntrustedHttps: boolean;
    /** Hosts that take reports over HTTPS may have private and loopback addresses. */
    readonly privateAddresses: boolean;
    /** How long counters wait for a report, and how long sent reports can be looked at. */
    readonly keep: Milliseconds;
    /** An address that refused a report for good gets none for so long. */
    readonly suppressFor: Milliseconds;
    readonly receive: ReceiveSettings;
  };
};

export type ReceiveSettings = {
  /** Mail to it is a report and goes nowhere else; `''` takes none. */
  readonly address: string;
  /** Besides the accepted domains and the relay's own name: reports about these are kept. */
  readonly domains: readonly string[];
  readonly keep: Milliseconds;
  readonly messageLimit: Bytes;
  /** Of a report once it is unpacked. */
  readonly reportLimit: Bytes;
  /** What is kept of one day's reports in all. */
  readonly dailyLimit: Bytes;
};
