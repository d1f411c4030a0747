/** Outbound settings of tests: usual values with short patience; what a test is about is given. */
import type { OutboundSettings } from '#outbound/settings.ts';

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
    tlsPolicy: { floor: 'encrypted', minVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' },
  };
}
