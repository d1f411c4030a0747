/**
 * From a route to the hosts that are tried, in their order (RFC 5321 §5.1), each with what DNS said of it and how far that
 * can be trusted. Addresses are looked up host by host, when their turn comes. Decides nothing about TLS.
 */
import type { Answer, MxRecord } from '#dns/answer.ts';
import { isHostName } from '#dns/name.ts';
import type { AddressFamily, Resolver } from '#dns/resolver.ts';
import { diagnose } from '#mail/diagnosis.ts';
import { isIp } from '#mail/ip.ts';
import type { StatusName } from '#mail/status.ts';
import { readAddresses } from './host-addresses.ts';
import type { Route, SmartHost } from './route.ts';
import type { OutboundSettings } from './settings.ts';
import type { Trouble } from './transaction.ts';

export type AddressFinding =
  | {
      readonly kind: 'addresses';
      /** In the order in which they are tried; never empty. */
      readonly ips: readonly string[];
      /** The addresses, aliases included, are secure: only then is TLSA asked for (RFC 7672 §2.2.2). */
      readonly secure: boolean;
      /** The host's name after CNAMEs, the first TLSA base (RFC 7672 §2.2.3). */
      readonly canonicalName: string;
    }
  | { readonly kind: 'trouble'; readonly trouble: Trouble };

export type Host = {
  /** In A-labels; an address when the host has no name. */
  readonly name: string;
  readonly port: number;
  readonly preference: number;
  readonly implicitTls: boolean;
  /** How we came to this name can be trusted: a secure MX answer, a secure denial of one, or our own configuration. */
  readonly mxSecure: boolean;
  /** The destination after CNAMEs (RFC 7672 §3.2.2); `undefined` when no MX was asked for. */
  readonly nexthopName: string | undefined;
  /** Looks the addresses up; cached by the resolver, so it may be called again. Never rejects. */
  addresses(): Promise<AddressFinding>;
};

export type HostsFinding =
  | {
      readonly kind: 'hosts';
      readonly hosts: readonly Host[];
      /** There are more, which this attempt leaves untried. */
      readonly isCut?: boolean | undefined;
    }
  | { readonly kind: 'trouble'; readonly trouble: Trouble };

export type HostFinderParts = {
  readonly resolver: Resolver;
  /** Connecting there would reach this relay itself. */
  readonly isOurs: (ip: string, port: number) => boolean;
  /** From 0 to less than 1; orders hosts of equal preference. */
  readonly random: () => number;
};

type Candidate = { readonly name: string; readonly preference: number };
type Origin = { readonly mxSecure: boolean; readonly nexthopName: string | undefined };
type Limits = { readonly families: readonly AddressFamily[]; readonly addressLimit: number };
type MxRoute = Route & { readonly kind: 'mx' };

export class HostFinder {
  readonly #parts: HostFinderParts;

  constructor(parts: HostFinderParts) {
    this.#parts = parts;
  }

  /** Never rejects for what DNS says. */
  async find(route: Route, settings: OutboundSettings): Promise<HostsFinding> {
    switch (route.kind) {
      case 'mx':
        return this.#findByMx(route, settings);
      case 'smart-hosts':
        return this.#findSmartHosts(route.hosts, route, settings);
      case 'literal':
        return this.#findSmartHosts([{ host: route.ip, port: route.port }], route, settings);
      case 'missing':
        return troubled(transient('no-route', 'the connector cannot be used'));
    }
  }

  async #findByMx(route: MxRoute, settings: OutboundSettings): Promise<HostsFinding> {
    const answer = await this.#parts.resolver.mx(route.domain);
    if (answer.kind === 'failed' || answer.kind === 'bogus') {
      return troubled(transient('dns-failed', `MX of ${route.domain}: ${reasonOf(answer)}`));
    }
    const origin: Origin = { mxSecure: answer.secure, nexthopName: answer.canonicalName };
    if (answer.kind === 'absent') {
      if (answer.why === 'nxdomain') return troubled(permanent('domain-not-found', ''));
      return this.#findImplicit(route, origin, settings);
    }
    const selection = this.#select(answer.records, settings.hostname);
    if (selection.kind === 'trouble') return selection;
    const { candidates } = selection;
    const isCut = candidates.length > settings.outbound.hostsPerAttempt;
    return { kind: 'hosts', hosts: this.#hosts(candidates, origin, route, settings), isCut };
  }

  /**
   * RFC 5321 §5.1: without MX the domain itself is the host, at preference 0. Its addresses are looked up at once, since a
   * domain that has none takes no mail at all, while an MX host without any may be an oversight.
   */
  async #findImplicit(route: MxRoute, origin: Origin, settings: OutboundSettings): Promise<HostsFinding> {
    const { resolver } = this.#parts;
    if (route.domain === settings.hostname) return troubled(permanent('mx-loop', ''));
    const families: readonly AddressFamily[] = ['ipv4', 'ipv6'];
    const answers = await Promise.all(families.map((family) => resolver.addresses(route.domain, family)));
    if (answers.every(({ kind }) => kind === 'absent')) {
      return troubled(permanent('domain-not-found', `${route.domain} has neither MX nor address records`));
    }
    return { kind: 'hosts', hosts: this.#hosts([{ name: route.domain, preference: 0 }], origin, route, settings) };
  }

