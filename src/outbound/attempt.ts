/**
 * One attempt: the deliveries of one lease, handed to each host of their nexthop in turn, until each is decided.
 *
 * The chain of nouns in one place: findings (hosts, addresses), facts, decision, session with its verdict, outcome. What a
 * trouble leads to is said by `outcome.ts` and `trouble.ts`; retry times and reports are the worker's business.
 */
import type { Diagnosis } from '#mail/diagnosis.ts';
import type { Delivery, Lease } from '#queue/store.ts';
import type { Connect, Skip } from '#tls-policy/decision.ts';
import { wishOf, type Decisions } from './decisions.ts';
import { UNTRIED, conclude, meetResult, meetTrouble, type Outcome, type Standing } from './outcome.ts';
import type { SessionPool } from './pool.ts';
import type { Route } from './route.ts';
import type { OutboundSettings } from './settings.ts';
import type { Survey, SurveyedHost, SurveyRequest } from './survey.ts';
import type {
  Endpoint,
  RecipientResult,
  Session,
  SessionOpening,
  Transaction,
  TransferResult,
  Trouble,
} from './transaction.ts';
import { restsDestination } from './trouble.ts';

export type AttemptResult = {
  /** By the `index` of the delivery. */
  readonly outcomes: ReadonlyMap<number, Outcome>;
  readonly reach: Reach;
};

/** What an attempt tells of its destination, to all mail that waits for it. */
export type Reach =
  | { readonly kind: 'answered' }
  /** Why nobody there can be served: no host took part in a transaction. */
  | { readonly kind: 'unreachable'; readonly diagnosis: Diagnosis }
  /** Nothing: what stood in the way concerned this message alone, or lay within us. */
  | { readonly kind: 'untold' };

export type OpenRequest = {
  readonly endpoint: Endpoint;
  readonly decision: Connect;
  readonly route: Route;
  readonly settings: OutboundSettings;
};

/** A host that TLS policy leaves alone. */
export type SkipRequest = { readonly host: string; readonly route: Route; readonly refusal: Skip };

/** What an attempt asks of the world. */
export type AttemptParts = {
  readonly survey: (request: SurveyRequest) => Promise<Survey>;
  readonly decisions: Pick<Decisions, 'decide'>;
  readonly skip: (request: SkipRequest) => void;
  readonly reuse: (session: Session, request: OpenRequest) => void;
  readonly open: (request: OpenRequest) => Promise<SessionOpening>;
  readonly pool: SessionPool;
};

/** What is to be delivered, and how: `expired` mail fails where other mail would be deferred. */
export type AttemptOrder = {
  readonly lease: Lease;
  readonly route: Route;
  readonly settings: OutboundSettings;
  readonly expired: boolean;
};

/** Never rejects for what DNS or a host does. */
export async function attempt(order: AttemptOrder, parts: AttemptParts): Promise<AttemptResult> {
  const run = new Run(order, parts);
  const finding = await parts.survey(run.question);
  if (finding.kind === 'trouble') run.meetTrouble(finding.trouble, false);
  else await run.tryHosts(finding);
  return run.result();
}

/** Of one session for one endpoint. `override`: the one that its TLS rests on. */
type Terms = {
  readonly key: string;
  readonly hostsLeft: boolean;
  readonly isKept: boolean;
  readonly override: string | undefined;
};

class Run {
  readonly #order: AttemptOrder;
  readonly #parts: AttemptParts;
  readonly #standings: Map<Delivery, Standing>;
  #unreachable: Diagnosis | undefined;
  /** A host is left that other mail may go to. */
  #isOfMessage = false;
  /** The destination has more hosts than this attempt tries. */
  #isCut = false;
  #transacted = false;

  constructor(order: AttemptOrder, parts: AttemptParts) {
    this.#order = order;
    this.#parts = parts;
    this.#standings = new Map(order.lease.deliveries.map((delivery) => [delivery, UNTRIED]));
  }

