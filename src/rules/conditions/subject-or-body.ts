/** Conditions on what is written in the subject and in the text of a message. */
import { disclaimerText } from '#rules/disclaimer-text.ts';
import type { Look, MessageEvaluator } from '#rules/look.ts';
import type { Find } from '#rules/search.ts';
import { anyOf, no, needs, unknown, type Verdict } from '#rules/verdict.ts';
import { byTexts, onContent } from './content.ts';
import { foundIn, nothingIn } from './found.ts';
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
  return ({ header }) =>
    header === undefined ? needs('header') : foundIn(find, header.subject, 'the subject', NOTHING_IN_SUBJECT);
}

/** The text of the message is looked at last, since it costs most to have. */
function inSubjectOrBody(find: Find): MessageEvaluator {
  const [subject, disclaimers, texts] = [inSubject(find), inDisclaimers(find), inTexts(find)];
  const parts = [subject, disclaimers, texts];
  return (look) => {
    const isNowhere =
      look.changes.length === 0 && subject(look) === NOTHING_IN_SUBJECT && texts(look) === NOTHING_IN_TEXT;
    return isNowhere ? NOWHERE : anyOf(parts, (verdictOf) => verdictOf(look), '');
  };
}

/** What most rules find in most messages, hundreds of times for each: made once. */
const NOTHING_IN_SUBJECT = nothingIn('the subject');
const NOTHING_IN_TEXT = nothingIn('the text');
const NOWHERE = no(`${NOTHING_IN_SUBJECT.evidence}; the same of 2 more`);

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
        : byTexts(
            anyOf(texts, ({ text }) => foundIn(find, text, 'the text', NOTHING_IN_TEXT), 'the message has no text'),
          ),
    );
}
