/** Actions that send a message another way: to others, or through a connector. */
import { quoted } from '#rules/evidence.ts';
import { REDIRECT_LIMIT, othersThan } from './limits.ts';
import { planRedirecting } from './people.ts';
import { planned, type ActionRows } from './row.ts';

const GROUP = 'redirect';

export const REDIRECT_ACTIONS = {
  redirectMessageTo: {
    group: GROUP,
    parameters: [{ name: 'redirectMessageTo', type: 'addresses', mostEntries: REDIRECT_LIMIT }],
    excludes: othersThan('redirectMessageTo'),
    meaning: 'The message goes to these people in place of its recipients, and nobody is told.',
    plan: (addresses, look) => planRedirecting(addresses, look),
  },
  routeMessageOutboundConnector: {
    group: GROUP,
    parameters: [{ name: 'routeMessageOutboundConnector', type: 'connector' }],
    excludes: [],
    meaning: 'The message is delivered through this connector.',
    plan: (name, { rule }) =>
      planned(`through ${quoted(name)}`, { kind: 'terms', terms: { connector: { name, rule: rule.name } } }),
  },
} as const satisfies ActionRows<'redirectMessageTo' | 'routeMessageOutboundConnector'>;
