/** The real resolver, asking one zone of a test. Its cache has a clock of its own, which stands still unless one is given. */
import type { Resolver } from '#dns/resolver.ts';
import { WireResolver } from '#dns/wire-resolver.ts';
import { SELF_TEST_NAMES } from './zone.ts';

export function resolverFor(zone: { readonly resolver: string }, now: () => number = () => 0): Resolver {
  const settings = {
    resolvers: [zone.resolver],
    trustedResolvers: [],
    timeout: 200,
    attempts: 1,
    cacheEntries: 1000,
    maximumTtl: 3_600_000,
    maximumNegativeTtl: 300_000,
    selfTest: SELF_TEST_NAMES,
  };
  return new WireResolver({ settings: () => settings, report: () => undefined, resolvConf: '', now });
}
