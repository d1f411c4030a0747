/**
 * From a reply to an answer: follows the CNAMEs inside it (RFC 1034 §3.6.2) and picks the records that were asked for; those
 * of other owners do not count. Asks nothing itself: the resolver has followed the chain to its end.
 */
import type { Answer, RecordContents, RecordType } from './answer.ts';
import type { Question, Reply, WireRecord } from './wire.ts';

const NOERROR = 0;
const SERVFAIL = 2;
const NXDOMAIN = 3;
const REFUSED = 5;
const MAX_ALIASES = 16;

/** Validation said no: from "DNSSEC Bogus" to "NSEC Missing" (RFC 8914 §4.7 to RFC 8914 §4.13). */
const isBogus = (extendedError: number): boolean => extendedError >= 6 && extendedError <= 12;

type Chain = { readonly name: string; readonly ttlS: number; readonly aliases: number };

/** `trusted`: the AD bit of whoever sent this reply is believed. */
export function expandReply<Type extends RecordType>(
  reply: Reply,
  question: Question & { readonly type: Type },
  trusted: boolean,
): Answer<RecordContents[Type]> {
  const { rcode, answers, negativeTtlS, referral } = reply;
  if (rcode !== NOERROR && rcode !== NXDOMAIN) return failureOf(reply);
  const chain = followAliases(question, answers);
  if (chain === undefined) return { kind: 'failed', why: 'cname-loop' };
  const secure = trusted && reply.authenticated;
  const { name: canonicalName } = chain;
  const matching = answers.filter((record) => record.type === question.type && record.name === canonicalName);
  if (matching.length > 0) {
    const ttlS = matching.reduce((least, record) => Math.min(least, record.ttlS), chain.ttlS);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- filtered by type above, which the compiler cannot follow
    const records = matching.map((record) => record.content as RecordContents[Type]);
    const found = { kind: 'found', records, secure, canonicalName, ttlMs: ttlS * 1000 } as const;
    const signature = reply.signatures.find(({ name, covered }) => name === canonicalName && covered === question.type);
    return signature === undefined ? found : { ...found, originalTtlMs: signature.originalTtlS * 1000 };
  }
  const ttlMs = Math.min(negativeTtlS ?? 0, chain.ttlS) * 1000;
  if (rcode === NXDOMAIN) return { kind: 'absent', why: 'nxdomain', secure, canonicalName, ttlMs };
  // An alias without its end and without a denial, or a referral, says nothing about the records (RFC 2308 §2.2).
  if (referral || (chain.aliases > 0 && negativeTtlS === undefined)) return { kind: 'failed', why: 'incomplete' };
  return { kind: 'absent', why: 'nodata', secure, canonicalName, ttlMs };
}

function failureOf({ rcode, extendedErrors }: Reply): Answer<never> {
  const extendedError = rcode === SERVFAIL ? extendedErrors.find(isBogus) : undefined;
  if (extendedError !== undefined) return { kind: 'bogus', extendedError };
  if (rcode === SERVFAIL) return { kind: 'failed', why: 'servfail' };
  return { kind: 'failed', why: rcode === REFUSED ? 'refused' : 'rcode' };
}

/** `undefined` when the chain does not end. */
function followAliases({ name, type }: Question, answers: readonly WireRecord[]): Chain | undefined {
  let chain: Chain = { name, ttlS: Infinity, aliases: 0 };
  if (type === 'CNAME') return chain;
  for (;;) {
    const current = chain.name;
    const alias = answers.find((record) => record.type === 'CNAME' && record.name === current);
    if (alias?.type !== 'CNAME') return chain;
    chain = { name: alias.content, ttlS: Math.min(chain.ttlS, alias.ttlS), aliases: chain.aliases + 1 };
    if (chain.aliases > MAX_ALIASES) return undefined;
  }
}