  get question(): SurveyRequest {
    const { lease, route, settings, expired } = this.#order;
    const { envelope, facts } = lease.message;
    const wish = wishOf({
      sender: envelope.sender,
      requireTls: envelope.requireTls === true,
      // What a rule of this relay demands is not the sender's to waive.
      tlsNotRequired: facts.tlsRequired === 'no' && envelope.terms?.tls === undefined,
      tlsReport: envelope.tlsReport === true,
    });
    return { route, settings, wish, rule: envelope.terms?.tls, fresh: expired };
  }

  get #isDone(): boolean {
    return this.#open().length === 0;
  }

  /** In turn, until nothing is open. */
  async tryHosts({ hosts, isCut }: Survey & { readonly kind: 'hosts' }): Promise<void> {
    this.#isCut = isCut === true;
    for (const [position, host] of hosts.entries()) {
      await this.#tryHost(host, position < hosts.length - 1);
      if (this.#isDone) return;
    }
  }

  /** Tries the addresses of one host, each as a host of its own, until nothing is open (RFC 5321 §5.1). */
  async #tryHost({ host, known: knowing }: SurveyedHost, hostsLeft: boolean): Promise<void> {
    const known = await knowing;
    if (known.addresses.kind === 'trouble') {
      this.meetTrouble(known.addresses.trouble, hostsLeft);
      return;
    }
    const { route, settings } = this.#order;
    const decision = this.#parts.decisions.decide(host, known, this.question);
    if (decision.kind === 'skip') {
      this.#parts.skip({ host: host.name, route, refusal: decision });
      this.meetTrouble(troubleOf(decision), hostsLeft);
      return;
    }
    const { ips } = known.addresses;
    for (const [position, ip] of ips.entries()) {
      const endpoint: Endpoint = { host: host.name, ip, port: host.port, implicitTls: host.implicitTls };
      const othersLeft = hostsLeft || position < ips.length - 1;
      const trouble = await this.#serve({ endpoint, decision, route, settings }, othersLeft);
      if (trouble !== undefined) this.meetTrouble(trouble, othersLeft);
      if (this.#isDone) return;
    }
  }

  meetTrouble(met: Trouble, hostsLeft: boolean): void {
    const trouble = this.#inView(met);
    this.#learn(trouble);
    for (const delivery of this.#open()) {
      const standing = this.#standings.get(delivery) ?? UNTRIED;
      this.#standings.set(delivery, meetTrouble(standing, trouble, { hostsLeft, expired: this.#order.expired }));
    }
  }

  result(): AttemptResult {
    const { expired } = this.#order;
    const outcomes = [...this.#standings].map(([{ index }, standing]) => [index, conclude(standing, expired)] as const);
    return { outcomes: new Map(outcomes), reach: this.#reach() };
  }

  #reach(): Reach {
    if (this.#transacted) return { kind: 'answered' };
    if (this.#isOfMessage) return { kind: 'untold' };
    const diagnosis = this.#unreachable;
    return diagnosis === undefined ? { kind: 'answered' } : { kind: 'unreachable', diagnosis };
  }

  /** RFC 8689 §4.2.1: what no host offers is lasting only where all of them were reached. */
  #inView<Met extends Trouble>(trouble: Met): Met {
    const isOpen = this.#isCut && trouble.diagnosis.policy?.kind === 'requiretls';
    return isOpen ? { ...trouble, weight: 'transient' } : trouble;
  }

  #learn(trouble: Trouble): void {
    this.#isOfMessage ||= isOfMessage(trouble);
    // A policy may change at any time, so what it forbids is told before what may pass by itself.
    const isTold = this.#unreachable?.policy === undefined || trouble.diagnosis.policy !== undefined;
    if (restsDestination(trouble) && isTold) this.#unreachable = trouble.diagnosis;
  }

  /**
   * Hands the open deliveries to a session of the endpoint, one kept from before when there is one: that it has ended says
   * nothing of the host (it may have been idle for too long), so a fresh one then has its turn. Returns why none opened.
   */
  async #serve(request: OpenRequest, hostsLeft: boolean): Promise<Trouble | undefined> {
    const override = request.decision.requirements.find(({ by }) => by === 'override')?.name;
    const terms = { key: poolKey(request), hostsLeft, override };
    const kept = this.#parts.pool.take(terms.key);
    if (kept !== undefined && (await this.#transact(kept, { ...terms, isKept: true }))) {
      this.#parts.reuse(kept, request);
      return undefined;
    }
    const opening = await this.#parts.open(request);
    if (opening.kind === 'failed') return opening;
    await this.#transact(opening.session, { ...terms, isKept: false });
    return undefined;
  }

  /** Resolves to false when a kept session turned out to be dead before it took anything. */
  async #transact(session: Session, { key, hostsLeft, isKept, override }: Terms): Promise<boolean> {
    const open = this.#open();
    const { messageId, envelope, content, facts } = this.#order.lease.message;
    const recipients = open.map(({ recipient }) => recipient);
    const result = await transferOrClose(session, { messageId, envelope, recipients, content, facts });
    this.#parts.pool.give(key, session);
    if (isKept && result.recipients.every(isSessionTrouble)) return false;
    this.#transacted ||= !result.recipients.every(isSessionTrouble);
    const at = {
      endpoint: session.endpoint,
      tls: session.tls,
      override,
      hostsLeft,
      expired: this.#order.expired,
    };
    for (const [position, delivery] of open.entries()) {
      const answer = result.recipients[position];
      if (answer === undefined) continue;
      const told = answer.kind === 'refused' ? this.#inView(answer) : answer;
      if (told.kind === 'refused') this.#learn(told);
      this.#standings.set(delivery, meetResult(this.#standings.get(delivery) ?? UNTRIED, told, at));
    }
    return true;
  }

  #open(): readonly Delivery[] {
    return this.#order.lease.deliveries.filter((delivery) => this.#standings.get(delivery)?.kind === 'open');
  }
}

