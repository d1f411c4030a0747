/** Conditions on what is written in the subject and in the text of a message. */
import { PATTERN_LIMIT, WORD_LIMIT } from './limits.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'subject-or-body';

export const SUBJECT_OR_BODY_CONDITIONS = {
  subjectOrBodyContainsWords: {
    group: GROUP,
    parameters: [{ name: 'subjectOrBodyContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'content',
    meaning: 'the subject or the text of the message contains one of these words',
  },
  subjectOrBodyMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'subjectOrBodyMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'message',
    need: 'content',
    meaning: 'the subject or the text of the message matches one of these patterns',
  },
  subjectContainsWords: {
    group: GROUP,
    parameters: [{ name: 'subjectContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'header',
    meaning: 'the subject contains one of these words',
  },
  subjectMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'subjectMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'message',
    need: 'header',
    meaning: 'the subject matches one of these patterns',
  },
} as const satisfies ConditionRows<
  'subjectOrBodyContainsWords' | 'subjectOrBodyMatchesPatterns' | 'subjectContainsWords' | 'subjectMatchesPatterns'
>;
