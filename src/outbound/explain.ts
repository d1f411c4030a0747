/**
 * Gathers the evidence behind the TLS decisions for a destination, with the functions that deliver: route, survey, decision and,
 * where it is asked for, a session that is opened and closed without mail. Decides nothing itself.
 */
import { dnssecText, type DnssecState } from '#dns/dnssec-state.ts';
import { parseAddress } from '#mail/address.ts';
import type { Diagnosis } from '#mail/diagnosis.ts';
import { parseDomain } from '#mail/domain.ts';
import { enhancedStatus } from '#mail/status.ts';
import { recordText } from '#tls-policy/dane/records.ts';
import { demandText, type Connect, type TlsDecision } from '#tls-policy/decision.ts';
import type {
  ExplainedDane,
  ExplainedDecision,
  ExplainedHost,
  ExplainedOverride,
  ExplainedProbe,
  ExplainedSts,
  Explanation,
} from '#tls-policy/explain.ts';
import type { DaneFact, StsFact } from '#tls-policy/facts.ts';
import { concerns, isExpired, overrideFor } from '#tls-policy/override.ts';
import type { PolicyResult } from '#tls-policy/results.ts';
import type { OpenSession } from './tls-events.ts';
import { tlsWords } from './conclusion.ts';
import type { Decisions } from './decisions.ts';
import type { AddressFinding } from './hosts.ts';
import { decideRoute, nexthopOf, type Route } from './route.ts';
import type { OutboundSettings } from './settings.ts';
import { routedTo, type HostKnowledge, type Survey, type SurveyedHost, type SurveyRequest } from './survey.ts';

/** What is kept of a policy besides what a delivery needs. */
export type StsRecollection = Pick<ExplainedSts, 'expiresAt' | 'history'>;

export type ExplainParts = {
  readonly survey: (request: SurveyRequest) => Promise<Survey>;
  readonly decisions: Pick<Decisions, 'decide'>;
  readonly open: OpenSession;
  readonly recollectSts: (domain: string) => Promise<StsRecollection>;
  readonly dnssec: () => DnssecState;
  readonly now: () => Date;
};

/** The part that mail is routed by: the domain of an address, or a domain, in A-labels; `undefined` when it is neither. */
export function destinationOf(asked: string): string | undefined {
  return asked.includes('@') ? parseAddress(asked)?.domain : parseDomain(asked);
}

type Question = { readonly asked: string; readonly destination: string; readonly probe: boolean };

export async function explain(
  question: Question,
  settings: OutboundSettings,
  parts: ExplainParts,
): Promise<Explanation> {
  const { route } = decideRoute(question.destination, settings);
  const request: SurveyRequest = { route, settings, wish: 'none', fresh: false };
  const survey = await parts.survey(request);
  const surveyed = survey.kind === 'hosts' ? survey.hosts : [];
  const hosts = await Promise.all(surveyed.map(async (one) => explainHost(one, request, question.probe, parts)));
  const facts = new Map(
    (await Promise.all(surveyed.map(async ({ known }) => known))).map(({ sts }, at) => [
      nexthopOf(route, surveyed[at]?.host.name ?? ''),
      sts,
    ]),
  );
  return {
    asked: question.asked,
    route: routeText(route),
    floor: settings.tlsPolicy.floor,
    dnssec: dnssecText(parts.dnssec()),
    trouble: survey.kind === 'trouble' ? survey.trouble.diagnosis.text : '',
    overrides: explainOverrides(route, surveyed, settings, parts.now()),
    sts: await Promise.all([...facts].map(async ([domain, fact]) => explainSts(domain, fact, parts))),
    hosts,
  };
}

async function explainHost(
  { host, known: knowing }: SurveyedHost,
  request: SurveyRequest,
  probe: boolean,
  parts: ExplainParts,
): Promise<ExplainedHost> {
  const known = await knowing;
  const { name, port, preference, mxSecure: nameIsSecure } = host;
  const about = {
    name,
    port,
    preference,
    nameIsSecure,
    ...explainAddresses(known.addresses),
    dane: explainDane(known.dane),
  };
  if (known.addresses.kind === 'trouble') return { ...about, decision: undefined, probes: [] };
  const decision = parts.decisions.decide(host, known, request);
  const probes = probe && decision.kind === 'connect' ? await probeAll(decision, { host, known }, request, parts) : [];
  return { ...about, decision: explainDecision(decision, name), probes };
}

type ExplainedAddresses = Pick<ExplainedHost, 'addresses' | 'addressesAreSecure' | 'canonicalName' | 'addressTrouble'>;

function explainAddresses(finding: AddressFinding): ExplainedAddresses {
  if (finding.kind === 'trouble') {
    const addressTrouble = finding.trouble.diagnosis.text;
    return { addresses: [], addressesAreSecure: false, canonicalName: '', addressTrouble };
  }
  const { ips: addresses, secure: addressesAreSecure, canonicalName } = finding;
  return { addresses, addressesAreSecure, canonicalName, addressTrouble: '' };
}

