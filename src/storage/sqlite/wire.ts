/**
 * What is asked of the queue's thread and what it answers: flat rows that clone fast. Content travels beside them, all of
 * one post in one transferred buffer. Times are milliseconds since 1970; what the thread only stores is JSON text already.
 */
import type { Failure } from './failure.ts';

/** Where the content of a new message is: octets `from` to `to` of the post's buffer, or a file to adopt. */
export type WireContent = { readonly from: number; readonly to: number } | { readonly path: string };

/** The recipients of one message that share a destination; `token` names their lease, should they be lent. */
export type WireLot = {
  readonly token: number;
  readonly destination: string;
  readonly recipients: readonly WireRecipient[];
};

/** Position, address, and the DSN parameters as JSON when there are any. */
export type WireRecipient = readonly [position: number, address: string, parameters: string | null];

export type WireMessage = {
  readonly id: string;
  readonly received: number;
  /** Envelope and content facts, as JSON. */
  readonly about: string;
  readonly content: WireContent;
  readonly lots: readonly WireLot[];
};

export type WireSettlement = {
  readonly token: number;
  /** Deliveries that are done with: delivered or failed. */
  readonly gone: readonly number[];
  readonly deferred: readonly {
    readonly position: number;
    /** Attempts to add: one or none. */
    readonly tries: number;
    readonly due: number;
    readonly phase: number;
    readonly last: string;
  }[];
  readonly reports: readonly WireMessage[];
};

export type WirePause = {
  readonly destination: string;
  readonly until: number;
  readonly failures: number;
  readonly diagnosis: string;
};

export type WireOverdue = {
  readonly now: number;
  readonly until: number;
  readonly limit: number;
  readonly noticeBefore: number;
  readonly expireBefore: number;
  readonly exceptions: readonly {
    readonly domains: readonly string[];
    readonly noticeBefore: number;
    readonly expireBefore: number;
  }[];
};

export type WireTraceEntry = {
  readonly at: number;
  readonly messageId: string;
  readonly records: string;
  readonly subjects: readonly string[];
};

/** What the transaction of a group carries out; the keys of `Answers` are the requests' kinds. */
export type QueueRequest =
  | { readonly kind: 'add'; readonly messages: readonly WireMessage[]; readonly until: number }
  | {
      readonly kind: 'lease';
      readonly now: number;
      readonly until: number;
      readonly limit: number;
      readonly recipientsPerLease: number;
      readonly perDestination: number;
      readonly busy: ReadonlySet<string>;
    }
  | ({ readonly kind: 'leaseOverdue' } & WireOverdue)
  | { readonly kind: 'settle'; readonly settled: readonly WireSettlement[] }
  | { readonly kind: 'pause'; readonly pause: WirePause }
  | { readonly kind: 'resume'; readonly destination: string }
  | { readonly kind: 'hasten'; readonly destination: string; readonly now: number }
  | { readonly kind: 'pauses' }
  | { readonly kind: 'nextDue' }
  | { readonly kind: 'depth'; readonly now: number };

/** Traces have a database of their own. */
export type TraceRequest =
  | { readonly kind: 'trace'; readonly entries: readonly WireTraceEntry[] }
  | { readonly kind: 'pruneTrace'; readonly before: number };

export type Request = QueueRequest | TraceRequest;

export type Answers = {
  /** Tokens of the lots that were lent; only asked for with `until`. */
  readonly add: readonly number[];
  readonly lease: readonly WireLease[];
  readonly leaseOverdue: readonly WireLease[];
  readonly settle: readonly boolean[];
  readonly pause: null;
  readonly resume: null;
  readonly hasten: null;
  readonly pauses: readonly WirePause[];
  readonly nextDue: number | null;
  readonly depth: WireDepth;
  readonly trace: null;
  /** Messages removed, and whether older entries are left. */
  readonly pruneTrace: { readonly removed: number; readonly more: boolean };
};

export type WireDelivery = {
  readonly position: number;
  readonly recipient: string;
  readonly parameters: string | null;
  readonly attempts: number;
  readonly phase: number;
  readonly last: string | null;
};

export type WireLease = {
  readonly token: number;
  readonly until: number;
  readonly id: string;
  readonly received: number;
  readonly about: string;
  /** `null` when the content is a file. */
  readonly content: Uint8Array<ArrayBuffer> | null;
  readonly destination: string;
  readonly deliveries: readonly WireDelivery[];
};

export type WireDepth = {
  readonly waiting: number;
  readonly leased: number;
  readonly held: number;
  readonly messages: number;
  readonly pausedDestinations: number;
  readonly oldest: number | null;
};

export type NumberedAnswer = readonly [number: number, answer: Answers[keyof Answers] | undefined, failure?: Failure];
