/**
 * Which destinations rest because nobody there answers, and when one begins and ends: the worker tells how attempts went,
 * the queue's store keeps the pauses. Times come from the schedule.
 */
import type { Diagnosis } from '#mail/diagnosis.ts';
import { nextRetry } from '#queue/schedule.ts';
import type { ScheduleSettings } from '#queue/settings.ts';
import type { Pause } from '#queue/store.ts';

/** What pauses use of the queue. */
export interface PauseKeeper {
  pause(pause: Pause): Promise<void>;
  resume(destination: string): Promise<void>;
  pauses(): Promise<readonly Pause[]>;
}

/**
 * A destination that answered a moment ago is not dead because one session failed: so many must fail in a row. One that
 * has not answered in this process rests after the first.
 */
const FAILURES_OF_THE_LIVING = 5;
/** Destinations whose answers are remembered; the longest-known go first. */
const REMEMBERED = 10_000;

export class Pauses {
  readonly #keeper: PauseKeeper;
  readonly #schedule: (destination: string) => ScheduleSettings;
  readonly #random: () => number;
  readonly #paused = new Map<string, Pause>();
  /** While the store is asked for all pauses: the destinations that have changed since. */
  #changed: Set<string> | undefined;
  /** Sessions that failed since the last answer, for destinations that have answered. */
  readonly #answered = new Map<string, number>();

  constructor(keeper: PauseKeeper, schedule: (destination: string) => ScheduleSettings, random: () => number) {
    this.#keeper = keeper;
    this.#schedule = schedule;
    this.#random = random;
  }

  /** Takes the pauses up as the store has them: those of an earlier life, and without those that an operator ended. */
  async load(): Promise<void> {
    const changed = new Set<string>();
    this.#changed = changed;
    const pauses = await this.#keeper.pauses().finally(() => (this.#changed = undefined));
    // What was learned meanwhile the store did not know yet.
    for (const destination of this.#paused.keys()) if (!changed.has(destination)) this.#paused.delete(destination);
    for (const pause of pauses) if (!changed.has(pause.destination)) this.#paused.set(pause.destination, pause);
  }

  /** The pause in force, if any. */
  at(destination: string, now: Date): Pause | undefined {
    const pause = this.#paused.get(destination);
    return pause !== undefined && pause.until > now ? pause : undefined;
  }

  /**
   * Learns from an attempt (`unreachable`: why nobody could be reached). Resolves to true when the destination now rests;
   * rejects when the store fails.
   */
  async learn(destination: string, unreachable: Diagnosis | undefined, now: Date): Promise<boolean> {
    if (unreachable === undefined) {
      if (this.#answered.get(destination) !== 0) this.#remember(destination, 0);
      await this.#resume(destination);
      return false;
    }
    if (this.at(destination, now) !== undefined) return true;
    const failed = this.#answered.get(destination);
    if (failed !== undefined && failed + 1 < FAILURES_OF_THE_LIVING) {
      this.#remember(destination, failed + 1);
      return false;
    }
    const failures = (this.#paused.get(destination)?.failures ?? 0) + 1;
    const until = nextRetry(this.#schedule(destination), { failures, now, random: this.#random() });
    const pause: Pause = { destination, until, failures, diagnosis: unreachable };
    await this.#change(destination, pause, async () => this.#keeper.pause(pause));
    return true;
  }

  async #resume(destination: string): Promise<void> {
    if (!this.#paused.has(destination)) return;
    await this.#change(destination, undefined, async () => this.#keeper.resume(destination));
  }

  /** At once for those who ask, and taken back when the store does not take it: else it would never hear of it. */
  async #change(destination: string, pause: Pause | undefined, write: () => Promise<void>): Promise<void> {
    const before = this.#paused.get(destination);
    this.#set(destination, pause);
    try {
      await write();
    } catch (error) {
      this.#set(destination, before);
      throw error;
    }
  }

  #set(destination: string, pause: Pause | undefined): void {
    this.#changed?.add(destination);
    if (pause === undefined) this.#paused.delete(destination);
    else this.#paused.set(destination, pause);
  }

  #remember(destination: string, failed: number): void {
    this.#answered.delete(destination);
    this.#answered.set(destination, failed);
    if (this.#answered.size <= REMEMBERED) return;
    const [longest = ''] = this.#answered.keys();
    this.#answered.delete(longest);
  }
}
