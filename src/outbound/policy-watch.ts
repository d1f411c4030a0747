/**
 * Watches the destinations whose mail waits because of a TLS policy: when what they publish changes, or an override for them, their
 * mail is tried at once instead of at its next time (RFC 8461 §5.1). Decides nothing: it compares what would be decided.
 */
import type { Report } from '#log/events.ts';
import { parseDomain } from '#mail/domain.ts';
import type { Live } from '#mail/units.ts';
import { concerns } from '#tls-policy/override.ts';
import type { OverrideSettings } from '#tls-policy/settings.ts';
import type { Decisions } from './decisions.ts';
import { decideRoute, type Route } from './route.ts';
import type { OutboundSettings } from './settings.ts';
import type { Survey, SurveyRequest } from './survey.ts';

export type PolicyWatchParts = {
  readonly survey: (request: SurveyRequest) => Promise<Survey>;
  readonly decisions: Pick<Decisions, 'decide'>;
  readonly hasten: (destination: string) => Promise<void>;
  readonly settings: Live<OutboundSettings>;
  readonly now: Live<Date>;
  readonly report: Report;
};

/** What would be decided for each host, or why none is known. */
type State = ReadonlyMap<string, string>;

type Watched = {
  /** As of the last look. */
  state: State | undefined;
  learnedAt: Date;
};

/** Destinations that are watched; those that have waited longest go first. */
const WATCHED = 10_000;
/** Looked at in one round: with a round each minute, a hundred destinations are each asked for once a minute. */
const IN_A_ROUND = 100;
const AT_ONCE = 10;
/** Mail that waits is tried far more often: where no attempt has told anything for so long, nothing waits. */
const WATCHED_FOR_MS = 86_400_000;

export class PolicyWatch {
  readonly #parts: PolicyWatchParts;
  readonly #watched = new Map<string, Watched>();
  #overrides: readonly OverrideSettings[];
  #isLooking = false;

  constructor(parts: PolicyWatchParts) {
    this.#parts = parts;
    this.#overrides = parts.settings().tlsPolicy.overrides;
  }

  get size(): number {
    return this.#watched.size;
  }

  /** Mail for it waits for its policy. */
  async learn(destination: string): Promise<void> {
    const learnedAt = this.#parts.now();
    const known = this.#watched.get(destination);
    if (known !== undefined) {
      known.learnedAt = learnedAt;
      return;
    }
    const watched: Watched = { state: undefined, learnedAt };
    this.#watched.set(destination, watched);
    if (this.#watched.size > WATCHED) this.#watched.delete(this.#watched.keys().next().value ?? '');
    const state = await this.#stateOf(destination, false);
    watched.state ??= state;
  }

  /** It answers. */
  forget(destination: string): void {
    this.#watched.delete(destination);
  }

  /** Asks anew for some of them. To be called now and then; does nothing while it still does so. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const round = [...this.#watched.keys()].slice(0, IN_A_ROUND).values();
      await Promise.all(Array.from({ length: AT_ONCE }, async () => this.#lookAtEach(round)));
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookAtEach(destinations: Iterable<string>): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- a few of these run side by side
    for (const destination of destinations) await this.#lookAt(destination);
  }

  async #lookAt(destination: string): Promise<void> {
    const watched = this.#watched.get(destination);
    if (watched === undefined) return;
    this.#watched.delete(destination);
    if (this.#isOld(watched)) return;
    // To the end, so that the others have their turn.
    this.#watched.set(destination, watched);
    const state = await this.#stateOf(destination, true);
    // It may have answered meanwhile.
    if (this.#watched.get(destination) !== watched) return;
    const known = watched.state;
    watched.state = state;
    const isCut = state.size >= this.#parts.settings().outbound.hostsPerAttempt;
    if (known !== undefined && differ(known, state, isCut)) await this.#hasten(destination);
  }

  #isOld({ learnedAt }: Watched): boolean {
    return this.#parts.now().getTime() - learnedAt.getTime() > WATCHED_FOR_MS;
  }

  /** Other overrides may be in force now. `waiting`: destinations that rest, whatever the reason. */
  async reloaded(waiting: readonly string[]): Promise<void> {
    const { tlsPolicy } = this.#parts.settings();
    const [before, now] = [this.#overrides, tlsPolicy.overrides];
    this.#overrides = now;
    const changed = [...differing(before, now), ...differing(now, before)];
    if (changed.length === 0) return;
    const named = changed.flatMap(({ destinations }) => destinations.filter((text) => parseDomain(text) !== undefined));
    for (const destination of new Set([...waiting, ...this.#watched.keys(), ...named])) {
      if (this.#concerned(destination, changed)) await this.#hasten(destination);
    }
  }

  #concerned(destination: string, changed: readonly OverrideSettings[]): boolean {
    const { route } = decideRoute(destination, this.#parts.settings());
    const places = placesOf(route);
    return changed.some((override) => places.some((place) => concerns(override, place)));
  }

  async #hasten(destination: string): Promise<void> {
    this.#watched.delete(destination);
    this.#parts.report('tls.policy-changed', { nexthop: destination });
    await this.#parts.hasten(destination);
  }

  async #stateOf(destination: string, fresh: boolean): Promise<State> {
    const settings = this.#parts.settings();
    const { route } = decideRoute(destination, settings);
    const request: SurveyRequest = { route, settings, wish: 'none', fresh };
    const survey = await this.#parts.survey(request);
    if (survey.kind === 'trouble') return new Map([['', survey.trouble.diagnosis.text]]);
    const states = survey.hosts.map(async ({ host, known: knowing }): Promise<[string, string]> => {
      const known = await knowing;
      const place = `${host.name}:${host.port}`;
      if (known.addresses.kind === 'trouble') return [place, known.addresses.trouble.diagnosis.text];
      const decision = this.#parts.decisions.decide(host, known, request);
      return [place, decision.kind === 'connect' ? decision.key : decision.diagnosis.text];
    });
    return new Map(await Promise.all(states));
  }
}

/** `isCut`: there may be more hosts, of which chance takes some: only those can be compared that were seen both times. */
function differ(one: State, other: State, isCut: boolean): boolean {
  const isChanged = [...other].some(([host, text]) => (one.has(host) ? one.get(host) !== text : !isCut));
  return isChanged || (!isCut && one.size !== other.size);
}

function differing(
  some: readonly OverrideSettings[],
  others: readonly OverrideSettings[],
): readonly OverrideSettings[] {
  const texts = new Set(others.map((one) => JSON.stringify(one)));
  return some.filter((one) => !texts.has(JSON.stringify(one)));
}

function placesOf(route: Route): readonly { kind: 'domain' | 'host'; name: string; port: number }[] {
  switch (route.kind) {
    case 'mx':
      return [{ kind: 'domain', name: route.domain, port: route.port }];
    case 'smart-hosts':
      return route.hosts.map(({ host, port }) => ({ kind: 'host', name: host, port }));
    case 'literal':
      return [{ kind: 'host', name: route.ip, port: route.port }];
    case 'missing':
      return [];
  }
}
