/** Actions that end the way of a message: no rule after them sees it. */
import { quoted } from '#rules/evidence.ts';
import { othersThan } from './limits.ts';
import { planned, type ActionRows } from './row.ts';

const GROUP = 'block';

export const BLOCK_ACTIONS = {
  quarantine: {
    group: GROUP,
    parameters: [{ name: 'quarantine', type: 'flag' }],
    excludes: othersThan('quarantine'),
    meaning: 'The message is kept in quarantine until an operator releases it.',
    plan: (_, { rule }) =>
      planned('kept in quarantine', { kind: 'dispose', disposition: { kind: 'quarantine', rule: rule.name } }),
  },
  rejectMessage: {
    group: GROUP,
    parameters: [
      {
        name: 'rejectMessageReasonText',
        type: 'text',
        preset: 'Delivery not authorized, message refused',
        longestCharacters: 1024,
      },
      { name: 'rejectMessageEnhancedStatusCode', type: 'enhancedStatusCode', preset: '5.7.1' },
    ],
    excludes: othersThan('rejectMessage'),
    meaning: 'The message is returned to its sender with this explanation and status code.',
    plan: (rejection, { rule }) =>
      planned(`${rejection.enhancedStatusCode} ${quoted(rejection.reasonText)}`, {
        kind: 'dispose',
        disposition: { kind: 'reject', rule: rule.name, rejection },
      }),
  },
  deleteMessage: {
    group: GROUP,
    parameters: [{ name: 'deleteMessage', type: 'flag' }],
    excludes: othersThan('deleteMessage'),
    meaning: 'The message is deleted, and nobody is told.',
    plan: (_, { rule }) => planned('deleted', { kind: 'dispose', disposition: { kind: 'delete', rule: rule.name } }),
  },
} as const satisfies ActionRows<'quarantine' | 'rejectMessage' | 'deleteMessage'>;
