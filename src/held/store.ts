/**
 * Mail that is kept back by a rule: in quarantine until an operator releases it, or with a moderator until it is approved. The port;
 * `storage/sqlite/` fulfils it, `test/held/store.contract.ts` says what it promises.
 *
 * All processes of a relay and the operator's commands share one store. An entry ends once, whoever ends it first. What that leads
 * to (mail to the queue, a word to the sender) is remembered as unfinished until somebody has done it, so that no crash can lose it.
 */
import type { Content, ContentFacts } from '#mail/content.ts';
import type { Envelope, EnvelopeRecipient } from '#mail/envelope.ts';
import type { Bytes } from '#mail/units.ts';

export const HELD_KINDS = ['quarantine', 'moderation'] as const;
export type HeldKind = (typeof HELD_KINDS)[number];

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

export const HELD_STATES = ['held', 'releasing', 'released', 'rejected', 'deleted', 'expired'] as const;
/**
 * `releasing`: it was let go and is not in the queue yet. `expired`: nobody decided in time. Of an entry that has ended, and about
 * which nothing is to be done any more, the content is gone.
 */
export type HeldState = (typeof HELD_STATES)[number];

export type Held = Omit<NewHeld, 'content'> & {
  readonly state: HeldState;
  /** Who ended it: an operator's name, or a moderator's address; '' for time. */
  readonly by: string;
  /** What the moderator wrote; '' for none. */
  readonly comment: string;
  readonly endedAt?: Date | undefined;
  /** The entry whose recipients these were, when some of them were let go before the others. */
  readonly partOf?: string | undefined;
};

export type HeldFilter = {
  readonly kind?: HeldKind | undefined;
  readonly state?: HeldState | undefined;
  readonly rule?: string | undefined;
  /** Sender or recipient in any case of letters, whole or a domain as `@dest.test`. */
  readonly address?: string | undefined;
  /** Received then or later. */
  readonly since?: Date | undefined;
};

export type HeldQuery = HeldFilter & {
  /** Entries behind this id, which are older. */
  readonly after?: string | undefined;
  readonly limit: number;
};

export type HeldDecision = {
  readonly state: 'releasing' | 'rejected' | 'deleted' | 'expired';
  readonly by: string;
  readonly comment: string;
  readonly at: Date;
  /**
   * Only for these recipients, of which the entry has more: they become an entry of their own under the new id, about which is
   * decided; the others stay as they are.
   */
  readonly part?: { readonly id: string; readonly recipients: readonly string[] } | undefined;
};

export const HELD_GROUPS = ['rule', 'sender', 'day'] as const;
export type HeldGroup = (typeof HELD_GROUPS)[number];

/** How many entries of a rule, of a sender or of a day (`2026-05-01`, in UTC) there are, by what became of them. */
export type HeldSummaryRow = {
  readonly key: string;
  readonly counts: { readonly [state in HeldState]: number };
  readonly sizeBytes: Bytes;
};

/** Every call rejects with `StorageUnavailable` only. */
export interface HeldStore {
  /** On the file system of the store: where large content must be written before `add`. */
  readonly spoolDirectory: string;
  /** Resolves only once a power cut can no longer lose the entries. All of one call or none. Moderation begins unfinished: nobody was asked. */
  add(entries: readonly NewHeld[]): Promise<void>;
  get(id: string): Promise<Held | undefined>;
  /** The octets of an entry that is not over; `undefined` when there is none. A file may be gone as soon as the entry ends. */
  content(id: string): Promise<Content | undefined>;
  /** The newest first. */
  list(query: HeldQuery): Promise<readonly Held[]>;
  /** The largest groups first, days from the newest on. */
  summary(filter: HeldFilter, by: HeldGroup, limit: number): Promise<readonly HeldSummaryRow[]>;
  /** Entries of state `held`. */
  counts(): Promise<{ readonly [kind in HeldKind]: number }>;
  /**
   * Takes effect for an entry in state `held` only; resolves to false when it is in another state by now, or has not all recipients of
   * the part. The entry is unfinished from then on. The content of what is deleted goes at once.
   */
  decide(id: string, decision: HeldDecision): Promise<boolean>;
  /**
   * Entries about which something is to be done: moderators are to be asked (`held`), mail is to go to the queue (`releasing`), the
   * sender is to be told, or only the log (the other states). The oldest first, behind the id `after`. A crash between what is done and
   * `finish` has it done twice, and never loses it.
   */
  unfinished(limit: number, after?: string): Promise<readonly Held[]>;
  /** It was done for an entry in this state (another state by now makes it nothing); `releasing` becomes `released`. */
  finish(id: string, state: HeldState): Promise<void>;
  /** Those of state `held` whose time is over, at most so many. */
  overdue(now: Date, limit: number): Promise<readonly Held[]>;
  /** Forgets finished entries that ended before; returns how many. */
  prune(before: Date): Promise<number>;
  /** 32 random octets, made once: what only this relay knows signs the links to moderators. */
  linkKey(): Promise<Uint8Array>;
  close(): Promise<void>;
}
