/** Inbound settings for tests: everything present and strict, so that a test names only what it is about. */
import type { InboundConnectorSettings, InboundLimits, InboundSettings, ListenerSettings } from '#inbound/settings.ts';
import { DEFAULT_TLS_CIPHERS } from '#mail/tls-ciphers.ts';

export const RELAY_LISTENER: ListenerSettings = {
  name: 'relay',
  address: '127.0.0.1',
  port: 0,
  mode: 'relay',
  tls: 'offered',
  clientCertificate: 'none',
  proxyFrom: [],
};

const LIMITS: InboundLimits = {
  messageBytes: 1_000_000,
  headerBytes: 100_000,
  recipients: 100,
  hops: 100,
  lineBytes: 4096,
  connections: 100,
  connectionsPerAddress: 100,
  messagesPerConnection: 100,
  idleCommands: 50,
  badCommands: 10,
  minimumBytesPerSecond: 0,
  idleTimeout: 10_000,
  sessionTimeout: 60_000,
};

export const CONNECTOR: InboundConnectorSettings = {
  name: 'connector',
  enabled: true,
  senderDomains: ['*'],
  senderIPAddresses: [],
  requireTls: false,
  restrictDomainsToIPAddresses: false,
  restrictDomainsToCertificate: false,
  connectorType: 'Partner',
};

export type InboundChanges = {
  readonly tls?: Partial<InboundSettings['tls']>;
  readonly inbound?: Partial<InboundSettings['inbound']>;
  readonly authentication?: Partial<InboundSettings['inbound']['authentication']>;
};

export function inboundSettings({ tls, inbound, authentication }: InboundChanges = {}): InboundSettings {
  return {
    hostname: 'relay.example.org',
    listeners: [RELAY_LISTENER],
    tlsReports: { receive: { address: '' } },
    tls: { certificates: [], ciphers: DEFAULT_TLS_CIPHERS, minVersion: 'TLSv1.2', clientCaFile: '', ...tls },
    inbound: {
      acceptedDomains: [],
      relayNetworks: [],
      postmaster: '',
      connectors: [],
      limits: LIMITS,
      dsn: true,
      requireTls: true,
      bareLineEnds: 'refuse',
      authentication: {
        usersFile: '',
        mechanisms: ['PLAIN', 'LOGIN'],
        failuresPerAddress: 20,
        failuresPerUser: 10,
        failureMemory: 600_000,
        ...authentication,
      },
      ...inbound,
    },
  };
}
