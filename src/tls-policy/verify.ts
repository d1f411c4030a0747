/**
 * Judges whether a session has the TLS that was decided on, and how it stands to what the destination publishes. Pure: what the
 * handshake gave comes in, a verdict goes out. Not for choosing what happens next; `outbound/trouble.ts` does that.
 */
import type { X509Certificate } from 'node:crypto';
import { standsForDomain, standsForHost, type CertificateNames } from '#mail/certificate-names.ts';
import type { Diagnosis, TlsEvidence } from '#mail/diagnosis.ts';
import { matchDane } from './dane/match.ts';
import { recordText } from './dane/records.ts';
import type { Connect, DaneTerms, Demand, Identity, Published, Requirement } from './decision.ts';
import type { PolicyResult, ResultType } from './results.ts';
import { diagnosisOf, type Peer, type Shortfall } from './unmet.ts';
import { oneLine } from './words.ts';

export type PeerCertificate = {
  /** `CN=mx.example.net`, as it stands in the certificate. */
  readonly subject: string;
  readonly names: CertificateNames;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
  /** SHA-1 in upper-case hex, which Windows calls the thumbprint. */
  readonly thumbprint: string;
  /** Its last second. */
  readonly validTo: Date;
};

export type Handshake = {
  readonly version: string;
  readonly cipher: string;
  /** OpenSSL's name of what is wrong with the chain, revocation lists included; `undefined` when it is trusted. */
  readonly chainProblem: string | undefined;
  /** `undefined` when the peer showed none that can be read: then nobody is authenticated. */
  readonly certificate: PeerCertificate | undefined;
  /** The certificates as they were sent, the peer's first; nothing about them is proven. Empty where nobody asks for them. */
  readonly chain: readonly X509Certificate[];
};

/** What became of TLS on a connection. */
export type TlsResult =
  | { readonly kind: 'secured'; readonly handshake: Handshake }
  /** STARTTLS is not offered, or was refused. */
  | { readonly kind: 'not-offered' }
  /** The handshake failed; `reason` is OpenSSL's or ours. */
  | { readonly kind: 'failed'; readonly reason: string };

export type Verdict =
  | { readonly kind: 'met'; readonly evidence: TlsEvidence | undefined; readonly results: readonly PolicyResult[] }
  | {
      readonly kind: 'unmet';
      readonly diagnosis: Diagnosis;
      /** Time will not help (RFC 8689 §4.2.1). */
      readonly lasting: boolean;
      /** Only this message demanded it. */
      readonly ofMessage: boolean;
      readonly results: readonly PolicyResult[];
    };

/** What one demand comes to. */
type Judgement = ({ readonly kind: 'met' } & Match) | { readonly kind: 'unmet'; readonly shortfall: Shortfall };

/** What matched, and what is not well about it all the same. */
type Match = { readonly matched?: string; readonly warnings?: readonly string[] };

const MET = { kind: 'met' } as const;

export function verifyTls(decision: Connect, result: TlsResult, peer: Peer, now: Date): Verdict {
  const judged = decision.requirements.map((requirement) => ({
    requirement,
    judgement: judge(requirement.demand, result, now),
  }));
  const results = decision.published.map((published) => resultOf(published, result, { peer, now }));
  const evidence = evidenceOf(decision, result, { peer, now });
  for (const { requirement, judgement } of judged) {
    if (judgement.kind === 'met') continue;
    const { shortfall } = judgement;
    const diagnosis = diagnosisOf(requirement, shortfall, { decision, peer, evidence });
    // A handshake that failed says nothing lasting of the host.
    const lasting = decision.requireTls && shortfall.type !== 'handshake';
    return { kind: 'unmet', diagnosis, lasting, ofMessage: decision.requireTls || requirement.by === 'rule', results };
  }
  const matches = judged.flatMap(({ judgement }) =>
    judgement.kind === 'met' && judgement.matched !== undefined ? [judgement] : [],
  );
  return { kind: 'met', evidence: proven(evidence, decision, matches[0]), results };
}

function judge(demand: Demand, result: TlsResult, now: Date): Judgement {
  if (demand.kind === 'clear' || demand.kind === 'prefer') return MET;
  switch (result.kind) {
    case 'not-offered':
      return unmet('starttls-not-supported', '451 5.7.3 STARTTLS is required to send mail');
    case 'failed':
      return unmet('handshake', `TlsNegotiationFailed ${result.reason}`);
    case 'secured':
      if (demand.kind === 'encrypt') return MET;
      if (demand.kind === 'dane') return judgeDane(demand, result.handshake, now);
      return judgeChain(demand.identity, result.handshake, now);
  }
}

function judgeDane({ records, names, strictDates, base, port }: DaneTerms, { chain }: Handshake, now: Date): Judgement {
  const judgement = matchDane({ chain, records: records.map(({ record }) => record), names, now, strictDates });
  if (judgement.kind === 'matched') {
    const { record, warnings } = judgement;
    return { kind: 'met', matched: oneLine(`_${port}._tcp.${base} ${recordText(record)}`), warnings };
  }
  const { failure, reason } = judgement;
  const published = records.map(({ record }) => recordText(record)).join(', ');
  const type = failure === 'certificate-not-yet-valid' ? 'validation-failure' : failure;
  return unmet(type, reason, `TLSA _${port}._tcp.${base} ${published}; ${reason}`);
}

