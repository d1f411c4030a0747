/**
 * All groups that an account is in, also through other groups. Groups that are in one another end, since each is looked at once; where
 * there are too many the answer is a failure, for a group that is left out may be the one that protects the mail.
 */
import { groupAddresses, memberOf, wantedGroupAttributes, type Account } from './account.ts';
import { LdapFailure } from './failure.ts';
import { both, havingMember, havingMemberInChain, readFilter, type Filter } from './filters.ts';
import type { LdapLayout } from './layout.ts';
import type { LdapEntry } from './answers.ts';
import type { LdapQuestion } from './session.ts';
import { chunks, inTurns } from './turns.ts';

export type Search = (question: LdapQuestion) => Promise<readonly LdapEntry[]>;

const GROUPS_LIMIT = 1000;
const DEPTH_LIMIT = 30;
/** Names in one filter. */
const NAMES_AT_ONCE = 50;
const QUESTIONS_AT_ONCE = 8;

/** Their addresses in lower case; a group is in itself. Rejects with `LdapFailure`. */
export async function findGroups(account: Account, layout: LdapLayout, search: Search): Promise<ReadonlySet<string>> {
  const groups = await groupsAround(account, layout, search);
  const own = account.kind === 'group' ? account.addresses : [];
  return new Set([...own, ...groups.flatMap((group) => groupAddresses(group, layout))]);
}

async function groupsAround({ entry }: Account, layout: LdapLayout, search: Search): Promise<readonly LdapEntry[]> {
  switch (layout.groupSearch) {
    case 'chain':
      return search(groupQuestion(havingMemberInChain(entry.dn, layout.members), layout));
    case 'member':
      return grow([entry.dn], (names) => groupsNaming(names, layout, search), dnsOf);
    case 'memberOf':
      return grow(memberOf(entry), (names) => groupsNamed(names, layout, search), memberOf);
  }
}

const dnsOf = ({ dn }: LdapEntry): readonly string[] => [dn];

/** Level after level: the groups that `find` has for some names, and those that it has for the names that `next` has of these. */
async function grow(
  first: readonly string[],
  find: (names: readonly string[]) => Promise<readonly LdapEntry[]>,
  next: (group: LdapEntry) => readonly string[],
): Promise<readonly LdapEntry[]> {
  const groups = new Map<string, LdapEntry>();
  const asked = new Set<string>();
  let names = first;
  for (let depth = 0; names.length > 0; depth += 1) {
    if (depth === DEPTH_LIMIT) throw new LdapFailure('question', `groups are nested more than ${DEPTH_LIMIT} deep`);
    for (const name of names) asked.add(name.toLowerCase());
    // oxlint-disable-next-line no-await-in-loop -- a level is known when the one before it is
    const found = (await find(names)).filter(({ dn }) => !groups.has(dn.toLowerCase()));
    for (const group of found) groups.set(group.dn.toLowerCase(), group);
    if (groups.size > GROUPS_LIMIT) throw new LdapFailure('question', `it is in more than ${GROUPS_LIMIT} groups`);
    names = [...new Set(found.flatMap(next))].filter((name) => !asked.has(name.toLowerCase()));
  }
  return [...groups.values()];
}

async function groupsNaming(members: readonly string[], layout: LdapLayout, search: Search) {
  const questions = chunks(members, NAMES_AT_ONCE).map((some) =>
    groupQuestion(havingMember(some, layout.members), layout),
  );
  return (await inTurns(questions, QUESTIONS_AT_ONCE, search)).flat();
}

async function groupsNamed(names: readonly string[], layout: LdapLayout, search: Search) {
  const [filter, attributes] = [readFilter(layout.groupFilter), wantedGroupAttributes(layout)];
  const questions = names.map((dn): LdapQuestion => ({ dn, scope: 'entry', filter, attributes, limit: 1 }));
  return (await inTurns(questions, QUESTIONS_AT_ONCE, search)).flat();
}

const groupQuestion = (membership: Filter, layout: LdapLayout): LdapQuestion => ({
  dn: layout.groupBaseDn,
  scope: 'subtree',
  filter: both(readFilter(layout.groupFilter), membership),
  attributes: wantedGroupAttributes(layout),
  limit: GROUPS_LIMIT,
});
