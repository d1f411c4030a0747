/** Conditions on attachments, those inside archives and attached messages included unless a row says otherwise. */
import type { InspectedAttachment, InspectionState } from '#mime/inspection.ts';
import { quoted } from '#rules/evidence.ts';
import type { MessageEvaluator } from '#rules/look.ts';
import type { Find } from '#rules/search.ts';
import { anyOf, holds, needs, no, unknown, yes, type Decided } from '#rules/verdict.ts';
import { byTexts, onContent } from './content.ts';
import { foundIn } from './found.ts';
import { PATTERN_LIMIT, WORD_LIMIT } from './limits.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'attachment';

export const ATTACHMENT_CONDITIONS = {
  attachmentContainsWords: {
    group: GROUP,
    parameters: [{ name: 'attachmentContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'content',
    searchesTexts: true,
    meaning: 'the text of an attachment (its first 1 MB) contains one of these words',
    prepare: (words, search) => inTexts(search.words(words), WORD_TEXT_CHARACTERS),
  },
  attachmentMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'attachmentMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'message',
    need: 'content',
    searchesTexts: true,
    meaning: 'the text of an attachment (its first 150 KB) matches one of these patterns',
    prepare: (patterns, search) => inTexts(search.patterns(patterns), PATTERN_TEXT_CHARACTERS),
  },
  attachmentIsUnsupported: {
    group: GROUP,
    parameters: [{ name: 'attachmentIsUnsupported', type: 'flag' }],
    scope: 'message',
    need: 'content',
    meaning:
      "an attachment's content cannot be inspected: of a type that cannot be read, damaged, or shut by a password",
    prepare: () =>
      anyAttachment(({ state, reason }) =>
        holds(isUnsupported(state), `it is ${state}${reason === '' ? '' : `: ${quoted(reason)}`}`),
      ),
  },
  attachmentNameMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'attachmentNameMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'message',
    need: 'content',
    meaning: 'the file name of an attachment matches one of these patterns',
    prepare: (patterns, search) => {
      const find = search.patterns(patterns);
      return anyAttachment(({ name }) => foundIn(find, name, 'its name'));
    },
  },
  attachmentExtensionMatchesWords: {
    group: GROUP,
    parameters: [{ name: 'attachmentExtensionMatchesWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'content',
    meaning: "an attachment's file extension is one of these, written without the dot",
    prepare: (words) => {
      const wanted = new Set(words.map((word) => word.replace(/^\./, '').toLowerCase()));
      return anyAttachment(({ extension }) => holds(wanted.has(extension), `extension ${quoted(extension)}`));
    },
  },
  attachmentSizeOver: {
    group: GROUP,
    parameters: [{ name: 'attachmentSizeOver', type: 'size' }],
    scope: 'message',
    need: 'content',
    meaning: 'one attachment of the message itself, pictures within the text included, is as large as this or larger',
    prepare: (size) =>
      anyAttachment(({ sizeBytes, depth }) => holds(depth === 0 && sizeBytes >= size, `${sizeBytes} octets`)),
  },
  attachmentProcessingLimitExceeded: {
    group: GROUP,
    parameters: [{ name: 'attachmentProcessingLimitExceeded', type: 'flag' }],
    scope: 'message',
    need: 'content',
    meaning: 'the message or an attachment could not be looked into to the end',
    prepare: () => processingLimitExceeded,
  },
  attachmentHasExecutableContent: {
    group: GROUP,
    parameters: [{ name: 'attachmentHasExecutableContent', type: 'flag' }],
    scope: 'message',
    need: 'content',
    meaning: 'an attachment is a program by its content, whatever it is called',
    prepare: () =>
      anyAttachment(({ executable, detectedType }) =>
        holds(executable, `a program${detectedType === undefined ? '' : ` (${quoted(detectedType)})`}`),
      ),
  },
  attachmentIsPasswordProtected: {
    group: GROUP,
    parameters: [{ name: 'attachmentIsPasswordProtected', type: 'flag' }],
    scope: 'message',
    need: 'content',
    meaning: 'a password keeps an attachment shut',
    prepare: () => anyAttachment(({ state }) => holds(state === 'encrypted', 'a password keeps it shut')),
  },
  attachmentPropertyContainsWords: {
    group: GROUP,
    parameters: [{ name: 'attachmentPropertyContainsWords', type: 'propertyWords', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'content',
    meaning: 'one of these properties of an attached document contains one of its words',
    prepare: (entries, search) => {
      const searches = entries.map(({ property, words }) => ({
        property: property.toLowerCase(),
        find: search.words(words),
      }));
      return anyAttachment((attachment) => inProperties(attachment, searches));
    },
  },
} as const satisfies ConditionRows<
  | 'attachmentContainsWords'
  | 'attachmentMatchesPatterns'
  | 'attachmentIsUnsupported'
  | 'attachmentNameMatchesPatterns'
  | 'attachmentExtensionMatchesWords'
  | 'attachmentSizeOver'
  | 'attachmentProcessingLimitExceeded'
  | 'attachmentHasExecutableContent'
  | 'attachmentIsPasswordProtected'
  | 'attachmentPropertyContainsWords'
>;

/** How much of the text of one attachment is searched (Microsoft, Use mail flow rules to inspect message attachments). */
export const WORD_TEXT_CHARACTERS = 1_048_576;
export const PATTERN_TEXT_CHARACTERS = 153_600;

function anyAttachment(verdictOf: (attachment: InspectedAttachment) => Decided): MessageEvaluator {
  return (look) =>
    onContent(look, ({ inspection }) =>
      anyOf(inspection.attachments, (attachment) => of(attachment, verdictOf(attachment)), NO_ATTACHMENT),
    );
}

const NO_ATTACHMENT = 'there is no attachment';

const of = ({ path }: InspectedAttachment, { answer, evidence }: Decided): Decided => ({
  answer,
  evidence: `${path === '' ? 'an attachment without a name' : quoted(path)}: ${evidence}`,
});

function inTexts(find: Find, characters: number): MessageEvaluator {
  return (look) =>
    onContent(look, ({ inspection, texts }) => {
      if (texts === undefined && inspection.attachments.length > 0) {
        return unknown('the texts of the attachments were not kept');
      }
      return byTexts(
        anyOf(
          inspection.attachments,
          (attachment) => of(attachment, foundIn(find, attachment.text.slice(0, characters), 'its text')),
          NO_ATTACHMENT,
        ),
      );
    });
}

/** One that a limit stopped has a condition of its own. */
const isUnsupported = (state: InspectionState): boolean =>
  state === 'unsupported' || state === 'encrypted' || state === 'failed';

function inProperties(
  { properties }: InspectedAttachment,
  searches: readonly { readonly property: string; readonly find: Find }[],
): Decided {
  for (const [name, value] of Object.entries(properties)) {
    for (const { property, find } of searches) {
      const verdict = name.toLowerCase() === property ? foundIn(find, value, `property ${quoted(name)}`) : undefined;
      if (verdict?.answer === 'yes') return verdict;
    }
  }
  return no('nothing in its properties');
}

/** A failure to look into the message is what it asks for, and no failure of its own. */
const processingLimitExceeded: MessageEvaluator = (look) => {
  const { content } = look;
  if (content === undefined) return needs('content');
  if (content.kind === 'failed') return yes(`the message could not be looked into: ${content.reason}`);
  const { failure, limits } = content.inspection;
  if (failure !== undefined) return yes(`the message could not be taken apart: ${failure}`);
  return limits.length > 0
    ? yes(limits.join('; '))
    : anyAttachment(({ state, reason }) => holds(state === 'limit', reason === '' ? 'a limit' : quoted(reason)))(look);
};
