/**
 * Finds the TLSA records of one host (RFC 7672 §2.2). Says what DNS says and how; what follows from it is decided elsewhere.
 *
 * A look-up that fails ends the search: what another name might have said is no answer to the question that failed.
 */
import type { Answer, Found, TlsaRecord } from '#dns/answer.ts';
import { canonicalName, foldName } from '#dns/name.ts';
import type { LookOptions, Resolver } from '#dns/resolver.ts';
import type { DaneSettings } from '#tls-policy/settings.ts';
import type { TlsaFinding } from './finding.ts';
import { assessRecords } from './records.ts';

export type TlsaQuestion = {
  /** As the MX record or the route has it. */
  readonly name: string;
  readonly port: number;
  /** Of the look-up of its addresses, aliases included. */
  readonly addressesSecure: boolean;
  /** The host's name after CNAMEs. */
  readonly canonicalName: string;
} & LookOptions;

type Candidates = { readonly kind: 'bases'; readonly bases: readonly string[] } | TlsaFinding;

/** Never rejects for what DNS says. */
export async function findTlsa(
  question: TlsaQuestion,
  resolver: Resolver,
  digests: DaneSettings['digests'],
): Promise<TlsaFinding> {
  const candidates = await candidatesOf(question, resolver);
  if (candidates.kind !== 'bases') return candidates;
  let why: 'absent' | 'insecure' = 'absent';
  for (const base of candidates.bases) {
    const name = `_${question.port}._tcp.${base}`;
    if (isTooLong(name, base)) continue;
    const answer = await resolver.tlsa(name, { fresh: question.fresh ?? false });
    if (isFailure(answer)) return failed(`${name} TLSA`, answer);
    if (answer.kind === 'found' && answer.secure) {
      return assess(base, answer, digests);
    }
    // RFC 7672 §2.1.1: unsigned records, and denials of either kind, are answers: this name has no DANE.
    if (answer.kind === 'found') why = 'insecure';
  }
  return { kind: 'none', why };
}

type Assessed = { readonly digests: DaneSettings['digests']; readonly finding: TlsaFinding };

/** For as long as an answer is kept by the resolver: mail for a busy host would have the same records assessed each time. */
const assessedOf = new WeakMap<Found<TlsaRecord>, Assessed>();

function assess(base: string, answer: Found<TlsaRecord>, digests: DaneSettings['digests']): TlsaFinding {
  const kept = assessedOf.get(answer);
  if (kept?.digests === digests) return kept.finding;
  const finding: TlsaFinding = { kind: 'records', base, records: assessRecords(answer.records, digests) };
  assessedOf.set(answer, { digests, finding });
  return finding;
}

/** The names under which records may stand, the first one that has them being the TLSA base domain (RFC 7672 §2.2.3). */
async function candidatesOf(
  { name, addressesSecure, canonicalName: end }: TlsaQuestion,
  resolver: Resolver,
): Promise<Candidates> {
  const [original, expanded] = [foldName(name), foldName(end)];
  // Those between the two are never asked for: nobody who publishes there can know who comes that way.
  if (addressesSecure) return { kind: 'bases', bases: expanded === original ? [original] : [expanded, original] };

  // RFC 7672 §2.2.2: servers of unsigned zones may fail on questions for TLSA, and their mail would never go out.
  const none: TlsaFinding = { kind: 'none', why: 'addresses-insecure' };
  if (expanded === original) return none;
  const alias = await resolver.cname(original);
  if (isFailure(alias)) return failed(`${original} CNAME`, alias);
  // The owner of a signed alias may well publish records there, wherever it leads.
  return alias.kind === 'found' && alias.secure ? { kind: 'bases', bases: [original] } : none;
}

/** A host's name may leave no room for what stands before it; then there can be no records. */
const isTooLong = (name: string, base: string): boolean =>
  canonicalName(name) === undefined && canonicalName(base) !== undefined;

type Failure = Answer<unknown> & { readonly kind: 'failed' | 'bogus' };

const isFailure = (answer: Answer<unknown>): answer is Failure => answer.kind === 'failed' || answer.kind === 'bogus';

function failed(question: string, answer: Failure): TlsaFinding {
  const isBogus = answer.kind === 'bogus';
  const reason = isBogus ? `DNSSEC validation failed (${answer.extendedError})` : answer.why;
  return { kind: 'failed', question, reason, bogus: isBogus };
}
