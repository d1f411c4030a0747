/** Actions that end the way of a message: no rule after them sees it. */
import { othersThan } from './limits.ts';
import type { ActionRows } from './row.ts';

const GROUP = 'block';

export const BLOCK_ACTIONS = {
  quarantine: {
    group: GROUP,
    parameters: [{ name: 'quarantine', type: 'flag' }],
    excludes: othersThan('quarantine'),
    meaning: 'The message is kept in quarantine until an operator releases it.',
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
  },
  deleteMessage: {
    group: GROUP,
    parameters: [{ name: 'deleteMessage', type: 'flag' }],
    excludes: othersThan('deleteMessage'),
    meaning: 'The message is deleted, and nobody is told.',
  },
} as const satisfies ActionRows<'quarantine' | 'rejectMessage' | 'deleteMessage'>;
