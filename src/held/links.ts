/**
 * Links by which a moderator decides without signing in. Each carries a token that only this relay can make: for one entry, one of its
 * moderators and one of the two answers. It is worth nothing once the entry has ended.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ModeratorLinks } from './notices.ts';
import type { Held } from './store.ts';

export const VERDICTS = ['approve', 'reject'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What a link says: whose answer to what. */
export type Ballot = { readonly verdict: Verdict; readonly id: string; readonly moderator: string };

/** A token is the digest of all that it is for; no part can run into the next, since a line feed is in none of them. */
export function tokenOf(key: Uint8Array, { verdict, id, moderator }: Ballot): string {
  return createHmac('sha256', key).update(`moderation\n${verdict}\n${id}\n${moderator}`).digest('base64url');
}

/** Digests are compared, so that the time tells nothing about the token. */
export function isTokenOf(key: Uint8Array, ballot: Ballot, given: string): boolean {
  const [expected, other] = [tokenOf(key, ballot), given].map((text) =>
    createHmac('sha256', key).update(text).digest(),
  );
  return expected !== undefined && other !== undefined && timingSafeEqual(expected, other);
}

/** `/approve/ID/0/TOKEN`: all in the path, since mail programs break what has equals signs and ampersands more often. */
export function pathOf(key: Uint8Array, ballot: Ballot, moderators: readonly string[]): string {
  const { verdict, id, moderator } = ballot;
  return `/${verdict}/${id}/${moderators.indexOf(moderator)}/${tokenOf(key, ballot)}`;
}

/** Nothing while there are no pages. */
export function linksFor(key: Uint8Array, baseUrl: string, { id, moderators }: Held): readonly ModeratorLinks[] {
  if (baseUrl === '') return [];
  const linkOf = (moderator: string, verdict: Verdict): string =>
    `${baseUrl}${pathOf(key, { verdict, id, moderator }, moderators)}`;
  return moderators.map((moderator) => ({
    moderator,
    approve: linkOf(moderator, 'approve'),
    reject: linkOf(moderator, 'reject'),
  }));
}
