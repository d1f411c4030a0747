/**
 * Tells what TLS a session was to have and what it had: to the log, to the counters of TLS reports, and to the memory of the last
 * decision for each domain. Around the opening of sessions, which itself reports nothing: a session that is used again was told of
 * once.
 */
import type { EventFields, Report } from '#log/events.ts';
import type { Diagnosis } from '#mail/diagnosis.ts';
import { enhancedStatus } from '#mail/status.ts';
import { demandText, type Connect, type Published } from '#tls-policy/decision.ts';
import type { DecisionRecord } from '#tls-policy/last-decisions.ts';
import type { CountResults, PolicyResult } from '#tls-policy/results.ts';
import type { OpenRequest, SkipRequest } from './attempt.ts';
import { tlsWords } from './conclusion.ts';
import { nexthopOf, type Route } from './route.ts';
import type { Session, SessionOpening } from './transaction.ts';

export type OpenSession = (request: OpenRequest) => Promise<SessionOpening>;

export type Listeners = {
  readonly report: Report;
  readonly count: CountResults;
  readonly remember: (decision: DecisionRecord) => void;
  readonly now: () => Date;
};

export class TlsTeller {
  readonly #open: OpenSession;
  readonly #listeners: Listeners;
  /** Of sessions that are open. */
  readonly #results = new WeakMap<Session, readonly PolicyResult[]>();

  constructor(open: OpenSession, listeners: Listeners) {
    this.#open = open;
    this.#listeners = listeners;
  }

  /** Opens a session and tells of it. */
  async open(request: OpenRequest): Promise<SessionOpening> {
    const { endpoint, decision, route } = request;
    const { report, now } = this.#listeners;
    const at = now();
    const where: EventFields = { ...whereOf(endpoint.host, route), ip: endpoint.ip, port: endpoint.port };
    const decided = decidedFields(decision);
    report('tls.decided', { ...where, ...decided, reason: decision.key });
    this.#tellOverride(request, where);
    const opening = await this.#open(request);
    if (opening.kind === 'open') {
      const { tls } = opening.session;
      // Without TLS nothing was verified: the decision merely preferred it.
      if (tls !== undefined) {
        const doubts = tls.warnings === undefined ? {} : { reason: tls.warnings.join('; ') };
        report('tls.verified', { ...where, ...decided, tls: tlsWords(tls), ...doubts });
      }
      this.#results.set(opening.session, opening.results);
    } else if (isOfTls(opening.diagnosis)) this.#failed(where, decided, opening.diagnosis);
    this.#tell(opening.results, decision.published, { where, domain: nexthopOf(route, endpoint.host), at });
    const [{ demand, by }] = decision.requirements;
    const outcome = opening.kind === 'open' ? tlsWords(opening.session.tls) : statusOf(opening.diagnosis);
    this.#remember({
      domain: nexthopOf(route, endpoint.host),
      host: endpoint.host,
      decision: demandText(demand),
      by,
      outcome,
      at,
    });
    return opening;
  }

  /**
   * A session that was open already carries another message (RFC 8460 §4 counts sessions; settings may count uses). What was found
   * then counts for the policies of this message, which are alike, but for the domain of those who have none.
   */
  reuse(session: Session, { decision: { published }, route }: OpenRequest): void {
    const results = (this.#results.get(session) ?? []).flatMap(({ failure }, at) => {
      const policy = published[at]?.policy;
      return policy === undefined ? [] : [{ policy, failure }];
    });
    if (results.length === 0) return;
    const domain = nexthopOf(route, session.endpoint.host);
    this.#listeners.count({ domain, results, at: this.#listeners.now(), reused: true });
  }

  /** A host that is not talked to at all. */
  skip({ host, route, refusal }: SkipRequest): void {
    const at = this.#listeners.now();
    const where = whereOf(host, route);
    const domain = nexthopOf(route, host);
    this.#failed(where, { decision: 'skip', by: refusal.by }, refusal.diagnosis);
    const results = refusal.published.flatMap(({ policy, failure }) =>
      failure === undefined ? [] : [{ policy, failure }],
    );
    this.#tell(results, refusal.published, { where, domain, at });
    this.#remember({ domain, host, decision: 'skip', by: refusal.by, outcome: statusOf(refusal.diagnosis), at });
  }

  /** Who has decided that, and until when. */
  #tellOverride({ decision, settings }: OpenRequest, where: EventFields): void {
    const name = decision.requirements.find(({ by }) => by === 'override')?.name;
    const override = settings.tlsPolicy.overrides.find((one) => one.name === name);
    if (override === undefined) return;
    const { level, author, expires, reason } = override;
    const said = `${level}, by ${author} until ${expires.toISOString()}: ${reason}`;
    this.#listeners.report('tls.overridden', { ...where, policy: override.name, reason: said });
  }

  #failed(where: EventFields, decided: EventFields, diagnosis: Diagnosis): void {
    const { text, tls } = diagnosis;
    const seen = tls === undefined ? {} : { tls: tlsWords(tls) };
    this.#listeners.report('tls.failed', { ...where, ...decided, status: statusOf(diagnosis), reason: text, ...seen });
  }

  #tell(
    results: readonly PolicyResult[],
    published: readonly Published[],
    { where, domain, at }: { readonly where: EventFields; readonly domain: string; readonly at: Date },
  ): void {
    if (results.length === 0) return;
    this.#listeners.count({ domain, results, at });
    for (const { policy, failure } of results) {
      const isEnforced = published.find((one) => one.policy === policy)?.enforced === true;
      if (failure === undefined || isEnforced || policy.type === 'no-policy-found') continue;
      const reason = `${policy.type} ${policy.domain}: ${failure.type}: ${failure.reason}`;
      this.#listeners.report('tls.not-enforced', { ...where, nexthop: domain, reason });
    }
  }

  #remember(decision: DecisionRecord): void {
    this.#listeners.remember(decision);
  }
}

function whereOf(mxHost: string, { connector }: Route): EventFields {
  return connector === undefined ? { mxHost } : { mxHost, connector: connector.name };
}

function decidedFields({ requirements: [{ demand, by, name }] }: Connect): EventFields {
  return { decision: demand.kind, by, ...(name === '' ? {} : { policy: name }) };
}

/** The troubles that a demand for TLS leads to. */
function isOfTls({ status, policy }: Diagnosis): boolean {
  return status === 'tls-required' || policy !== undefined;
}

const statusOf = ({ detail }: Diagnosis): string => enhancedStatus('deferred', detail);
