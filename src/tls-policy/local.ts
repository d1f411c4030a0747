/** What the operator demands of a host, whatever it publishes: an override, else connector and floor. Pure. */
import { strengthOf, type Demand, type Requirement } from './decision.ts';
import type { ConnectorDemand, TlsFacts } from './facts.ts';
import type { OverrideSettings } from './settings.ts';

/** The strongest of them, and for a password TLS at the least. */
export function localRequirement(facts: TlsFacts): Requirement {
  const { connector } = facts;
  const wanted = wantedRequirement(facts);
  if (connector?.hasCredentials !== true || strengthOf(wanted.demand) >= strengthOf(ENCRYPT)) return wanted;
  return { demand: ENCRYPT, by: 'connector', name: connector.name };
}

const ENCRYPT: Demand = { kind: 'encrypt' };

/** TLS reports go however they can (RFC 8460 §3). */
function wantedRequirement(facts: TlsFacts): Requirement {
  const { override, host, wish } = facts;
  if (wish === 'deliver-anyway') return { demand: { kind: 'prefer' }, by: 'tls-report', name: '' };
  const said = override === undefined ? undefined : overrideDemand(override, host);
  if (override !== undefined && said !== undefined) return { demand: said, by: 'override', name: override.name };
  return ofConnectorAndFloor(facts);
}

function ofConnectorAndFloor({ connector, floor, host }: TlsFacts): Requirement {
  const byFloor: Requirement = { demand: floorDemand(floor, host), by: 'floor', name: '' };
  const wanted = connector === undefined ? undefined : connectorDemand(connector, host);
  if (connector === undefined || wanted === undefined) return byFloor;
  // A name that the operator wrote down says more than one that came out of an MX record, so it stands for the floor too. Of two
  // demands for mere encryption the connector is the nearer one.
  const isPinned = wanted.kind === 'authenticate' && wanted.identity.kind === 'domains';
  const isAlike = wanted.kind === 'encrypt' && floor === 'encrypted';
  const counts = isPinned || isAlike || strengthOf(wanted) > strengthOf(byFloor.demand);
  return counts ? { demand: wanted, by: 'connector', name: connector.name } : byFloor;
}

function floorDemand(floor: TlsFacts['floor'], name: string): Demand {
  switch (floor) {
    case 'opportunistic':
      return { kind: 'prefer' };
    case 'encrypted':
      return { kind: 'encrypt' };
    case 'authenticated':
      return { kind: 'authenticate', identity: { kind: 'host', name } };
  }
}

/** `undefined` where the override leaves it to connector and floor. */
function overrideDemand({ level, match }: OverrideSettings, name: string): Demand | undefined {
  switch (level) {
    case 'none':
      return { kind: 'clear' };
    case 'may':
      return { kind: 'prefer' };
    case 'encrypt':
      return { kind: 'encrypt' };
    case 'authenticated':
      return {
        kind: 'authenticate',
        identity: match.length > 0 ? { kind: 'domains', patterns: match } : { kind: 'host', name },
      };
    case 'dane':
    case 'report':
      return undefined;
  }
}

function connectorDemand({ tlsSettings, tlsDomain = '' }: ConnectorDemand, name: string): Demand | undefined {
  switch (tlsSettings) {
    case undefined:
      return undefined;
    case 'EncryptionOnly':
      return { kind: 'encrypt' };
    case 'CertificateValidation':
      return { kind: 'authenticate', identity: { kind: 'any' } };
    case 'DomainValidation':
      return {
        kind: 'authenticate',
        // Without a domain to compare, the host's own name is the strictest that is left.
        identity: tlsDomain === '' ? { kind: 'host', name } : { kind: 'domains', patterns: [tlsDomain.toLowerCase()] },
      };
  }
}
