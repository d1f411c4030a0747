/** Messages for tests of the queue, with what a test cares about and defaults for the rest. */
import type { Diagnosis } from '#mail/diagnosis.ts';
import type { EnvelopeRecipient } from '#mail/envelope.ts';
import type { Lease, LeaseRequest, NewMessage, SettledLease, Settlement } from '#queue/store.ts';

/** Minutes after a fixed noon: tests choose the time, no clock is asked. */
export const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 12, minute));

export const DIAGNOSIS: Diagnosis = { status: 'no-answer', detail: '4.1', text: 'No answer from host' };

export const OCTETS = Buffer.from('Subject: hello\r\nMessage-ID: <1@example.org>\r\n\r\nhello\r\n');

export function message(
  messageId: string,
  recipients: readonly (string | EnvelopeRecipient)[],
  rest: Partial<NewMessage> = {},
): NewMessage {
  const { length } = OCTETS;
  return {
    messageId,
    envelope: { sender: 'alice@example.org', body: '7bit', smtpUtf8: false },
    recipients: recipients.map((recipient) => (typeof recipient === 'string' ? { address: recipient } : recipient)),
    content: { kind: 'inline', bytes: OCTETS },
    facts: {
      sizeBytes: length,
      headerBytes: 47,
      eightBit: false,
      eightBitHeader: false,
      messageIdField: '<1@example.org>',
    },
    receivedAt: at(0),
    ...rest,
  };
}

export function request(now: Date, rest: Partial<LeaseRequest> = {}): LeaseRequest {
  const until = new Date(now.getTime() + 3_600_000);
  return { now, until, limit: 10, recipientsPerLease: 100, perDestination: 10, busy: new Set(), ...rest };
}

/** Every delivery of the lease with the same settlement. */
export function settling(lease: Lease, settlement: Settlement, reports: readonly NewMessage[] = []): SettledLease {
  return { lease, settlements: new Map(lease.deliveries.map(({ index }) => [index, settlement])), reports };
}

export const delivered = (lease: Lease): SettledLease => settling(lease, { kind: 'delivered' });

export const deferred = (lease: Lease, retryAt: Date, noticeSent = false): SettledLease =>
  settling(lease, { kind: 'deferred', tried: true, diagnosis: DIAGNOSIS, retryAt, noticeSent });

/** `message:index,index`, sorted: which deliveries the leases hold. */
export const held = (leases: readonly Lease[]): string[] =>
  leases
    .map(({ message: { messageId }, deliveries }) => `${messageId}:${deliveries.map(({ index }) => index).join(',')}`)
    .toSorted();

export function only<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`one was expected, there are ${items.length}`);
  return item;
}
