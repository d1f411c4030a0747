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
  readonly report: Report;
};

/** Destinations that are watched; those that have waited longest go first. */
const WATCHED = 10_000;
/** Looked at in one round, in turn: with a round each minute, a hundred destinations are each asked for once a minute. */
const AT_ONCE = 100;

export class PolicyWatch {
  readonly #parts: PolicyWatchParts;
  /** What would be decided for each, as of the last look. */
  readonly #watched = new Map<string, string>();
  #overrides: readonly OverrideSettings[];

  constructor(parts: PolicyWatchParts) {
    this.#parts = parts;
    this.#overrides = parts.settings().tlsPolicy.overrides;
  }

  get size(): number {
    return this.#watched.size;
  }

  /** Mail for it waits for its policy. */
  async learn(destination: string): Promise<void> {
    if (this.#watched.has(destination)) return;
    this.#watched.set(destination, '');
    if (this.#watched.size > WATCHED) this.#watched.delete(this.#watched.keys().next().value ?? '');
    const state = await this.#stateOf(destination, false);
    if (this.#watched.has(destination)) this.#watched.set(destination, state);
  }

  /** It answers. */
  forget(destination: string): void {
    this.#watched.delete(destination);
  }

  /** Asks anew for some of them. To be called now and then. */
  async look(): Promise<void> {
    for (const [destination, known] of [...this.#watched].slice(0, AT_ONCE)) {
      // To the end, so that the others have their turn.
      this.#watched.delete(destination);
      const state = await this.#stateOf(destination, true);
      if (known !== '' && state !== known) await this.#hasten(destination);
      else this.#watched.set(destination, state);
    }
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

  /** What is decided for each of its hosts, in their order. */
  async #stateOf(destination: string, fresh: boolean): Promise<string> {
    const settings = this.#parts.settings();
    const { route } = decideRoute(destination, settings);
    const request: SurveyRequest = { route, settings, wish: 'none', fresh };
    const survey = await this.#parts.survey(request);
    if (survey.kind === 'trouble') return survey.trouble.diagnosis.text;
    const states = survey.hosts.map(async ({ host, known: knowing }) => {
      const known = await knowing;
      if (known.addresses.kind === 'trouble') return `${host.name}: ${known.addresses.trouble.diagnosis.text}`;
      const decision = this.#parts.decisions.decide(host, known, request);
      return `${host.name}: ${decision.kind === 'connect' ? decision.key : decision.diagnosis.text}`;
    });
    return (await Promise.all(states)).toSorted().join('\n');
  }
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
