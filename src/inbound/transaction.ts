/**
 * One mail transaction: from MAIL over RCPT to the content and the queue's word that the message is safe. It knows the
 * order in which things may come, not how commands are written nor how replies are sent.
 */
import { domainOf } from '#mail/address.ts';
import type { EnvelopeRecipient } from '#mail/envelope.ts';
import type { EventFields, Subjects } from '#log/events.ts';
import type { NewMessage } from '#queue/store.ts';
import type { Sender } from './parameters.ts';
import type { InboundParts, Origin } from './parts.ts';
import { Reception, storageRefusal } from './receive.ts';
import { refusalReply } from './reply.ts';
import { isReportAddress } from './report-address.ts';
import type { TlsRequired } from './header-fields.ts';
import type { ClientFacts, Refusal } from './session-facts.ts';
import type { InboundSettings } from './settings.ts';

export type TransactionPlan = {
  readonly parts: InboundParts;
  readonly settings: InboundSettings;
  readonly client: ClientFacts;
  readonly greetedAs: string;
  readonly extended: boolean;
  readonly sender: Sender;
  /** Called when content may go on after a `write` that returned false. */
  readonly onRoom: () => void;
};

export type Accepted =
  | { readonly kind: 'accepted'; readonly message: NewMessage }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly error?: unknown };

const REPORT_LATER: Refusal = {
  status: 'internal-error',
  text: 'The report cannot be checked at the moment, try again later',
};

/** RCPT commands beyond the limit that are still answered: a flood of them would never end. */
const MAX_EXCESS = 10_000;

export class Transaction {
  readonly sender: Sender;
  readonly #plan: TransactionPlan;
  readonly #recipients = new Map<string, EnvelopeRecipient>();
  #tries = 0;
  #excess = 0;
  #reception: Reception | undefined;

  constructor(plan: TransactionPlan) {
    this.#plan = plan;
    this.sender = plan.sender;
  }

