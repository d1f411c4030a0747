/** Conditions on attachments, those inside archives and attached messages included unless a row says otherwise. */
import { PATTERN_LIMIT, WORD_LIMIT } from './limits.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'attachment';

export const ATTACHMENT_CONDITIONS = {
  attachmentContainsWords: {
    group: GROUP,
    parameters: [{ name: 'attachmentContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'content',
    meaning: 'the text of an attachment (its first 1 MB) contains one of these words',
  },
  attachmentMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'attachmentMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'message',
    need: 'content',
    meaning: 'the text of an attachment (its first 150 KB) matches one of these patterns',
  },
  attachmentIsUnsupported: {
    group: GROUP,
    parameters: [{ name: 'attachmentIsUnsupported', type: 'flag' }],
    scope: 'message',
    need: 'content',
    meaning:
      "an attachment's content cannot be inspected: of a type that cannot be read, damaged, or shut by a password",
  },
  attachmentNameMatchesPatterns: {
    group: GROUP,
    parameters: [{ name: 'attachmentNameMatchesPatterns', type: 'patterns', longestCharacters: PATTERN_LIMIT }],
    scope: 'message',
    need: 'content',
    meaning: 'the file name of an attachment matches one of these patterns',
  },
  attachmentExtensionMatchesWords: {
    group: GROUP,
    parameters: [{ name: 'attachmentExtensionMatchesWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'content',
    meaning: "an attachment's file extension is one of these, written without the dot",
  },
  attachmentSizeOver: {
    group: GROUP,
    parameters: [{ name: 'attachmentSizeOver', type: 'size' }],
    scope: 'message',
    need: 'content',
    meaning: 'one attachment of the message itself, pictures within the text included, is as large as this or larger',
  },
  attachmentProcessingLimitExceeded: {
    group: GROUP,
    parameters: [{ name: 'attachmentProcessingLimitExceeded', type: 'flag' }],
    scope: 'message',
    need: 'content',
    meaning: 'the message or an attachment could not be looked into to the end',
  },
  attachmentHasExecutableContent: {
    group: GROUP,
    parameters: [{ name: 'attachmentHasExecutableContent', type: 'flag' }],
    scope: 'message',
    need: 'content',
    meaning: 'an attachment is a program by its content, whatever it is called',
  },
  attachmentIsPasswordProtected: {
    group: GROUP,
    parameters: [{ name: 'attachmentIsPasswordProtected', type: 'flag' }],
    scope: 'message',
    need: 'content',
    meaning: 'a password keeps an attachment shut',
  },
  attachmentPropertyContainsWords: {
    group: GROUP,
    parameters: [{ name: 'attachmentPropertyContainsWords', type: 'propertyWords', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'content',
    meaning: 'one of these properties of an attached document contains one of its words',
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
