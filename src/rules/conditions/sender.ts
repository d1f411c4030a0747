/** Conditions on who sends. Where an address comes from is said by the rule's `senderAddressLocation` for the five that look at it. */
import { isInRanges, parseIpRange } from '#rules/ip-ranges.ts';
import { askSender, named, on, senderIsInside, type MessageEvaluator } from '#rules/look.ts';
import type { IpRanges } from '#rules/values.ts';
import { failed, holds } from '#rules/verdict.ts';
import { PATTERN_LIMIT, WORD_LIMIT } from './limits.ts';
import {
  attributesFound,
  isOfDomain,
  lowered,
  memberOf,
  overSenders,
  patternsOf,
  senderFound,
  wordsOf,
  type AttributeSearch,
} from './people.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'sender';

export const SENDER_CONDITIONS = {
  from: {
    group: GROUP,
    parameters: [{ name: 'from', type: 'addresses' }],
    scope: 'message',
    need: 'header',
    meaning: 'the sender is one of these people',
    prepare: (addresses) => {
      const wanted = lowered(addresses);
      return overSenders((address) => holds(wanted.has(address), `sender ${named(address)}`));
    },
  },
  fromScope: {
    group: GROUP,
    parameters: [{ name: 'fromScope', type: 'scope' }],
    scope: 'message',
    need: 'directory',
    meaning:
      'the sender is inside the organisation (an authenticated client, and an object of the directory or an accepted domain), or is not',
    prepare: (scope) => (look) =>
      on(senderIsInside(look), (inside) =>
        holds(inside === (scope === 'inOrganization'), `the sender is ${inside ? 'inside' : 'outside'}`),
      ),
  },
  fromMemberOf: {
    group: GROUP,
    parameters: [{ name: 'fromMemberOf', type: 'groups' }],
    scope: 'message',
    need: 'directory',
    meaning: 'the sender is a member of one of these groups',
    prepare: (groups) => {
      const wanted = lowered(groups);
      return overSenders((address, look) => memberOf(look, address, wanted));
    },
  },
  fromAddressContainsWords: {
    group: GROUP,
    parameters: [{ name: 'fromAddressContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'header',
    meaning: "the sender's address contains one of these words",
    prepare: (words, search) => senderFound(search.words(words)),
  },
  fromAddressMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'fromAddressMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'message',
    need: 'header',
    meaning: "the sender's address matches one of these patterns; an empty address matches none",
    prepare: (patterns, search) => senderFound(search.patterns(patterns)),
  },
  senderADAttributeContainsWords: {
    group: GROUP,
    parameters: [{ name: 'senderADAttributeContainsWords', type: 'attributeWords', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'directory',
    meaning: 'one of these directory attributes of the sender contains one of its words',
    prepare: (entries, search) => senderAttributesFound(wordsOf(entries, search)),
  },
  senderADAttributeMatchesPatterns: {
    group: GROUP,
    parameters: [
      { name: 'senderADAttributeMatchesPatterns', type: 'attributePatterns', longestCharacters: PATTERN_LIMIT },
    ],
    scope: 'message',
    need: 'directory',
    meaning: 'one of these directory attributes of the sender matches one of its patterns',
    prepare: (entries, search) => senderAttributesFound(patternsOf(entries, search)),
  },
  senderIpRanges: {
    group: GROUP,
    parameters: [{ name: 'senderIpRanges', type: 'ipRanges' }],
    scope: 'message',
    need: undefined,
    meaning: 'the client that hands the message over has an address in one of these ranges',
    prepare: clientIn,
  },
  senderDomainIs: {
    group: GROUP,
    parameters: [{ name: 'senderDomainIs', type: 'domains' }],
    scope: 'message',
    need: 'header',
    meaning: "the sender's domain is one of these domains or a subdomain of one",
    prepare: (domains) => {
      const wanted = lowered(domains);
      return overSenders((address) => holds(isOfDomain(wanted, address), `sender ${named(address)}`));
    },
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

function senderAttributesFound(searches: readonly AttributeSearch[]): MessageEvaluator {
  return (look) => on(askSender(look), (sender) => attributesFound(look, sender, searches));
}

function clientIn(texts: IpRanges): MessageEvaluator {
  const ranges = texts.map(parseIpRange).filter((range) => range !== undefined);
  if (ranges.length < texts.length) return () => failed('a range of addresses cannot be read');
  return ({ facts: { client } }) => holds(isInRanges(ranges, client.ip), `client ${client.ip}`);
}
