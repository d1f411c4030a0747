/** Conditions on any field of the header. */
import { quoted } from '#rules/evidence.ts';
import { valuesOf } from '#rules/header-view.ts';
import type { MessageEvaluator } from '#rules/look.ts';
import type { Find } from '#rules/search.ts';
import { anyOf, needs } from '#rules/verdict.ts';
import { foundIn } from './found.ts';
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
    prepare: ({ header, words }, search) => fieldFound(header, search.words(words)),
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
    prepare: ({ header, patterns }, search) => fieldFound(header, search.patterns(patterns)),
  },
} as const satisfies ConditionRows<'headerContainsWords' | 'headerMatchesPatterns'>;

function fieldFound(name: string, find: Find): MessageEvaluator {
  return ({ header }) =>
    header === undefined
      ? needs('header')
      : anyOf(
          valuesOf(header.fields, name),
          (value) => foundIn(find, value, `field ${quoted(name)}`),
          `there is no field ${quoted(name)}`,
        );
}
