/** Which override holds for a host, and which would if they had not expired. Pure. */
import { exactness, type RoutedTo } from '#mail/destination-pattern.ts';
import { matchesDomain, parseDomainPattern } from '#mail/domain-pattern.ts';
import type { OverrideSettings } from './settings.ts';

/** The one that names the place most exactly, and the host if it names hosts; `undefined` when none does or it has expired. */
export function overrideFor(
  place: RoutedTo,
  host: string,
  overrides: readonly OverrideSettings[],
  now: Date,
): OverrideSettings | undefined {
  let best: OverrideSettings | undefined;
  let bestRank = 0;
  for (const override of overrides) {
    const rank = rankOf(override, place, host);
    if (rank <= bestRank || isExpired(override, now)) continue;
    [best, bestRank] = [override, rank];
  }
  return best;
}

export const isExpired = ({ expires }: OverrideSettings, now: Date): boolean => expires.getTime() <= now.getTime();

/** True for mail that is routed there, whatever its host. */
export function concerns({ destinations }: OverrideSettings, place: RoutedTo): boolean {
  return destinations.some((pattern) => exactness(pattern, place) > 0);
}

/** 0 is not at all. Between two that name the place alike, the one that names the host is more exact. */
function rankOf({ destinations, hosts }: OverrideSettings, place: RoutedTo, host: string): number {
  const rank = destinations.reduce((most, pattern) => Math.max(most, exactness(pattern, place)), 0);
  if (rank === 0 || hosts.length === 0) return rank;
  const names = hosts.some((text) => {
    const pattern = parseDomainPattern(text);
    return pattern !== undefined && matchesDomain(pattern, host);
  });
  return names ? rank + 0.25 : 0;
}
