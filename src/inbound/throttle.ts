/**
 * Who has to wait before trying to sign in again: too many failures lately from the address, or for the user. It counts
 * and remembers in bounded memory; the clock and the limits are given with each question.
 *
 * A success takes nothing back, else an attacker's own account, or the victim's next sign-in, would buy further tries.
 */
import type { Milliseconds } from '#mail/units.ts';

export type AttemptKeys = { readonly site: string; readonly user: string };

export type ThrottleLimits = {
  /** 0 puts nobody off. */
  readonly failuresPerAddress: number;
  readonly failuresPerUser: number;
  readonly failureMemory: Milliseconds;
};

const MAX_SITES = 20_000;
const MAX_USERS = 50_000;
const MAX_ACQUAINTANCES = 50_000;
const ACQUAINTANCE_MEMORY: Milliseconds = 30 * 24 * 60 * 60 * 1000;

export class Throttle {
  readonly #sites = new Tally(MAX_SITES);
  readonly #users = new Tally(MAX_USERS);
  /** Where a user has signed in before: strangers' failures must not lock somebody out of an account. */
  readonly #acquaintances = new Tally(MAX_ACQUAINTANCES);

  isPutOff({ site, user }: AttemptKeys, limits: ThrottleLimits, now: Milliseconds): boolean {
    const { failuresPerAddress, failuresPerUser, failureMemory } = limits;
    if (reaches(this.#sites.count(site, failureMemory, now), failuresPerAddress)) return true;
    if (!reaches(this.#users.count(user, failureMemory, now), failuresPerUser)) return false;
    return this.#acquaintances.count(`${site} ${user}`, ACQUAINTANCE_MEMORY, now) === 0;
  }

  failed({ site, user }: AttemptKeys, limits: ThrottleLimits, now: Milliseconds): void {
    this.#sites.add(site, limits.failuresPerAddress, now);
    this.#users.add(user, limits.failuresPerUser, now);
  }

  succeeded({ site, user }: AttemptKeys, now: Milliseconds): void {
    this.#acquaintances.add(`${site} ${user}`, 1, now);
  }

  /** How many keys are remembered in all. */
  get size(): number {
    return this.#sites.size + this.#users.size + this.#acquaintances.size;
  }
}

const reaches = (count: number, limit: number): boolean => limit > 0 && count >= limit;

/** The latest times at which something happened to each key; the keys to which nothing happened longest are forgotten. */
class Tally {
  readonly #times = new Map<string, readonly Milliseconds[]>();
  readonly #maxKeys: number;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#times.size;
  }

  /** Times ahead of the clock do not count: one that was set back must not keep somebody out for longer. */
  count(key: string, memory: Milliseconds, now: Milliseconds): number {
    return (this.#times.get(key) ?? []).filter((time) => time <= now && now - time < memory).length;
  }

  /** Keeps the last `most` times. */
  add(key: string, most: number, now: Milliseconds): void {
    if (most === 0) return;
    const times = [...(this.#times.get(key) ?? []), now].slice(-most);
    // Set anew, so that the order of the map is that of the last time.
    this.#times.delete(key);
    this.#times.set(key, times);
    if (this.#times.size > this.#maxKeys) this.#forgetOldest();
  }

  /** Many at once: the first key of a map is found slowly when those before it have just been deleted. */
  #forgetOldest(): void {
    const kept = Math.floor(this.#maxKeys * 0.99);
    for (const key of this.#times.keys()) {
      if (this.#times.size <= kept) return;
      this.#times.delete(key);
    }
  }
}
