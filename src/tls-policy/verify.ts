/**
 * Judges whether a session has the TLS that was decided on. Pure: what the handshake gave comes in, a verdict goes out.
 * Not for choosing what happens next; `outbound/trouble.ts` does that with the diagnosis.
 */
import { standsForDomain, standsForHost, type CertificateNames } from '#mail/certificate-names.ts';
import { diagnose, type Diagnosis, type TlsEvidence } from '#mail/diagnosis.ts';
import type { Identity, TlsDecision } from './decide.ts';

export type PeerCertificate = {
  /** `CN=mx.example.net`, as it stands in the certificate. */
  readonly subject: string;
  readonly names: CertificateNames;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
  /** SHA-1 in upper-case hex, which Windows calls the thumbprint. */
  readonly thumbprint: string;
};

export type Handshake = {
  readonly version: string;
  readonly cipher: string;
  /** OpenSSL's name of what is wrong with the chain, revocation lists included; `undefined` when it is trusted. */
  readonly chainProblem: string | undefined;
  /** `undefined` when the peer showed none that can be read: then nobody is authenticated. */
  readonly certificate: PeerCertificate | undefined;
};

/** What became of TLS on a connection. */
export type TlsResult =
  | { readonly kind: 'secured'; readonly handshake: Handshake }
  /** STARTTLS is not offered, or was refused. */
  | { readonly kind: 'not-offered' }
  /** The handshake failed; `reason` is OpenSSL's or ours. */
  | { readonly kind: 'failed'; readonly reason: string };

export type Peer = { readonly host: string; readonly ip: string; readonly port: number };

export type Verdict =
  | { readonly kind: 'met'; readonly evidence: TlsEvidence | undefined }
  | { readonly kind: 'unmet'; readonly diagnosis: Diagnosis };

export function verifyTls(decision: TlsDecision, result: TlsResult, peer: Peer): Verdict {
  switch (result.kind) {
    case 'not-offered':
      if (decision.kind === 'prefer') return { kind: 'met', evidence: undefined };
      return unmet('451 5.7.3 STARTTLS is required to send mail', peer);
    case 'failed':
      if (decision.kind === 'prefer') return { kind: 'met', evidence: undefined };
      return unmet(`TlsNegotiationFailed ${result.reason}`, peer);
    case 'secured':
      return judge(decision, result.handshake, peer);
  }
}

function judge(decision: TlsDecision, handshake: Handshake, peer: Peer): Verdict {
  if (decision.kind === 'authenticate') {
    const problem = problemOf(decision.identity, handshake);
    if (problem !== undefined) return unmet(problem, peer, evidenceOf(handshake, false));
    return { kind: 'met', evidence: evidenceOf(handshake, true) };
  }
  // Nobody asked, but what was seen is worth telling.
  const identity: Identity = { kind: 'host', name: peer.host };
  return { kind: 'met', evidence: evidenceOf(handshake, problemOf(identity, handshake) === undefined) };
}

function problemOf(identity: Identity, { certificate, chainProblem }: Handshake): string | undefined {
  if (certificate === undefined) return 'NoCertificate';
  if (chainProblem !== undefined) return CHAIN_WORDS[chainProblem] ?? `ChainInvalid ${chainProblem}`;
  if (identifies(certificate.names, identity)) return undefined;
  const expected = identity.kind === 'host' ? identity.name : identity.kind === 'domain' ? identity.pattern : '';
  const { subject, thumbprint } = certificate;
  return `SubjectMismatch Expected Subject: ${expected}. Presented Subject: ${subject}. Thumbprint:${thumbprint}`;
}

function identifies(names: CertificateNames, identity: Identity): boolean {
  switch (identity.kind) {
    case 'any':
      return true;
    case 'host':
      return standsForHost(names, identity.name);
    case 'domain':
      return standsForDomain(names, identity.pattern);
  }
}

/** OpenSSL's words for a chain in those of Windows, which Exchange prints. */
const CHAIN_WORDS: { readonly [code in string]?: string } = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'UntrustedRoot',
  SELF_SIGNED_CERT_IN_CHAIN: 'UntrustedRoot',
  UNABLE_TO_GET_ISSUER_CERT: 'UntrustedRoot',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'UntrustedRoot',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'UntrustedRoot',
  CERT_UNTRUSTED: 'UntrustedRoot',
  CERT_HAS_EXPIRED: 'CertificateExpired',
  CERT_NOT_YET_VALID: 'CertificateNotYetValid',
  CERT_REVOKED: 'CertificateRevoked',
  UNABLE_TO_GET_CRL: 'RevocationUnknown',
  CRL_HAS_EXPIRED: 'RevocationListExpired',
  CRL_NOT_YET_VALID: 'RevocationListNotYetValid',
  CERT_SIGNATURE_FAILURE: 'SignatureFailure',
  INVALID_PURPOSE: 'PurposeError',
};

function evidenceOf({ version, cipher, certificate }: Handshake, authenticated: boolean): TlsEvidence {
  if (certificate === undefined) return { version, cipher, authenticated: false };
  return { version, cipher, authenticated, peerSubject: certificate.subject, peerFingerprint: certificate.fingerprint };
}

function unmet(message: string, { host, ip, port }: Peer, tls?: TlsEvidence): Verdict {
  const attempted = `[LastAttemptedServerName=${host}] [LastAttemptedIP=${ip}:${port}]`;
  const diagnosis = diagnose('tls-required', `[Message=${printable(message)}] ${attempted}`);
  return { kind: 'unmet', diagnosis: { ...diagnosis, remote: { host, ip, reply: '' }, tls } };
}

/** A certificate is the peer's own text: it may hold anything, and a diagnosis is US-ASCII on one line. */
function printable(text: string): string {
  return text.slice(0, 400).replaceAll(/[^\x20-\x7e]+/g, '?');
}
