/** What EHLO offers to this client at this moment (RFC 5321 §4.1.1.1): STARTTLS before TLS, AUTH only within it. */
import type { ClientFacts } from './session-facts.ts';
import type { InboundSettings } from './settings.ts';

export function offeredExtensions({ listener, tls }: ClientFacts, { inbound }: InboundSettings): readonly string[] {
  const { mechanisms } = inbound.authentication;
  return [
    'PIPELINING',
    `SIZE ${inbound.limits.messageBytes}`,
    '8BITMIME',
    'SMTPUTF8',
    'ENHANCEDSTATUSCODES',
    'DSN',
    ...(tls === undefined && listener.tls !== 'off' ? ['STARTTLS'] : []),
    ...(tls !== undefined && mechanisms.length > 0 ? [`AUTH ${mechanisms.join(' ')}`] : []),
    'CHUNKING',
  ];
}
