/**
 * From what is known of a host to the TLS decision for one message: puts the facts together and keeps the last decision for each
 * host, since the same findings lead to the same one. What is decided is said in `tls-policy/decide.ts`.
 */
import type { Live } from '#mail/units.ts';
import { decideTls } from '#tls-policy/decide.ts';
import type { TlsDecision } from '#tls-policy/decision.ts';
import type { ConnectorDemand, DaneFact, SenderWish, StsFact, TlsFacts } from '#tls-policy/facts.ts';
import { WeighedCache } from '#tls-policy/mta-sts/weighed-cache.ts';
import { overrideFor } from '#tls-policy/override.ts';
import type { Host } from './hosts.ts';
import type { Route } from './route.ts';
import type { OutboundSettings } from './settings.ts';
import { routedTo, type HostKnowledge, type SurveyRequest } from './survey.ts';

/** What a decision rests on besides the findings. */
type Terms = Pick<SurveyRequest, 'route' | 'settings' | 'wish' | 'rule'>;

type Kept = { readonly facts: TlsFacts; readonly decision: TlsDecision };

/** Of the last decisions for hosts; those that were used longest ago go first. */
const KEPT_BYTES = 32 * 1024 * 1024;

export class Decisions {
  readonly #now: Live<Date>;
  #kept = new WeighedCache<Kept>(KEPT_BYTES);
  #settings: OutboundSettings | undefined;

  constructor(now: Live<Date>) {
    this.#now = now;
  }

  decide(host: Host, known: HostKnowledge, terms: Terms): TlsDecision {
    if (terms.settings !== this.#settings) {
      this.#settings = terms.settings;
      this.#kept = new WeighedCache(KEPT_BYTES);
    }
    const facts = factsOf(host, known, terms, this.#now());
    const { level = '', rule = '' } = terms.rule ?? {};
    const key = [terms.wish, host.name, host.port, terms.route.key, level, rule].join('\n');
    const kept = this.#kept.get(key);
    if (kept !== undefined && isSame(kept.facts, facts)) return kept.decision;
    const decision = decideTls(facts);
    this.#kept.set(key, { facts, decision }, weightOf(facts));
    return decision;
  }
}

/** In octets, roughly: records and policies may be long, and a decision has them once more as text. */
function weightOf({ dane, sts }: TlsFacts): number {
  const records = dane.kind === 'records' ? dane.records.map(({ record }) => record.association.length) : [];
  const patterns = sts.kind === 'policy' ? sts.policy.mx.map((pattern) => pattern.length) : [];
  return [...records, ...patterns].reduce((weight, length) => weight + 6 * length, 2000);
}

export function factsOf(
  host: Host,
  { dane, sts }: HostKnowledge,
  { route, settings, wish, rule }: Terms,
  now: Date,
): TlsFacts {
  const { tlsPolicy } = settings;
  const place = routedTo(route, host);
  const graceEnds = sts.kind === 'lookup-failed' ? sts.since.getTime() + tlsPolicy.mtaSts.lookupGrace : Infinity;
  return {
    host: host.name,
    port: host.port,
    routedTo: place,
    mxSecure: host.mxSecure,
    nexthopNames: host.nexthopName === undefined ? [] : [place.name, host.nexthopName],
    dane,
    sts,
    stsGraceIsOver: graceEnds <= now.getTime(),
    wish,
    rule,
    floor: tlsPolicy.floor,
    connector: demandOf(route),
    daneIsMandatory: route.connector?.smtpDaneMode === 'mandatory',
    daneSettings: tlsPolicy.dane,
    stsMode: tlsPolicy.mtaSts.mode,
    override: overrideFor(place, host.name, tlsPolicy.overrides, now),
  };
}

function demandOf({ connector }: Route): ConnectorDemand | undefined {
  if (connector === undefined) return undefined;
  const { name, tlsSettings, tlsDomain, credentials } = connector;
  return { name, tlsSettings, tlsDomain, hasCredentials: credentials !== undefined };
}

/** For the same host, route, wish, rule and settings: what else may differ. */
function isSame(one: TlsFacts, other: TlsFacts): boolean {
  return (
    isSameFact(one.dane, other.dane) &&
    isSameFact(one.sts, other.sts) &&
    one.override === other.override &&
    one.mxSecure === other.mxSecure &&
    one.stsGraceIsOver === other.stsGraceIsOver &&
    one.nexthopNames.join() === other.nexthopNames.join()
  );
}

/** A finding that is kept is the same object as long as nothing changed; small ones are made anew each time. */
function isSameFact<Fact extends DaneFact | StsFact>(one: Fact, other: Fact): boolean {
  if (one === other) return true;
  if (one.kind !== other.kind) return false;
  if (one.kind === 'off' && other.kind === 'off') return one.why === other.why;
  return one.kind === 'none' && other.kind === 'none' && JSON.stringify(one) === JSON.stringify(other);
}

/** What the sender of a message asks for. Reports of bounced mail go as well as they can (RFC 8689 §5). */
export function wishOf(requested: {
  readonly sender: string;
  readonly requireTls: boolean;
  readonly tlsNotRequired: boolean;
  readonly tlsReport: boolean;
}): SenderWish {
  if (requested.tlsReport) return 'deliver-anyway';
  if (requested.requireTls) return requested.sender === '' ? 'none' : 'require-tls';
  return requested.tlsNotRequired ? 'tls-not-required' : 'none';
}
