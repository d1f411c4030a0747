/**
 * Whether the certificates of a path may stand where they stand (RFC 5280 §6.1): authority, path length, key usage, names and
 * dates, the trust anchor's too. Revocation is not looked at. `path.ts` has seen to the signatures.
 */
import { standsForHost } from '#mail/certificate-names.ts';
import type { Certificate } from './certificate.ts';
import { keepsTo } from './name-constraints.ts';
import type { Path } from './path.ts';
import { isUselessKey, publicKeyOf } from './strength.ts';

export type DaneFailure =
  'validation-failure' | 'certificate-expired' | 'certificate-not-yet-valid' | 'certificate-host-mismatch';

/** `reason`: one line of US-ASCII. */
export type DaneProblem = { readonly failure: DaneFailure; readonly reason: string };

/** What a certificate is held against. */
export type Expectation = {
  readonly now: Date;
  /** The host's reference names, of which one is enough. */
  readonly names: readonly string[];
};

/** The path's build comes first, then its dates, then the host's name: a wrong name is told only when all else is well. */
export function problemOfPath({ certificates, depth }: Path, expectation: Expectation): DaneProblem | undefined {
  const said = certificates.map(({ says }) => says).filter((says) => says !== undefined);
  if (said.length < certificates.length) return invalid('a certificate on the path is malformed');
  const places = said.map((says, at): Place => ({ says, at, depth, below: said.slice(0, at) }));
  for (const [at, place] of places.entries()) {
    const key = certificates[at] && publicKeyOf(certificates[at].x509);
    const fault = key !== undefined && isUselessKey(key) ? 'has a key that is too short' : faultOf(place);
    if (fault !== undefined) return invalid(`${nameOf(place)} ${fault}`);
  }
  const dated = places.map((place) => problemOfDates(place.says, expectation, nameOf(place)));
  return dated.find((problem) => problem !== undefined) ?? problemOfNames(said[0], expectation);
}

export function problemOfDates(
  { notBefore, notAfter }: Certificate,
  { now }: Pick<Expectation, 'now'>,
  subject: string,
): DaneProblem | undefined {
  if (notBefore === undefined || notAfter === undefined) return invalid(`${subject} has dates that cannot be read`);
  if (now.getTime() > notAfter) {
    return { failure: 'certificate-expired', reason: `${subject} expired on ${dayOf(notAfter)}` };
  }
  if (now.getTime() >= notBefore) return undefined;
  return { failure: 'certificate-not-yet-valid', reason: `${subject} is not valid before ${dayOf(notBefore)}` };
}

export function problemOfNames(
  certificate: Pick<Certificate, 'hosts'> | undefined,
  { names }: Pick<Expectation, 'names'>,
): DaneProblem | undefined {
  const hosts = certificate?.hosts ?? [];
  if (names.some((name) => standsForHost({ hosts, addresses: [] }, name))) return undefined;
  const more = hosts.length > 1 ? ` and ${hosts.length - 1} more` : '';
  const shown = hosts[0] === undefined ? 'no host' : `${hosts[0]}${more}`;
  return { failure: 'certificate-host-mismatch', reason: `the certificate names ${shown}, not ${names.join(' or ')}` };
}

/** RFC 5280 §4.2.1.12; whoever does not say what he is for is for everything. */
export function isForServers({ extendedKeyUsage }: Pick<Certificate, 'extendedKeyUsage'>): boolean {
  return extendedKeyUsage === undefined || extendedKeyUsage.some((purpose) => SERVER_PURPOSES.includes(purpose));
}

/** serverAuth and anyExtendedKeyUsage. */
const SERVER_PURPOSES: readonly string[] = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];

type Place = {
  readonly says: Certificate;
  /** From the host's certificate, which is at 0. */
  readonly at: number;
  /** Where the trust anchor is. */
  readonly depth: number;
  readonly below: readonly Certificate[];
};

function faultOf(place: Place): string | undefined {
  const { says, at, depth } = place;
  const [unknown] = says.unknownCritical;
  if (unknown !== undefined) return `has the critical extension ${unknown}, which is unknown`;
  // The anchor's own signature proves nothing, so it may be of any kind.
  if (at < depth && says.weakDigest !== undefined) return `is signed with ${says.weakDigest}`;
  if (!isForServers(says)) return 'is not for TLS servers';
  if (at > 0) return faultOfAuthority(place);
  return says.keyUsage?.tlsServer === false ? 'has a key that is not for TLS' : undefined;
}

function faultOfAuthority({ says, at, depth, below }: Place): string | undefined {
  const { basicConstraints, keyUsage, nameConstraints } = says;
  // RFC 5280 §6.1.4: version 1 cannot say that it is an authority; DNS says so of an anchor.
  const isOldRoot = says.version === 1 && says.isSelfIssued && at === depth;
  if (basicConstraints?.isAuthority !== true && !isOldRoot) return 'is no certificate authority';
  if (keyUsage?.keyCertSign === false) return 'may not sign certificates';
  // RFC 5280 §4.2.1.9, RFC 5280 §4.2.1.10: self-issued ones between do not count.
  const counted = below.filter((certificate, index) => index === 0 || !certificate.isSelfIssued);
  if (counted.length - 1 > (basicConstraints?.pathLength ?? Infinity)) return 'allows fewer authorities below it';
  const areKept = counted.every(({ names }) => nameConstraints === undefined || keepsTo(nameConstraints, names));
  return areKept ? undefined : 'does not allow the names of a certificate below it';
}

function nameOf({ at, depth }: Place): string {
  if (at === 0) return 'the certificate';
  return at === depth ? 'the trust anchor' : `the authority at depth ${at}`;
}

const invalid = (reason: string): DaneProblem => ({ failure: 'validation-failure', reason });

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
