/**
 * What this client is offered at this moment (RFC 5321 §4.1.1.1): EHLO lists it, and MAIL and RCPT are read by it, so that
 * no parameter is taken that was not offered, nor offered and not taken.
 */
import type { Bytes } from '#mail/units.ts';
import type { ClientFacts } from './session-facts.ts';
import type { InboundSettings } from './settings.ts';

export type Offer = {
  /** The client greets with EHLO; after HELO there are no extensions. */
  readonly extended: boolean;
  readonly sizeLimit: Bytes;
  readonly startTls: boolean;
  readonly mechanisms: readonly string[];
  readonly dsn: boolean;
  /** `within-tls`: it would be offered after STARTTLS. */
  readonly requireTls: 'offered' | 'within-tls' | 'off';
};

export function offerTo({ listener, tls }: ClientFacts, { inbound }: InboundSettings, extended: boolean): Offer {
  const secured = tls !== undefined;
  return {
    extended,
    sizeLimit: inbound.limits.messageBytes,
    startTls: !secured && listener.tls !== 'off',
    mechanisms: secured ? inbound.authentication.mechanisms : [],
    dsn: inbound.dsn,
    // RFC 8689 §2: never in clear, where nobody can know who offers it.
    requireTls: inbound.requireTls ? (secured ? 'offered' : 'within-tls') : 'off',
  };
}

/** The lines of the reply to EHLO behind the first. */
export function extensionLines({ sizeLimit, startTls, mechanisms, dsn, requireTls }: Offer): readonly string[] {
  return [
    'PIPELINING',
    `SIZE ${sizeLimit}`,
    '8BITMIME',
    'SMTPUTF8',
    'ENHANCEDSTATUSCODES',
    ...(dsn ? ['DSN'] : []),
    ...(startTls ? ['STARTTLS'] : []),
    ...(mechanisms.length > 0 ? [`AUTH ${mechanisms.join(' ')}`] : []),
    ...(requireTls === 'offered' ? ['REQUIRETLS'] : []),
    'CHUNKING',
  ];
}