function judgeChain(identity: Identity, { certificate, chainProblem }: Handshake, now: Date): Judgement {
  if (certificate === undefined) return unmet('certificate-not-trusted', 'NoCertificate');
  if (chainProblem === 'CERT_HAS_EXPIRED') {
    const { validTo } = certificate;
    const detail =
      validTo < now
        ? `the certificate expired on ${validTo.toISOString().slice(0, 10)}`
        : 'a certificate of its chain has expired';
    return unmet('certificate-expired', 'CertificateExpired', detail);
  }
  if (chainProblem !== undefined) {
    return unmet('certificate-not-trusted', CHAIN_WORDS[chainProblem] ?? `ChainInvalid ${chainProblem}`);
  }
  if (identifies(certificate.names, identity)) return MET;
  const expected =
    identity.kind === 'host' ? identity.name : identity.kind === 'domains' ? identity.patterns.join(' or ') : '';
  const { subject, thumbprint } = certificate;
  return unmet(
    'certificate-host-mismatch',
    `SubjectMismatch Expected Subject: ${expected}. Presented Subject: ${subject}. Thumbprint:${thumbprint}`,
  );
}

function identifies(names: CertificateNames, identity: Identity): boolean {
  switch (identity.kind) {
    case 'any':
      return true;
    case 'host':
      return standsForHost(names, identity.name);
    case 'domains':
      return identity.patterns.some((pattern) => standsForDomain(names, pattern));
  }
}

type Scene = { readonly peer: Peer; readonly now: Date };

/** For TLS reports: each policy for itself, whatever the decision rests on. */
function resultOf({ policy, demand, failure }: Published, result: TlsResult, { peer, now }: Scene): PolicyResult {
  if (failure !== undefined) return { policy, failure };
  const judgement = judge(demand, result, now);
  if (judgement.kind === 'met') return { policy, failure: undefined };
  const { type, words } = judgement.shortfall;
  const named: ResultType = type === 'handshake' ? 'validation-failure' : type;
  return {
    policy,
    failure: { type: named, reason: oneLine(words), mxHost: peer.host, ip: peer.ip, sourceIp: peer.sourceIp },
  };
}

function evidenceOf({ requirements }: Connect, result: TlsResult, { peer, now }: Scene): TlsEvidence | undefined {
  if (result.kind !== 'secured') return undefined;
  const { version, cipher, certificate, chain } = result.handshake;
  if (certificate === undefined) return { version, cipher, authenticated: false };
  // Where nobody asks who the host is, what was seen is worth telling all the same.
  const asked = requirements.some(({ demand }) => demand.kind === 'dane' || namesHost(demand));
  const identity: Identity = { kind: 'host', name: peer.host };
  const authenticated = !asked && judgeChain(identity, result.handshake, now).kind === 'met';
  const evidence = {
    version,
    cipher,
    authenticated,
    peerSubject: certificate.subject,
    peerFingerprint: certificate.fingerprint,
  };
  return chain.length < 2 ? evidence : { ...evidence, chain: chain.map(fingerprintOf) };
}

/** Every demand was met: who proved what. */
function proven(
  evidence: TlsEvidence | undefined,
  { requirements }: Connect,
  match: Match = {},
): TlsEvidence | undefined {
  const [{ demand, by, name }] = requirements;
  if (evidence === undefined || (demand.kind !== 'authenticate' && demand.kind !== 'dane')) return evidence;
  const isNamed = requirements.some((one) => namesHost(one.demand)) || (demand.kind === 'dane' && demand.nameIsSecure);
  return {
    ...evidence,
    authenticated: isNamed || evidence.authenticated,
    by,
    ...(name === '' ? {} : { policy: name }),
    ...matchEvidence(requirements[0], match),
  };
}

/** What of the publication was matched: the TLSA record, or the record that announced the policy; and what was unusual. */
function matchEvidence({ record }: Requirement, match: Match): Pick<TlsEvidence, 'matched' | 'warnings'> {
  const matched = match.matched ?? record;
  return {
    ...(matched === undefined ? {} : { matched }),
    ...(match.warnings === undefined || match.warnings.length === 0 ? {} : { warnings: match.warnings }),
  };
}

const namesHost = (demand: Demand): boolean => demand.kind === 'authenticate' && demand.identity.kind !== 'any';

const fingerprintOf = (certificate: X509Certificate): string =>
  certificate.fingerprint256.replaceAll(':', '').toLowerCase();

function unmet(type: Shortfall['type'], words: string, detail = words): Judgement {
  return { kind: 'unmet', shortfall: { type, words, detail } };
}

/** OpenSSL's words for a chain in those of Windows, which Exchange prints. */
const CHAIN_WORDS: { readonly [code in string]?: string } = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'UntrustedRoot',
  SELF_SIGNED_CERT_IN_CHAIN: 'UntrustedRoot',
  UNABLE_TO_GET_ISSUER_CERT: 'UntrustedRoot',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'UntrustedRoot',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'UntrustedRoot',
  CERT_UNTRUSTED: 'UntrustedRoot',
  CERT_NOT_YET_VALID: 'CertificateNotYetValid',
  CERT_REVOKED: 'CertificateRevoked',
  UNABLE_TO_GET_CRL: 'RevocationUnknown',
  CRL_HAS_EXPIRED: 'RevocationListExpired',
  CRL_NOT_YET_VALID: 'RevocationListNotYetValid',
  CERT_SIGNATURE_FAILURE: 'SignatureFailure',
  INVALID_PURPOSE: 'PurposeError',
};
