/**
 * The leases that are out. They live in memory only: a new owner voids those of the last one. Changes of a group that is
 * rolled back are undone.
 */
export type LeaseEntry = {
  readonly token: number;
  readonly until: number;
  readonly message: number;
  readonly messageId: string;
  readonly isFile: boolean;
  readonly destination: string;
  readonly positions: readonly number[];
};

export class LeaseBook {
  readonly #leases = new Map<number, LeaseEntry>();
  /** No lease runs out before this. */
  #earliest = Infinity;
  #deliveries = 0;
  #granted: LeaseEntry[] = [];
  #ended: LeaseEntry[] = [];

  get deliveries(): number {
    return this.#deliveries;
  }

  all(): Iterable<LeaseEntry> {
    return this.#leases.values();
  }

  get(token: number): LeaseEntry | undefined {
    return this.#leases.get(token);
  }

  grant(lease: LeaseEntry): void {
    this.#enter(lease);
    this.#granted.push(lease);
  }

  end(lease: LeaseEntry): void {
    this.#strike(lease);
    this.#ended.push(lease);
  }

  /** Leases that have run out, which the caller ends. */
  runOut(now: number): readonly LeaseEntry[] {
    if (now < this.#earliest) return [];
    this.#earliest = Infinity;
    const over: LeaseEntry[] = [];
    for (const lease of this.#leases.values()) {
      if (lease.until <= now) over.push(lease);
      else this.#earliest = Math.min(this.#earliest, lease.until);
    }
    return over;
  }

  /** A bound: the lease that gave it may have been settled. */
  get earliestEnd(): number {
    return this.#leases.size === 0 ? Infinity : this.#earliest;
  }

  committed(): void {
    this.#granted.length = 0;
    this.#ended.length = 0;
  }

  rolledBack(): void {
    for (const lease of this.#ended) this.#enter(lease);
    for (const lease of this.#granted) this.#strike(lease);
    this.committed();
  }

  #enter(lease: LeaseEntry): void {
    this.#leases.set(lease.token, lease);
    this.#deliveries += lease.positions.length;
    if (lease.until < this.#earliest) this.#earliest = lease.until;
  }

  #strike(lease: LeaseEntry): void {
    if (this.#leases.delete(lease.token)) this.#deliveries -= lease.positions.length;
  }
}
