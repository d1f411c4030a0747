/** Conditions on any recipient of a message: one that fits is enough for all of them. */
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
  },
  anyOfRecipientAddressMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'anyOfRecipientAddressMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'message',
    need: 'directory',
    meaning: "any recipient's address matches one of these patterns",
  },
} as const satisfies ConditionRows<'anyOfRecipientAddressContainsWords' | 'anyOfRecipientAddressMatchesPatterns'>;
