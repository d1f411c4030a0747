/** The action that says how safely a message must travel. */
import { planned, type ActionRows } from './row.ts';

const GROUP = 'security';

export const SECURITY_ACTIONS = {
  routeMessageOutboundRequireTls: {
    group: GROUP,
    parameters: [{ name: 'routeMessageOutboundRequireTls', type: 'flag' }],
    excludes: [],
    meaning: 'The message is delivered over TLS only.',
    plan: (_, { rule }) => planned('over TLS only', { kind: 'terms', terms: { requireTls: { rule: rule.name } } }),
  },
} as const satisfies ActionRows<'routeMessageOutboundRequireTls'>;
