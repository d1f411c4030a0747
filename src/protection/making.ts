/**
 * One message on the way from what it was to what rules make of it: what is done to it, what is not, and what that breaks. Each change
 * sees what the ones before it have made; nothing is written before all are made.
 */
import { isAscii } from 'node:buffer';
import { join } from 'node:path';
import type { Content, ContentFacts } from '#mail/content.ts';
import type { Envelope } from '#mail/envelope.ts';
import type { Bytes } from '#mail/units.ts';
import { indexHeader } from '#mime/header-index.ts';
import type { Edit } from '#mime/splice.ts';
import type { Change } from '#rules/evaluation.ts';
import type { Person } from '#rules/people.ts';
import type { ChangeNote } from './change-notes.ts';
import { disclaimerText, type DisclaimerText } from './disclaimer/disclaimer-text.ts';
import { findText } from './disclaimer/find-text.ts';
import { insertDisclaimer, type Inserted } from './disclaimer/insert.ts';
import { OBSTACLES, type Obstacle } from './disclaimer/obstacle.ts';
import { partBefore, wrapperAround } from './disclaimer/wrap.ts';
import { draftBytes, draftOf, edited, readDraft, wrapped, writeDraft, type Draft } from './draft.ts';
import { changeHeader, endOfFields, type HeaderChange } from './header-changes.ts';
import { brokenSignatures, signedBodyBytes, type BodyChange } from './signatures.ts';

export type Changeable = { readonly content: Content; readonly facts: ContentFacts; readonly envelope: Envelope };

export type ChangeContext = {
  /** Names the new file, if there is to be one: `<messageId>.changed`. */
  readonly messageId: string;
  readonly spoolDirectory: string;
  /** Larger content goes into a file. */
  readonly inlineLimit: Bytes;
  /** Whose attributes the tokens of disclaimers stand for. */
  readonly sender: Person | undefined;
  /** False for mail from outside, which Exchange does not wrap: its disclaimer is left out instead. */
  readonly mayWrap: boolean;
  /** Unguessable, another one at each call: boundaries are made of it. */
  readonly makeToken: () => string;
};

export type Changed =
  | ({
      readonly kind: 'changed';
      /** What was done besides, what was not, and what it broke. */
      readonly notes: readonly ChangeNote[];
      /** The content is the same as before when nothing came of the changes; else it is new, and the old one stays where it is. */
    } & Changeable)
  /** The rule wants the message refused where its disclaimer cannot be added. */
  | { readonly kind: 'rejected'; readonly rule: string; readonly reason: string };

type Disclaiming = Change & { readonly kind: 'disclaimer' };

/** What is read of a message to find its text; the text of nearly every message stands in front of all that is large. */
const BEGINNING_BYTES = 8 * 1024 * 1024;

/** One message while its changes are made, one after another. */
export class Making {
  readonly #message: Changeable;
  readonly #context: ChangeContext;
  readonly #notes: ChangeNote[] = [];
  #draft: Draft;
  /** As it was, and as it is now. */
  #oldHeader: Buffer | undefined;
  #header: Buffer = Buffer.alloc(0);
  #isChanged = false;
  #isBodyChanged = false;
  /** Fields by which others knew the message, in lower case. */
  readonly #touched = new Set<string>();

  constructor(message: Changeable, context: ChangeContext) {
    this.#message = message;
    this.#context = context;
    this.#draft = draftOf(message.content, message.facts);
  }

  /** Why the message is to be refused, if it is. */
  async make(change: Change): Promise<string | undefined> {
    await this.#readHeader();
    if (change.kind === 'disclaimer') return this.#disclaim(change);
    this.#changeHeader(change);
    return undefined;
  }

