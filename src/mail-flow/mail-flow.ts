/**
 * One received message on its way to the queue: its rules are evaluated, what they say is carried out, and all that comes of it is
 * stored before anybody hears that it was taken. Without rules it goes straight on.
 */
import type { EventFields, EventName, Report } from '#log/events.ts';
import type { StatusName } from '#mail/status.ts';
import type { HeldStore, NewHeld } from '#held/store.ts';
import type { NewMessage } from '#queue/store.ts';
import type { Evaluation, Notice } from '#rules/evaluation.ts';
import type { MessageFacts } from '#rules/facts.ts';
import type { Person } from '#rules/people.ts';
import type { Evaluated, Evaluator, Submission } from './evaluator.ts';
import { rejectionText } from './rejection.ts';
import { OutgoingMaker, type Incoming, type Outgoing, type OutgoingParts, type Rejected } from './outgoing.ts';
import type { CompactTrail } from './trail.ts';

export type Client = Submission['client'];

/** Why a client is to hear that its message was not taken. */
export type Refused = { readonly status: StatusName; readonly text?: string; readonly detail?: string };

/** A message of ours about one that came. */
export type ComposeNotices = (
  notices: readonly Notice[],
  incoming: Incoming,
  facts: MessageFacts,
) => Promise<readonly NewMessage[]>;

/** NDRs, and what is to be said once they are safe. */
export type Bounced = {
  readonly messages: readonly NewMessage[];
  readonly events: readonly (readonly [event: EventName, fields: EventFields])[];
};

/** The NDR for those of its recipients that rules refuse. */
export type Bounce = (message: NewMessage, rejected: readonly Rejected[]) => Promise<Bounced>;

export type MailFlowParts = OutgoingParts & {
  readonly hasRules: () => boolean;
  readonly evaluator: Pick<Evaluator, 'evaluate'>;
  /** Resolves when the messages are safe; rejects with `StorageUnavailable`. */
  readonly queue: (messages: readonly NewMessage[]) => Promise<void>;
  readonly held: Pick<HeldStore, 'add' | 'decide'>;
  /** Called once they are safe: moderators are asked. */
  readonly onHeld: () => void;
  readonly notices: ComposeNotices;
  readonly bounce: Bounce;
  /** Keeps what a later evaluation of other rules would rest on; returns at once. */
  readonly remember: (evaluated: Evaluated) => void;
  readonly report: Report;
};

export class MailFlow {
  readonly #parts: MailFlowParts;

  constructor(parts: MailFlowParts) {
    this.#parts = parts;
  }

  /** Resolves when whatever becomes of the message is safe, or to why it is refused; rejects with `StorageUnavailable`. */
  async take(message: NewMessage, client: Client): Promise<Refused | undefined> {
    if (!this.#parts.hasRules()) {
      await this.#parts.queue([message]);
      return undefined;
    }
    const evaluated = await this.#parts.evaluator.evaluate(submissionOf(message, client));
    const { result, facts } = evaluated;
    if (result.kind === 'deferred') {
      this.#tell(message, evaluated);
      return { status: 'rules-unavailable' };
    }
    const maker = new OutgoingMaker(this.#parts);
    try {
      const { outgoing, events, refused } = await this.#carryOut(maker, result, incomingOf(message, facts), facts);
      this.#parts.remember(evaluated);
      this.#tell(message, evaluated);
      for (const one of outgoing) this.#tellOutgoing(message, one);
      for (const [event, fields] of events) this.#parts.report(event, fields);
      return refused;
    } finally {
      await maker.discard();
    }
  }

  async #carryOut(
    maker: OutgoingMaker,
    { branches, notices }: Evaluation<CompactTrail>,
    incoming: Incoming,
    facts: MessageFacts,
  ): Promise<CarriedOut> {
    const outgoing = await maker.make(branches, incoming);
    const rejected = outgoing.filter((one) => one.kind === 'reject');
    const told = maker.told(branches, incoming);
    const ours = await this.#parts.notices(notices, told, facts);
    const [first] = rejected;
    const isRefused = first !== undefined && rejected.length === outgoing.length;
    const bounced = isRefused || rejected.length === 0 ? NOBODY : await this.#parts.bounce(told.message, rejected);
    // Mail that is kept back first: a crash between the two has the client send it again, and loses nothing.
    const held = outgoing.flatMap((one) => (one.kind === 'hold' ? [one.held] : []));
    if (held.length > 0) await this.#parts.held.add(held);
    const queued = outgoing.flatMap((one) => (one.kind === 'queue' ? [one.message] : []));
    const messages = [...queued, ...bounced.messages, ...ours];
    try {
      if (messages.length > 0) await this.#parts.queue(messages);
    } catch (error) {
      await this.#takeBack(held, facts.now);
      throw error;
    }
    if (held.length > 0) this.#parts.onHeld();
    return { outgoing, events: bounced.events, refused: isRefused ? refusalOf(first) : undefined };
  }

