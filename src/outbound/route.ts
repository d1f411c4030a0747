/**
 * Where mail for a destination goes: to the MX hosts of its domain, to the smart hosts of a connector, or to an address
 * literal. Pure: nothing is looked up; which hosts that means is found in `hosts.ts`.
 */
import { matchesDomain, parseDomainPatterns, type DomainPattern } from '#mail/domain-pattern.ts';
import { parseHostAndPort } from '#mail/host-and-port.ts';
import type { OutboundConnectorSettings, OutboundSettings } from './settings.ts';

export type SmartHost = {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
};

type Way = {
  readonly connector?: OutboundConnectorSettings | undefined;
  /** The same for all destinations that lead to the same hosts under the same terms; for pools, limits and logs. */
  readonly key: string;
};

export type Route =
  | (Way & { readonly kind: 'mx'; readonly domain: string; readonly port: number })
  | (Way & { readonly kind: 'smart-hosts'; readonly hosts: readonly SmartHost[] })
  /** An address literal (RFC 5321 §4.1.3). */
  | (Way & { readonly kind: 'literal'; readonly ip: string; readonly port: number })
  /** What was asked for is not there: never replaced by another way, since the connector may demand TLS. */
  | (Way & { readonly kind: 'missing' });

export type RouteDecision = {
  readonly route: Route;
  /** Connectors in test mode that would have been used: they are reported, and change nothing. */
  readonly tested: readonly OutboundConnectorSettings[];
};

type Candidate = { readonly connector: OutboundConnectorSettings; readonly patterns: readonly DomainPattern[] };

/** Patterns are parsed once for each configuration that was in force. */
const candidatesOf = new WeakMap<readonly OutboundConnectorSettings[], readonly Candidate[]>();

/**
 * `destination` is a domain in A-labels or an address literal with its brackets. `connectorName` is the connector that a
 * mail flow rule has chosen; without it the first enabled one whose domains match is used, if any.
 */
export function decideRoute(destination: string, settings: OutboundSettings, connectorName?: string): RouteDecision {
  const { connectors } = settings.outbound;
  const chosen = connectorName === undefined ? undefined : connectors.find(({ name }) => name === connectorName);
  if (connectorName !== undefined && chosen?.enabled !== true) return { route: missing(connectorName), tested: [] };
  if (chosen?.testMode === false) return { route: routeBy(destination, chosen, settings), tested: [] };
  const matching = connectorsFor(destination, connectors);
  const used = matching.findIndex(({ testMode }) => !testMode);
  const tested = used === -1 ? matching : matching.slice(0, used);
  return {
    route: routeBy(destination, matching[used], settings),
    tested: chosen === undefined ? tested : [chosen, ...tested.filter((connector) => connector !== chosen)],
  };
}

function connectorsFor(
  destination: string,
  connectors: readonly OutboundConnectorSettings[],
): readonly OutboundConnectorSettings[] {
  if (connectors.length === 0) return [];
  let candidates = candidatesOf.get(connectors);
  if (candidates === undefined) {
    candidates = connectors
      .filter(({ enabled, isTransportRuleScoped }) => enabled && !isTransportRuleScoped)
      .map((connector) => ({ connector, patterns: parseDomainPatterns(connector.recipientDomains) }));
    candidatesOf.set(connectors, candidates);
  }
  return candidates
    .filter(({ patterns }) => patterns.some((pattern) => matchesDomain(pattern, destination)))
    .map(({ connector }) => connector);
}

function routeBy(
  destination: string,
  connector: OutboundConnectorSettings | undefined,
  settings: OutboundSettings,
): Route {
  const port = connector?.port ?? settings.outbound.port;
  const by = connector === undefined ? '' : ` by ${connector.name}`;
  if (connector !== undefined && !connector.useMXRecord) {
    const hosts = connector.smartHosts.map((text) => parseSmartHost(text, port));
    if (hosts.length === 0) return missing(connector.name);
    return { kind: 'smart-hosts', hosts, connector, key: `smart hosts${by}` };
  }
  const key = `${destination}:${port}${by}`;
  if (!destination.startsWith('[')) return { kind: 'mx', domain: destination, port, connector, key };
  return { kind: 'literal', ip: literalAddress(destination), port, connector, key };
}

/** The domain that hosts were asked for, or the host itself. */
export function nexthopOf(route: Route, host: string): string {
  return route.kind === 'mx' ? route.domain : host;
}

const missing = (name: string): Route => ({ kind: 'missing', key: `nowhere by ${name}` });

/** `[192.0.2.1]` and `[IPv6:2001:db8::1]` as `mail/address.ts` leaves them. */
const literalAddress = (literal: string): string => literal.slice(1, -1).replace(/^IPv6:/i, '');

function parseSmartHost(text: string, defaultPort: number): SmartHost {
  const { host = text, port = defaultPort } = parseHostAndPort(text) ?? {};
  return { host: host.toLowerCase(), port };
}
