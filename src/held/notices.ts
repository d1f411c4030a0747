/** Mail about what is kept back, as custody wants it composed; `mail-flow/notices/` does it, the queue takes it. Types only. */
import type { Content } from '#mail/content.ts';
import type { NewMessage } from '#queue/store.ts';
import type { Held } from './store.ts';

/** Pages where one moderator decides. They lead to a question, never to a decision. */
export type ModeratorLinks = { readonly moderator: string; readonly approve: string; readonly reject: string };

export type HeldNotice = {
  readonly held: Held;
  /** The octets of the message; `undefined` when they cannot be found any more. */
  readonly content: Content | undefined;
  readonly at: Date;
};

/** `links` in the order of the moderators; empty when there are no pages, so that the mail says how else to decide. */
export type ModeratorRequest = HeldNotice & { readonly links: readonly ModeratorLinks[] };

/** Nothing where nobody can be told. A rejection is a defect: it is tried again, so nothing may have been queued yet. */
export type HeldNotices = {
  /** A message for each moderator, since links are one moderator's own. */
  readonly moderators: (request: ModeratorRequest) => Promise<readonly NewMessage[]>;
  /** To the sender: who rejected it, and what was written about it (`held.by`, `held.comment`). */
  readonly rejected: (notice: HeldNotice) => Promise<readonly NewMessage[]>;
  /** To the sender: no moderator has decided in time. */
  readonly expired: (notice: HeldNotice) => Promise<readonly NewMessage[]>;
};
