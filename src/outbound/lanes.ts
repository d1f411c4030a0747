/**
 * Who is served next: one lane for each destination with its leases in memory, so that a slow or dead destination takes
 * neither places nor memory from others. Knows nothing of hosts or the queue; it counts, and hands leases out fairly.
 */
import type { Lease } from '#queue/store.ts';

export type LaneLimits = { readonly total: number; readonly perDestination: number };

type Lane = { readonly destination: string; backlog: Lease[]; active: number; ready: boolean };

/** Leases that may wait in memory for each place of a lane: enough to bridge the queue's answer, no more. */
const BACKLOG_FACTOR = 4;

export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  /** Lanes that have both work and room, in the order in which they are served. */
  #ready: Lane[] = [];
  #active = 0;
  #waiting = 0;
  limits: LaneLimits;

  constructor(limits: LaneLimits) {
    this.limits = limits;
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Leases that can be taken in before every place and its backlog are full. */
  get room(): number {
    return Math.max(0, this.limits.total * BACKLOG_FACTOR - this.#active - this.#waiting);
  }

  hasRoom(destination: string): boolean {
    const lane = this.#lanes.get(destination);
    return this.room > 0 && (lane === undefined || lane.active + lane.backlog.length < this.#laneRoom());
  }

  /** Destinations whose lane takes no more at the moment. */
  full(): ReadonlySet<string> {
    const full = new Set<string>();
    for (const lane of this.#lanes.values()) {
      if (lane.active + lane.backlog.length >= this.#laneRoom()) full.add(lane.destination);
    }
    return full;
  }

  add(lease: Lease): void {
    const lane = this.#laneOf(lease.destination);
    lane.backlog.push(lease);
    this.#waiting += 1;
    this.#offer(lane);
  }

  /** The next lease to attempt, or `undefined` when no lane has both work and a free place. */
  next(): Lease | undefined {
    if (this.#active >= this.limits.total) return undefined;
    const lane = this.#ready.shift();
    if (lane === undefined) return undefined;
    lane.ready = false;
    const lease = lane.backlog.shift();
    if (lease === undefined) return this.next();
    lane.active += 1;
    this.#active += 1;
    this.#waiting -= 1;
    this.#offer(lane);
    return lease;
  }

  done(lease: Lease): void {
    const lane = this.#laneOf(lease.destination);
    lane.active -= 1;
    this.#active -= 1;
    this.#offer(lane);
    this.#forget(lane);
  }

  /** Takes what waits for a destination out again: it is to go back to the queue. */
  clear(destination: string): readonly Lease[] {
    const lane = this.#lanes.get(destination);
    if (lane === undefined) return [];
    const leases = lane.backlog;
    lane.backlog = [];
    this.#waiting -= leases.length;
    this.#forget(lane);
    return leases;
  }

  clearAll(): readonly Lease[] {
    return [...this.#lanes.keys()].flatMap((destination) => this.clear(destination));
  }

  /** Leases worth asking for at once for one destination. */
  get refill(): number {
    return Math.ceil(this.#laneRoom() / 2);
  }

  /** True when so much of a lane has come free that a refill pays. */
  wantsMore(destination: string): boolean {
    const lane = this.#lanes.get(destination);
    return lane === undefined || lane.active + lane.backlog.length <= this.#laneRoom() - this.refill;
  }

  #laneRoom(): number {
    return this.limits.perDestination * BACKLOG_FACTOR;
  }

  #laneOf(destination: string): Lane {
    let lane = this.#lanes.get(destination);
    if (lane === undefined) {
      lane = { destination, backlog: [], active: 0, ready: false };
      this.#lanes.set(destination, lane);
    }
    return lane;
  }

  #offer(lane: Lane): void {
    if (lane.ready || lane.backlog.length === 0 || lane.active >= this.limits.perDestination) return;
    lane.ready = true;
    this.#ready.push(lane);
  }

  #forget(lane: Lane): void {
    if (lane.active === 0 && lane.backlog.length === 0) this.#lanes.delete(lane.destination);
  }
}