/** What one message demands must not make others wait. */
function troubleOf({ ofMessage, diagnosis }: Skip): Trouble {
  return { scope: ofMessage ? 'message' : 'session', weight: 'transient', diagnosis };
}

const isOfMessage = ({ scope, diagnosis: { policy } }: Trouble): boolean =>
  scope === 'message' || policy?.kind === 'requiretls' || policy?.kind === 'rule';

/** A transfer rejects for a defect or for content that cannot be read; what the session stands at nobody knows then. */
async function transferOrClose(session: Session, transaction: Transaction): Promise<TransferResult> {
  try {
    return await session.transfer(transaction);
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** The host could not be talked to: nothing was said of the message or of a recipient. */
function isSessionTrouble(result: RecipientResult): boolean {
  return result.kind === 'refused' && result.scope === 'session';
}

/**
 * Sessions are kept apart by where they lead and how, what was decided for them, whose credentials they use and the settings
 * that they were made under: after a reload nothing goes over what the new settings might have refused.
 */
function poolKey({ endpoint, decision, route, settings }: OpenRequest): string {
  const { host, ip, port, implicitTls } = endpoint;
  const { name = '', credentials } = route.connector ?? {};
  const account = credentials === undefined ? '' : `${credentials.user} ${credentials.passwordFile}`;
  return [host, ip, port, implicitTls, name, account, decision.key, settingsKey(settings)].join('\n');
}

/** Written once for each configuration that was in force. */
const settingsKeys = new WeakMap<OutboundSettings, string>();

function settingsKey(settings: OutboundSettings): string {
  let key = settingsKeys.get(settings);
  if (key === undefined) {
    const { sourceIPv4, sourceIPv6, caFile, crlFiles } = settings.outbound;
    const { minVersion, ciphers } = settings.tlsPolicy;
    key = JSON.stringify([minVersion, ciphers, caFile, crlFiles, sourceIPv4, sourceIPv6]);
    settingsKeys.set(settings, key);
  }
  return key;
}
