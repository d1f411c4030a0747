/**
 * The queue of one shard: what each request does to its rows, and the view of them in memory (whose turn it is, what is
 * lent). Runs in the queue thread, always inside a transaction that `commit-group.ts` opens and ends.
 */
import type { DatabaseSync } from 'node:sqlite';
import { matchesAny } from '#queue/schedule.ts';
import { Destinations, type Destination } from './destinations.ts';
import { LeaseBook, type LeaseEntry } from './lease-book.ts';
import { nullableText, numberOf, prepareRows, textOf, type QueueRows, type Row } from './rows.ts';
import type { Spool } from './spool.ts';
import type {
  Request,
  WireDelivery,
  WireDepth,
  WireLease,
  WireLot,
  WireMessage,
  WireOverdue,
  WirePause,
  WireSettlement,
} from './wire.ts';

/** Tokens that the thread gives are even, those that come with `add` are odd. */
const TOKEN_STEP = 2;

type LeaseOf = { readonly message: number; readonly destination: Destination; readonly until: number };

export class QueueShard {
  readonly rows: QueueRows;
  readonly #spool: Spool;
  readonly #destinations = new Destinations();
  readonly #leases = new LeaseBook();
  #lastNumber = 0;
  #lastToken = 0;
  #messages = 0;
  #held = 0;
  #seenVersion: number | undefined;

  constructor(database: DatabaseSync, spool: Spool) {
    this.rows = prepareRows(database);
    this.#spool = spool;
  }

