/**
 * A demand for TLS that was not met, in a status and in words: Microsoft's where Microsoft has some, by whose demand it was.
 * Pure; `verify.ts` finds out what was missing.
 */
import { diagnose, type Diagnosis, type PolicyEvidence, type TlsEvidence } from '#mail/diagnosis.ts';
import type { StatusName } from '#mail/status.ts';
import type { Connect, DemandSource, Requirement } from './decision.ts';
import type { ResultType } from './results.ts';
import { oneLine } from './words.ts';

export type Peer = {
  readonly host: string;
  readonly ip: string;
  readonly port: number;
  /** Our own address, for TLS reports. */
  readonly sourceIp?: string | undefined;
};

/** What was missing. `words` in Exchange's manner, `detail` for people. */
export type Shortfall = {
  readonly type: ResultType | 'handshake';
  readonly words: string;
  readonly detail: string;
};

export type Circumstances = {
  readonly decision: Connect;
  readonly peer: Peer;
  readonly evidence: TlsEvidence | undefined;
};

const WORDS_LIMIT = 400;

export function diagnosisOf(
  { by, name }: Requirement,
  shortfall: Shortfall,
  { decision, peer: { host, ip, port }, evidence }: Circumstances,
): Diagnosis {
  const status = decision.requireTls ? 'requiretls-no-tls' : statusOf(by, shortfall.type);
  const row = diagnose(status);
  // A certificate is the peer's own text: it may hold anything.
  const words = oneLine(shortfall.words, WORDS_LIMIT);
  const said = status === 'sts-certificate' ? `Reason: ${words}` : `[Message=${words}]`;
  const text = `${row.text} ${said} [LastAttemptedServerName=${host}] [LastAttemptedIP=${ip}:${port}]`;
  const kind = decision.requireTls ? 'requiretls' : evidenceKind(by);
  const policy: PolicyEvidence = {
    kind,
    domain: name === '' ? host : name,
    detail: `${host}: ${oneLine(shortfall.detail, WORDS_LIMIT)}`,
  };
  return { ...row, text, policy, remote: { host, ip, reply: '' }, tls: evidence };
}

/** The sources have one or two codes each, but DANE, for which RFC 8460 §4.3 and Exchange have the same names. */
function statusOf(by: DemandSource, type: Shortfall['type']): StatusName {
  const noTls = type === 'starttls-not-supported' || type === 'handshake';
  switch (by) {
    case 'dane':
      return noTls ? 'starttls-not-supported' : daneStatusOf(type);
    case 'mta-sts':
      return noTls ? 'sts-tls-not-offered' : 'sts-certificate';
    case 'requiretls':
      return 'requiretls-no-tls';
    case 'floor':
    case 'connector':
    case 'override':
    case 'rule':
    case 'tls-report':
      return 'tls-required';
  }
}

function daneStatusOf(type: Shortfall['type']): StatusName {
  return type === 'certificate-expired' || type === 'certificate-host-mismatch' ? type : 'tlsa-invalid';
}

function evidenceKind(by: DemandSource): PolicyEvidence['kind'] {
  return by === 'tls-report' ? 'floor' : by;
}
