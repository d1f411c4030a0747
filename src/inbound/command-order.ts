/** Which command may come when (RFC 5321 §4.1.4), and what a client must have done before. Pure. */
import { mayBringReport } from './report-address.ts';
import type { ClientFacts, Refusal } from './session-facts.ts';
import type { InboundSettings } from './settings.ts';
import type { Transaction } from './transaction.ts';

export type SessionState = {
  readonly client: ClientFacts;
  /** HELO or EHLO has come; `extended` is EHLO. */
  readonly greeting: { readonly name: string; readonly extended: boolean } | undefined;
  readonly transaction: Transaction | undefined;
};

const SEND_EHLO: Refusal = { status: 'bad-sequence', text: 'Send EHLO first' };
const IN_TRANSACTION: Refusal = { status: 'bad-sequence', text: 'A transaction is under way' };

export function whyNoMail(
  { client, greeting, transaction }: SessionState,
  settings: Pick<InboundSettings, 'tlsReports'>,
): Refusal | undefined {
  if (greeting === undefined) return SEND_EHLO;
  if (transaction !== undefined) return IN_TRANSACTION;
  const needsTls = client.listener.tls === 'required' && client.tls === undefined;
  // Where it may be a report, admission refuses every recipient but the one for reports.
  if (needsTls && !mayBringReport(client.listener, settings)) return { status: 'starttls-required' };
  // RFC 6409 §4.3
  const stranger = client.listener.mode === 'submission' && client.user === undefined;
  return stranger ? { status: 'authentication-required' } : undefined;
}

export function whyNoRecipient({ transaction }: SessionState): Refusal | undefined {
  if (transaction === undefined) return { status: 'bad-sequence', text: 'Send MAIL first' };
  return transaction.reception === undefined
    ? undefined
    : { status: 'bad-sequence', text: 'Content has begun to arrive' };
}

function whyNoContent({ transaction }: SessionState): Refusal | undefined {
  if (transaction === undefined) return { status: 'bad-sequence', text: 'Send MAIL first' };
  return transaction.hasRecipients ? undefined : { status: 'bad-sequence', text: 'No valid recipients' };
}

/** RFC 3030 §2: content is all DATA or all BDAT. */
export function whyNoData(state: SessionState): Refusal | undefined {
  return state.transaction?.reception === undefined
    ? whyNoContent(state)
    : { status: 'bad-sequence', text: 'BDAT and DATA cannot be mixed' };
}

/** After a chunk was refused, nothing but RSET helps (RFC 3030 §2). */
export function whyNoChunk(state: SessionState): Refusal | undefined {
  return state.transaction?.reception?.refusal === undefined
    ? whyNoContent(state)
    : { status: 'bad-sequence', text: 'Send RSET first' };
}

export function whyNoTls({ client }: SessionState): Refusal | undefined {
  if (client.listener.tls === 'off') return { status: 'command-not-implemented' };
  return client.tls === undefined ? undefined : { status: 'bad-sequence', text: 'TLS is already active' };
}

/** RFC 4954 §4; in clear there is no password that we want to hear. */
export function whyNoAuth({ client, greeting, transaction }: SessionState): Refusal | undefined {
  if (client.tls === undefined) return { status: 'encryption-required-for-auth' };
  if (greeting?.extended !== true) return SEND_EHLO;
  if (client.user !== undefined) return { status: 'bad-sequence', text: 'Already authenticated' };
  return transaction === undefined ? undefined : IN_TRANSACTION;
}
