/** The action that marks the subject. */
import { quoted } from '#rules/evidence.ts';
import { planned, type ActionRows } from './row.ts';

const GROUP = 'subject';

export const SUBJECT_ACTIONS = {
  prependSubject: {
    group: GROUP,
    parameters: [{ name: 'prependSubject', type: 'text' }],
    excludes: [],
    meaning: 'This text is put in front of the subject.',
    plan: (text, { rule }) =>
      planned(quoted(text), { kind: 'change', change: { rule: rule.name, kind: 'prepend-subject', text } }),
  },
} as const satisfies ActionRows<'prependSubject'>;
