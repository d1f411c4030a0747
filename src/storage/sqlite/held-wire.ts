/** What is asked of the thread of mail that is kept back, and what it answers. Times are milliseconds since 1970. */
import type { ContentFacts } from '#mail/content.ts';
import type { Envelope, EnvelopeRecipient } from '#mail/envelope.ts';
import type { HeldDecision, HeldGroup, HeldKind, HeldState } from '#held/store.ts';
import type { WireContent } from './wire.ts';

/** The JSON of an entry: what nobody searches for. */
export type HeldAbout = {
  readonly envelope: Envelope;
  readonly recipients: readonly EnvelopeRecipient[];
  readonly facts: ContentFacts;
  readonly moderators: readonly string[];
};

export type WireNewHeld = {
  readonly id: string;
  readonly kind: HeldKind;
  readonly rule: string;
  readonly subject: string;
  readonly received: number;
  readonly expires: number;
  readonly about: HeldAbout;
  readonly content: WireContent;
};

export type WireHeld = Omit<WireNewHeld, 'content'> & {
  readonly state: HeldState;
  readonly decider: string;
  readonly comment: string;
  readonly ended: number | null;
  readonly partOf: string | null;
};

/** `null` where the filter says nothing; `address` and `domain` in lower case. */
export type WireHeldFilter = {
  readonly kind: string | null;
  readonly state: string | null;
  readonly rule: string | null;
  readonly address: string | null;
  readonly domain: string | null;
  readonly since: number | null;
};

export type WireHeldDecision = Pick<HeldDecision, 'state' | 'by' | 'comment' | 'part'> & { readonly at: number };

export type WireSummaryRow = { readonly key: string; readonly size: number } & {
  readonly [state in HeldState]: number;
};

/** What only reads. */
export type HeldQuestion =
  | { readonly kind: 'get'; readonly id: string }
  | { readonly kind: 'content'; readonly id: string }
  | { readonly kind: 'list'; readonly filter: WireHeldFilter; readonly after: string | null; readonly limit: number }
  | { readonly kind: 'summary'; readonly filter: WireHeldFilter; readonly by: HeldGroup; readonly limit: number }
  | { readonly kind: 'counts' }
  | { readonly kind: 'unfinished'; readonly after: string; readonly limit: number }
  | { readonly kind: 'overdue'; readonly now: number; readonly limit: number };

export type HeldChange =
  | { readonly kind: 'add'; readonly entries: readonly WireNewHeld[] }
  | { readonly kind: 'decide'; readonly id: string; readonly decision: WireHeldDecision }
  | { readonly kind: 'finish'; readonly id: string; readonly state: HeldState }
  | { readonly kind: 'prune'; readonly before: number }
  | { readonly kind: 'linkKey' };

export type HeldRequest = HeldQuestion | HeldChange;

export type HeldAnswers = {
  readonly add: null;
  readonly get: WireHeld | null;
  /** Octets of the file that holds it. */
  readonly content: number | null;
  readonly list: readonly WireHeld[];
  readonly summary: readonly WireSummaryRow[];
  readonly counts: { readonly [kind in HeldKind]: number };
  readonly decide: boolean;
  readonly unfinished: readonly WireHeld[];
  readonly finish: null;
  readonly overdue: readonly WireHeld[];
  /** Entries removed in this step, and whether there may be more. */
  readonly prune: { readonly removed: number; readonly more: boolean };
  readonly linkKey: Uint8Array;
};

export type HeldAnswer = HeldAnswers[keyof HeldAnswers];
