/**
 * Whether the certificates that a host showed are those that its TLSA records name (RFC 7672 §3). Pure: the same chain, records
 * and time give the same judgement, whoever asks.
 */
import type { X509Certificate } from 'node:crypto';

import type { TlsaRecord } from '#dns/answer.ts';
import { associationOf, matchingRecord } from './association.ts';
import { readCertificate } from './certificate.ts';
import {
  isForServers,
  problemOfDates,
  problemOfNames,
  problemOfPath,
  type DaneFailure,
  type DaneProblem,
  type Expectation,
} from './path-rules.ts';
import { findPaths, type Path } from './path.ts';
import { recordText, USAGE } from './records.ts';
import { isWeakKey, keyText, publicKeyOf } from './strength.ts';

export type DaneQuestion = Expectation & {
  /** As the host sent it, its own certificate first; the rest may be out of order, and of no use. */
  readonly chain: readonly X509Certificate[];
  /** The usable ones. */
  readonly records: readonly TlsaRecord[];
  /** Of the host: the TLSA base domain first, then the nexthop's where RFC 7672 §3.2.2 allows them. */
  readonly names: readonly string[];
  readonly strictDates: boolean;
};

export type DaneJudgement =
  | {
      readonly kind: 'matched';
      readonly record: TlsaRecord;
      /** Of what matched: 0 is the host's own certificate. */
      readonly depth: number;
      /** What is not well, and yet no reason to refuse. */
      readonly warnings: readonly string[];
    }
  | {
      readonly kind: 'unmatched';
      readonly failure: DaneFailure;
      /** One line of US-ASCII, up to 200 characters. */
      readonly reason: string;
    };

export function matchDane(question: DaneQuestion): DaneJudgement {
  const { chain, records } = question;
  const [leaf] = chain;
  if (leaf === undefined) return unmatched([invalid('the host showed no certificate')]);
  const problems: DaneProblem[] = [];

  const own = records.filter(({ usage }) => usage === USAGE.endEntity);
  const record = matchingRecord(leaf, own);
  if (record !== undefined) {
    const problem = question.strictDates ? problemOfOwn(leaf, question) : undefined;
    if (problem === undefined) return { kind: 'matched', record, depth: 0, warnings: warningsOf(leaf, question) };
    problems.push(problem);
  }
  for (const path of findPaths(chain, records)) {
    const problem = problemOfPath(path, question);
    if (problem === undefined) return matchedBy(path);
    problems.push(problem);
  }
  return unmatched(problems.length > 0 ? problems : [nothingFits(leaf, question)]);
}

/** RFC 7672 §3.1.1 looks at neither names nor dates of DANE-EE(3); Exchange Online looks at both. */
function problemOfOwn(leaf: X509Certificate, expectation: Expectation): DaneProblem | undefined {
  const says = readCertificate(leaf.raw);
  if (says === undefined) return invalid('the certificate is malformed');
  return problemOfDates(says, expectation, 'the certificate') ?? problemOfNames(says, expectation);
}

function matchedBy({ certificates, record, depth }: Path): DaneJudgement {
  const warnings = certificates.flatMap(({ x509 }) => weaknessOf(x509));
  return { kind: 'matched', record, depth, warnings };
}

/** What DANE-EE(3) passes over. */
function warningsOf(leaf: X509Certificate, expectation: Expectation): readonly string[] {
  const says = readCertificate(leaf.raw);
  if (says === undefined) return ['the certificate is malformed'];
  const passedOver = [problemOfDates(says, expectation, 'the certificate'), problemOfNames(says, expectation)];
  return [
    ...passedOver.filter((problem) => problem !== undefined).map(({ reason }) => reason),
    ...(isForServers(says) ? [] : ['the certificate is not for TLS servers']),
    ...(says.weakDigest === undefined ? [] : [`the certificate is signed with ${says.weakDigest}`]),
    ...weaknessOf(leaf),
  ];
}

function weaknessOf(x509: X509Certificate): readonly string[] {
  const key = publicKeyOf(x509);
  return key !== undefined && isWeakKey(key) ? [`${keyText(key)} is a short key`] : [];
}

/** With what was seen instead: the digest is what would have to be published, were the certificate the right one. */
function nothingFits(leaf: X509Certificate, { chain, records }: DaneQuestion): DaneProblem {
  const anchors = records.filter(({ usage }) => usage === USAGE.trustAnchor);
  if (matchingRecord(leaf, anchors) !== undefined) {
    return invalid('a record of usage 2 fits the own certificate of the host, which only usage 3 may');
  }
  if (chain.slice(1).some((x509) => matchingRecord(x509, anchors) !== undefined)) {
    return invalid('no path of signatures leads from the certificate to the trust anchor');
  }
  const digest = associationOf(leaf, 1, 1);
  const seen = digest && recordText({ usage: 3, selector: 1, matchingType: 1, association: digest });
  return invalid(
    `no TLSA record fits; the host showed a key of type ${keyText(publicKeyOf(leaf))}: ${seen ?? 'malformed'}`,
  );
}

/** The nearer to a match, the more it tells. */
const TELLING: readonly DaneFailure[] = [
  'certificate-host-mismatch',
  'certificate-expired',
  'certificate-not-yet-valid',
  'validation-failure',
];

function unmatched(problems: readonly DaneProblem[]): DaneJudgement {
  const [{ failure, reason } = invalid('')] = problems.toSorted(
    (one, other) => TELLING.indexOf(one.failure) - TELLING.indexOf(other.failure),
  );
  return { kind: 'unmatched', failure, reason: reason.slice(0, 200) };
}

const invalid = (reason: string): DaneProblem => ({ failure: 'validation-failure', reason });
