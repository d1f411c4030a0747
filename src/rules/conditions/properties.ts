/** Conditions on properties of a message: its type, classification, importance and spam confidence level. */
import { quoted } from '#rules/evidence.ts';
import { valueOf, type HeaderView } from '#rules/header-view.ts';
import type { Look } from '#rules/look.ts';
import { CLASSIFICATION_FIELD, onOrganizationField, readLevel, SCL_FIELD } from '#rules/organization-fields.ts';
import type { Importance, MessageType, SpamConfidenceLevel } from '#rules/values.ts';
import { holds, needs, no, type Decided, type Verdict } from '#rules/verdict.ts';
import { onSeen } from './content.ts';
import type { ConditionRows } from './row.ts';

const GROUP = 'properties';

export const PROPERTIES_CONDITIONS = {
  messageTypeMatches: {
    group: GROUP,
    parameters: [{ name: 'messageTypeMatches', type: 'messageType' }],
    scope: 'message',
    need: 'content',
    meaning: 'the message is of this type',
    prepare: (type) => (look) => isOfType(look, type),
  },
  hasClassification: {
    group: GROUP,
    parameters: [{ name: 'hasClassification', type: 'classification' }],
    scope: 'message',
    need: 'header',
    meaning: 'the message has this classification, from inside or by a rule before',
    prepare: (classification) => (look) =>
      onOrganizationField(look, CLASSIFICATION_FIELD, (value) =>
        holds(value?.toLowerCase() === classification.toLowerCase(), classificationText(value)),
      ),
  },
  hasNoClassification: {
    group: GROUP,
    parameters: [{ name: 'hasNoClassification', type: 'flag' }],
    scope: 'message',
    need: 'header',
    meaning: 'the message has no classification',
    prepare: () => (look) =>
      onOrganizationField(look, CLASSIFICATION_FIELD, (value) => holds(value === undefined, classificationText(value))),
  },
  withImportance: {
    group: GROUP,
    parameters: [{ name: 'withImportance', type: 'importance' }],
    scope: 'message',
    need: 'header',
    meaning: 'the message has this importance; one that says nothing is normal',
    prepare:
      (importance) =>
      ({ header }) => {
        if (header === undefined) return needs('header');
        const found = importanceOf(header);
        return holds(found === importance, `importance ${found}`);
      },
  },
  sclOver: {
    group: GROUP,
    parameters: [{ name: 'sclOver', type: 'spamConfidenceLevel' }],
    scope: 'message',
    need: 'header',
    meaning: 'the message has this spam confidence level or a higher one, from inside or by a rule before',
    prepare: (level) => (look) => onOrganizationField(look, SCL_FIELD, (value) => reaches(value, level)),
  },
} as const satisfies ConditionRows<
  'messageTypeMatches' | 'hasClassification' | 'hasNoClassification' | 'withImportance' | 'sclOver'
>;

const classificationText = (value: string | undefined): string =>
  value === undefined ? 'no classification' : `classification ${quoted(value)}`;

/** What kind of message it is can be told of an encrypted one too. */
function isOfType(look: Look, type: MessageType): Verdict {
  return onSeen(look, ({ inspection: { kinds } }) =>
    holds(kinds[type], kinds[type] ? `it is ${type}` : `it is not ${type}`),
  );
}

/** Importance and Priority come from X.400, X-Priority is what mail programs write in their place. */
function importanceOf({ fields }: HeaderView): Importance {
  for (const name of ['Importance', 'X-Priority', 'Priority']) {
    const [word = ''] = (valueOf(fields, name) ?? '')
      .trim()
      .toLowerCase()
      .split(/[\s(;]/);
    const importance = IMPORTANCE_OF.get(word);
    if (importance !== undefined) return importance;
  }
  return 'normal';
}

const IMPORTANCE_OF: ReadonlyMap<string, Importance> = new Map([
  ['high', 'high'],
  ['urgent', 'high'],
  ['1', 'high'],
  ['2', 'high'],
  ['normal', 'normal'],
  ['3', 'normal'],
  ['low', 'low'],
  ['non-urgent', 'low'],
  ['4', 'low'],
  ['5', 'low'],
]);

function reaches(value: string | undefined, level: SpamConfidenceLevel): Decided {
  const known = readLevel(value);
  return known === undefined ? no('no spam confidence level') : holds(known >= level, `spam confidence level ${known}`);
}
