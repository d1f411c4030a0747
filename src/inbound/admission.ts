/**
 * Who may send, and where to. Pure: it decides from settings and from what is known of the client, and does no I/O.
 *
 * A transaction belongs to one of two kinds. *Ours* comes from a user who signed in, from a relay network or through an
 * OnPremises connector, and may go anywhere. All else is *foreign*: it may go to accepted domains only, and Partner
 * connectors for its sender's domain may demand TLS, an address or a certificate of it.
 *
 * An OnPremises connector takes a client in when everything that identifies it holds: its address, its certificate, or
 * both where both are set. One that names neither takes nobody in, since a sender's address is only a claim.
 */
import { domainOf } from '#mail/address.ts';
import { parseCertificateName, standsForDomain } from '#mail/certificate-names.ts';
import { closeness, matchesDomain, parseDomainPatterns, type DomainPattern } from '#mail/domain-pattern.ts';
import { isInNetworks, parseNetworks, type Networks } from '#mail/network.ts';
import type { Live } from '#mail/units.ts';
import { isReportAddress, mayBringReport } from './report-address.ts';
import type { Admission, ClientFacts, Refusal } from './session-facts.ts';
import type { InboundConnectorSettings, InboundSettings } from './settings.ts';

type Connector = {
  readonly settings: InboundConnectorSettings;
  readonly senderDomains: readonly DomainPattern[];
  readonly addresses: Networks;
  readonly certificateName: string | undefined;
};

type Rules = {
  readonly acceptedDomains: readonly DomainPattern[];
  readonly relayNetworks: Networks;
  readonly onPremises: readonly Connector[];
  readonly partners: readonly Connector[];
};

type Origin = { readonly kind: 'ours' } | { readonly kind: 'foreign' } | { readonly kind: 'needs-tls' };

const STARTTLS_REQUIRED: Refusal = { status: 'starttls-required' };

/** Throws a `RangeError` where the settings hold what is no network or no domain. */
export function makeAdmission(settings: Live<InboundSettings>): Admission {
  let current = settings().inbound;
  let rules = compile(current);
  const rulesNow = (): Rules => {
    const inbound = settings().inbound;
    if (inbound !== current) [current, rules] = [inbound, compile(inbound)];
    return rules;
  };
  return {
    // Nothing can be said of a client whose socket was gone before its address was read.
    connect: (ip) => (ip === '' ? { status: 'policy' } : undefined),
    sender: (client, sender) => {
      const refusal = refuseSender(rulesNow(), client, domainOf(sender));
      return isForLater(refusal, client, settings()) ? undefined : refusal;
    },
    recipient: (client, sender, recipient) => {
      if (isReportAddress(recipient, settings())) return undefined;
      const putOff = client.tls === undefined ? refuseSender(rulesNow(), client, domainOf(sender)) : undefined;
      return isForLater(putOff, client, settings())
        ? putOff
        : refuseRecipient(rulesNow(), client, domainOf(sender), recipient);
    },
    isOurs: (client, sender) => originOf(rulesNow(), client, domainOf(sender)).kind === 'ours',
  };
}

/** RFC 8460 §3: what hinders other mail in clear must not hinder a report; which it is, its recipients tell. */
function isForLater(refusal: Refusal | undefined, { listener }: ClientFacts, settings: InboundSettings): boolean {
  return refusal?.status === 'starttls-required' && mayBringReport(listener, settings);
}

function compile(inbound: InboundSettings['inbound']): Rules {
  const connectors = inbound.connectors
    .filter(({ enabled }) => enabled)
    .map((connector) => compileConnector(connector));
  return {
    acceptedDomains: parseAcceptedDomains(inbound.acceptedDomains),
    relayNetworks: parseNetworks(inbound.relayNetworks),
    onPremises: connectors.filter((connector) => connector.settings.connectorType === 'OnPremises'),
    partners: connectors.filter((connector) => connector.settings.connectorType === 'Partner'),
  };
}

/** Here `*` would make an open relay. */
function parseAcceptedDomains(texts: readonly string[]): readonly DomainPattern[] {
  const patterns = parseDomainPatterns(texts);
  if (patterns.some(({ kind }) => kind === 'any')) throw new RangeError('"*" cannot be an accepted domain');
  return patterns;
}

function compileConnector(settings: InboundConnectorSettings): Connector {
  const name = settings.tlsSenderCertificateName;
  return {
    settings,
    senderDomains: parseDomainPatterns(settings.senderDomains),
    addresses: parseNetworks(settings.senderIPAddresses),
    certificateName: name === undefined || name === '' ? undefined : readCertificateName(name),
  };
}