  get recipients(): readonly EnvelopeRecipient[] {
    return [...this.#recipients.values()];
  }

  get hasRecipients(): boolean {
    return this.#recipients.size > 0;
  }

  /** Of the recipients beyond the limit the first is reported by itself, the others once and together. */
  isToldLater({ status }: Refusal): boolean {
    return status === 'too-many-recipients' && this.#excess > 1;
  }

  /** What the log says of those others; `undefined` when there are none. */
  get toldLater(): EventFields | undefined {
    if (this.#excess <= 1) return undefined;
    const { status, text: reason } = refusalReply({ status: 'too-many-recipients' });
    return { status, reason, sender: this.sender.address, count: this.#excess - 1 };
  }

  /** Content has begun to arrive, with DATA or with the first BDAT. */
  get reception(): Reception | undefined {
    return this.#reception;
  }

  /** A recipient that was named before is kept once, with the parameters of the last RCPT. */
  addRecipient(recipient: EnvelopeRecipient): Refusal | undefined {
    const { parts, settings, client, sender } = this.#plan;
    // Refused recipients count too: a transaction is not for finding out who exists.
    this.#tries += 1;
    const excess = this.#tries - settings.inbound.limits.recipients;
    if (excess > MAX_EXCESS) return { status: 'session-limit', text: 'Too many recipients, closing connection' };
    if (excess > 0) {
      this.#excess = excess;
      return { status: 'too-many-recipients' };
    }
    const postmaster = asPostmaster(recipient, settings);
    if (postmaster !== undefined) {
      this.#recipients.set(postmaster.address, postmaster);
      return undefined;
    }
    const refusal = parts.admission.recipient(client, sender.address, recipient.address);
    if (refusal === undefined) this.#recipients.set(recipient.address, recipient);
    return refusal;
  }

  receive(): Reception {
    if (this.#reception !== undefined) return this.#reception;
    const { parts, settings, client, greetedAs, extended, sender, onRoom } = this.#plan;
    const receivedAt = parts.clock();
    const { recipients } = this;
    this.#reception = new Reception({
      trace: {
        client,
        greetedAs,
        extended,
        smtpUtf8: sender.smtpUtf8,
        hostname: settings.hostname,
        queueId: parts.makeQueueId(receivedAt),
        recipients: recipients.map(({ address }) => address),
        receivedAt,
      },
      sender,
      recipients,
      limits: settings.inbound.limits,
      bareLineEnds: settings.inbound.bareLineEnds,
      complete: client.listener.mode === 'submission',
      spoolDirectory: parts.spoolDirectory,
      inlineLimit: parts.inlineLimit(),
      onRoom,
    });
    return this.#reception;
  }

  /** The content has come to its end; resolves when the queue has it or it is clear that it will not. */
  async complete(): Promise<Accepted> {
    const reception = this.receive();
    const received = await reception.finish();
    if (received.kind === 'refused') return received;
    try {
      const refusal = await this.#handOver(received.message, reception);
      if (refusal !== undefined) return { kind: 'refused', refusal };
      this.#reportDoubt(received.message.messageId, received.tlsRequired);
      return { kind: 'accepted', message: received.message };
    } catch (error) {
      await reception.discard();
      return { kind: 'refused', refusal: storageRefusal(error), error };
    }
  }

  /** A TLS report to whoever reads reports, and the rest to the queue: first what may have to come again. */
  async #handOver(message: NewMessage, reception: Reception): Promise<Refusal | undefined> {
    const { parts, settings } = this.#plan;
    const { messageId, content, facts } = message;
    const queued = message.recipients.filter(({ address }) => !isReportAddress(address, settings));
    let refusal: Refusal | undefined;
    if (queued.length < message.recipients.length) {
      const taking = await parts.takeReport({ messageId, content, sizeBytes: facts.sizeBytes });
      if (taking.kind === 'later') refusal = REPORT_LATER;
    }
    if (refusal === undefined && queued.length > 0) {
      refusal = await parts.accept({ ...message, recipients: queued }, this.#origin);
    }
    // What is to be kept has been taken over by now; the rest goes.
    await reception.discard();
    return refusal;
  }

  get #origin(): Origin {
    const { parts, client, sender } = this.#plan;
    return { ip: client.ip, authenticated: parts.admission.isOurs(client, sender.address) };
  }

  async discard(): Promise<void> {
    await this.#reception?.discard();
  }

  /** Whoever wrote the field more than once, or something else than No, should learn what was made of it. */
  #reportDoubt(messageId: string, tlsRequired: TlsRequired): void {
    if (tlsRequired.kind !== 'repeated' && tlsRequired.kind !== 'unclear') return;
    const decision = tlsRequired.kind === 'repeated' ? 'no' : 'ignored';
    const { count } = tlsRequired;
    this.#plan.parts.report('inbound.tls-required-doubted', {
      messageId,
      sender: this.sender.address,
      decision,
      count,
    });
  }
}

/**
 * RFC 5321 §4.5.1: mail for our postmaster is taken from anyone, wherever it is read. What the sender wrote to is kept as
 * ORCPT (RFC 3461 §5.2.1), so that a report names an address that the sender knows.
 */
function asPostmaster(
  recipient: EnvelopeRecipient,
  { hostname, inbound: { postmaster } }: InboundSettings,
): EnvelopeRecipient | undefined {
  const { address } = recipient;
  const isOurs = domainOf(address) === hostname && /^postmaster@/i.test(address);
  if (postmaster === '' || !isOurs) return undefined;
  const { originalRecipient = `rfc822;postmaster@${hostname}` } = recipient;
  return { ...recipient, address: postmaster, originalRecipient };
}

/** What the log says of a message that was accepted. */
export function acceptedFields(
  { messageId, envelope, recipients, facts, receivedAt }: NewMessage,
  now: Date,
): EventFields & Subjects {
  return {
    messageId,
    sender: envelope.sender,
    recipients: recipients.length,
    subjects: recipients.map(({ address }) => address),
    sizeBytes: facts.sizeBytes,
    durationMs: now.getTime() - receivedAt.getTime(),
    ...(facts.messageIdField === '' ? {} : { headerMessageId: facts.messageIdField }),
  };
}
