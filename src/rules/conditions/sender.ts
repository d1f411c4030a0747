/** Conditions on who sends. Where an address comes from is said by the rule's `senderAddressLocation` for the five that look at it. */
import { PATTERN_LIMIT, WORD_LIMIT } from './limits.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'sender';

export const SENDER_CONDITIONS = {
  from: {
    group: GROUP,
    parameters: [{ name: 'from', type: 'addresses' }],
    scope: 'message',
    need: 'header',
    meaning: 'the sender is one of these people',
  },
  fromScope: {
    group: GROUP,
    parameters: [{ name: 'fromScope', type: 'scope' }],
    scope: 'message',
    need: 'directory',
    meaning:
      'the sender is inside the organisation (an authenticated client, and an object of the directory or an accepted domain), or is not',
  },
  fromMemberOf: {
    group: GROUP,
    parameters: [{ name: 'fromMemberOf', type: 'groups' }],
    scope: 'message',
    need: 'directory',
    meaning: 'the sender is a member of one of these groups',
  },
  fromAddressContainsWords: {
    group: GROUP,
    parameters: [{ name: 'fromAddressContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'header',
    meaning: "the sender's address contains one of these words",
  },
  fromAddressMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'fromAddressMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'message',
    need: 'header',
    meaning: "the sender's address matches one of these patterns; an empty address matches none",
  },
  senderADAttributeContainsWords: {
    group: GROUP,
    parameters: [{ name: 'senderADAttributeContainsWords', type: 'attributeWords', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'directory',
    meaning: 'one of these directory attributes of the sender contains one of its words',
  },
  senderADAttributeMatchesPatterns: {
    group: GROUP,
    parameters: [
      { name: 'senderADAttributeMatchesPatterns', type: 'attributePatterns', longestCharacters: PATTERN_LIMIT },
    ],
    scope: 'message',
    need: 'directory',
    meaning: 'one of these directory attributes of the sender matches one of its patterns',
  },
  senderIpRanges: {
    group: GROUP,
    parameters: [{ name: 'senderIpRanges', type: 'ipRanges' }],
    scope: 'message',
    need: undefined,
    meaning: 'the client that hands the message over has an address in one of these ranges',
  },
  senderDomainIs: {
    group: GROUP,
    parameters: [{ name: 'senderDomainIs', type: 'domains' }],
    scope: 'message',
    need: 'header',
    meaning: "the sender's domain is one of these domains or a subdomain of one",
  },
} as const satisfies ConditionRows<
  | 'from'
  | 'fromScope'
  | 'fromMemberOf'
  | 'fromAddressContainsWords'
  | 'fromAddressMatchesPatterns'
  | 'senderADAttributeContainsWords'
  | 'senderADAttributeMatchesPatterns'
  | 'senderIpRanges'
  | 'senderDomainIs'
>;
