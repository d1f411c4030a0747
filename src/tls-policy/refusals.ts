/**
 * Why a host is left alone before anything is said to it: each with its status and the sentence that tells whose policy it is.
 * Pure; `decide.ts` says when.
 */
import { diagnose, type Diagnosis, type PolicyEvidence } from '#mail/diagnosis.ts';
import type { StatusName } from '#mail/status.ts';
import { listText, oneLine } from './words.ts';
import type { TlsaFinding } from './dane/finding.ts';
import type { DemandSource, Skip } from './decision.ts';
import type { TlsFacts } from './facts.ts';
import type { StsFinding } from './mta-sts/finding.ts';

/** RFC 7672 §2.1.2: without an answer that can be believed the host may have TLSA records. */
export function lookupFailed({ question, reason, bogus }: TlsaFinding & { kind: 'failed' }, { host }: TlsFacts): Skip {
  const detail = `DNS gave no answer that can be trusted to ${question}: ${reason}`;
  return refusal(bogus ? 'dnssec-invalid' : 'policy-lookup-failed', 'dane', { kind: 'dane', domain: host, detail });
}

/** The operator demands DANE, and the host has none that can be used. */
export function noDane(facts: TlsFacts): Skip {
  const { dane, host, override, routedTo, connector } = facts;
  const detail = `${host}: ${whyNoDane(facts)}`;
  const kind = override === undefined ? 'connector' : 'override';
  const domain = dane.kind === 'records' ? dane.base : routedTo.name;
  return refusal('dane-required', kind, { kind, domain: override?.name ?? connector?.name ?? domain, detail });
}

function whyNoDane({ dane, mxSecure }: TlsFacts): string {
  if (!mxSecure) return 'the MX records that name it are not signed';
  switch (dane.kind) {
    case 'records':
      return `no TLSA record can be used (${listText(dane.records.map(({ reason }) => reason))})`;
    case 'none':
      return {
        'addresses-insecure': 'its addresses are not signed',
        absent: 'it has no TLSA records',
        insecure: 'its TLSA records are not signed',
      }[dane.why];
    case 'failed':
      return dane.reason;
    case 'off':
      return dane.why;
  }
}

/** RFC 8461 §3.3: whether there is a policy could not be asked; for a while mail waits for the answer. */
export function stsLookupFailed({ domain, reason }: StsFinding & { kind: 'lookup-failed' }, _facts: TlsFacts): Skip {
  const detail = `DNS gave no answer to whether ${domain} has an MTA-STS policy: ${reason}`;
  return refusal('policy-lookup-failed', 'mta-sts', { kind: 'mta-sts', domain, detail });
}

/** RFC 8461 §5: the policy does not name this host. */
export function hostUnlisted({ domain, policy }: StsFinding & { kind: 'policy' }, { host }: TlsFacts): Skip {
  const detail = `MX ${host} is not among ${listText(policy.mx)}`;
  const skip = refusal('sts-no-mx', 'mta-sts', { kind: 'mta-sts', domain, detail });
  const text = oneLine(`MX hosts of ${domain} failed MTA-STS validation [Message=${detail}]`);
  return { ...skip, diagnosis: { ...skip.diagnosis, text } };
}

/** RFC 8689 §4.2.1, and what a rule demands alike: neither DNSSEC nor an MTA-STS policy vouches for the host's name. */
export function hostUnproven({ host, routedTo, mxSecure, wish, rule }: TlsFacts): Skip {
  const why = mxSecure
    ? 'none of its TLSA records can be used'
    : 'neither DNSSEC nor an enforced MTA-STS policy vouches for it';
  const detail = `${host}: ${why}`;
  if (wish !== 'require-tls' && rule !== undefined) {
    return { ...refusal('tls-required', 'rule', { kind: 'rule', domain: rule.rule, detail }), ofMessage: true };
  }
  const evidence: PolicyEvidence = { kind: 'requiretls', domain: routedTo.name, detail };
  return { ...refusal('requiretls-no-tls', 'requiretls', evidence), ofMessage: true };
}

function refusal(status: StatusName, by: DemandSource, policy: PolicyEvidence): Skip {
  const diagnosis: Diagnosis = { ...diagnose(status, `[Message=${oneLine(policy.detail)}]`), policy };
  return { by, diagnosis, ofMessage: false, published: [] };
}
