/**
 * What is known before any connection: the hosts of a route and, for each, its addresses, its TLSA records and the MTA-STS policy
 * of where the mail was routed to. All hosts are looked up at the same time, within one total time; an attempt waits only for the
 * host whose turn it is. Gathers, and decides nothing.
 */
import type { DnssecState } from '#dns/dnssec-state.ts';
import type { Resolver } from '#dns/resolver.ts';
import type { RoutedTo } from '#mail/destination-pattern.ts';
import { diagnose } from '#mail/diagnosis.ts';
import type { RuleTls } from '#mail/envelope.ts';
import { isIp } from '#mail/ip.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import { findTlsa } from '#tls-policy/dane/find.ts';
import type { DaneFact, SenderWish, StsFact } from '#tls-policy/facts.ts';
import type { StsFinding } from '#tls-policy/mta-sts/finding.ts';
import { overrideFor } from '#tls-policy/override.ts';
import type { AddressFinding, Host, HostsFinding } from './hosts.ts';
import { nexthopOf, type Route } from './route.ts';
import type { OutboundSettings } from './settings.ts';
import type { Trouble } from './transaction.ts';

export type HostKnowledge = { readonly addresses: AddressFinding; readonly dane: DaneFact; readonly sts: StsFact };

/** `known` never rejects. */
export type SurveyedHost = { readonly host: Host; readonly known: Promise<HostKnowledge> };

export type Survey =
  | { readonly kind: 'hosts'; readonly hosts: readonly SurveyedHost[]; readonly isCut?: boolean | undefined }
  | { readonly kind: 'trouble'; readonly trouble: Trouble };

export type SurveyRequest = {
  readonly route: Route;
  readonly settings: OutboundSettings;
  readonly wish: SenderWish;
  /** What a mail flow rule demands. */
  readonly rule?: RuleTls | undefined;
  /** Policies are asked for anew: a permanent failure is near (RFC 8461 §5.1). */
  readonly fresh: boolean;
};

export type SurveyParts = {
  readonly findHosts: (route: Route, settings: OutboundSettings) => Promise<HostsFinding>;
  readonly resolver: Resolver;
  readonly findSts: (domain: string, options: { readonly fresh: boolean }) => Promise<StsFinding>;
  readonly dnssec: Live<DnssecState>;
  readonly now: () => Date;
};

/** Never rejects for what DNS or a policy host does. */
export async function survey(request: SurveyRequest, parts: SurveyParts): Promise<Survey> {
  const finding = await parts.findHosts(request.route, request.settings);
  if (finding.kind === 'trouble') return finding;
  const surveyor = new Surveyor(request, parts);
  const isBelieved = request.route.kind !== 'mx' || parts.dnssec().kind === 'validates';
  return {
    ...finding,
    hosts: finding.hosts.map((host) => ({
      // A resolver that is not known to validate vouches for no name; what the operator wrote down needs no DNSSEC.
      host: isBelieved ? host : { ...host, mxSecure: false },
      known: surveyor.look(host),
    })),
  };
}

class Surveyor {
  readonly #request: SurveyRequest;
  readonly #parts: SurveyParts;
  readonly #policies = new Map<string, Promise<StsFact>>();
  readonly #deadline: Milliseconds;

  constructor(request: SurveyRequest, parts: SurveyParts) {
    this.#request = request;
    this.#parts = parts;
    this.#deadline = performance.now() + request.settings.tlsPolicy.lookupTimeout;
  }

  async look(host: Host): Promise<HostKnowledge> {
    const sts = this.#sts(host);
    const addresses = await this.#inTime(host.addresses(), NO_ADDRESSES);
    const dane = await this.#dane(host, addresses);
    return { addresses, dane, sts: await sts };
  }

