/** Conditions on whom a message is for, each recipient by itself. Which address of theirs is looked at is said by the rule's `recipientAddressType`. */
import { PATTERN_LIMIT, WORD_LIMIT } from './limits.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'recipient';

export const RECIPIENT_CONDITIONS = {
  sentTo: {
    group: GROUP,
    parameters: [{ name: 'sentTo', type: 'addresses' }],
    scope: 'recipient',
    need: 'directory',
    meaning: 'the recipient is one of these people',
  },
  sentToScope: {
    group: GROUP,
    parameters: [{ name: 'sentToScope', type: 'scope' }],
    scope: 'recipient',
    need: 'directory',
    meaning: 'the recipient is inside the organisation (an accepted domain or an object of the directory), or is not',
  },
  sentToMemberOf: {
    group: GROUP,
    parameters: [{ name: 'sentToMemberOf', type: 'groups' }],
    scope: 'recipient',
    need: 'directory',
    meaning: 'the recipient is a member of one of these groups',
  },
  recipientAddressContainsWords: {
    group: GROUP,
    parameters: [{ name: 'recipientAddressContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'recipient',
    need: 'directory',
    meaning: "the recipient's address contains one of these words",
  },
  recipientAddressMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'recipientAddressMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'recipient',
    need: 'directory',
    meaning: "the recipient's address matches one of these patterns",
  },
  recipientADAttributeContainsWords: {
    group: GROUP,
    parameters: [{ name: 'recipientADAttributeContainsWords', type: 'attributeWords', longestCharacters: WORD_LIMIT }],
    scope: 'recipient',
    need: 'directory',
    meaning: 'one of these directory attributes of the recipient contains one of its words',
  },
  recipientADAttributeMatchesPatterns: {
    group: GROUP,
    parameters: [
      { name: 'recipientADAttributeMatchesPatterns', type: 'attributePatterns', longestCharacters: PATTERN_LIMIT },
    ],
    scope: 'recipient',
    need: 'directory',
    meaning: 'one of these directory attributes of the recipient matches one of its patterns',
  },
  recipientDomainIs: {
    group: GROUP,
    parameters: [{ name: 'recipientDomainIs', type: 'domains' }],
    scope: 'recipient',
    need: 'directory',
    meaning: "the recipient's domain is one of these domains or a subdomain of one",
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
