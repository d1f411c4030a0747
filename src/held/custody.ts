/**
 * What a decision about kept mail leads to: moderators are asked, mail goes to the queue, senders are told, and it is said in the log.
 * An entry is finished only behind that, so a crash has it done twice and never loses it. When entries are looked at is `rounds.ts`.
 */
import { copyFile, link, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventFields, Report, Subjects } from '#log/events.ts';
import { sizeOf, type Content } from '#mail/content.ts';
import type { Bytes, Live } from '#mail/units.ts';
import type { MakeQueueId } from '#queue/id.ts';
import type { NewMessage } from '#queue/store.ts';
import { linksFor } from './links.ts';
import type { HeldNotices } from './notices.ts';
import type { HeldSettings } from './settings.ts';
import type { Held, HeldStore } from './store.ts';

export type CustodyParts = {
  readonly store: Pick<HeldStore, 'content' | 'finish' | 'linkKey'>;
  readonly settings: Live<Pick<HeldSettings, 'mailFlow'>>;
  readonly notices: HeldNotices;
  readonly queue: {
    readonly spoolDirectory: string;
    accept(messages: readonly NewMessage[]): Promise<void>;
  };
  /** Larger content goes to the queue as a file. */
  readonly inlineLimit: Live<Bytes>;
  readonly makeQueueId: MakeQueueId;
  readonly report: Report;
  readonly now: () => Date;
};

/** Mail that is to be let go, and whose octets are not there any more. */
export class ContentLost extends Error {
  override readonly name = 'ContentLost';
}

export class Custody {
  readonly #parts: CustodyParts;

  constructor(parts: CustodyParts) {
    this.#parts = parts;
  }

  /** Does what the state of an unfinished entry asks for. Rejects when it could not be done; then it is still unfinished. */
  async carryOut(held: Held): Promise<void> {
    const announce = await this.#act(held);
    await this.#parts.store.finish(held.id, held.state);
    announce();
  }

  /** Returns how to say that it was done. */
  async #act(held: Held): Promise<() => void> {
    switch (held.state) {
      case 'held':
        return this.#ask(held);
      case 'releasing':
        return this.#release(held);
      case 'rejected':
        await this.#tellSender(held, this.#parts.notices.rejected);
        return this.#saying('held.rejected', held);
      case 'expired':
        // What is in quarantine goes without a word.
        if (held.kind === 'moderation') await this.#tellSender(held, this.#parts.notices.expired);
        return this.#saying('held.expired', held);
      case 'deleted':
        return this.#saying('held.deleted', held);
      case 'released':
        return () => undefined;
    }
  }

  async #ask(held: Held): Promise<() => void> {
    const { notices, store, settings, now } = this.#parts;
    const links = linksFor(await store.linkKey(), settings().mailFlow.moderation.baseUrl, held);
    await this.#enqueue(await notices.moderators({ held, content: await store.content(held.id), at: now(), links }));
    return () => this.#parts.report('held.asked', { ...fieldsOf(held), subjects: held.moderators });
  }

  async #tellSender(held: Held, compose: HeldNotices['rejected']): Promise<void> {
    if (held.envelope.sender === '') return;
    const { store, now } = this.#parts;
    await this.#enqueue(await compose({ held, content: await store.content(held.id), at: now() }));
  }

  async #enqueue(messages: readonly NewMessage[]): Promise<void> {
    if (messages.length > 0) await this.#parts.queue.accept(messages);
  }

  async #release(held: Held): Promise<() => void> {
    const { queue, makeQueueId, now, report } = this.#parts;
    const kept = await this.#parts.store.content(held.id);
    if (kept === undefined) throw new ContentLost(`the content of ${held.id} is not there any more`);
    // Its time in the queue begins now: it is not late for having been kept.
    const receivedAt = now();
    const messageId = makeQueueId(receivedAt);
    const { envelope, recipients, facts } = held;
    const content = await this.#contentForQueue(kept, messageId);
    try {
      await queue.accept([{ messageId, envelope, recipients, content, facts, receivedAt }]);
    } catch (error) {
      if (content.kind === 'file') await rm(content.path, { force: true });
      throw error;
    }
    const addresses = recipients.map(({ address }) => address);
    const { messageIdField: headerMessageId } = facts;
    return () =>
      report('held.released', {
        ...fieldsOf(held),
        messageId,
        origin: held.id,
        ...(headerMessageId === '' ? {} : { headerMessageId }),
        subjects: [held.id, envelope.sender, headerMessageId, ...addresses],
      });
  }

  /** The queue renames what it adopts, and we need it until the queue has it: it gets a second name where there can be one. */
  async #contentForQueue(kept: Content, messageId: string): Promise<Content> {
    if (kept.kind === 'inline') return kept;
    if (sizeOf(kept) <= this.#parts.inlineLimit()) return { kind: 'inline', bytes: await readFile(kept.path) };
    const path = join(this.#parts.queue.spoolDirectory, `${messageId}.released`);
    await link(kept.path, path).catch(async () => copySynced(kept.path, path));
    return { ...kept, path };
  }

  #saying(event: 'held.rejected' | 'held.expired' | 'held.deleted', held: Held): () => void {
    return () => this.#parts.report(event, fieldsOf(held));
  }
}

function fieldsOf(held: Held): EventFields & Subjects {
  const { id: messageId, kind: decision, rule, by: user, recipients, envelope } = held;
  return {
    messageId,
    sender: envelope.sender,
    rule,
    decision,
    recipients: recipients.length,
    ...(user === '' ? {} : { user }),
    ...(held.partOf === undefined ? {} : { origin: held.partOf, subjects: [held.partOf] }),
  };
}

/** The queue adopts only what is on the disk. */
async function copySynced(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await using file = await open(to, 'r+');
  await file.sync();
}