  /** The client sends it again, for as long as the queue takes nothing: else all those copies would be kept. */
  async #takeBack(held: readonly NewHeld[], at: Date): Promise<void> {
    const decision = { state: 'deleted', by: '', comment: '', at } as const;
    // What cannot be taken back is as after a crash.
    await Promise.allSettled(held.map(async ({ id }) => this.#parts.held.decide(id, decision)));
  }

  #tell({ messageId, envelope: { sender } }: NewMessage, { result }: Evaluated): void {
    const { report } = this.#parts;
    for (const match of result.trail.matched) {
      const { rule, mode: decision, why: reason, recipients, outcome } = match;
      const fields = { messageId, sender, rule, decision, reason, recipients: recipients.length };
      report(outcome === 'error' ? 'rule.failed' : 'rule.matched', fields);
      for (const { parameter, done, detail } of match.actions) {
        const acted: EventFields = {
          messageId,
          sender,
          rule,
          decision: done ? parameter : `${parameter} (${decision})`,
        };
        report('rule.acted', { ...acted, reason: detail });
      }
    }
    const trail = JSON.stringify(result.trail);
    report('rules.evaluated', { messageId, sender, trail });
    if (result.kind !== 'deferred') return;
    report('rules.deferred', { messageId, sender, rule: result.rule, reason: result.reason });
  }

  #tellOutgoing({ messageId: origin, envelope: { sender } }: NewMessage, outgoing: Outgoing): void {
    const { report } = this.#parts;
    switch (outgoing.kind) {
      case 'queue':
        return this.#tellQueued(origin, outgoing);
      case 'hold': {
        const { id: messageId, rule, kind: decision, recipients } = outgoing.held;
        const subjects = recipients.map(({ address }) => address);
        const about = { messageId, origin, sender, rule, decision };
        return report('held.kept', { ...about, recipients: recipients.length, subjects });
      }
      case 'reject': {
        const { rule, rejection, recipients } = outgoing;
        const { enhancedStatusCode: status, reasonText: reason } = rejection;
        const about = { messageId: origin, sender, rule, status, reason };
        for (const { address: recipient } of recipients) report('mail-flow.rejected', { ...about, recipient });
        return undefined;
      }
      case 'delete':
        for (const { address: recipient } of outgoing.recipients) {
          report('mail-flow.deleted', { messageId: origin, sender, rule: outgoing.rule, recipient });
        }
        return undefined;
    }
  }

  #tellQueued(origin: string, { message, notes }: Outgoing & { readonly kind: 'queue' }): void {
    const { messageId, envelope, recipients, facts } = message;
    if (notes.length > 0) this.#parts.report('mail-flow.changed', { messageId, reason: notes.join('; ') });
    if (messageId === origin) return;
    this.#parts.report('mail-flow.split', {
      messageId,
      origin,
      sender: envelope.sender,
      recipients: recipients.length,
      subjects: recipients.map(({ address }) => address),
      sizeBytes: facts.sizeBytes,
      ...(facts.messageIdField === '' ? {} : { headerMessageId: facts.messageIdField }),
    });
  }
}

/** What is safe by then, and what is to be said of it. */
type CarriedOut = {
  readonly outgoing: readonly Outgoing[];
  readonly events: Bounced['events'];
  readonly refused: Refused | undefined;
};

const NOBODY: Bounced = { messages: [], events: [] };

function submissionOf({ messageId, envelope, recipients, content, facts }: NewMessage, client: Client): Submission {
  return {
    messageId,
    envelopeSender: envelope.sender,
    recipients: recipients.map(({ address, originalRecipient }) => {
      const lower = address.toLowerCase();
      const original = client.authenticated ? originalAddress(originalRecipient) : undefined;
      return { address: lower, original: original ?? lower };
    }),
    client,
    content,
    facts,
  };
}

/** ORCPT of RFC 3461 §4.2 without its type, where that is a mail address. Of a stranger it is a claim that rules must not hang on. */
const originalAddress = (original: string | undefined): string | undefined =>
  original?.toLowerCase().startsWith('rfc822;') === true ? original.slice('rfc822;'.length).toLowerCase() : undefined;

function incomingOf(message: NewMessage, { header, people }: MessageFacts): Incoming {
  const finding = people?.get(header?.from ?? '') ?? people?.get(message.envelope.sender.toLowerCase());
  const sender: Person | undefined = finding?.kind === 'person' ? finding.person : undefined;
  return { message, sender, subject: header?.subject ?? '' };
}

const refusalOf = ({ rule, rejection }: Rejected): Refused => ({
  status: 'rule-rejected',
  text: rejectionText(rule, rejection),
  detail: rejection.enhancedStatusCode.slice('5.'.length),
});