  async finish(): Promise<Changed> {
    const { envelope, content, facts } = this.#message;
    if (!this.#isChanged) return { kind: 'changed', content, facts, envelope, notes: this.#notes };
    const { spoolDirectory, messageId, inlineLimit } = this.#context;
    const path = join(spoolDirectory, `${messageId}.changed`);
    const written = await writeDraft(this.#draft, { path, inlineLimit });
    const newFacts = { ...this.#factsOfFields(), ...written.facts };
    const oldHeader = this.#oldHeader ?? this.#header;
    const broken = brokenSignatures(oldHeader, this.#header, await this.#bodyChange(oldHeader));
    return {
      kind: 'changed',
      content: written.content,
      facts: newFacts,
      envelope: {
        ...envelope,
        body: newFacts.eightBit ? '8bitmime' : '7bit',
        // Where it was broken before, the message still goes as it came.
        smtpUtf8: envelope.smtpUtf8 || (newFacts.eightBitHeader && !facts.eightBitHeader),
      },
      notes: [...this.#notes, ...broken.map((signature) => ({ kind: 'signature-broken' as const, ...signature }))],
    };
  }

  async #readHeader(): Promise<void> {
    if (this.#oldHeader !== undefined) return;
    this.#oldHeader = await readDraft(this.#draft, this.#draft.headerBytes);
    this.#header = this.#oldHeader;
    // Reception ends every header with an empty line; without it a field more would be part of the last one's lines.
    if (endOfFields(this.#header) < this.#header.length) return;
    this.#edit([{ start: this.#header.length, end: this.#header.length, octets: Buffer.from('\r\n') }]);
    this.#header = Buffer.concat([this.#header, Buffer.from('\r\n')]);
    this.#draft = { ...this.#draft, headerBytes: this.#header.length };
  }

  #changeHeader(change: HeaderChange): void {
    const { envelope, facts } = this.#message;
    const result = changeHeader(this.#header, change, envelope.smtpUtf8 && facts.eightBitHeader);
    if (result.kind === 'impossible') {
      this.#notes.push({ kind: 'not-made', rule: change.rule, reason: result.reason });
      return;
    }
    if (result.header.equals(this.#header)) return;
    if ('name' in change) this.#touched.add(change.name.toLowerCase());
    this.#edit([{ start: 0, end: this.#header.length, octets: result.header }]);
    this.#header = result.header;
  }

  async #disclaim(change: Disclaiming): Promise<string | undefined> {
    const text = disclaimerText(change.html, this.#context.sender);
    const octets = await readDraft(this.#draft, BEGINNING_BYTES);
    const isWhole = octets.length === draftBytes(this.#draft);
    const inserted = await this.#inserted({ octets, isWhole }, text, change);
    if (inserted.kind === 'obstacle') return this.#fallBack(change, text, inserted.obstacle);
    this.#isBodyChanged = true;
    this.#edit(inserted.edits);
    this.#header = await readDraft(this.#draft, this.#draft.headerBytes);
    return undefined;
  }

  async #inserted(
    beginning: { readonly octets: Buffer; readonly isWhole: boolean },
    text: DisclaimerText,
    { location }: Disclaiming,
  ): Promise<Inserted> {
    const found = findText(beginning);
    if (found.kind === 'obstacle') return found;
    if (found.kind === 'none') {
      const octets = partBefore(found.boundary, text, this.#context.makeToken());
      if (octets === undefined) return { kind: 'obstacle', obstacle: 'malformed' };
      return { kind: 'edits', edits: [{ start: found.place, end: found.place, octets }] };
    }
    const edits: Edit[] = [];
    for (const part of found.parts) {
      const inserted = await insertDisclaimer(beginning.octets, part, text, location);
      if (inserted.kind === 'obstacle') return inserted;
      edits.push(...inserted.edits);
    }
    return { kind: 'edits', edits };
  }

  #fallBack({ rule, fallbackAction }: Disclaiming, text: DisclaimerText, obstacle: Obstacle): string | undefined {
    if (fallbackAction === 'reject') return `The disclaimer cannot be added to this message: ${OBSTACLES[obstacle]}`;
    if (fallbackAction === 'ignore' || !this.#context.mayWrap) {
      this.#notes.push({ kind: 'disclaimer-ignored', rule, obstacle });
      return undefined;
    }
    this.#notes.push({ kind: 'disclaimer-wrapped', rule, obstacle });
    const wrapper = wrapperAround(this.#header, {
      text,
      token: this.#context.makeToken(),
      // Changes that were made before may have put octets above 127 in; saying so where there are none does no harm.
      eightBit: this.#message.facts.eightBit || this.#isChanged,
      eightBitHeader: !isAscii(this.#header),
    });
    this.#draft = wrapped(this.#draft, wrapper);
    this.#header = wrapper.header;
    this.#isBodyChanged = true;
    this.#isChanged = true;
    return undefined;
  }

  #edit(edits: readonly Edit[]): void {
    this.#draft = edited(this.#draft, edits);
    this.#isChanged = true;
  }

  async #bodyChange(oldHeader: Buffer): Promise<BodyChange> {
    if (!this.#isBodyChanged) return { kind: 'none' };
    const limit = signedBodyBytes(oldHeader);
    const { content, facts } = this.#message;
    const [before, after] = await Promise.all(
      [draftOf(content, facts), this.#draft].map(async (draft) =>
        (await readDraft(draft, draft.headerBytes + limit)).subarray(draft.headerBytes),
      ),
    );
    return { kind: 'changed', before: before ?? Buffer.alloc(0), after: after ?? Buffer.alloc(0) };
  }

  /** What reception read in fields that a rule has changed since. */
  #factsOfFields(): ContentFacts {
    const { facts, envelope } = this.#message;
    const { tlsRequired, messageIdField, ...others } = facts;
    const isWithoutTls = this.#touched.has('tls-required')
      ? this.#saysNoToTls() && envelope.requireTls !== true
      : tlsRequired === 'no';
    return {
      ...others,
      messageIdField: this.#touched.has('message-id') ? this.#messageId() : messageIdField,
      ...(isWithoutTls ? { tlsRequired: 'no' } : {}),
    };
  }

  #values(name: string): readonly string[] {
    return indexHeader(this.#header)
      .filter((field) => field.name.toLowerCase() === name)
      .map(({ rawValue }) => Buffer.from(rawValue, 'latin1').toString());
  }

  #messageId(): string {
    return /<[^<>\s]{1,996}>/.exec(this.#values('message-id')[0] ?? '')?.[0] ?? '';
  }

  /** RFC 8689 §3. */
  #saysNoToTls(): boolean {
    const values = this.#values('tls-required');
    return values.length > 0 && values.every((value) => /^\s*no\s*$/i.test(value));
  }
}