function readCertificateName(text: string): string {
  const name = parseCertificateName(text);
  if (name === undefined) throw new RangeError(`"${text}" is no domain and no *.domain`);
  return name;
}

function refuseSender(rules: Rules, client: ClientFacts, senderDomain: string): Refusal | undefined {
  const { listener } = client;
  if (listener.tls === 'required' && client.tls === undefined) return STARTTLS_REQUIRED;
  // RFC 6409 §4.3: a submission port is for those who have proved who they are, wherever they come from.
  if (listener.mode === 'submission' && client.user === undefined) return { status: 'authentication-required' };
  const origin = originOf(rules, client, senderDomain);
  if (origin.kind === 'needs-tls') return STARTTLS_REQUIRED;
  return origin.kind === 'ours' ? undefined : refuseForPartner(rules.partners, client, senderDomain);
}

function refuseRecipient(
  rules: Rules,
  client: ClientFacts,
  senderDomain: string,
  recipient: string,
): Refusal | undefined {
  if (originOf(rules, client, senderDomain).kind === 'ours') return undefined;
  const at = recipient.lastIndexOf('@');
  const isAccepted = rules.acceptedDomains.some((pattern) => matchesDomain(pattern, recipient.slice(at + 1)));
  return isAccepted && !namesAnotherRoute(recipient.slice(0, at)) ? undefined : { status: 'relay-denied' };
}

/**
 * `victim%example.net@accepted.example`, `"victim@example.net"@accepted.example` and `example.net!victim@...` ask the
 * next host, which trusts us, to relay (RFC 5321 §F.2). Only who may relay may write to such an address.
 */
const namesAnotherRoute = (local: string): boolean => /[@%!]/.test(local);

function originOf(rules: Rules, client: ClientFacts, senderDomain: string): Origin {
  if (client.user !== undefined || isInNetworks(rules.relayNetworks, client.ip)) return { kind: 'ours' };
  let needsTls = false;
  for (const connector of rules.onPremises) {
    if (!takesIn(connector, client, senderDomain)) continue;
    if (!connector.settings.requireTls || client.tls !== undefined) return { kind: 'ours' };
    needsTls = true;
  }
  return { kind: needsTls ? 'needs-tls' : 'foreign' };
}

function takesIn(connector: Connector, client: ClientFacts, senderDomain: string): boolean {
  const { settings, senderDomains, addresses, certificateName } = connector;
  const byAddress = addresses.length > 0 || settings.restrictDomainsToIPAddresses;
  const byCertificate = certificateName !== undefined || settings.restrictDomainsToCertificate;
  return (
    (byAddress || byCertificate) &&
    closeness(senderDomains, senderDomain) > 0 &&
    (!byAddress || isInNetworks(addresses, client.ip)) &&
    (!byCertificate || showsCertificate(client, certificateName))
  );
}

/**
 * The connectors that describe the sender's domain most closely have their say together: TLS is needed when one of them
 * requires it, and where some restrict the domain, one of those has to be satisfied.
 */
function refuseForPartner(
  partners: readonly Connector[],
  client: ClientFacts,
  senderDomain: string,
): Refusal | undefined {
  let best = 1;
  let closest: Connector[] = [];
  for (const connector of partners) {
    const rank = closeness(connector.senderDomains, senderDomain);
    if (rank > best) [best, closest] = [rank, []];
    if (rank === best) closest.push(connector);
  }
  if (client.tls === undefined && closest.some(({ settings }) => settings.requireTls)) return STARTTLS_REQUIRED;
  const restricted = closest.filter(
    ({ settings }) => settings.restrictDomainsToIPAddresses || settings.restrictDomainsToCertificate,
  );
  const isMet = restricted.length === 0 || restricted.some((connector) => meetsRestrictions(connector, client));
  return isMet ? undefined : { status: 'connector-restricted' };
}

function meetsRestrictions({ settings, addresses, certificateName }: Connector, client: ClientFacts): boolean {
  return (
    (!settings.restrictDomainsToIPAddresses || isInNetworks(addresses, client.ip)) &&
    (!settings.restrictDomainsToCertificate || showsCertificate(client, certificateName))
  );
}

/** A restriction to a certificate without a name to compare is met by nobody. */
function showsCertificate(client: ClientFacts, name: string | undefined): boolean {
  const certificate = client.clientCertificate;
  return name !== undefined && certificate?.authorized === true && standsForDomain({ hosts: certificate.names }, name);
}
