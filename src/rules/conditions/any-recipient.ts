/** Conditions on any recipient of a message: one that fits is enough for all of them. */
import { askAddress, on, type MessageEvaluator } from '#rules/look.ts';
import type { Find } from '#rules/search.ts';
import { anyOf } from '#rules/verdict.ts';
import { foundIn } from './found.ts';
import { PATTERN_LIMIT, WORD_LIMIT } from './limits.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'any-recipient';

export const ANY_RECIPIENT_CONDITIONS = {
  anyOfRecipientAddressContainsWords: {
    group: GROUP,
    parameters: [{ name: 'anyOfRecipientAddressContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'directory',
    meaning: "any recipient's address contains one of these words",
    prepare: (words, search) => anyAddressFound(search.words(words)),
  },
  anyOfRecipientAddressMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'anyOfRecipientAddressMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'message',
    need: 'directory',
    meaning: "any recipient's address matches one of these patterns",
    prepare: (patterns, search) => anyAddressFound(search.patterns(patterns)),
  },
} as const satisfies ConditionRows<'anyOfRecipientAddressContainsWords' | 'anyOfRecipientAddressMatchesPatterns'>;

/** Everybody whom the message came for, wherever rules have sent their part of it, and whom they have added to this one. */
function anyAddressFound(find: Find): MessageEvaluator {
  return (look) => {
    const { recipients, facts } = look;
    const known = new Set(recipients.map(({ address }) => address));
    const others = facts.recipients
      .filter(({ address }) => !known.has(address))
      .map((fact) => ({ ...fact, covers: [] }));
    return anyOf(
      [...recipients, ...others],
      (recipient) => on(askAddress(look, recipient), (address) => foundIn(find, address, `recipient ${address}`)),
      'there is no recipient',
    );
  };
}
