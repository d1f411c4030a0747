/** Conditions on a message as a whole: sensitive information, the To and Cc fields, size, character sets. */
import type { HeaderView } from '#rules/header-view.ts';
import type { MessageEvaluator } from '#rules/look.ts';
import { anyOf, holds, needs, no, yes } from '#rules/verdict.ts';
import { onContent } from './content.ts';
import { foundIn } from './found.ts';
import { containsInformation, wasNotSearched } from './information.ts';
import { WORD_LIMIT } from './limits.ts';
import { lowered, memberOf } from './people.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'message';

export const MESSAGE_CONDITIONS = {
  messageContainsDataClassifications: {
    group: GROUP,
    parameters: [{ name: 'messageContainsDataClassifications', type: 'sensitiveInformation' }],
    scope: 'message',
    need: 'content',
    meaning: 'the message or an attachment contains enough of one of these kinds of sensitive information',
    prepare: (entries) => (look) =>
      onContent(look, ({ information }) =>
        anyOf(
          entries,
          (entry) => wasNotSearched(entry, look) ?? containsInformation(entry, information),
          'nothing is asked for',
        ),
      ),
  },
  anyOfToHeader: {
    group: GROUP,
    parameters: [{ name: 'anyOfToHeader', type: 'addresses' }],
    scope: 'message',
    need: 'header',
    meaning: 'the To field holds one of these people',
    prepare: (addresses) => fieldNames(addresses, ({ to }) => to),
  },
  anyOfToHeaderMemberOf: {
    group: GROUP,
    parameters: [{ name: 'anyOfToHeaderMemberOf', type: 'groups' }],
    scope: 'message',
    need: 'directory',
    meaning: 'the To field holds a member of one of these groups',
    prepare: (groups) => fieldNamesMember(groups, ({ to }) => to),
  },
  anyOfCcHeader: {
    group: GROUP,
    parameters: [{ name: 'anyOfCcHeader', type: 'addresses' }],
    scope: 'message',
    need: 'header',
    meaning: 'the Cc field holds one of these people',
    prepare: (addresses) => fieldNames(addresses, ({ cc }) => cc),
  },
  anyOfCcHeaderMemberOf: {
    group: GROUP,
    parameters: [{ name: 'anyOfCcHeaderMemberOf', type: 'groups' }],
    scope: 'message',
    need: 'directory',
    meaning: 'the Cc field holds a member of one of these groups',
    prepare: (groups) => fieldNamesMember(groups, ({ cc }) => cc),
  },
  anyOfToCcHeader: {
    group: GROUP,
    parameters: [{ name: 'anyOfToCcHeader', type: 'addresses' }],
    scope: 'message',
    need: 'header',
    meaning: 'the To or the Cc field holds one of these people',
    prepare: (addresses) => fieldNames(addresses, ({ to, cc }) => [...to, ...cc]),
  },
  anyOfToCcHeaderMemberOf: {
    group: GROUP,
    parameters: [{ name: 'anyOfToCcHeaderMemberOf', type: 'groups' }],
    scope: 'message',
    need: 'directory',
    meaning: 'the To or the Cc field holds a member of one of these groups',
    prepare: (groups) => fieldNamesMember(groups, ({ to, cc }) => [...to, ...cc]),
  },
  messageSizeOver: {
    group: GROUP,
    parameters: [{ name: 'messageSizeOver', type: 'size' }],
    scope: 'message',
    need: undefined,
    meaning: 'the message is as large as this or larger',
    prepare:
      (size) =>
      ({ facts: { sizeBytes } }) =>
        holds(sizeBytes >= size, `${sizeBytes} octets`),
  },
  contentCharacterSetContainsWords: {
    group: GROUP,
    parameters: [{ name: 'contentCharacterSetContainsWords', type: 'words', longestCharacters: WORD_LIMIT }],
    scope: 'message',
    need: 'content',
    meaning: 'the name of a character set that the text uses contains one of these words',
    prepare: (words, search) => {
      const find = search.words(words);
      return (look) =>
        onContent(look, ({ inspection }) =>
          anyOf(inspection.charsets, (charset) => foundIn(find, charset, 'a character set'), 'there is no text'),
        );
    },
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

type Named = (header: HeaderView) => readonly string[];

function fieldNames(addresses: readonly string[], namedIn: Named): MessageEvaluator {
  const wanted = lowered(addresses);
  return ({ header }) => {
    if (header === undefined) return needs('header');
    const found = namedIn(header).find((address) => wanted.has(address));
    return found === undefined ? no('none of the people in the field') : yes(`${found} is in the field`);
  };
}

function fieldNamesMember(groups: readonly string[], namedIn: Named): MessageEvaluator {
  const wanted = lowered(groups);
  return (look) =>
    look.header === undefined
      ? needs('header')
      : anyOf(namedIn(look.header), (address) => memberOf(look, address, wanted), 'the field is empty');
}
