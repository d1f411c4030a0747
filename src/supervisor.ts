/**
 * Keeps the relay running on every core: one process for each, each with its own queue shards, all behind the same listening
 * sockets. A process that dies is replaced by another, which adopts its shards; shards of processes that the configuration
 * no longer has are spread over those it has. With one process the relay runs right here.
 */
import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { processCount } from '#config/schema.ts';
import type { Report } from '#log/events.ts';
import type { Milliseconds } from '#mail/units.ts';
import {
  ForkedRelay,
  type Listening,
  type RelayProcess,
  type ProcessStatus,
  type RelaySetup,
} from './relay-process.ts';

const RESTART_WAITS_MS = [100, 500, 2_000, 10_000] as const;
/** A process that lived so long has earned an immediate replacement. */
const STEADY_MS = 60_000;

type Seat = {
  readonly number: number;
  readonly shards: readonly number[];
  relay: RelayProcess | undefined;
  trouble: string;
};

export type SupervisorParts = {
  readonly report: Report;
  readonly shardsPresent: (dataDirectory: string) => readonly number[];
  /** A relay in this very process. */
  readonly inProcess: () => RelayProcess;
  readonly cores: number;
};

export class Supervisor {
  readonly #parts: SupervisorParts;
  #setup: RelaySetup;
  #seats: readonly Seat[] = [];
  #stopping = false;

  constructor(setup: RelaySetup, parts: SupervisorParts) {
    this.#setup = setup;
    this.#parts = parts;
  }

  /** Rejects, with nothing left running, when any process cannot start. */
  async start(): Promise<readonly Listening[]> {
    const { config } = this.#setup;
    const count = processCount(config, this.#parts.cores);
    const present = this.#parts.shardsPresent(config.dataDirectory);
    this.#seats = seatShards(count, present).map((shards, number) => ({
      number,
      shards,
      relay: undefined,
      trouble: '',
    }));
    if (count > 1) {
      cluster.setupPrimary({
        exec: new URL('worker.ts', import.meta.url).pathname,
        args: [],
        // Dates of rules stay dates on their way.
        serialization: 'advanced',
      });
      // Every process takes connections from the shared socket itself: no detour through this one.
      cluster.schedulingPolicy = cluster.SCHED_NONE;
    }
    const started = await Promise.allSettled(this.#seats.map(async (seat) => this.#occupy(seat, count)));
    const refused = started.find((result) => result.status === 'rejected');
    if (refused !== undefined) {
      await this.drain(0);
      throw refused.reason;
    }
    return started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))[0] ?? [];
  }

  /** Rejects when any process cannot go by it; then none does. */
  async reload(setup: RelaySetup): Promise<void> {
    const before = this.#setup;
    const refused = await this.#putInForce(setup);
    if (refused === undefined) return;
    // One that cannot open a listener has new rules already, and whoever asked is told that the old ones stay.
    await this.#putInForce(before);
    throw refused.reason;
  }

  async #putInForce(setup: RelaySetup): Promise<PromiseRejectedResult | undefined> {
    this.#setup = setup;
    const done = await Promise.allSettled(this.#relays().map(async (relay) => relay.reload(setup)));
    return done.find((result) => result.status === 'rejected');
  }

  wake(): void {
    for (const relay of this.#relays()) relay.wake();
  }

  /** One status for each process that answers; the troubles of those that do not. */
  async statuses(): Promise<{ readonly processes: readonly ProcessStatus[]; readonly troubles: readonly string[] }> {
    const answers = await Promise.allSettled(this.#relays().map(async (relay) => relay.status()));
    return {
      processes: answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])),
      troubles: [
        ...this.#seats.flatMap(({ trouble }) => (trouble === '' ? [] : [trouble])),
        ...answers.flatMap((answer) =>
          answer.status === 'rejected' ? [String(answer.reason)] : answer.value.troubles,
        ),
      ],
    };
  }

  /** The shards of the process with this id. */
  shardsOf(pid: number): readonly number[] {
    const isOf = ({ relay }: Seat): boolean => (relay instanceof ForkedRelay ? relay.pid : process.pid) === pid;
    return this.#seats.find(isOf)?.shards ?? [];
  }

  async drain(timeout: Milliseconds): Promise<void> {
    this.#stopping = true;
    await Promise.allSettled(this.#relays().map(async (relay) => relay.drain(timeout)));
  }

  #relays(): readonly RelayProcess[] {
    return this.#seats.flatMap(({ relay }) => (relay === undefined ? [] : [relay]));
  }

  async #occupy(seat: Seat, count: number): Promise<readonly Listening[]> {
    if (count === 1) {
      seat.relay = this.#parts.inProcess();
      return seat.relay.start(this.#setup, seat.shards);
    }
    const relay = new ForkedRelay();
    seat.relay = relay;
    const listening = await relay.start(this.#setup, seat.shards).catch((error: unknown) => {
      relay.kill();
      throw error;
    });
    const since = Date.now();
    this.#parts.report('worker.started', { count: relay.pid, shard: seat.number });
    void relay.gone.then(async () => this.#replace(seat, Date.now() - since));
    return listening;
  }

  async #replace(seat: Seat, lived: Milliseconds): Promise<void> {
    seat.relay = undefined;
    for (let tries = lived > STEADY_MS ? 0 : 1; !this.#stopping; tries += 1) {
      seat.trouble = `the process of shard ${seat.number} ended unexpectedly and is being replaced`;
      this.#parts.report('worker.died', { shard: seat.number, durationMs: lived });
      await sleep(RESTART_WAITS_MS[Math.min(tries, RESTART_WAITS_MS.length) - 1] ?? 0);
      try {
        if (!this.#stopping) await this.#occupy(seat, this.#seats.length);
        seat.trouble = '';
        return;
      } catch (error) {
        seat.relay = undefined;
        this.#parts.report('relay.defect', { shard: seat.number, reason: 'a process could not be replaced' }, error);
      }
    }
  }
}

/** Shard n belongs to process n; shards that have no process of their own go round. */
function seatShards(count: number, present: readonly number[]): readonly (readonly number[])[] {
  return Array.from({ length: count }, (_, seat) => [
    seat,
    ...present.filter((shard) => shard >= count && shard % count === seat),
  ]);
}
