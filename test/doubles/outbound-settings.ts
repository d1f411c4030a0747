/** Outbound settings of tests: usual values with short patience; what a test is about is given. */
import type { OutboundSettings } from '#outbound/settings.ts';
import type { TlsPolicySettings } from '#tls-policy/settings.ts';

export function outboundSettings(changes: Partial<OutboundSettings['outbound']> = {}): OutboundSettings {
  return {
    hostname: 'relay.test',
    outbound: {
      port: 25,
      sourceIPv4: '',
      sourceIPv6: '',
      addressFamilies: ['ipv6', 'ipv4'],
      connectors: [],
      concurrency: { total: 20, perDestination: 5 },
      reuse: { messages: 100, lifetime: 60_000, idle: 1000 },
      hostsPerAttempt: 5,
      recipientsPerTransaction: 100,
      timeouts: {
        connect: 1000,
        greeting: 1000,
        command: 1000,
        dataStart: 1000,
        dataBlock: 1000,
        dataEnd: 1000,
        transaction: 10_000,
      },
      caFile: '',
      crlFiles: [],
      ...changes,
    },
    tlsPolicy: tlsPolicySettings(),
  };
}

export function tlsPolicySettings(changes: Partial<TlsPolicySettings> = {}): TlsPolicySettings {
  return {
    floor: 'encrypted',
    minVersion: 'TLSv1.2',
    ciphers: 'ECDHE-RSA-AES256-GCM-SHA384',
    lookupTimeout: 5_000,
    dane: { mode: 'enforce', resolver: 'warn', insecureMx: 'dane', strictDates: false, digests: ['sha512', 'sha256'] },
    mtaSts: {
      mode: 'enforce',
      fetchTimeout: 2_000,
      failureWait: 300_000,
      lookupGrace: 1_800_000,
      refreshAfter: 86_400_000,
      forgetAfter: 180 * 86_400_000,
      port: 443,
      privateAddresses: false,
    },
    overrides: [],
    ...changes,
  };
}
