/** Entries of kept mail for tests, with what a test cares about and defaults for the rest. */
import type { Held, HeldDecision, NewHeld } from '#held/store.ts';
import { at, OCTETS } from '../queue/mail.ts';

/** Ids grow with their number, as those of the relay grow with time. */
export const idOf = (number: number): string => `01J${String(number).padStart(13, '0')}`;

export function entry(number: number, rest: Partial<NewHeld> = {}): NewHeld {
  const { kind = 'quarantine' } = rest;
  return {
    id: idOf(number),
    kind,
    rule: 'Card numbers',
    envelope: { sender: 'alice@example.org', body: '7bit', smtpUtf8: false },
    recipients: [{ address: 'bob@dest.test' }],
    content: { kind: 'inline', bytes: OCTETS },
    facts: {
      sizeBytes: OCTETS.length,
      headerBytes: 47,
      eightBit: false,
      eightBitHeader: false,
      messageIdField: '<1@example.org>',
    },
    subject: 'hello',
    receivedAt: at(0),
    expiresAt: at(60),
    moderators: kind === 'moderation' ? ['boss@example.org', 'deputy@example.org'] : [],
    ...rest,
  };
}

export const moderated = (number: number, rest: Partial<NewHeld> = {}): NewHeld =>
  entry(number, { kind: 'moderation', ...rest });

export const recipients = (...addresses: readonly string[]): NewHeld['recipients'] =>
  addresses.map((address) => ({ address }));

/** The entry as the store gives it back while nobody has decided. */
export function kept({ content: _content, ...plain }: NewHeld): Held {
  return { ...plain, state: 'held', by: '', comment: '' };
}

export function decision(state: HeldDecision['state'], rest: Partial<HeldDecision> = {}): HeldDecision {
  return { state, by: 'olga', comment: '', at: at(5), ...rest };
}
