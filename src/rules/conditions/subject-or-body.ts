/** Conditions on what is written in the subject and in the text of a message. */
import { disclaimerText } from '#rules/disclaimer-text.ts';
import type { Look, MessageEvaluator } from '#rules/look.ts';
import type { Find } from '#rules/search.ts';
import { anyOf, needs, unknown, type Verdict } from '#rules/verdict.ts';
import { byTexts, onContent } from './content.ts';
import { foundIn } from './found.ts';
import { PATTERN_LIMIT, WORD_LIMIT } from './limits.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'subject-or-body';

export const SUBJECT_OR_BODY_CONDITIONS = {
  subjectOrBodyContainsWords: {
    group: GROUP,
    parameters: [{ name: 'subjectOrBodyContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'content',
    searchesTexts: true,
    meaning: 'the subject or the text of the message contains one of these words',
    prepare: (words, search) => inSubjectOrBody(search.words(words)),
  },
  subjectOrBodyMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'subjectOrBodyMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'message',
    need: 'content',
    searchesTexts: true,
    meaning: 'the subject or the text of the message matches one of these patterns',
    prepare: (patterns, search) => inSubjectOrBody(search.patterns(patterns)),
  },
  subjectContainsWords: {
    group: GROUP,
    parameters: [{ name: 'subjectContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'header',
    meaning: 'the subject contains one of these words',
    prepare: (words, search) => inSubject(search.words(words)),
  },
  subjectMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'subjectMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'message',
    need: 'header',
    meaning: 'the subject matches one of these patterns',
    prepare: (patterns, search) => inSubject(search.patterns(patterns)),
  },
} as const satisfies ConditionRows<
  'subjectOrBodyContainsWords' | 'subjectOrBodyMatchesPatterns' | 'subjectContainsWords' | 'subjectMatchesPatterns'
>;

function inSubject(find: Find): MessageEvaluator {
  return ({ header }) => (header === undefined ? needs('header') : foundIn(find, header.subject, 'the subject'));
}

/** The text of the message is looked at last, since it costs most to have. */
function inSubjectOrBody(find: Find): MessageEvaluator {
  const parts = [inSubject(find), inDisclaimers(find), inTexts(find)];
  return (look) => anyOf(parts, (verdictOf) => verdictOf(look), '');
}

/** What rules before have put into the text. */
function inDisclaimers(find: Find): MessageEvaluator {
  return ({ changes }) =>
    anyOf(
      changes.filter((change) => change.kind === 'disclaimer'),
      ({ html }) => foundIn(find, disclaimerText(html), 'a disclaimer'),
      'there is no disclaimer',
    );
}

function inTexts(find: Find): (look: Look) => Verdict {
  return (look) =>
    onContent(look, ({ texts }) =>
      texts === undefined
        ? unknown('the text of the message was not kept')
        : byTexts(anyOf(texts, ({ text }) => foundIn(find, text, 'the text'), 'the message has no text')),
    );
}
