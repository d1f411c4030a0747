/**
 * What we put in front of a message: the Received field (RFC 5321 §4.4) and, for submitted mail that lacks them, Date and
 * Message-ID (RFC 6409 §8). Pure; it writes CRLF line ends and folds as it goes.
 */
import { needsSmtpUtf8 } from '#mail/address.ts';
import { mailDate } from '#mail/date.ts';
import { isIPv6 } from '#mail/ip.ts';
import type { ClientFacts } from './session-facts.ts';

export type Trace = {
  readonly client: ClientFacts;
  /** What HELO or EHLO said. */
  readonly greetedAs: string;
  readonly extended: boolean;
  readonly smtpUtf8: boolean;
  readonly hostname: string;
  readonly queueId: string;
  /** Named only when it is the only one: the others must not learn of each other. */
  readonly recipients: readonly string[];
  readonly receivedAt: Date;
};

export function receivedField(trace: Trace): string {
  const { client, recipients } = trace;
  const address = isIPv6(client.ip) ? `IPv6:${client.ip}` : client.ip;
  const tls = client.tls === undefined ? '' : `\r\n\t(using ${client.tls.version} with cipher ${client.tls.cipher})`;
  const [only = ''] = recipients;
  const named = recipients.length === 1 && !needsSmtpUtf8(only) ? `\r\n\tfor <${only}>` : '';
  return (
    `Received: from ${trace.greetedAs} ([${address}])${tls}\r\n` +
    `\tby ${trace.hostname} (Postern) with ${protocol(trace)} id ${trace.queueId}${named};\r\n` +
    `\t${mailDate(trace.receivedAt)}\r\n`
  );
}

/** The words of RFC 3848 and RFC 6531 §4.3. */
function protocol({ client, extended, smtpUtf8 }: Pick<Trace, 'client' | 'extended' | 'smtpUtf8'>): string {
  if (!extended) return 'SMTP';
  const tls = client.tls === undefined ? '' : 'S';
  const authenticated = client.user === undefined ? '' : 'A';
  return `${smtpUtf8 ? 'UTF8SMTP' : 'ESMTP'}${tls}${authenticated}`;
}
