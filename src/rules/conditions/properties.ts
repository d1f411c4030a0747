/** Conditions on properties of a message: its type, classification, importance and spam confidence level. */
import type { ConditionRows } from './row.ts';

const GROUP = 'properties';

export const PROPERTIES_CONDITIONS = {
  messageTypeMatches: {
    group: GROUP,
    parameters: [{ name: 'messageTypeMatches', type: 'messageType' }],
    scope: 'message',
    need: 'content',
    meaning: 'the message is of this type',
  },
  hasClassification: {
    group: GROUP,
    parameters: [{ name: 'hasClassification', type: 'classification' }],
    scope: 'message',
    need: 'header',
    meaning: 'the message has this classification, from inside or by a rule before',
  },
  hasNoClassification: {
    group: GROUP,
    parameters: [{ name: 'hasNoClassification', type: 'flag' }],
    scope: 'message',
    need: 'header',
    meaning: 'the message has no classification',
  },
  withImportance: {
    group: GROUP,
    parameters: [{ name: 'withImportance', type: 'importance' }],
    scope: 'message',
    need: 'header',
    meaning: 'the message has this importance; one that says nothing is normal',
  },
  sclOver: {
    group: GROUP,
    parameters: [{ name: 'sclOver', type: 'spamConfidenceLevel' }],
    scope: 'message',
    need: 'header',
    meaning: 'the message has this spam confidence level or a higher one, from inside or by a rule before',
  },
} as const satisfies ConditionRows<
  'messageTypeMatches' | 'hasClassification' | 'hasNoClassification' | 'withImportance' | 'sclOver'
>;
