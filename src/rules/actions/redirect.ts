/** Actions that send a message another way: to others, or through a connector. */
import { REDIRECT_LIMIT, othersThan } from './limits.ts';
import type { ActionRows } from './row.ts';

const GROUP = 'redirect';

export const REDIRECT_ACTIONS = {
  redirectMessageTo: {
    group: GROUP,
    parameters: [{ name: 'redirectMessageTo', type: 'addresses', mostEntries: REDIRECT_LIMIT }],
    excludes: othersThan('redirectMessageTo'),
    meaning: 'The message goes to these people in place of its recipients, and nobody is told.',
  },
  routeMessageOutboundConnector: {
    group: GROUP,
    parameters: [{ name: 'routeMessageOutboundConnector', type: 'connector' }],
    excludes: [],
    meaning: 'The message is delivered through this connector.',
  },
} as const satisfies ActionRows<'redirectMessageTo' | 'routeMessageOutboundConnector'>;
