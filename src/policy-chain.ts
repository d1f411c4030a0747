/**
 * The chain from look-ups to a TLS decision and a session, put together once for delivery and for `postern policy explain`: both
 * see the same. A part of the composition root: it connects, and decides nothing.
 */
import type { RelayConfig } from '#config/schema.ts';
import type { DnssecState } from '#dns/dnssec-state.ts';
import { ResolverTrust } from '#dns/trust.ts';
import { WireResolver } from '#dns/wire-resolver.ts';
import type { Report } from '#log/events.ts';
import { diagnose } from '#mail/diagnosis.ts';
import type { Live } from '#mail/units.ts';
import type { OpenRequest } from '#outbound/attempt.ts';
import { webContext } from '#outbound/authorities.ts';
import { readCredentials } from '#outbound/credentials.ts';
import { usesDane } from '#outbound/dane-use.ts';
import { Decisions } from '#outbound/decisions.ts';
import { HostFinder } from '#outbound/hosts.ts';
import { openSession } from '#outbound/open.ts';
import { survey, type Survey, type SurveyParts, type SurveyRequest } from '#outbound/survey.ts';
import type { SessionOpening } from '#outbound/transaction.ts';
import type { RecordStore } from '#records/store.ts';
import { StsPolicies } from '#tls-policy/mta-sts/policies.ts';

export type PolicyChainParts = {
  readonly settings: Live<RelayConfig>;
  readonly records: RecordStore;
  readonly report: Report;
  /** Connecting there would reach this relay itself. */
  readonly isOurs: (ip: string, port: number) => boolean;
  /** What the resolver's word is worth. */
  readonly dnssec: Live<DnssecState>;
};

const RESOLV_CONF = '/etc/resolv.conf';

export function resolverTrust(settings: Live<RelayConfig>, report: Report): ResolverTrust {
  return new ResolverTrust({
    settings: () => settings().dns,
    isNeeded: () => usesDane(settings()),
    resolvConf: RESOLV_CONF,
    report,
    random: Math.random,
  });
}

export class PolicyChain {
  readonly resolver: WireResolver;
  readonly policies: StsPolicies;
  readonly decisions = new Decisions(systemClock);
  readonly #surveyParts: SurveyParts;

  constructor({ settings, records, report, isOurs, dnssec }: PolicyChainParts) {
    this.resolver = new WireResolver({
      settings: () => settings().dns,
      report,
      resolvConf: RESOLV_CONF,
      now: steadyClock,
    });
    this.policies = new StsPolicies({
      resolver: this.resolver,
      store: records,
      settings: () => settings().tlsPolicy.mtaSts,
      context: async () => webContext(settings()),
      report,
      now: systemClock,
    });
    const hosts = new HostFinder({ resolver: this.resolver, random: Math.random, isOurs });
    this.#surveyParts = {
      findHosts: hosts.find.bind(hosts),
      resolver: this.resolver,
      findSts: async (domain, options) => this.policies.find(domain, options),
      dnssec,
      now: systemClock,
    };
  }

  survey(request: SurveyRequest): Promise<Survey> {
    return survey(request, this.#surveyParts);
  }

  async open({ endpoint, decision, route, settings }: OpenRequest): Promise<SessionOpening> {
    const account = route.connector?.credentials;
    const credentials = account === undefined ? undefined : await readCredentials(account);
    if (account !== undefined && credentials === undefined) {
      const diagnosis = diagnose('internal-error', '[Message=the password of the smart host cannot be read]');
      return { kind: 'failed', scope: 'session', weight: 'transient', diagnosis, results: [] };
    }
    return openSession({ endpoint, decision, settings, credentials, now: systemClock });
  }
}

export const steadyClock = (): number => performance.now();

export const systemClock = (): Date => new Date();
