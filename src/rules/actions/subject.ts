/** The action that marks the subject. */
import type { ActionRows } from './row.ts';

const GROUP = 'subject';

export const SUBJECT_ACTIONS = {
  prependSubject: {
    group: GROUP,
    parameters: [{ name: 'prependSubject', type: 'text' }],
    excludes: [],
    meaning: 'This text is put in front of the subject.',
  },
} as const satisfies ActionRows<'prependSubject'>;
