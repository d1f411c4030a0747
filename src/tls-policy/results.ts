/**
 * How one session, or an attempt that came to none, stands to what a destination has published: the matter of TLS reports
 * (RFC 8460 §4). Types only; `verify.ts` and `decide.ts` make them, `reporting/tls-report/` counts them.
 */

/** RFC 8460 §4.3. */
export type ResultType =
  | 'starttls-not-supported'
  | 'certificate-host-mismatch'
  | 'certificate-not-trusted'
  | 'certificate-expired'
  | 'validation-failure'
  | 'tlsa-invalid'
  | 'dnssec-invalid'
  | 'dane-required'
  | 'sts-policy-fetch-error'
  | 'sts-policy-invalid'
  | 'sts-webpki-invalid';

export type AppliedPolicy = {
  readonly type: 'tlsa' | 'sts' | 'no-policy-found';
  /** The recipient's domain for `sts` and `no-policy-found`, the TLSA base domain for `tlsa`. */
  readonly domain: string;
  /** Lines of the policy, or TLSA records in presentation format; empty for `no-policy-found`. */
  readonly strings: readonly string[];
  /** `mx` patterns of an MTA-STS policy. */
  readonly mxPatterns: readonly string[];
};

export type PolicyFailure = {
  readonly type: ResultType;
  /** One line of US-ASCII, up to 200 characters, without addresses of mail. */
  readonly reason: string;
  /** Absent where the failure came before any host was talked to. */
  readonly mxHost?: string | undefined;
  readonly ip?: string | undefined;
  /** Our own address in the session, where it is known. */
  readonly sourceIp?: string | undefined;
};

export type PolicyResult = {
  readonly policy: AppliedPolicy;
  /** `undefined` is a success. */
  readonly failure: PolicyFailure | undefined;
};

/** What is counted once for each session that was opened (RFC 8460 §4.3.4: none that never came to TLS). */
export type SessionResults = {
  /** The nexthop's domain. */
  readonly domain: string;
  readonly results: readonly PolicyResult[];
  /** When the session was begun. */
  readonly at: Date;
  /** It was open already, from an earlier message: counted only where the settings want that. */
  readonly reused?: boolean | undefined;
};

export type CountResults = (session: SessionResults) => void;