  #select(
    records: readonly MxRecord[],
    hostname: string,
  ): { readonly kind: 'candidates'; readonly candidates: readonly Candidate[] } | (HostsFinding & { kind: 'trouble' }) {
    // RFC 7505 §3: the null MX stands alone; beside others it is a mistake and is passed over.
    if (records.every(({ exchange }) => exchange === '')) return troubled(permanent('null-mx', ''));
    const named = records.filter(({ exchange }) => isHostName(exchange));
    if (named.length === 0) return troubled(transient('dns-failed', 'no MX record names a host'));
    // RFC 5321 §5.1: we are one of the hosts, so only better ones may be tried; anything else would come back to us.
    const own = named.filter(({ exchange }) => exchange === hostname.toLowerCase());
    const limit = own.reduce((least, { preference }) => Math.min(least, preference), Infinity);
    const better = named.filter(({ preference }) => preference < limit);
    if (better.length === 0) return troubled(permanent('mx-loop', ''));
    const candidates = better.map(({ exchange: name, preference }) => ({ name, preference }));
    return { kind: 'candidates', candidates: inOrder(candidates, this.#parts.random) };
  }

  #hosts(
    candidates: readonly Candidate[],
    origin: Origin,
    route: MxRoute,
    { outbound }: OutboundSettings,
  ): readonly Host[] {
    const chosen = candidates.slice(0, outbound.hostsPerAttempt);
    const limits = limitsOf(outbound, chosen.length);
    // Shared by the hosts of this attempt: the preference at which an address turned out to be ours.
    const ours = { preference: Infinity };
    const { port, connector } = route;
    const addressesOf = async ({ name, preference }: Candidate): Promise<AddressFinding> => {
      if (preference >= ours.preference) return loop();
      const finding = await this.#addresses(name, limits);
      if (finding.kind === 'trouble' || !finding.ips.some((ip) => this.#parts.isOurs(ip, port))) return finding;
      ours.preference = preference;
      return loop();
    };
    return chosen.map((candidate) => ({
      ...candidate,
      ...origin,
      port,
      implicitTls: connector?.implicitTls ?? false,
      addresses: () => addressesOf(candidate),
    }));
  }

  #findSmartHosts(
    smartHosts: readonly SmartHost[],
    { connector }: Route,
    { outbound }: OutboundSettings,
  ): HostsFinding {
    const chosen = smartHosts.slice(0, outbound.hostsPerAttempt);
    const limits = limitsOf(outbound, chosen.length);
    const addressesOf = async (name: string, port: number): Promise<AddressFinding> => {
      const finding = await this.#addresses(name, limits);
      const isLoop = finding.kind === 'addresses' && finding.ips.some((ip) => this.#parts.isOurs(ip, port));
      return isLoop ? loop() : finding;
    };
    const hosts = chosen.map(({ host: name, port }, preference) => ({
      name,
      port,
      preference,
      implicitTls: connector?.implicitTls ?? false,
      mxSecure: true,
      nexthopName: undefined,
      addresses: () => addressesOf(name, port),
    }));
    return { kind: 'hosts', hosts, isCut: smartHosts.length > chosen.length };
  }

  /** Both families are asked at the same time, and one that fails does not hide the other. */
  async #addresses(name: string, { families, addressLimit }: Limits): Promise<AddressFinding> {
    if (isIp(name)) {
      return { kind: 'addresses', ips: [name], secure: false, canonicalName: name };
    }
    const { resolver, random } = this.#parts;
    const answers = await Promise.all(families.map((family) => resolver.addresses(name, family)));
    const finding = readAddresses(answers, random);
    if (finding.kind === 'addresses') return { ...finding, ips: finding.ips.slice(0, addressLimit) };
    return troubled(transient('dns-failed', `addresses of ${name}: ${finding.reason}`));
  }
}

/** RFC 5321 §5.1: lower preference first, equal ones in random order so that they share the load. */
function inOrder(candidates: readonly Candidate[], random: () => number): readonly Candidate[] {
  const keyed = candidates.map((candidate) => ({ candidate, order: random() }));
  keyed.sort((one, two) => one.candidate.preference - two.candidate.preference || one.order - two.order);
  return keyed.map(({ candidate }) => candidate);
}

/** The setting counts addresses in all; each host gets its share, and one of each family at the least. */
function limitsOf({ hostsPerAttempt, addressFamilies }: OutboundSettings['outbound'], hosts: number): Limits {
  const share = Math.floor(hostsPerAttempt / Math.max(1, hosts));
  return { families: addressFamilies, addressLimit: Math.max(addressFamilies.length, share) };
}

const reasonOf = (answer: Answer<unknown> & { kind: 'failed' | 'bogus' }): string =>
  answer.kind === 'failed' ? answer.why : 'DNSSEC validation failed';

const troubled = (trouble: Trouble): { readonly kind: 'trouble'; readonly trouble: Trouble } => ({
  kind: 'trouble',
  trouble,
});

const loop = (): AddressFinding => troubled(permanent('mx-loop', ''));

const bracketed = (reason: string): string => (reason === '' ? '' : `[Message=${reason}]`);

/** May be different later, or at another host. */
const transient = (status: StatusName, reason: string): Trouble => ({
  scope: 'session',
  weight: 'transient',
  diagnosis: diagnose(status, bracketed(reason)),
});

/** The domain says so itself: no time will help. */
const permanent = (status: StatusName, reason: string): Trouble => ({
  scope: 'host',
  weight: 'permanent',
  diagnosis: diagnose(status, bracketed(reason)),
});