  async #dane(host: Host, addresses: AddressFinding): Promise<DaneFact> {
    const why = this.#whyNoDane(host, addresses);
    if (why !== undefined) return why;
    if (addresses.kind === 'trouble') return off('it has no addresses');
    const { name, port } = host;
    const { fresh, settings } = this.#request;
    const asked = { name, port, fresh, addressesSecure: addresses.secure, canonicalName: addresses.canonicalName };
    const { digests } = settings.tlsPolicy.dane;
    const question = `_${port}._tcp.${name} TLSA`;
    const tooLate: DaneFact = { kind: 'failed', question, reason: 'the look-ups took too long', bogus: false };
    return this.#inTime(findTlsa(asked, this.#parts.resolver, digests), tooLate);
  }

  #whyNoDane(host: Host, addresses: AddressFinding): DaneFact | undefined {
    const { route, settings } = this.#request;
    const { overrides, dane } = settings.tlsPolicy;
    if (isIp(host.name)) return off('the host has no name');
    if (addresses.kind === 'trouble') return off('the host has no address');
    const override = overrideFor(routedTo(route, host), host.name, overrides, this.#parts.now());
    const isMandatory =
      override === undefined ? route.connector?.smtpDaneMode === 'mandatory' : override.level === 'dane';
    if (isMandatory) return this.#whyNoDnssec(true);
    return this.#whyNotWanted() ?? this.#whyNoDnssec(dane.resolver === 'require') ?? this.#whyInsecure(host);
  }

  #whyNotWanted(): DaneFact | undefined {
    const { route, settings, wish } = this.#request;
    const { dane } = settings.tlsPolicy;
    if (wish === 'deliver-anyway' || wish === 'tls-not-required') return off('the message asks for no TLS policy');
    if (dane.mode === 'off') return off('DANE is switched off');
    if (route.connector?.smtpDaneMode === 'none')
      return off(`smtpDaneMode of connector ${route.connector.name} is none`);
    return undefined;
  }

  /** Last, since without a resolver that validates all MX records look so. */
  #whyInsecure({ mxSecure }: Host): DaneFact | undefined {
    const isTold = mxSecure || this.#request.settings.tlsPolicy.dane.insecureMx !== 'may';
    return isTold ? undefined : off('the MX records are not signed, and insecureMx is may');
  }

  /**
   * Where DANE is demanded, a resolver that does not validate is no reason to do without it. Nor is a test that could not tell, which
   * anybody on the way may bring about: the records that are found then bind the host, though they prove nothing about it.
   */
  #whyNoDnssec(isRequired: boolean): DaneFact | undefined {
    const state = this.#parts.dnssec();
    if (state.kind === 'validates') return undefined;
    const reason = `the resolver is not known to validate DNSSEC: ${state.reason}`;
    if (isRequired) return { kind: 'failed', question: 'the self-test of the resolver', reason, bogus: false };
    return state.kind === 'unknown' ? undefined : off(reason);
  }

  /** RFC 8461 §3.4: the policy is that of where the mail is routed to. One question for all hosts of a domain. */
  #sts(host: Host): Promise<StsFact> {
    const { name } = routedTo(this.#request.route, host);
    let finding = this.#policies.get(name);
    if (finding === undefined) {
      finding = this.#askSts(name);
      this.#policies.set(name, finding);
    }
    return finding;
  }

  async #askSts(domain: string): Promise<StsFact> {
    const { route, settings, wish, fresh } = this.#request;
    if (settings.tlsPolicy.mtaSts.mode === 'off') return off('MTA-STS is switched off');
    if (wish === 'deliver-anyway' || wish === 'tls-not-required') return off('the message asks for no TLS policy');
    if (route.connector?.mtaStsMode === 'none') return off(`mtaStsMode of connector ${route.connector.name} is none`);
    if (isIp(domain)) return off('the host has no name');
    const tooLate: StsFact = {
      kind: 'lookup-failed',
      domain,
      reason: 'the look-ups took too long',
      since: this.#parts.now(),
    };
    return this.#inTime(this.#parts.findSts(domain, { fresh }), tooLate);
  }

  /** The timer is only there while something is waited for. */
  async #inTime<Found>(finding: Promise<Found>, tooLate: Found): Promise<Found> {
    const { promise, resolve } = Promise.withResolvers<Found>();
    const timer = setTimeout(() => resolve(tooLate), Math.max(0, this.#deadline - performance.now()));
    try {
      return await Promise.race([finding, promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Where the mail was routed to, as overrides and policies see it. */
export function routedTo(route: Route, { name, port }: Pick<Host, 'name' | 'port'>): RoutedTo {
  return { kind: route.kind === 'mx' ? 'domain' : 'host', name: nexthopOf(route, name), port };
}

const NO_ADDRESSES: AddressFinding = {
  kind: 'trouble',
  trouble: {
    scope: 'session',
    weight: 'transient',
    diagnosis: diagnose('dns-failed', '[Message=the look-ups took too long]'),
  },
};

const off = (why: string): DaneFact & StsFact => ({ kind: 'off', why });
