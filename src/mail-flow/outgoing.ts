/**
 * From the branches of an evaluation to what leaves this stage: messages for the queue, entries for the held store, rejections. The
 * content of each branch is its own, since large content is a file that whoever takes it over renames. Nothing is stored here.
 */
import { copyFile, link, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { needsSmtpUtf8 } from '#mail/address.ts';
import type { DeliveryTerms, Envelope, EnvelopeRecipient } from '#mail/envelope.ts';
import type { Live } from '#mail/units.ts';
import type { NewHeld } from '#held/store.ts';
import type { MakeQueueId } from '#queue/id.ts';
import type { NewMessage } from '#queue/store.ts';
import type { Branch, Change, DeliveryTerms as BranchTerms } from '#rules/evaluation.ts';
import type { Person } from '#rules/people.ts';
import type { Rejection } from '#rules/rule.ts';
import type { MailFlowSettings } from './settings.ts';

/** Why some recipients do not get the message, for their sender. */
export type Rejected = {
  readonly rule: string;
  readonly rejection: Rejection;
  readonly recipients: readonly EnvelopeRecipient[];
};

/** `message` with the changes made; its content is a new file where it is one. */
export type ChangeMessage = (
  message: NewMessage,
  changes: readonly Change[],
  sender: Person | undefined,
) => Promise<ChangedMessage>;

export type ChangedMessage =
  | {
      readonly kind: 'changed';
      readonly message: NewMessage;
      /** What was done, and what it broke, in sentences for the trace. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'rejected'; readonly rule: string; readonly reason: string };

/** What became of one branch. */
export type Outgoing =
  | { readonly kind: 'queue'; readonly message: NewMessage; readonly notes: readonly string[] }
  | { readonly kind: 'hold'; readonly held: NewHeld; readonly notes: readonly string[] }
  | ({ readonly kind: 'reject' } & Rejected)
  | { readonly kind: 'delete'; readonly rule: string; readonly recipients: readonly EnvelopeRecipient[] };

export type OutgoingParts = {
  readonly settings: Live<MailFlowSettings>;
  readonly makeQueueId: MakeQueueId;
  readonly change: ChangeMessage;
  /** On the file system of the queue and of the held store. */
  readonly spoolDirectory: string;
};

/** The message that was received, and what is known of it. */
export type Incoming = {
  readonly message: NewMessage;
  readonly sender: Person | undefined;
  /** Decoded. */
  readonly subject: string;
};

const FAILED_CHANGE: Pick<Rejection, 'enhancedStatusCode'> = { enhancedStatusCode: '5.7.1' };

export class OutgoingMaker {
  readonly #parts: OutgoingParts;
  /** Files of our own that nobody has taken over yet. */
  readonly #files: string[] = [];

  constructor(parts: OutgoingParts) {
    this.#parts = parts;
  }

  /**
   * The first branch that is delivered or kept back has the message's id, by which its client knows it. Rejects when a file cannot be
   * written; `discard` then cleans up.
   */
  async make(branches: readonly Branch[], incoming: Incoming): Promise<readonly Outgoing[]> {
    const made: Outgoing[] = [];
    const written = Map.groupBy(incoming.message.recipients, ({ address }) => address.toLowerCase());
    for (const branch of branches) {
      const messageId = made.some(isMessage)
        ? this.#parts.makeQueueId(incoming.message.receivedAt)
        : incoming.message.messageId;
      made.push(await this.#of(branch, incoming, written, messageId));
    }
    return made;
  }

  /** The message for mail of ours that tells of it: TLS that a rule demands for one form of it holds for that too (RFC 8689 §5). */
  told(branches: readonly Branch[], incoming: Incoming): Incoming {
    const { message } = incoming;
    const demanding = branches.find(({ terms }) => terms.requireTls !== undefined);
    const terms = this.#terms({ requireTls: demanding?.terms.requireTls });
    return terms === undefined
      ? incoming
      : { ...incoming, message: { ...message, envelope: { ...message.envelope, terms } } };
  }

  /** What was not taken over goes away. */
  async discard(): Promise<void> {
    await Promise.all(this.#files.splice(0).map(async (file) => rm(file, { force: true })));
  }

  async #of(branch: Branch, incoming: Incoming, written: Written, messageId: string): Promise<Outgoing> {
    const { disposition } = branch;
    const recipients = recipientsOf(branch, written);
    if (disposition.kind === 'delete') return { kind: 'delete', rule: disposition.rule, recipients };
    if (disposition.kind === 'reject') {
      const { rule, rejection } = disposition;
      return { kind: 'reject', rule, rejection, recipients: originalsOf(branch, incoming.message.recipients) };
    }
    const envelope = envelopeOf(incoming.message.envelope, recipients, this.#terms(branch.terms));
    const copy = await this.#withOwnContent({ ...incoming.message, messageId, envelope, recipients });
    const changed = await this.#changed(copy, branch, incoming);
    if (changed.kind === 'rejected') {
      const { rule, reason } = changed;
      const originals = originalsOf(branch, incoming.message.recipients);
      return { kind: 'reject', rule, rejection: { ...FAILED_CHANGE, reasonText: reason }, recipients: originals };
    }
    const { message, notes } = changed;
    if (disposition.kind === 'deliver') return { kind: 'queue', message, notes };
    return { kind: 'hold', held: this.#held(message, branch, incoming), notes };
  }

  async #changed(message: NewMessage, { changes }: Branch, { sender }: Incoming): Promise<ChangedMessage> {
    if (changes.length === 0) return { kind: 'changed', message, notes: [] };
    const changed = await this.#parts.change(message, changes, sender);
    if (changed.kind === 'changed') this.#own(changed.message);
    return changed;
  }

  async #withOwnContent(copy: NewMessage): Promise<NewMessage> {
    const { messageId, content } = copy;
    if (content.kind === 'inline') return copy;
    // An id may come again, after a branch that came to nothing.
    const path = join(this.#parts.spoolDirectory, `${messageId}.${this.#files.length}.branch`);
    this.#files.push(path);
    // Nobody writes to content, so a second name will do; where there are no links it is copied.
    await link(content.path, path).catch(async () => copySynced(content.path, path));
    return { ...copy, content: { ...content, path } };
  }

  #own({ content }: NewMessage): void {
    if (content.kind === 'file' && !this.#files.includes(content.path)) this.#files.push(content.path);
  }

  #terms({ requireTls, connector }: BranchTerms): DeliveryTerms | undefined {
    if (requireTls === undefined && connector === undefined) return undefined;
    const level = this.#parts.settings().mailFlow.requireTls;
    return {
      ...(requireTls === undefined ? {} : { tls: { level, rule: requireTls.rule } }),
      ...(connector === undefined ? {} : { connector }),
    };
  }

  #held(message: NewMessage, { disposition }: Branch, { subject }: Incoming): NewHeld {
    const { messageId: id, ...rest } = message;
    const { quarantine, moderation } = this.#parts.settings().mailFlow;
    const isModeration = disposition.kind === 'moderate';
    const keep = isModeration ? moderation.expiry : quarantine.keep;
    return {
      ...rest,
      id,
      kind: isModeration ? 'moderation' : 'quarantine',
      rule: 'rule' in disposition ? disposition.rule : '',
      subject,
      expiresAt: new Date(message.receivedAt.getTime() + keep),
      moderators: isModeration ? disposition.moderators : [],
    };
  }
}

/** Recipients by their address in lower case: rules tell no letters of a local part apart; whoever receives the mail may. */
type Written = ReadonlyMap<string, readonly EnvelopeRecipient[]>;

const isMessage = ({ kind }: Outgoing): boolean => kind === 'queue' || kind === 'hold';

/** Whoever wrote to somebody keeps the DSN parameters; nobody is told what becomes of recipients that a rule has added (RFC 3461 §4.1). */
function recipientsOf(branch: Branch, written: Written): readonly EnvelopeRecipient[] {
  return branch.recipients.flatMap(({ address, addedBy }) => {
    const same = addedBy === undefined ? written.get(address) : undefined;
    return same ?? [{ address, notify: [] }];
  });
}

/** Those of the message as it came, also where a rule has put others in their place. */
function originalsOf({ originals }: Branch, recipients: readonly EnvelopeRecipient[]): readonly EnvelopeRecipient[] {
  const mine = new Set(originals);
  return recipients.filter(({ address }) => mine.has(address.toLowerCase()));
}

function envelopeOf(
  envelope: Envelope,
  recipients: readonly EnvelopeRecipient[],
  terms: DeliveryTerms | undefined,
): Envelope {
  const smtpUtf8 = envelope.smtpUtf8 || recipients.some(({ address }) => needsSmtpUtf8(address));
  return { ...envelope, smtpUtf8, ...(terms === undefined ? {} : { terms }) };
}

/** Whoever takes it over makes sure of its new name only. */
async function copySynced(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await using file = await open(to, 'r+');
  await file.sync();
}
