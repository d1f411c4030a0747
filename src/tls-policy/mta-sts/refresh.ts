/**
 * When a policy that is kept is fetched anew although nobody has announced another (RFC 8461 §3.3): long before it expires, so
 * that who holds the fetches up for a while gains nothing. Pure.
 */
import type { Milliseconds } from '#mail/units.ts';
import type { KeptPolicy } from './kept.ts';

/** However soon a policy expires, it is not fetched more often because of that. */
const LEAST_MS: Milliseconds = 3_600_000;
/** The share of the time over which the fetches of policies that came at the same time are spread. */
const SPREAD = 0.2;

/** A policy that has expired is fetched when mail asks for it. */
export function isDue(domain: string, kept: KeptPolicy | undefined, now: Date, refreshAfter: Milliseconds): boolean {
  if (kept === undefined || kept.expiresAt <= now) return false;
  const halfLife = (kept.policy.maxAgeS * 1000) / 2;
  const after = Math.min(refreshAfter, Math.max(halfLife, LEAST_MS));
  // A fetch of the future, by a clock that was put back, says nothing about its age.
  const age = Math.abs(now.getTime() - kept.fetchedAt.getTime());
  return age >= after * (1 - SPREAD * fractionOf(domain));
}

/** From 0 to 1, the same for the same domain. */
function fractionOf(domain: string): number {
  let hash = 0;
  for (let at = 0; at < domain.length; at += 1) hash = (Math.imul(hash, 31) + domain.charCodeAt(at)) >>> 0;
  return hash / 0xffff_ffff;
}
