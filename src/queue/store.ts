/**
 * The queue's storage port. `storage/sqlite/` fulfils it; `test/queue/store.contract.ts` says what it promises.
 *
 * One store is one shard and has one owner process. Operators reach the same rows through `queue/desk.ts`.
 */
import type { Content, ContentFacts } from '#mail/content.ts';
import type { Diagnosis } from '#mail/diagnosis.ts';
import type { Envelope, EnvelopeRecipient } from '#mail/envelope.ts';

/** A message that is to be kept until each of its recipients is settled. */
export type NewMessage = {
  /** From `queue/id.ts`: unique and increasing, the name of the message in logs, Received fields and commands. */
  readonly messageId: string;
  readonly envelope: Envelope;
  readonly recipients: readonly EnvelopeRecipient[];
  /** `file` content lies in the store's spool directory, already synced; `add` adopts it. */
  readonly content: Content;
  readonly facts: ContentFacts;
  readonly receivedAt: Date;
};

/** The message of a lease: all that delivery and reports need, but for the octets of large content. */
export type QueuedMessage = {
  readonly messageId: string;
  readonly envelope: Envelope;
  readonly content: Content;
  readonly facts: ContentFacts;
  readonly receivedAt: Date;
};

/** One recipient of one message: the unit that is delivered, deferred or failed. */
export type Delivery = {
  /** Position of the recipient in the message; with the messageId the identity of the delivery. */
  readonly index: number;
  readonly recipient: EnvelopeRecipient;
  /** Attempts before this one. */
  readonly attempts: number;
  /** The delay notice of RFC 3461 §4.1 has gone out. */
  readonly noticeSent: boolean;
  /** Why the last attempt did not deliver; `operator-failed` when the operator wants it returned. */
  readonly last?: Diagnosis | undefined;
  /** The operator wants it returned to its sender: not attempted again, but settled as failed with a report. */
  readonly operatorFailed?: boolean | undefined;
};

/** Deliveries of one message to one destination, lent to one worker until `until`. */
export type Lease = {
  readonly token: string;
  readonly until: Date;
  readonly message: QueuedMessage;
  /** The domain (or address literal) that the recipients share. */
  readonly destination: string;
  readonly deliveries: readonly Delivery[];
};

export type LeaseRequest = {
  readonly now: Date;
  readonly until: Date;
  /** Leases at most; each holds at most `recipientsPerLease` deliveries. */
  readonly limit: number;
  readonly recipientsPerLease: number;
  /** Leases at most for one destination in this call; one for a destination that is on probation after a pause. */
  readonly perDestination: number;
  /** Destinations that have no room at the moment. */
  readonly busy: ReadonlySet<string>;
};

/** Mail received before these times is late (and its sender is told, once), or too old. */
export type OverdueBounds = { readonly noticeBefore: Date; readonly expireBefore: Date };

/** For these destinations (`example.org`, `*.example.org`) other times hold; the first match counts. */
export type OverdueException = OverdueBounds & { readonly domains: readonly string[] };

export type OverdueRequest = OverdueBounds & {
  readonly now: Date;
  readonly until: Date;
  /** Leases at most; each holds all deliveries of one message to one destination that are overdue alike. */
  readonly limit: number;
  readonly exceptions?: readonly OverdueException[];
};

export type Settlement =
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'deferred';
      /** Whether there was an attempt, to be counted; false when the sender was only told about a delivery that waits. */
      readonly tried: boolean;
      readonly diagnosis: Diagnosis;
      readonly retryAt: Date;
      /** True once a delay notice went out, with this settlement or before. */
      readonly noticeSent: boolean;
    }
  | { readonly kind: 'failed'; readonly diagnosis: Diagnosis };

export type SettledLease = {
  readonly lease: Lease;
  /** By the `index` of the delivery. A delivery that is left out goes back to the queue as it was, due at once. */
  readonly settlements: ReadonlyMap<number, Settlement>;
  /** DSNs that this outcome calls for: they are added in the same commit, so that a crash can lose neither. */
  readonly reports: readonly NewMessage[];
};

/** A destination that no host answered for: nothing of it is leased before `until`, then one lease tries it. */
export type Pause = {
  readonly destination: string;
  readonly until: Date;
  /** Failed tries in a row. */
  readonly failures: number;
  readonly diagnosis: Diagnosis;
};

export type QueueDepth = {
  readonly waiting: number;
  readonly leased: number;
  readonly held: number;
  readonly messages: number;
  /** Those whose pause has not ended. */
  readonly pausedDestinations: number;
  readonly oldestReceivedAt?: Date | undefined;
};

export interface QueueStore {
  /** Where large content must be written (as any name) before `add`; on the file system of the store. */
  readonly spoolDirectory: string;

  /**
   * Resolves only once a power cut can no longer lose the messages: the caller may then answer 250 (RFC 5321 §6.1).
   * All messages of one call are added or none. With `leaseUntil` the deliveries are lent to the caller in the same
   * commit (but those of paused destinations), which saves fresh mail a round trip.
   * Rejects with `StorageUnavailable` (`full` when the disk is); a file to adopt has its old name then.
   */
  add(messages: readonly NewMessage[], leaseUntil?: Date, recipientsPerLease?: number): Promise<readonly Lease[]>;

  /**
   * Lends due deliveries: destinations with mail that nobody attempted yet first, else in turn; within one the oldest due
   * first. A lease that runs out is lent again, so delivery is at least once; duplicates are possible, loss is not.
   */
  lease(request: LeaseRequest): Promise<readonly Lease[]>;

  /**
   * Lends deliveries that the operator wants returned, and those that are late (no notice sent yet) or too old, also of
   * paused destinations, so that their senders can be told. Held deliveries never. What is late and needs no notice is
   * settled with `noticeSent` all the same, else it is lent again and again.
   * Forgets the pauses that have ended and for whose destination nothing waits.
   */
  leaseOverdue(request: OverdueRequest): Promise<readonly Lease[]>;

  /**
   * Writes the outcomes and adds the reports in one commit. Resolves to false, and changes nothing of that lease,
   * when it has run out and been noticed, or an operator removed its deliveries. Content goes when the last delivery of its message is settled.
   */
  settle(settled: readonly SettledLease[]): Promise<readonly boolean[]>;

  pause(pause: Pause): Promise<void>;
  /** Ends a pause: the destination answered, or the operator wants it tried now. */
  resume(destination: string): Promise<void>;
  /** Ends a pause and makes all that waits for the destination due now: what kept it back has changed. */
  hasten(destination: string, now: Date): Promise<void>;
  pauses(): Promise<readonly Pause[]>;

  /** When `lease` may next return something; `undefined` when nothing waits. */
  nextDue(): Promise<Date | undefined>;
  depth(now: Date): Promise<QueueDepth>;
  close(): Promise<void>;
}

/** Storage failed in a way that is not the caller's fault. */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable';
  readonly code: 'full' | 'corrupt' | 'newer-schema' | 'locked' | 'too-large' | 'io';

  constructor(code: StorageUnavailable['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
