/** TLS decisions for tests that are not about how one is made. */
import type { Connect, Demand, DemandSource, Published } from '#tls-policy/decision.ts';

export type DecisionOptions = {
  readonly by?: DemandSource;
  /** Who published or set the demand. */
  readonly name?: string;
  readonly published?: readonly Published[];
  readonly requireTls?: boolean;
};

/** One that demands just this. */
export function decisionFor(demand: Demand, options: DecisionOptions = {}): Connect {
  const { by = 'floor', name = '', published = [], requireTls = false } = options;
  const serverName = demand.kind === 'dane' ? demand.base : undefined;
  const requirements = [{ demand, by, name }] as const;
  return { kind: 'connect', requirements, published, serverName, requireTls, key: JSON.stringify([demand, by, name]) };
}
