/** Actions that change what a message says of itself in its header. */
import { quoted } from '#rules/evidence.ts';
import { CLASSIFICATION_FIELD, SCL_FIELD } from '#rules/organization-fields.ts';
import type { Rule } from '#rules/rule.ts';
import { planned, type ActionRows, type Plan } from './row.ts';

const GROUP = 'properties';

export const PROPERTIES_ACTIONS = {
  removeHeader: {
    group: GROUP,
    parameters: [{ name: 'removeHeader', type: 'changeableHeaderName' }],
    excludes: [],
    meaning: 'All header fields of this name are removed.',
    plan: (name, { rule }) =>
      planned(`field ${quoted(name)}`, { kind: 'change', change: { rule: rule.name, kind: 'remove-header', name } }),
  },
  setHeader: {
    group: GROUP,
    parameters: [
      { name: 'setHeaderName', type: 'changeableHeaderName' },
      { name: 'setHeaderValue', type: 'text' },
    ],
    excludes: [],
    meaning: 'The header field of this name gets this value, and is added when there is none.',
    plan: ({ name, value }, { rule }) => settingField(rule, name, value),
  },
  applyClassification: {
    group: GROUP,
    parameters: [{ name: 'applyClassification', type: 'classification' }],
    excludes: [],
    meaning: 'The message gets this classification.',
    plan: (classification, { rule }) => settingField(rule, CLASSIFICATION_FIELD, classification),
  },
  setSCL: {
    group: GROUP,
    parameters: [{ name: 'setSCL', type: 'spamConfidenceLevel' }],
    excludes: [],
    meaning: 'The message gets this spam confidence level.',
    plan: (level, { rule }) => settingField(rule, SCL_FIELD, String(level)),
  },
} as const satisfies ActionRows<'removeHeader' | 'setHeader' | 'applyClassification' | 'setSCL'>;

const settingField = (rule: Rule, name: string, value: string): Plan =>
  planned(`${name}: ${quoted(value)}`, {
    kind: 'change',
    change: { rule: rule.name, kind: 'set-header', name, value },
  });
