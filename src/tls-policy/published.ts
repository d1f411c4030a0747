/**
 * What a destination publishes about one host, as each session is judged by for TLS reports (RFC 8460 §4), enforced or not.
 * Pure.
 */
import type { TlsaFinding } from './dane/finding.ts';
import { digestOf, recordText } from './dane/records.ts';
import type { Demand, Published } from './decision.ts';
import type { TlsFacts } from './facts.ts';
import { listsHost } from './mta-sts/patterns.ts';
import { policyLines } from './mta-sts/policy.ts';
import type { AppliedPolicy, ResultType } from './results.ts';
import { listText, oneLine } from './words.ts';

/** One entry for each kind of policy; `no-policy-found` where there is none. Empty for mail that asks for no TLS policy. */
export function publishedBy(facts: TlsFacts): readonly Published[] {
  if (facts.wish === 'deliver-anyway' || facts.wish === 'tls-not-required') return [];
  const published = [...publishedTlsa(facts), ...publishedSts(facts)];
  return published.length > 0 ? published : [noPolicy(facts)];
}

/** RFC 7672 §3.2.2: names of the nexthop count only where the way from it to the host is secure. */
export function daneDemand(dane: TlsaFinding & { kind: 'records' }, facts: TlsFacts): Demand & { kind: 'dane' } {
  const { mxSecure, nexthopNames, daneSettings, port } = facts;
  return {
    kind: 'dane',
    base: dane.base,
    port,
    names: [...new Set([dane.base, ...(mxSecure ? nexthopNames : [])])],
    records: dane.records.filter(({ usable }) => usable),
    strictDates: daneSettings.strictDates,
    nameIsSecure: mxSecure,
  };
}

/** What DNS says of DANE counts: by the settings, or since the operator wants DANE or nothing. */
function enforcesDane(facts: TlsFacts): boolean {
  return demandsDane(facts) || (facts.override === undefined && facts.daneSettings.mode === 'enforce');
}

/** Then it decides, whatever MTA-STS says (RFC 8461 §2). */
function provesHost(facts: TlsFacts): boolean {
  return facts.dane.kind === 'records' && hasUsable(facts.dane) && facts.mxSecure && enforcesDane(facts);
}

/** The operator wants DANE or nothing. */
export function demandsDane({ override, daneIsMandatory }: TlsFacts): boolean {
  return override === undefined ? daneIsMandatory : override.level === 'dane';
}

export function hasUsable({ records }: TlsaFinding & { kind: 'records' }): boolean {
  return records.some(({ usable }) => usable);
}

function publishedTlsa(facts: TlsFacts): readonly Published[] {
  const { dane, host } = facts;
  const enforced = enforcesDane(facts);
  if (dane.kind === 'failed') {
    const policy: AppliedPolicy = { type: 'tlsa', domain: host, strings: [], mxPatterns: [] };
    return [
      {
        policy,
        enforced,
        demand: { kind: 'encrypt' },
        failure: failureOf('dnssec-invalid', dane.reason, host),
        key: '',
      },
    ];
  }
  if (dane.kind !== 'records') return demandsDane(facts) ? [daneMissing(facts)] : [];
  const records = dane.records.map(({ record }) => record);
  const policy: AppliedPolicy = { type: 'tlsa', domain: dane.base, strings: records.map(recordText), mxPatterns: [] };
  const key = `tlsa ${enforced} ${dane.base} ${digestOf(records)}`;
  if (hasUsable(dane)) return [{ policy, enforced, demand: daneDemand(dane, facts), failure: undefined, key }];
  const failure = failureOf('tlsa-invalid', listText(dane.records.map(({ reason }) => reason)), host);
  return [{ policy, enforced, demand: { kind: 'encrypt' }, failure, key }];
}

function daneMissing({ host, routedTo }: TlsFacts): Published {
  const policy: AppliedPolicy = { type: 'tlsa', domain: routedTo.name, strings: [], mxPatterns: [] };
  const failure = failureOf('dane-required', 'DANE is demanded, and there are no records that can be used', host);
  return { policy, enforced: true, demand: { kind: 'encrypt' }, failure, key: '' };
}

function publishedSts(facts: TlsFacts): readonly Published[] {
  const { sts, stsMode, override, host } = facts;
  if (sts.kind === 'unavailable') {
    const policy: AppliedPolicy = { type: 'sts', domain: sts.domain, strings: [], mxPatterns: [] };
    const failure = failureOf(sts.trouble.result, sts.trouble.reason);
    return [{ policy, enforced: false, demand: { kind: 'prefer' }, failure, key: `sts ${sts.domain}` }];
  }
  // RFC 8461 §5: a policy of mode none is as none.
  if (sts.kind !== 'policy' || sts.policy.mode === 'none') return [];
  const {
    policy: { mx, mode },
    domain,
    id,
    trouble,
  } = sts;
  const counts = mode === 'enforce' && stsMode === 'enforce' && override === undefined;
  const enforced = counts && !provesHost(facts);
  const policy: AppliedPolicy = { type: 'sts', domain, strings: policyLines(sts.policy), mxPatterns: mx };
  const demand: Demand = { kind: 'authenticate', identity: { kind: 'host', name: host } };
  const key = `sts ${enforced} ${domain} ${id}`;
  const unlisted = listsHost(mx, host)
    ? undefined
    : failureOf('validation-failure', `the policy does not list ${host}`, host);
  const newer =
    trouble === undefined
      ? []
      : [{ policy, enforced: false, demand, failure: failureOf(trouble.result, trouble.reason), key }];
  return [{ policy, enforced, demand, failure: unlisted, key }, ...newer];
}

function noPolicy({ routedTo }: TlsFacts): Published {
  const policy: AppliedPolicy = { type: 'no-policy-found', domain: routedTo.name, strings: [], mxPatterns: [] };
  return { policy, enforced: false, demand: { kind: 'encrypt' }, failure: undefined, key: '' };
}

function failureOf(type: ResultType, reason: string, mxHost?: string): NonNullable<Published['failure']> {
  return { type, reason: oneLine(reason), mxHost };
}
