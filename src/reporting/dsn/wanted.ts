/**
 * Whether a sender is to be told: NOTIFY (RFC 3461 §4.1) and the null reverse-path. Cheap, so that the usual case, a
 * delivery that nobody asked about, costs nothing more.
 */
import type { EnvelopeRecipient } from '#mail/envelope.ts';

export type DsnKind = 'failed' | 'delayed' | 'relayed' | 'delivered';

const ASKED_BY = { failed: 'failure', delayed: 'delay', relayed: 'success', delivered: 'success' } as const;

/** True when the recipient's NOTIFY asks for it; without NOTIFY failures and delays are told (RFC 3461 §4.1). */
export function isAskedFor(kind: DsnKind, recipient: EnvelopeRecipient): boolean {
  if (recipient.notify === undefined) return kind === 'failed' || kind === 'delayed';
  return recipient.notify.includes(ASKED_BY[kind]);
}

/** A report about a message from the null reverse-path goes to nobody (RFC 5321 §6.1, RFC 3464 §2). */
export function hasReader(sender: string): boolean {
  return sender !== '';
}
