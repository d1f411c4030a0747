/**
 * Which destination has its turn: the queue thread's view in memory of what waits, one small record for each destination, so
 * that a lease never looks at mail that cannot go. Rebuilt from the database when another process changed it.
 */
export type Destination = {
  readonly name: string;
  waiting: number;
  /** Of these, deliveries that nobody attempted yet. */
  unattempted: number;
  /** Earliest due time of what waits. */
  nextDue: number;
  pause: { until: number; failures: number; diagnosis: string } | undefined;
  /** Leases that are out. A paused destination has one at most: its probation. */
  out: number;
  /** When its turn comes; `Infinity` when nothing can be lent. */
  turn: number;
};

export class Destinations {
  readonly #all = new Map<string, Destination>();
  /** Destinations whose turn has come, in the order of their turns. Those with mail never attempted go first. */
  readonly #fresh = new Set<Destination>();
  readonly #tired = new Set<Destination>();
  readonly #coming = new TurnHeap();

  get(name: string): Destination | undefined {
    return this.#all.get(name);
  }

  all(): Iterable<Destination> {
    return this.#all.values();
  }

  at(name: string): Destination {
    let destination = this.#all.get(name);
    if (destination === undefined) {
      destination = { name, waiting: 0, unattempted: 0, nextDue: Infinity, pause: undefined, out: 0, turn: Infinity };
      this.#all.set(name, destination);
    }
    return destination;
  }

  clear(): void {
    this.#all.clear();
    this.#fresh.clear();
    this.#tired.clear();
    this.#coming.clear();
  }

  arrived(destination: Destination, due: number, attempts: number): void {
    destination.waiting += 1;
    if (attempts === 0) destination.unattempted += 1;
    if (due < destination.nextDue) destination.nextDue = due;
    this.place(destination);
  }

  /** To be called when anything changed that decides about the destination's turn. */
  place(destination: Destination): void {
    const turn = turnOf(destination);
    if (destination.waiting === 0 && destination.out === 0 && destination.pause === undefined) {
      this.#all.delete(destination.name);
    }
    if (turn === destination.turn) {
      if (destination.unattempted > 0 && this.#tired.delete(destination)) this.#fresh.add(destination);
      return;
    }
    this.#fresh.delete(destination);
    this.#tired.delete(destination);
    destination.turn = turn;
    if (turn < Infinity) this.#coming.push(turn, destination);
  }

  /** It had its turn: the others go first now. */
  rotate(destination: Destination): void {
    this.#fresh.delete(destination);
    this.#tired.delete(destination);
    destination.turn = Number.NaN;
    this.place(destination);
  }

  /** Those whose turn has come. The caller may rotate and place while it goes through them. */
  *ready(now: number): Iterable<Destination> {
    for (let next = this.#coming.popUntil(now); next !== undefined; next = this.#coming.popUntil(now)) {
      (next.unattempted > 0 ? this.#fresh : this.#tired).add(next);
    }
    yield* this.#fresh;
    yield* this.#tired;
  }

  nextTurn(): number {
    let next = this.#coming.first();
    for (const destination of this.#fresh) next = Math.min(next, destination.turn);
    for (const destination of this.#tired) next = Math.min(next, destination.turn);
    return next;
  }
}

function turnOf({ waiting, pause, out, nextDue }: Destination): number {
  if (waiting === 0) return Infinity;
  if (pause === undefined) return nextDue;
  return out > 0 ? Infinity : Math.max(nextDue, pause.until);
}

/** A binary heap by turn. Entries whose destination has another turn by now are dropped when they surface. */
class TurnHeap {
  readonly #turns: number[] = [];
  readonly #entries: Destination[] = [];

  clear(): void {
    this.#turns.length = 0;
    this.#entries.length = 0;
  }

  first(): number {
    this.#dropStale();
    return this.#turns[0] ?? Infinity;
  }

  popUntil(now: number): Destination | undefined {
    this.#dropStale();
    const entry = this.#entries[0];
    if (entry === undefined || entry.turn > now) return undefined;
    this.#removeFirst();
    return entry;
  }

  push(turn: number, entry: Destination): void {
    let at = this.#turns.length;
    this.#turns.push(turn);
    this.#entries.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#turns[parent] ?? 0) <= turn) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #dropStale(): void {
    while (this.#entries.length > 0 && this.#entries[0]?.turn !== this.#turns[0]) this.#removeFirst();
  }

  #removeFirst(): void {
    this.#swap(0, this.#turns.length - 1);
    this.#turns.pop();
    this.#entries.pop();
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      if (left >= this.#turns.length) return;
      const right = left + 1;
      const least = right < this.#turns.length && this.#turn(right) < this.#turn(left) ? right : left;
      if (this.#turn(at) <= this.#turn(least)) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #turn(at: number): number {
    return this.#turns[at] ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const [turnA, turnB] = [this.#turns[a], this.#turns[b]];
    const [entryA, entryB] = [this.#entries[a], this.#entries[b]];
    if (turnA === undefined || turnB === undefined || entryA === undefined || entryB === undefined) return;
    this.#turns[a] = turnB;
    this.#turns[b] = turnA;
    this.#entries[a] = entryB;
    this.#entries[b] = entryA;
  }
}
