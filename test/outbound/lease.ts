/** Leases and troubles for the tests of attempts and of what follows from them: each test states what it is about. */
import { diagnose } from '#mail/diagnosis.ts';
import type { StatusName } from '#mail/status.ts';
import type { Scope, Trouble, Weight } from '#outbound/transaction.ts';
import type { Delivery, Lease, QueuedMessage } from '#queue/store.ts';

export const NOON = new Date(Date.UTC(2026, 0, 1, 12));

export const after = (ms: number): Date => new Date(NOON.getTime() + ms);

export const ENDPOINT = { host: 'mx.dest.test', ip: '192.0.2.1', port: 25, implicitTls: false };

export function delivery(address: string, change: Partial<Delivery> = {}): Delivery {
  return { index: 0, recipient: { address }, attempts: 0, noticeSent: false, ...change };
}

/** Received at noon from alice. */
export function leaseOf(deliveries: readonly Delivery[], change: Partial<QueuedMessage> = {}): Lease {
  const bytes = Buffer.from('Subject: x\r\n\r\nHello\r\n');
  return {
    token: 't',
    until: after(3_600_000),
    destination: 'dest.test',
    deliveries,
    message: {
      messageId: 'M1',
      envelope: { sender: 'alice@sender.test', body: '7bit', smtpUtf8: false },
      content: { kind: 'inline', bytes },
      facts: { sizeBytes: bytes.length, headerBytes: 14, eightBit: false, eightBitHeader: false, messageIdField: '' },
      receivedAt: NOON,
      ...change,
    },
  };
}

export const trouble = (scope: Scope, weight: Weight, status: StatusName = 'no-answer'): Trouble => ({
  scope,
  weight,
  diagnosis: diagnose(status),
});
