/**
 * Patterns of where mail is routed to, as overrides of TLS policy write them: `dest.test`, `*.dest.test`, `*`, each with an
 * optional `:port`, and smart hosts in brackets, `[relay.test]` or `[192.0.2.7]:587`. A domain is not its own smart host.
 */
import { closeness, parseDomainPattern, type DomainPattern } from './domain-pattern.ts';
import { parseDomain } from './domain.ts';
import { canonicalIp, isIp } from './ip.ts';

/** Where mail is routed to: a domain whose MX hosts are asked for, or a host by its name or address. */
export type RoutedTo = { readonly kind: 'domain' | 'host'; readonly name: string; readonly port: number };

const PATTERN = /^(\[[^\][]+\]|[^\][:]+)(?::(\d{1,5}))?$/;
/** More than any number of labels of a name. */
const WHOLE_NAME = 1000;

/** The canonical form; `undefined` when `text` is no pattern. */
export function parseDestinationPattern(text: string): string | undefined {
  const [, place = '', port = ''] = PATTERN.exec(text) ?? [];
  const canonical = place.startsWith('[') ? parseSmartHost(place.slice(1, -1)) : textOf(parseDomainPattern(place));
  if (canonical === undefined || port === '') return canonical;
  return Number(port) >= 1 && Number(port) <= 65_535 ? `${canonical}:${Number(port)}` : undefined;
}

function parseSmartHost(text: string): string | undefined {
  const host = isIp(text) ? canonicalIp(text) : parseDomain(text);
  return host === undefined ? undefined : `[${host}]`;
}

function textOf(pattern: DomainPattern | undefined): string | undefined {
  switch (pattern?.kind) {
    case 'any':
      return '*';
    case 'domain':
      return pattern.domain;
    case 'subdomains':
      return `*${pattern.suffix}`;
    case undefined:
      return undefined;
  }
}

/** How exactly a canonical pattern names the place: a larger number is more exact, 0 is not at all. */
export function exactness(canonical: string, { kind, name, port }: RoutedTo): number {
  const [, place = '', wantedPort = ''] = PATTERN.exec(canonical) ?? [];
  if (wantedPort !== '' && Number(wantedPort) !== port) return 0;
  const close =
    kind === 'host' ? Number(place === `[${canonicalIp(name)}]`) * WHOLE_NAME : domainCloseness(place, name);
  // Between two that name the same place the one with the port is more exact.
  return close === 0 || wantedPort === '' ? close : close + 0.5;
}

function domainCloseness(place: string, name: string): number {
  const pattern = parseDomainPattern(place);
  return pattern === undefined ? 0 : Math.min(closeness([pattern], name), WHOLE_NAME);
}
