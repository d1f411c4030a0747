/**
 * Why a delivery was deferred or failed, as the queue keeps it and as logs, `queue show` and NDRs print it.
 *
 * It is kept without its class digit: a deferral of a day becomes a failure with the same `detail` (RFC 3463 §2).
 */
import { enhancedStatus, STATUS_TABLE, type OutcomeKind, type StatusName } from './status.ts';

/** What TLS a session had, for NDRs and trace records. */
export type TlsEvidence = {
  readonly version: string; // 'TLSv1.3'
  readonly cipher: string; // IANA or OpenSSL name
  /** The peer's certificate chained to a trusted root and its name matched. */
  readonly authenticated: boolean;
  readonly peerSubject?: string | undefined;
  /** SHA-256 of the peer's certificate, lower-case hex. */
  readonly peerFingerprint?: string | undefined;
  /** SHA-256 of every certificate that was sent, the peer's first, where a policy looked at them. */
  readonly chain?: readonly string[] | undefined;
  /** Whose demand the certificate has met: `dane`, `mta-sts`, `floor`, `connector`, `override`, `rule` or `requiretls`. */
  readonly by?: string | undefined;
  /** The domain of that policy, or the name of the connector or override. */
  readonly policy?: string | undefined;
  /** The TLSA record that matched, or the record of the policy: `_25._tcp.mx.dest.test 3 1 1 ab12...`, `_mta-sts.dest.test id=1`. */
  readonly matched?: string | undefined;
  /** What is not well about it and yet no reason to refuse. */
  readonly warnings?: readonly string[] | undefined;
};

/** Which demand for TLS was not met, so that an NDR can say who published what, how it failed and who can mend it. */
export type PolicyEvidence = {
  /**
   * `mta-sts` and `dane` are the recipient's side's own, `requiretls` the sender's wish; `rule`, `override`, `floor`
   * and `connector` stand in this relay's configuration.
   */
  readonly kind: 'mta-sts' | 'dane' | 'requiretls' | 'rule' | 'override' | 'floor' | 'connector';
  /** Who published it: the domain of the MTA-STS policy or of the TLSA records; else the domain or nexthop it is about. */
  readonly domain: string;
  /** How it failed, one sentence in US-ASCII: `MX mx9.dest.test is not among mx1.dest.test, *.dest.test`. */
  readonly detail: string;
};

export type Diagnosis = {
  readonly status: StatusName;
  /** `subject.detail` of RFC 3463: the status row's, or the remote server's own. */
  readonly detail: string;
  /** The sentence behind the code, US-ASCII, e.g. `Cannot connect to remote server [Message=UntrustedRoot]`. */
  readonly text: string;
  /** The host that we talked to, when there was one. */
  readonly remote?:
    | {
        readonly host: string;
        readonly ip: string;
        /** Its reply with the three-digit code, lines joined by one space; `''` when it gave none. */
        readonly reply: string;
      }
    | undefined;
  readonly tls?: TlsEvidence | undefined;
  readonly policy?: PolicyEvidence | undefined;
};

/** `450 4.4.317 Cannot connect to remote server`: what stands in Diagnostic-Code and in logs. */
export function diagnosticText(kind: OutcomeKind, diagnosis: Diagnosis): string {
  const reply: { readonly [outcome in OutcomeKind]?: number } = STATUS_TABLE[diagnosis.status].reply;
  const code = reply[kind] ?? (kind === 'deferred' ? 450 : 550);
  return `${code} ${enhancedStatus(kind, diagnosis.detail)} ${diagnosis.text}`;
}

/** A diagnosis straight from the table; `addition` follows the row's text, e.g. `[Message=UntrustedRoot]`. */
export function diagnose(status: StatusName, addition = ''): Diagnosis {
  const { detail, text } = STATUS_TABLE[status];
  return { status, detail, text: addition === '' ? text : `${text} ${addition}` };
}
