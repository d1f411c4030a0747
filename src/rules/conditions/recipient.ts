/** Conditions on whom a message is for, each recipient by itself. Which address of theirs is looked at is said by the rule's `recipientAddressType`. */
import { isInside, on, type RecipientEvaluator } from '#rules/look.ts';
import { holds } from '#rules/verdict.ts';
import { PATTERN_LIMIT, WORD_LIMIT } from './limits.ts';
import {
  addressFound,
  attributesFound,
  isOfDomain,
  lowered,
  memberOf,
  overAddress,
  patternsOf,
  wordsOf,
  type AttributeSearch,
} from './people.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'recipient';

export const RECIPIENT_CONDITIONS = {
  sentTo: {
    group: GROUP,
    parameters: [{ name: 'sentTo', type: 'addresses' }],
    scope: 'recipient',
    need: 'directory',
    meaning: 'the recipient is one of these people',
    prepare: (addresses) => {
      const wanted = lowered(addresses);
      return overAddress((address) => holds(wanted.has(address), `recipient ${address}`));
    },
  },
  sentToScope: {
    group: GROUP,
    parameters: [{ name: 'sentToScope', type: 'scope' }],
    scope: 'recipient',
    need: 'directory',
    meaning: 'the recipient is inside the organisation (an accepted domain or an object of the directory), or is not',
    prepare:
      (scope) =>
      (look, { address }) =>
        on(isInside(look, address), (inside) =>
          holds(inside === (scope === 'inOrganization'), `${address} is ${inside ? 'inside' : 'outside'}`),
        ),
  },
  sentToMemberOf: {
    group: GROUP,
    parameters: [{ name: 'sentToMemberOf', type: 'groups' }],
    scope: 'recipient',
    need: 'directory',
    meaning: 'the recipient is a member of one of these groups',
    prepare: (groups) => {
      const wanted = lowered(groups);
      return (look, { address }) => memberOf(look, address, wanted);
    },
  },
  recipientAddressContainsWords: {
    group: GROUP,
    parameters: [{ name: 'recipientAddressContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'recipient',
    need: 'directory',
    meaning: "the recipient's address contains one of these words",
    prepare: (words, search) => addressFound(search.words(words)),
  },
  recipientAddressMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'recipientAddressMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'recipient',
    need: 'directory',
    meaning: "the recipient's address matches one of these patterns",
    prepare: (patterns, search) => addressFound(search.patterns(patterns)),
  },
  recipientADAttributeContainsWords: {
    group: GROUP,
    parameters: [{ name: 'recipientADAttributeContainsWords', type: 'attributeWords', longestCharacters: WORD_LIMIT }],
    scope: 'recipient',
    need: 'directory',
    meaning: 'one of these directory attributes of the recipient contains one of its words',
    prepare: (entries, search) => recipientAttributesFound(wordsOf(entries, search)),
  },
  recipientADAttributeMatchesPatterns: {
    group: GROUP,
    parameters: [
      { name: 'recipientADAttributeMatchesPatterns', type: 'attributePatterns', longestCharacters: PATTERN_LIMIT },
    ],
    scope: 'recipient',
    need: 'directory',
    meaning: 'one of these directory attributes of the recipient matches one of its patterns',
    prepare: (entries, search) => recipientAttributesFound(patternsOf(entries, search)),
  },
  recipientDomainIs: {
    group: GROUP,
    parameters: [{ name: 'recipientDomainIs', type: 'domains' }],
    scope: 'recipient',
    need: 'directory',
    meaning: "the recipient's domain is one of these domains or a subdomain of one",
    prepare: (domains) => {
      const wanted = lowered(domains);
      return overAddress((address) => holds(isOfDomain(wanted, address), `recipient ${address}`));
    },
  },
} as const satisfies ConditionRows<
  | 'sentTo'
  | 'sentToScope'
  | 'sentToMemberOf'
  | 'recipientAddressContainsWords'
  | 'recipientAddressMatchesPatterns'
  | 'recipientADAttributeContainsWords'
  | 'recipientADAttributeMatchesPatterns'
  | 'recipientDomainIs'
>;

function recipientAttributesFound(searches: readonly AttributeSearch[]): RecipientEvaluator {
  return (look, { address }) => attributesFound(look, address, searches);
}
