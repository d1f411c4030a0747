/**
 * Why mail for a destination is treated as it is: the evidence as a tree, and its text for people. The findings and decisions in
 * it are those of the functions that deliver (`outbound/explain.ts` gathers them); nothing is decided here. Pure.
 */
import type { Requirement } from './decision.ts';
import type { StsPolicy } from './mta-sts/policy.ts';

export type ExplainedTlsa = { readonly record: string; readonly usable: boolean; readonly reason: string };

export type ExplainedDane =
  | { readonly kind: 'records'; readonly base: string; readonly records: readonly ExplainedTlsa[] }
  | { readonly kind: 'none' | 'off'; readonly why: string }
  | { readonly kind: 'failed'; readonly question: string; readonly reason: string; readonly bogus: boolean };

export type ExplainedDecision =
  | {
      readonly kind: 'connect';
      readonly requirements: readonly {
        readonly demand: string;
        readonly by: Requirement['by'];
        readonly name: string;
      }[];
      /** What is published and how far it counts. */
      readonly published: readonly {
        readonly type: string;
        readonly domain: string;
        readonly enforced: boolean;
        readonly failure: string;
      }[];
      readonly serverName: string;
      readonly key: string;
    }
  | { readonly kind: 'skip'; readonly by: string; readonly status: string; readonly text: string };

/** A handshake that was made to see: no mail was handed over. */
export type ExplainedProbe = {
  readonly ip: string;
  readonly met: boolean;
  /** What TLS there was, or the status and text of what was missing. */
  readonly text: string;
  readonly certificate: string;
  readonly results: readonly { readonly type: string; readonly domain: string; readonly failure: string }[];
};

export type ExplainedHost = {
  readonly name: string;
  readonly port: number;
  readonly preference: number;
  readonly nameIsSecure: boolean;
  readonly addresses: readonly string[];
  readonly addressesAreSecure: boolean;
  readonly canonicalName: string;
  /** Why there are none; `''` where there are. */
  readonly addressTrouble: string;
  readonly dane: ExplainedDane;
  readonly decision: ExplainedDecision | undefined;
  readonly probes: readonly ExplainedProbe[];
};

export type ExplainedSts = {
  readonly domain: string;
  readonly kind: 'none' | 'policy' | 'unavailable' | 'lookup-failed' | 'off';
  /** Why there is none, or what went wrong. */
  readonly reason: string;
  readonly id: string;
  readonly policy: StsPolicy | undefined;
  readonly fetchedAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  readonly history: readonly { readonly at: Date; readonly text: string }[];
};

export type ExplainedOverride = {
  readonly name: string;
  readonly level: string;
  readonly reason: string;
  readonly author: string;
  readonly expires: Date;
  readonly state: 'used' | 'expired' | 'passed over';
};

export type Explanation = {
  readonly asked: string;
  /** Where mail goes: `MX hosts of dest.test`, `smart hosts of connector partner`. */
  readonly route: string;
  readonly floor: string;
  readonly dnssec: string;
  /** Why no host could be found; `''` where they could. */
  readonly trouble: string;
  readonly overrides: readonly ExplainedOverride[];
  readonly sts: readonly ExplainedSts[];
  readonly hosts: readonly ExplainedHost[];
};

/** Lines of text, indented as the tree is. */
export function explanationLines(explanation: Explanation): readonly string[] {
  const { asked, route, floor, dnssec, trouble, overrides, sts, hosts } = explanation;
  return [
    `Mail for ${asked} goes to ${route}; floor: ${floor}; DNSSEC: ${dnssec}`,
    ...overrides.map(overrideLine),
    ...(trouble === '' ? [] : [`No host: ${trouble}`]),
    ...sts.flatMap(stsLines),
    ...hosts.flatMap(hostLines),
  ];
}

function overrideLine({ name, level, reason, author, expires, state }: ExplainedOverride): string {
  return `Override ${name} (${state}): ${level}, by ${author} until ${expires.toISOString()}: ${reason}`;
}

function stsLines({
  domain,
  kind,
  reason,
  id,
  policy,
  fetchedAt,
  expiresAt,
  history,
}: ExplainedSts): readonly string[] {
  const told = reason === '' ? '' : `: ${reason}`;
  const lines = [`MTA-STS of ${domain}: ${kind}${told}`];
  if (policy !== undefined) {
    const { mode, mx, maxAgeS } = policy;
    lines.push(`  mode ${mode}, id ${id}, max_age ${maxAgeS} s; hosts: ${mx.length === 0 ? 'none' : mx.join(', ')}`);
    lines.push(`  fetched ${timeOf(fetchedAt)}, kept until ${timeOf(expiresAt)}`);
  }
  return [...lines, ...history.map(({ at, text }) => `  ${timeOf(at)}  ${text}`)];
}

function hostLines(host: ExplainedHost): readonly string[] {
  const { name, port, preference, nameIsSecure, addresses, addressesAreSecure, canonicalName, addressTrouble } = host;
  const alias = canonicalName === name || canonicalName === '' ? '' : `, an alias of ${canonicalName}`;
  const place =
    addressTrouble === ''
      ? `${addresses.join(', ')} (${secureText(addressesAreSecure)}${alias})`
      : `no address: ${addressTrouble}`;
  return [
    `Host ${name}:${port}, preference ${preference}, name ${secureText(nameIsSecure)}: ${place}`,
    ...daneLines(host.dane).map((line) => `  ${line}`),
    ...decisionLines(host.decision).map((line) => `  ${line}`),
    ...host.probes.flatMap(probeLines).map((line) => `  ${line}`),
  ];
}

function daneLines(dane: ExplainedDane): readonly string[] {
  switch (dane.kind) {
    case 'records':
      return [
        `TLSA of ${dane.base}:`,
        ...dane.records.map(({ record, usable, reason }) => `  ${record}${usable ? '' : ` (not used: ${reason})`}`),
      ];
    case 'failed':
      return [`TLSA: no answer that can be trusted to ${dane.question}: ${dane.reason}${dane.bogus ? ' (bogus)' : ''}`];
    case 'none':
      return [`TLSA: none (${dane.why})`];
    case 'off':
      return [`TLSA: not asked for (${dane.why})`];
  }
}

function decisionLines(decision: ExplainedDecision | undefined): readonly string[] {
  if (decision === undefined) return ['Decision: none, since there is no address'];
  if (decision.kind === 'skip') return [`Decision: not used (${decision.by}): ${decision.status} ${decision.text}`];
  const demands = decision.requirements.map(
    ({ demand, by, name }) => `${demand} (${by}${name === '' ? '' : ` ${name}`})`,
  );
  const told = decision.published.map(
    ({ type, domain, enforced, failure }) =>
      `  ${type} ${domain}: ${enforced ? 'enforced' : 'told only'}${failure === '' ? '' : `; ${failure}`}`,
  );
  return [`Decision: ${demands.join(' and ')}; server name ${decision.serverName}`, ...told];
}

function probeLines({ ip, met, text, certificate, results }: ExplainedProbe): readonly string[] {
  return [
    `Probe of ${ip}: ${met ? 'met' : 'not met'}: ${text}`,
    ...(certificate === '' ? [] : [`  certificate: ${certificate}`]),
    ...results.map(({ type, domain, failure }) => `  ${type} ${domain}: ${failure === '' ? 'success' : failure}`),
  ];
}

const secureText = (secure: boolean): string => (secure ? 'secure' : 'insecure');
const timeOf = (at: Date | undefined): string => at?.toISOString() ?? 'never';