  /** At the begin of each group: another process (an operator's tool) may have changed rows. */
  refresh(): void {
    const version = numberOf(this.rows.dataVersion.get(), 'data_version');
    if (version === this.#seenVersion) return;
    this.#rebuild();
    this.#seenVersion = version;
  }

  committed(): void {
    this.#leases.committed();
    this.#spool.committed();
  }

  rolledBack(): void {
    this.#leases.rolledBack();
    this.#spool.rolledBack();
    this.#seenVersion = undefined;
  }

  add(messages: readonly WireMessage[], until: number, content: ArrayBuffer): readonly number[] {
    this.#spool.adopt(messages);
    const granted: number[] = [];
    for (const message of messages) {
      this.#lastNumber += 1;
      const { content: where, id, received, about } = message;
      const bytes = 'path' in where ? null : new Uint8Array(content, where.from, where.to - where.from);
      this.rows.insertMessage.run(this.#lastNumber, id, received, about, bytes);
      this.#messages += 1;
      for (const lot of message.lots) if (this.#addLot(message, lot, until)) granted.push(lot.token);
    }
    return granted;
  }

  lease(request: Extract<Request, { kind: 'lease' }>, transfer: ArrayBuffer[]): readonly WireLease[] {
    const { now, until, limit, recipientsPerLease, perDestination, busy } = request;
    this.#expire(now);
    const leases: WireLease[] = [];
    for (const destination of this.#destinations.ready(now)) {
      if (leases.length >= limit) break;
      if (busy.has(destination.name)) continue;
      const room = Math.min(destination.pause === undefined ? perDestination : 1, limit - leases.length);
      for (let taken = 0; taken < room; taken += 1) {
        const message = this.#firstDue(destination, now);
        if (message === undefined) break;
        const rows = this.rows.dueLot.all(message, destination.name, now, recipientsPerLease);
        leases.push(this.#lend({ message, destination, until }, rows, transfer));
      }
      destination.nextDue = this.#nextDue(destination);
      this.#destinations.rotate(destination);
    }
    return leases;
  }

  leaseOverdue(request: WireOverdue, transfer: ArrayBuffer[]): readonly WireLease[] {
    this.#expire(request.now);
    this.#forgetPauses(request.now);
    const leases: WireLease[] = [];
    for (const [phase, found] of this.#overdue(request)) {
      for (const row of found) {
        if (leases.length >= request.limit) return leases;
        const destination = this.#destinations.at(textOf(row, 'destination'));
        const message = numberOf(row, 'message');
        const rows = this.rows.overdueLot.all(message, destination.name, phase);
        if (rows.length > 0) leases.push(this.#lend({ message, destination, until: request.until }, rows, transfer));
        destination.nextDue = this.#nextDue(destination);
        this.#destinations.place(destination);
      }
    }
    return leases;
  }

  settle({ token, gone, deferred, reports }: WireSettlement, content: ArrayBuffer): boolean {
    const lease = this.#leases.get(token);
    if (lease === undefined) return false;
    const { message, destination } = lease;
    const left = new Set(lease.positions);
    let found = 0;
    for (const position of gone) {
      if (left.delete(position)) found += Number(this.rows.remove.run(message, destination, position).changes);
    }
    for (const { position, tries, due, phase, last } of deferred) {
      if (!left.delete(position)) continue;
      const row = this.rows.defer.get(tries, due, phase, last, message, destination, position);
      found += this.#returned(destination, row);
    }
    found += this.#giveBack(lease, left);
    this.#endLease(lease);
    // An operator removed all of it meanwhile: whoever settles learns that the lease was taken away.
    if (found === 0) return false;
    this.#removeIfSettled(lease);
    if (reports.length > 0) this.add(reports, 0, content);
    return true;
  }

  pause({ destination: name, until, failures, diagnosis }: WirePause): void {
    this.rows.setPause.run(name, until, failures, diagnosis);
    const destination = this.#destinations.at(name);
    destination.pause = { until, failures, diagnosis };
    this.#destinations.place(destination);
  }

  resume(name: string): void {
    this.rows.endPause.run(name);
    const destination = this.#destinations.get(name);
    if (destination === undefined) return;
    destination.pause = undefined;
    this.#destinations.place(destination);
  }

  hasten(name: string, now: number): void {
    const { changes } = this.rows.hasten.run(now, name, now);
    const destination = this.#destinations.get(name);
    if (destination !== undefined && Number(changes) > 0) destination.nextDue = this.#nextDue(destination);
    this.resume(name);
  }

  pauses(): readonly WirePause[] {
    return [...this.#destinations.all()]
      .filter(({ pause }) => pause !== undefined)
      .map(({ name, pause }) => ({ destination: name, until: 0, failures: 0, diagnosis: '', ...pause }));
  }

  nextDue(): number | null {
    const next = Math.min(this.#destinations.nextTurn(), this.#leases.earliestEnd);
    return next < Infinity ? next : null;
  }

  depth(now: number): WireDepth {
    const all = [...this.#destinations.all()];
    const oldest = this.rows.oldest.get();
    return {
      waiting: all.reduce((sum, { waiting }) => sum + waiting, 0),
      leased: this.#leases.deliveries,
      held: this.#held,
      messages: this.#messages,
      pausedDestinations: all.filter(({ pause }) => pause !== undefined && pause.until > now).length,
      oldest: oldest === undefined ? null : numberOf(oldest, 'received'),
    };
  }

  #addLot(message: WireMessage, { token, destination, recipients }: WireLot, until: number): boolean {
    const { received, id } = message;
    const lends = until > 0 && this.#destinations.get(destination)?.pause === undefined;
    for (const [position, address, parameters] of recipients) {
      const { insertDelivery } = this.rows;
      insertDelivery.run(
        this.#lastNumber,
        destination,
        position,
        lends ? 1 : 0,
        received,
        received,
        address,
        parameters,
      );
      if (!lends) this.#destinations.arrived(this.#destinations.at(destination), received, 0);
    }
    if (!lends) return false;
    const positions = recipients.map(([position]) => position);
    const isFile = 'path' in message.content;
    this.#leases.grant({ token, until, message: this.#lastNumber, messageId: id, isFile, destination, positions });
    this.#destinations.at(destination).out += 1;
    return true;
  }

  #firstDue({ name }: Destination, now: number): number | undefined {
    const first = this.rows.firstDue.get(name);
    return first === undefined || numberOf(first, 'due') > now ? undefined : numberOf(first, 'message');
  }

  #nextDue({ name }: Destination): number {
    const first = this.rows.firstDue.get(name);
    return first === undefined ? Infinity : numberOf(first, 'due');
  }

  /** Lends the given rows, which are of one message and one destination and wait. */
  #lend({ message, destination, until }: LeaseOf, rows: readonly Row[], transfer: ArrayBuffer[]): WireLease {
    const deliveries = rows.map((row) => deliveryOf(row));
    for (const { position, attempts } of deliveries) {
      this.rows.lend.run(message, destination.name, position);
      destination.waiting -= 1;
      if (attempts === 0) destination.unattempted -= 1;
    }
    destination.out += 1;
    const row = this.rows.message.get(message);
    const stored = row?.['content'];
    const content =
      stored instanceof Uint8Array && stored.buffer instanceof ArrayBuffer ? new Uint8Array(stored.buffer) : null;
    if (content !== null) transfer.push(content.buffer);
    this.#lastToken += TOKEN_STEP;
    const lease = { token: this.#lastToken, until, id: textOf(row, 'id'), destination: destination.name };
    const positions = deliveries.map(({ position }) => position);
    this.#leases.grant({ ...lease, message, messageId: lease.id, isFile: content === null, positions });
    return { ...lease, received: numberOf(row, 'received'), about: textOf(row, 'about'), content, deliveries };
  }

  *#overdue(request: WireOverdue): Iterable<readonly [phase: number, rows: readonly Row[]]> {
    const { limit, exceptions } = request;
    yield [2, this.rows.overdue.all(2, Number.MAX_SAFE_INTEGER, '[]', limit)];
    const special = new Map<string, { noticeBefore: number; expireBefore: number }>();
    for (const { name, waiting } of exceptions.length > 0 ? this.#destinations.all() : []) {
      const exception = exceptions.find(({ domains }) => matchesAny(domains, name));
      if (exception !== undefined && waiting > 0) special.set(name, exception);
    }
    const besides = JSON.stringify([...special.keys()]);
    for (const [phase, before] of bounds(request)) {
      yield [phase, this.rows.overdue.all(phase, before, besides, limit)];
      for (const [name, exception] of special) {
        yield [phase, this.rows.overdueOf.all(phase, bounds(exception)[phase]?.[1] ?? 0, name, limit)];
      }
    }
  }

  #expire(now: number): void {
    for (const lease of this.#leases.runOut(now)) {
      this.#giveBack(lease, lease.positions);
      this.#endLease(lease);
    }
  }

  /** Where nothing waits and nothing is lent, no lease will ever try the destination and end its pause. */
  #forgetPauses(now: number): void {
    for (const { name, pause, waiting, out } of this.#destinations.all()) {
      if (pause !== undefined && pause.until <= now && waiting === 0 && out === 0) this.resume(name);
    }
  }

  #giveBack({ message, destination }: LeaseEntry, positions: Iterable<number>): number {
    let found = 0;
    for (const position of positions) {
      found += this.#returned(destination, this.rows.giveBack.get(message, destination, position));
    }
    return found;
  }

  /** A delivery is back in the queue, unless an operator removed it. Returns how many there are: one or none. */
  #returned(destination: string, row: Row | undefined): number {
    if (row === undefined) return 0;
    if (numberOf(row, 'held') === 1) this.#held += 1;
    else
      this.#destinations.arrived(this.#destinations.at(destination), numberOf(row, 'due'), numberOf(row, 'attempts'));
    return 1;
  }

