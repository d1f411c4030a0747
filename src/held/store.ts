/**
 * Mail that is kept back by a rule: in quarantine until an operator releases it, or with a moderator until it is approved. The port;
 * `storage/sqlite/` fulfils it, `test/held/store.contract.ts` says what it promises.
 *
 * All processes of a relay and the operator's commands share one store. An entry ends once, whoever ends it first.
 */
import type { Content, ContentFacts } from '#mail/content.ts';
import type { Envelope, EnvelopeRecipient } from '#mail/envelope.ts';

export type HeldKind = 'quarantine' | 'moderation';

export type NewHeld = {
  /** As of a message in the queue (`queue/id.ts`). */
  readonly id: string;
  readonly kind: HeldKind;
  readonly rule: string;
  readonly envelope: Envelope;
  readonly recipients: readonly EnvelopeRecipient[];
  /** In the form in which it is delivered when it is let go. `file` content is adopted, as the queue's store does. */
  readonly content: Content;
  readonly facts: ContentFacts;
  /** Decoded, for people; '' when there is none. */
  readonly subject: string;
  readonly receivedAt: Date;
  readonly expiresAt: Date;
  /** Who may decide; empty for quarantine. */
  readonly moderators: readonly string[];
};

/** `expired`: nobody decided in time. Of an entry that has ended the content is gone. */
export type HeldState = 'held' | 'releasing' | 'released' | 'rejected' | 'deleted' | 'expired';

export type Held = Omit<NewHeld, 'content'> & {
  readonly state: HeldState;
  /** Who ended it: an operator's name, or a moderator's address; '' for time. */
  readonly by: string;
  /** What the moderator wrote; '' for none. */
  readonly comment: string;
  readonly endedAt?: Date | undefined;
};

export type HeldQuery = {
  readonly kind?: HeldKind;
  readonly state?: HeldState;
  readonly rule?: string;
  /** Sender or recipient, whole or a domain as `@dest.test`. */
  readonly address?: string;
  /** Entries behind this id. */
  readonly after?: string;
  readonly limit: number;
};

export type HeldDecision = {
  readonly state: 'releasing' | 'rejected' | 'deleted' | 'expired';
  readonly by: string;
  readonly comment: string;
  readonly at: Date;
};

/** Every call rejects with `StorageUnavailable` only. */
export interface HeldStore {
  /** On the file system of the store: where large content must be written before `add`. */
  readonly spoolDirectory: string;
  /** Resolves only once a power cut can no longer lose the entries. All of one call or none. */
  add(entries: readonly NewHeld[]): Promise<void>;
  get(id: string): Promise<Held | undefined>;
  /** The octets of an entry that has not ended; `undefined` when there is none. */
  content(id: string): Promise<Content | undefined>;
  list(query: HeldQuery): Promise<readonly Held[]>;
  /** Takes effect for an entry in state `held` only; resolves to false when it is in another state by now. */
  decide(id: string, decision: HeldDecision): Promise<boolean>;
  /** Those that are let go and not yet in the queue; a crash between the two lets one go twice, and never loses it. */
  releasing(limit: number): Promise<readonly Held[]>;
  /** It is in the queue now: the content goes. */
  released(id: string): Promise<void>;
  /** Those of state `held` whose time is over, at most so many. */
  overdue(now: Date, limit: number): Promise<readonly Held[]>;
  /** Forgets entries that ended before; returns how many. */
  prune(before: Date): Promise<number>;
  close(): Promise<void>;
}