/** One after the other: a host may limit how many sessions one client has. */
async function probeAll(
  decision: Connect,
  { host, known }: { readonly host: SurveyedHost['host']; readonly known: HostKnowledge },
  { route, settings }: SurveyRequest,
  { open }: ExplainParts,
): Promise<readonly ExplainedProbe[]> {
  const probes: ExplainedProbe[] = [];
  for (const ip of known.addresses.kind === 'addresses' ? known.addresses.ips : []) {
    const endpoint = { host: host.name, ip, port: host.port, implicitTls: host.implicitTls };
    const opening = await open({ endpoint, decision, route, settings });
    const results = opening.results.map(resultText);
    if (opening.kind === 'open') {
      const { tls } = opening.session;
      await opening.session.close();
      const matched = tls?.matched === undefined ? '' : `, matched ${tls.matched}`;
      probes.push({ ip, met: true, text: tlsWords(tls) + matched, certificate: certificateText(tls), results });
    } else {
      probes.push({
        ip,
        met: false,
        text: diagnosisText(opening.diagnosis),
        certificate: certificateText(opening.diagnosis.tls),
        results,
      });
    }
  }
  return probes;
}

const certificateText = (tls: Diagnosis['tls']): string =>
  tls?.peerFingerprint === undefined ? '' : `${tls.peerSubject ?? ''} SHA-256 ${tls.peerFingerprint}`.trim();

const diagnosisText = ({ detail, text }: Diagnosis): string => `${enhancedStatus('deferred', detail)} ${text}`;

function resultText({ policy, failure }: PolicyResult): ExplainedProbe['results'][number] {
  return {
    type: policy.type,
    domain: policy.domain,
    failure: failure === undefined ? '' : `${failure.type}: ${failure.reason}`,
  };
}

function explainDane(dane: DaneFact): ExplainedDane {
  if (dane.kind !== 'records') return dane;
  const records = dane.records.map(({ record, usable, reason }) => ({ record: recordText(record), usable, reason }));
  return { kind: 'records', base: dane.base, records };
}

function explainDecision(decision: TlsDecision, host: string): ExplainedDecision {
  if (decision.kind === 'skip') {
    const { by, diagnosis } = decision;
    return { kind: 'skip', by, status: enhancedStatus('deferred', diagnosis.detail), text: diagnosis.text };
  }
  const { requirements, published, serverName = host, key } = decision;
  return {
    kind: 'connect',
    requirements: requirements.map(({ demand, by, name }) => ({ demand: demandText(demand), by, name })),
    published: published.map(({ policy, enforced, failure }) => ({
      type: policy.type,
      domain: policy.domain,
      enforced,
      failure: failure === undefined ? '' : `${failure.type}: ${failure.reason}`,
    })),
    serverName,
    key,
  };
}

async function explainSts(domain: string, fact: StsFact, { recollectSts }: ExplainParts): Promise<ExplainedSts> {
  const recollection = await recollectSts(domain);
  const policy = fact.kind === 'policy' ? fact : undefined;
  return {
    domain,
    kind: fact.kind,
    reason: reasonOf(fact),
    id: fact.kind === 'policy' || fact.kind === 'unavailable' ? fact.id : '',
    policy: policy?.policy,
    fetchedAt: policy?.fetchedAt,
    ...recollection,
  };
}

function reasonOf(fact: StsFact): string {
  switch (fact.kind) {
    case 'off':
      return fact.why;
    case 'none':
    case 'lookup-failed':
      return fact.reason;
    case 'policy':
    case 'unavailable':
      return fact.trouble === undefined ? '' : `${fact.trouble.result}: ${fact.trouble.reason}`;
  }
}

function explainOverrides(
  route: Route,
  surveyed: readonly SurveyedHost[],
  { tlsPolicy: { overrides } }: OutboundSettings,
  now: Date,
): readonly ExplainedOverride[] {
  const used = new Set(surveyed.map(({ host }) => overrideFor(routedTo(route, host), host.name, overrides, now)));
  const concerned = overrides.filter((one) => surveyed.some(({ host }) => concerns(one, routedTo(route, host))));
  return concerned.map((override) => {
    const { name, level, reason, author, expires } = override;
    const state = isExpired(override, now) ? 'expired' : used.has(override) ? 'used' : 'passed over';
    return { name, level, reason, author, expires, state };
  });
}

function routeText(route: Route): string {
  const by = route.connector === undefined ? '' : ` by connector ${route.connector.name}`;
  switch (route.kind) {
    case 'mx':
      return `the MX hosts of ${route.domain}${by}`;
    case 'smart-hosts':
      return `smart hosts${by}`;
    case 'literal':
      return `the address ${route.ip}${by}`;
    case 'missing':
      return 'nowhere: the connector cannot be used';
  }
}
