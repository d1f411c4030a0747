/**
 * Decides what TLS a connection to one host must have, or that there may be none. Pure: facts in, decision out. DANE is asked
 * first, then MTA-STS (RFC 8461 §2); what the operator demands is never lowered by either; an override is the operator's own
 * word over all of it; what a mail flow rule demands for a message and REQUIRETLS yield to nothing.
 *
 * The handshake happens in `outbound/`, and `verify.ts` judges it.
 */
import type { RuleTls } from '#mail/envelope.ts';
import type { TlsaFinding } from './dane/finding.ts';
import {
  isAuthentication,
  requirementKey,
  strengthOf,
  type Demand,
  type Requirement,
  type Skip,
  type TlsDecision,
} from './decision.ts';
import type { TlsFacts } from './facts.ts';
import { localRequirement } from './local.ts';
import { listsHost } from './mta-sts/patterns.ts';
import { daneDemand, demandsDane, hasUsable, publishedBy } from './published.ts';
import { hostUnlisted, hostUnproven, lookupFailed, noDane, stsLookupFailed } from './refusals.ts';

/** What one source says: to demand something, to leave the host alone, or nothing. */
type Word =
  | { readonly kind: 'require'; readonly requirements: readonly [Requirement, ...Requirement[]] }
  | ({ readonly kind: 'skip' } & Skip)
  | { readonly kind: 'pass' };

const PASS = { kind: 'pass' } as const;

type Wanted = { readonly by: 'requiretls' | 'rule'; readonly name: string };

export function decideTls(facts: TlsFacts): TlsDecision {
  const published = publishedBy(facts);
  const word = publishedWord(facts);
  if (word.kind === 'skip') return { ...word, published };
  const requirements = withRule(withLocal(word, facts), facts.rule);
  const wanted = proofWanted(facts);
  const proof = wanted === undefined ? PASS : proofWord(facts, requirements, wanted);
  if (proof.kind === 'skip') return { ...proof, published };
  const [first, ...others] =
    proof.kind === 'require' ? [...proof.requirements, ...requirements.filter(isStrong)] : requirements;
  return {
    kind: 'connect',
    requirements: [first, ...others],
    published,
    requireTls: facts.wish === 'require-tls',
    serverName: serverNameOf([first, ...others, ...published].map(({ demand }) => demand)),
    key: [...[first, ...others].map(requirementKey), ...published.map(({ key }) => key)]
      .filter((key) => key !== '')
      .join('; '),
  };
}

/** What the destination publishes, or the override says of it; DANE decides where it applies. */
function publishedWord(facts: TlsFacts): Word {
  const dane = daneWord(facts);
  const proves = dane.kind === 'require' && dane.requirements.every(isStrong);
  if (dane.kind === 'skip' || (proves && facts.mxSecure)) return dane;
  const sts = stsWord(facts);
  if (sts.kind === 'pass') return dane;
  // Whoever forges MX records may name a host of his own, with records that fit it: a policy must be met besides.
  return proves && sts.kind === 'require' ? { ...sts, requirements: [...sts.requirements, ...dane.requirements] } : sts;
}

function daneWord(facts: TlsFacts): Word {
  const { dane, daneSettings, wish } = facts;
  const mandatory = demandsDane(facts);
  const isEnforced = mandatory || (countsPublished(facts) && daneSettings.mode === 'enforce');
  if (!isEnforced || wish === 'deliver-anyway') return PASS;
  if (dane.kind === 'failed') return skip(lookupFailed(dane, facts));
  return dane.kind === 'records' ? recordsWord(dane, mandatory, facts) : mandatory ? skip(noDane(facts)) : PASS;
}

function recordsWord(dane: TlsaFinding & { kind: 'records' }, mandatory: boolean, facts: TlsFacts): Word {
  const { mxSecure, daneSettings } = facts;
  const usable = hasUsable(dane);
  if (mandatory && !(usable && mxSecure)) return skip(noDane(facts));
  if (!mxSecure && daneSettings.insecureMx === 'may') return PASS;
  // RFC 7672 §2.2: records that cannot be used still say that the host has TLS.
  const encryptOnly = !usable || (!mxSecure && daneSettings.insecureMx === 'encrypt');
  return required(encryptOnly ? { kind: 'encrypt' } : daneDemand(dane, facts), 'dane', dane.base);
}

