/** Whether a configuration has any use for DANE, and whether it would rather not deliver than do without. Pure. */
import type { OutboundSettings } from './settings.ts';

type Settings = {
  readonly outbound: Pick<OutboundSettings['outbound'], 'connectors'>;
  readonly tlsPolicy: Pick<OutboundSettings['tlsPolicy'], 'dane' | 'overrides'>;
};

/** A connector or an override may demand DANE also where it is switched off for all others. */
export function usesDane({ outbound, tlsPolicy }: Settings): boolean {
  return (
    tlsPolicy.dane.mode !== 'off' ||
    outbound.connectors.some(({ enabled, smtpDaneMode }) => enabled && smtpDaneMode === 'mandatory') ||
    tlsPolicy.overrides.some(({ level }) => level === 'dane')
  );
}

/** Without a resolver that validates DNSSEC the relay does not start, and nothing is delivered. */
export function requiresDnssec({ tlsPolicy: { dane } }: Pick<Settings, 'tlsPolicy'>): boolean {
  return dane.mode !== 'off' && dane.resolver === 'require';
}
