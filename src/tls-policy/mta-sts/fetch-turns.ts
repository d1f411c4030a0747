/**
 * How many policies are fetched at the same time, in all and from one place. A place that answers slowly, and hosts the
 * policies of many domains, fills its own share and nobody else's.
 */
export type FetchLimits = {
  readonly inAll: number;
  readonly fromOnePlace: number;
};

type Waiting = { readonly place: string; readonly begin: () => void };

export class FetchTurns {
  readonly #limits: FetchLimits;
  readonly #running = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  #runningInAll = 0;

  constructor(limits: FetchLimits) {
    this.#limits = limits;
  }

  async take<Result>(place: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#hasRoom(place)) this.#count(place, 1);
    else await new Promise<void>((begin) => this.#waiting.push({ place, begin }));
    try {
      return await work();
    } finally {
      this.#count(place, -1);
      this.#beginNext();
    }
  }

  #hasRoom(place: string): boolean {
    const { inAll, fromOnePlace } = this.#limits;
    return this.#runningInAll < inAll && (this.#running.get(place) ?? 0) < fromOnePlace;
  }

  /** The one that has waited longest among those for whom there is room. */
  #beginNext(): void {
    const at = this.#waiting.findIndex(({ place }) => this.#hasRoom(place));
    const [next] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (next === undefined) return;
    this.#count(next.place, 1);
    next.begin();
  }

  #count(place: string, change: number): void {
    const running = (this.#running.get(place) ?? 0) + change;
    this.#runningInAll += change;
    if (running === 0) this.#running.delete(place);
    else this.#running.set(place, running);
  }
}
