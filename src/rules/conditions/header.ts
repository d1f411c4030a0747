/** Conditions on any field of the header. */
import { PATTERN_LIMIT, WORD_LIMIT } from './limits.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'header';

export const HEADER_CONDITIONS = {
  headerContainsWords: {
    group: GROUP,
    parameters: [
      { name: 'headerContainsMessageHeader', type: 'headerName' },
      { name: 'headerContainsWords', type: 'words', longestCharacters: WORD_LIMIT },
    ],
    scope: 'message',
    need: 'header',
    meaning: 'a header field of this name contains one of these words',
  },
  headerMatchesPatterns: {
    group: GROUP,
    parameters: [
      { name: 'headerMatchesMessageHeader', type: 'headerName' },
      { name: 'headerMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT },
    ],
    scope: 'message',
    need: 'header',
    meaning: 'a header field of this name matches one of these patterns',
  },
} as const satisfies ConditionRows<'headerContainsWords' | 'headerMatchesPatterns'>;