  #endLease(lease: LeaseEntry): void {
    this.#leases.end(lease);
    const destination = this.#destinations.at(lease.destination);
    destination.out -= 1;
    this.#destinations.place(destination);
  }

  #removeIfSettled({ message, messageId, isFile }: LeaseEntry): void {
    if (this.rows.removeMessage.run(message, message).changes === 0) return;
    this.#messages -= 1;
    if (isFile) this.#spool.leave(messageId);
  }

  #rebuild(): void {
    this.#destinations.clear();
    for (const row of this.rows.pauses.all()) {
      const pause = {
        until: numberOf(row, 'until'),
        failures: numberOf(row, 'failures'),
        diagnosis: textOf(row, 'diagnosis'),
      };
      this.#destinations.at(textOf(row, 'destination')).pause = pause;
    }
    for (const { destination } of this.#leases.all()) this.#destinations.at(destination).out += 1;
    for (const row of this.rows.waiting.all()) {
      const destination = this.#destinations.at(textOf(row, 'destination'));
      destination.waiting = numberOf(row, 'waiting');
      destination.unattempted = numberOf(row, 'unattempted');
      destination.nextDue = numberOf(row, 'due');
    }
    for (const destination of this.#destinations.all()) this.#destinations.place(destination);
    const counts = this.rows.counts.get();
    this.#messages = numberOf(counts, 'messages');
    this.#held = numberOf(counts, 'held');
    this.#lastNumber = Math.max(this.#lastNumber, numberOf(counts, 'last'));
  }
}

/** Who is overdue, by phase: without a notice those past either time, with one only those past the end. */
function bounds({
  noticeBefore,
  expireBefore,
}: {
  noticeBefore: number;
  expireBefore: number;
}): readonly [number, number][] {
  return [
    [0, Math.max(noticeBefore, expireBefore)],
    [1, expireBefore],
  ];
}

function deliveryOf(row: Row): WireDelivery {
  return {
    position: numberOf(row, 'position'),
    recipient: textOf(row, 'recipient'),
    parameters: nullableText(row, 'parameters'),
    attempts: numberOf(row, 'attempts'),
    phase: numberOf(row, 'phase'),
    last: nullableText(row, 'last'),
  };
}