function stsWord(facts: TlsFacts): Word {
  const { sts, stsMode, host } = facts;
  if (!countsPublished(facts) || stsMode !== 'enforce') return PASS;
  if (sts.kind === 'lookup-failed') return facts.stsGraceIsOver ? PASS : skip(stsLookupFailed(sts, facts));
  if (sts.kind !== 'policy' || sts.policy.mode !== 'enforce') return PASS;
  if (!listsHost(sts.policy.mx, host)) return skip(hostUnlisted(sts, facts));
  const record = `_mta-sts.${sts.domain} id=${sts.id}`;
  return { kind: 'require', requirements: [{ demand: hostDemand(host), by: 'mta-sts', name: sts.domain, record }] };
}

/** What is published counts, but where the operator or the sender says otherwise (RFC 8689 §4.2.2). */
function countsPublished({ override, wish }: TlsFacts): boolean {
  return override === undefined && (wish === 'none' || wish === 'require-tls');
}

/** The strongest demands of both sides, at least one. A name that the operator wrote down is demanded besides the host's own. */
function withLocal(word: Word, facts: TlsFacts): readonly [Requirement, ...Requirement[]] {
  const local = localRequirement(facts);
  if (word.kind !== 'require') return [local];
  const { requirements } = word;
  const [strongest] = requirements;
  if (!isStrong(strongest)) return strengthOf(local.demand) > strengthOf(strongest.demand) ? [local] : requirements;
  return isPinned(local) ? [...requirements, local] : requirements;
}

/** A rule speaks of the message, not of the host, so no override lowers it. */
function withRule(
  requirements: readonly [Requirement, ...Requirement[]],
  rule: RuleTls | undefined,
): readonly [Requirement, ...Requirement[]] {
  if (rule === undefined || strengthOf(requirements[0].demand) >= strengthOf(ENCRYPT)) return requirements;
  return [{ demand: ENCRYPT, by: 'rule', name: rule.rule }];
}

/** Who wants proof of who the host is; the sender's own wish first. */
function proofWanted({ wish, rule, host }: TlsFacts): Wanted | undefined {
  if (wish === 'require-tls') return { by: 'requiretls', name: host };
  return rule?.level === 'authenticated' ? { by: 'rule', name: rule.rule } : undefined;
}

/**
 * RFC 8689 §4.2.1: the host's name must come from a source that can be trusted, and its certificate prove it. What is published
 * proves it also where it is not enforced; TLSA records that cannot be used prove nothing.
 */
function proofWord(facts: TlsFacts, requirements: readonly Requirement[], { by, name }: Wanted): Word {
  const { dane, host, mxSecure } = facts;
  if (requirements.some((one) => isStrong(one) && vouches(one, mxSecure))) return PASS;
  if (dane.kind === 'failed') return skip({ ...lookupFailed(dane, facts), ofMessage: true });
  if (dane.kind === 'records' && mxSecure && hasUsable(dane)) {
    return required(daneDemand(dane, facts), by, by === 'rule' ? name : dane.base);
  }
  return isVouchedFor(facts) ? required(hostDemand(host), by, name) : skip(hostUnproven(facts));
}

/** A policy and names that the operator wrote down say by themselves who the host is; else DNS must have named it for sure. */
function vouches(requirement: Requirement, mxSecure: boolean): boolean {
  if (requirement.by === 'mta-sts' || (requirement.by === 'override' && isPinned(requirement))) return true;
  return mxSecure && (requirement.by === 'dane' || requirement.by === 'override');
}

/** By a policy, or by signed DNS; where the domain itself is the host, no look-up could have named another one. */
function isVouchedFor({ sts, host, dane, mxSecure, routedTo }: TlsFacts): boolean {
  if (sts.kind === 'policy' && sts.policy.mode === 'enforce' && listsHost(sts.policy.mx, host)) return true;
  return dane.kind !== 'records' && (mxSecure || host === routedTo.name);
}

/** The TLSA base is asked for, also where the records are only told about (RFC 7672 §8.1). */
function serverNameOf(demands: readonly Demand[]): string | undefined {
  return demands.find((demand) => demand.kind === 'dane')?.base;
}

const ENCRYPT: Demand = { kind: 'encrypt' };
const hostDemand = (name: string): Demand => ({ kind: 'authenticate', identity: { kind: 'host', name } });
const isStrong = ({ demand }: Requirement): boolean => isAuthentication(demand);
const isPinned = ({ demand }: Requirement): boolean =>
  demand.kind === 'authenticate' && demand.identity.kind === 'domains';
const skip = (refusal: Skip): Word => ({ kind: 'skip', ...refusal });

function required(demand: Demand, by: Requirement['by'], name: string): Word {
  return { kind: 'require', requirements: [{ demand, by, name }] };
}
