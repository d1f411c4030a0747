/** Conditions on a message as a whole: sensitive information, the To and Cc fields, size, character sets. */
import { WORD_LIMIT } from './limits.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'message';

export const MESSAGE_CONDITIONS = {
  messageContainsDataClassifications: {
    group: GROUP,
    parameters: [{ name: 'messageContainsDataClassifications', type: 'sensitiveInformation' }],
    scope: 'message',
    need: 'content',
    meaning: 'the message or an attachment contains enough of one of these kinds of sensitive information',
  },
  anyOfToHeader: {
    group: GROUP,
    parameters: [{ name: 'anyOfToHeader', type: 'addresses' }],
    scope: 'message',
    need: 'header',
    meaning: 'the To field holds one of these people',
  },
  anyOfToHeaderMemberOf: {
    group: GROUP,
    parameters: [{ name: 'anyOfToHeaderMemberOf', type: 'groups' }],
    scope: 'message',
    need: 'directory',
    meaning: 'the To field holds a member of one of these groups',
  },
  anyOfCcHeader: {
    group: GROUP,
    parameters: [{ name: 'anyOfCcHeader', type: 'addresses' }],
    scope: 'message',
    need: 'header',
    meaning: 'the Cc field holds one of these people',
  },
  anyOfCcHeaderMemberOf: {
    group: GROUP,
    parameters: [{ name: 'anyOfCcHeaderMemberOf', type: 'groups' }],
    scope: 'message',
    need: 'directory',
    meaning: 'the Cc field holds a member of one of these groups',
  },
  anyOfToCcHeader: {
    group: GROUP,
    parameters: [{ name: 'anyOfToCcHeader', type: 'addresses' }],
    scope: 'message',
    need: 'header',
    meaning: 'the To or the Cc field holds one of these people',
  },
  anyOfToCcHeaderMemberOf: {
    group: GROUP,
    parameters: [{ name: 'anyOfToCcHeaderMemberOf', type: 'groups' }],
    scope: 'message',
    need: 'directory',
    meaning: 'the To or the Cc field holds a member of one of these groups',
  },
  messageSizeOver: {
    group: GROUP,
    parameters: [{ name: 'messageSizeOver', type: 'size' }],
    scope: 'message',
    need: undefined,
    meaning: 'the message is as large as this or larger',
  },
  contentCharacterSetContainsWords: {
    group: GROUP,
    parameters: [{ name: 'contentCharacterSetContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'content',
    meaning: 'the name of a character set that the text uses contains one of these words',
  },
} as const satisfies ConditionRows<
  | 'messageContainsDataClassifications'
  | 'anyOfToHeader'
  | 'anyOfToHeaderMemberOf'
  | 'anyOfCcHeader'
  | 'anyOfCcHeaderMemberOf'
  | 'anyOfToCcHeader'
  | 'anyOfToCcHeaderMemberOf'
  | 'messageSizeOver'
  | 'contentCharacterSetContainsWords'
>;
