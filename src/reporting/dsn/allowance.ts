/**
 * How many reports one address gets. Strangers send in others' names, and programs send ten thousand messages that all fail:
 * beyond a number of reports within an hour those that are due are kept back, and told together when the hour is over.
 *
 * Kept in memory, in each process for itself; what is kept back is bounded too.
 */
import type { Live } from '#mail/units.ts';
import type { DsnKind } from './wanted.ts';

export type Grant =
  | 'granted'
  /** The last one of this hour. */
  | 'last'
  | 'spent';

/** One delivery that its sender was not told of by itself. */
export type Untold = { readonly recipient: string; readonly status: string; readonly queueId: string };

/** What is told together. */
export type UntoldLot = {
  readonly to: string;
  readonly kind: DsnKind;
  readonly since: Date;
  /** As many as are remembered, the first ones. */
  readonly untold: readonly Untold[];
  readonly count: number;
  /** A message that demands TLS is among them (RFC 8689 §5). */
  readonly requireTls: boolean;
};

type Hour = {
  readonly to: string;
  readonly kind: DsnKind;
  readonly since: Date;
  granted: number;
  readonly untold: Untold[];
  count: number;
  requireTls: boolean;
};

export const ALLOWANCE_MS = 3_600_000;
/** Untold deliveries that one lot names, and all lots together; more are only counted. */
export const NAMED_IN_LOT = 500;
const NAMED_IN_ALL = 50_000;
const MAX_HOURS = 10_000;

export class Allowance {
  readonly #limit: Live<number>;
  /** The oldest first. */
  readonly #hours = new Map<string, Hour>();
  #ended: Hour[] = [];
  #named = 0;

  constructor(limit: Live<number>) {
    this.#limit = limit;
  }

  /** Whether one more report of this kind may go to the address; counted with it. */
  take(to: string, kind: DsnKind, at: Date): Grant {
    const hour = this.#hourOf(to, kind, at);
    const limit = this.#limit();
    if (hour.granted >= limit) return 'spent';
    hour.granted += 1;
    return hour.granted === limit ? 'last' : 'granted';
  }

  /** After `spent`: what is to be told later. */
  keepBack(to: string, kind: DsnKind, kept: { untold: readonly Untold[]; requireTls: boolean; at: Date }): void {
    const hour = this.#hourOf(to, kind, kept.at);
    hour.count += kept.untold.length;
    hour.requireTls ||= kept.requireTls;
    const room = Math.min(NAMED_IN_LOT - hour.untold.length, NAMED_IN_ALL - this.#named);
    const named = kept.untold.slice(0, Math.max(0, room));
    hour.untold.push(...named);
    this.#named += named.length;
  }

  /** What was kept back in the hours that are over; it is forgotten here. */
  due(at: Date): readonly UntoldLot[] {
    for (const [key, hour] of this.#hours) {
      if (!isOver(hour, at)) break;
      this.#end(key, hour);
    }
    const lots = this.#ended;
    this.#ended = [];
    for (const { untold } of lots) this.#named -= untold.length;
    return lots;
  }

  #hourOf(to: string, kind: DsnKind, at: Date): Hour {
    const key = `${kind} ${to.toLowerCase()}`;
    const known = this.#hours.get(key);
    if (known !== undefined && !isOver(known, at)) return known;
    if (known !== undefined) this.#end(key, known);
    const [oldest] = this.#hours;
    if (this.#hours.size >= MAX_HOURS && oldest !== undefined) this.#end(...oldest);
    const hour: Hour = { to, kind, since: at, granted: 0, untold: [], count: 0, requireTls: false };
    this.#hours.set(key, hour);
    return hour;
  }

  #end(key: string, hour: Hour): void {
    this.#hours.delete(key);
    if (hour.count > 0) this.#ended.push(hour);
  }
}

/** A clock that was set back begins another hour: else nobody would be told for as long. */
const isOver = ({ since }: Hour, at: Date): boolean => Math.abs(at.getTime() - since.getTime()) >= ALLOWANCE_MS;
