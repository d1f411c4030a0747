/**
 * The worker between a real queue and attempts that a test answers: what is taken when, what is settled how, and that a store
 * that fails loses nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventFields, EventName } from '#log/events.ts';
import { diagnose } from '#mail/diagnosis.ts';
import type { AttemptOrder, AttemptResult } from '#outbound/attempt.ts';
import type { Outcome } from '#outbound/outcome.ts';
import { Pauses } from '#outbound/pauses.ts';
import { LEASE_MS, OutboundWorker } from '#outbound/worker.ts';
import { Queue } from '#queue/queue.ts';
import { scheduleFor } from '#queue/schedule.ts';
import { StorageUnavailable } from '#queue/store.ts';
import type { Ending } from '#reporting/dsn/reports.ts';
import { SqliteQueueDesk } from '#storage/sqlite/desk.ts';
import { message } from '../queue/mail.ts';
import { inDataDirectory } from '../storage/shard-directory.ts';
import { ENDPOINT } from './lease.ts';
import { settingsWith } from './opened.ts';

const BOB = 'bob@dest.test';
const HOUR = 3_600_000;
const DELIVERED: Outcome = {
  kind: 'delivered',
  endpoint: ENDPOINT,
  reply: '250 Ok',
  tls: undefined,
  dsnPassedOn: true,
};
const REFUSED = diagnose('connection-refused');
const DEFERRED: Outcome = { kind: 'deferred', diagnosis: REFUSED };

type Answer = (order: Pick<AttemptOrder, 'lease' | 'expired'>) => AttemptResult | Promise<AttemptResult>;

function outcomesOf({ lease }: Pick<AttemptOrder, 'lease'>, outcome: Outcome): AttemptResult {
  return { outcomes: new Map(lease.deliveries.map(({ index }) => [index, outcome])), reach: { kind: 'answered' } };
}

/** The same outcome for every delivery. */
const all =
  (outcome: Outcome): Answer =>
  (order) =>
    outcomesOf(order, outcome);

const unreachable: Answer = (order) => ({
  ...outcomesOf(order, DEFERRED),
  reach: { kind: 'unreachable', diagnosis: REFUSED },
});

class World {
  readonly queue: Queue;
  readonly worker: OutboundWorker;
  readonly desk: SqliteQueueDesk;
  readonly events: [EventName, EventFields][] = [];
  readonly orders: AttemptOrder[] = [];
  readonly endings: Ending[] = [];
  readonly watched = new Set<string>();
  readonly now = { skippedMs: 0 };
  answer: Answer = all(DELIVERED);
  /** Thrown by the queue's `settle` while it is set. */
  settleFails: Error | undefined;
  /** Thrown where the queue is asked for its pauses, while it is set. */
  pausesFail: Error | undefined;
  /** How often the pauses were told. */
  pausesTold = 0;
  reportsFail = false;

  constructor(store: ConstructorParameters<typeof Queue>[0]['store'], directory: string) {
    const queueSettings = {
      retryWaits: [HOUR],
      jitter: 0,
      expireAfter: 24 * HOUR,
      delayNoticeAfter: 4 * HOUR,
      inlineLimit: 65_536,
      freshMemory: 1e6,
      destinations: [],
    };
    const settings = settingsWith({ concurrency: { total: 2, perDestination: 2 } });
    const now = (): Date => new Date(Date.now() + this.now.skippedMs);
    const report = (event: EventName, fields: EventFields): void => void this.events.push([event, fields]);
    this.queue = new Queue({ store, settings: () => queueSettings, report, now });
    const settle: Queue['settle'] = async (settled) => {
      if (this.settleFails !== undefined) throw this.settleFails;
      return this.queue.settle(settled);
    };
    const { queue } = this;
    this.desk = new SqliteQueueDesk(directory);
    this.worker = new OutboundWorker({
      queue: {
        settle,
        lease: queue.lease.bind(queue),
        leaseOverdue: queue.leaseOverdue.bind(queue),
        due: queue.due.bind(queue),
        wake: queue.wake.bind(queue),
      },
      attempt: async (order) => {
        this.orders.push(order);
        return this.answer(order);
      },
      pauses: new Pauses(
        {
          pause: queue.pause.bind(queue),
          resume: queue.resume.bind(queue),
          pauses: async () => {
            if (this.pausesFail !== undefined) throw this.pausesFail;
            this.pausesTold += 1;
            return queue.pauses();
          },
        },
        (destination) => scheduleFor(queueSettings, destination),
        () => 0.5,
      ),
      watch: {
        learn: async (destination) => {
          this.watched.add(destination);
          return Promise.resolve();
        },
        forget: (destination) => void this.watched.delete(destination),
      },
      makeReports: async (_message, endings) => {
        if (this.reportsFail) throw new TypeError('a defect');
        this.endings.push(...endings);
        return Promise.resolve({ messages: [], events: [] });
      },
      settings: () => settings,
      schedules: () => queueSettings,
      report,
      now,
      random: () => 0.5,
    });
    queue.subscribe({
      leaseFor: LEASE_MS,
      recipientsPerLease: () => 100,
      freshRoom: (destination) => this.worker.hasRoom(destination),
      onFresh: (leases) => this.worker.take(leases),
    });
  }

  async accept(id: string, to: readonly string[] = [BOB], ageMs = 0): Promise<void> {
    const receivedAt = new Date(Date.now() + this.now.skippedMs - ageMs);
    await this.queue.accept([message(id, to, { receivedAt })]);
  }

  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let tries = 0; !(await holds()); tries += 1) {
      assert.ok(tries < 1000, `it did not happen; ${JSON.stringify(this.events)}`);
      await sleep(10);
    }
  }

  count(event: EventName): number {
    return this.events.filter(([name]) => name === event).length;
  }

  async left(): Promise<number> {
    return this.desk.count({});
  }
}

async function inWorld(check: (world: World) => Promise<void>, begin = true): Promise<void> {
  await inDataDirectory(async ({ open, path }) => {
    const world = new World(await open(), path);
    if (begin) world.worker.start();
    try {
      await check(world);
    } finally {
      await world.worker.drain(1000);
      await world.desk.close();
    }
  });
}

test('fresh mail is attempted and settled', async () =>
  inWorld(async (world) => {
    await world.accept('m1', [BOB, 'carl@dest.test', 'dora@other.test']);
    await world.until(() => world.count('delivery.delivered') === 3);
    assert.equal(await world.left(), 0);
    assert.deepEqual(
      world.orders.map(({ lease }) => lease.deliveries.length).toSorted((one, other) => one - other),
      [1, 2],
    );
    assert.deepEqual(
      world.orders.map(({ route, expired }) => [route.kind, expired]),
      [
        ['mx', false],
        ['mx', false],
      ],
    );
  }));

test('mail that waited before the start is taken by and by, and never more than there are places', async () =>
  inWorld(async (world) => {
    let [under, most] = [0, 0];
    world.answer = async (order) => {
      under += 1;
      most = Math.max(most, under);
      await sleep(5);
      under -= 1;
      return all(DELIVERED)(order);
    };
    for (let n = 0; n < 30; n += 1) await world.accept(`m${n}`, [`x@d${n % 3}.test`]);
    world.worker.start();
    await world.until(() => world.count('delivery.delivered') === 30);
    assert.equal(most, 2);
  }, false));

test('what is deferred is tried again when it is due, and counts its attempts', async () =>
  inWorld(async (world) => {
    world.answer = all(DEFERRED);
    await world.accept('m1');
    await world.until(() => world.count('delivery.deferred') === 1);
    const [row] = await world.desk.list({}, 1);
    assert.equal(row?.attempts, 1);
    world.answer = all(DELIVERED);
    world.now.skippedMs = HOUR + 1000;
    world.queue.wake();
    await world.until(() => world.count('delivery.delivered') === 1);
    assert.deepEqual(
      world.orders.map(({ lease }) => lease.deliveries[0]?.attempts),
      [0, 1],
    );
  }));

test('a destination that cannot be reached rests: what waits for it goes back untried', async () =>
  inWorld(async (world) => {
    const first = Promise.withResolvers<void>();
    world.answer = async (order) => first.promise.then(() => unreachable(order));
    for (let n = 0; n < 6; n += 1) await world.accept(`m${n}`);
    first.resolve();
    await world.until(() => world.count('delivery.deferred') === 2);
    await world.until(async () => (await world.queue.depth()).waiting === 6);
    assert.equal(world.orders.length, 2, 'the places of the destination, no more');
    assert.equal(world.count('queue.paused'), 1);
    world.answer = all(DELIVERED);
    await world.accept('other', ['x@other.test']);
    await world.until(() => world.count('delivery.delivered') === 1);
  }));

test('a report that cannot be made ends no mail in silence: failures wait, and what is delivered is so', async () =>
  inWorld(async (world) => {
    world.reportsFail = true;
    world.answer = ({ lease }) => ({
      outcomes: new Map(
        lease.deliveries.map(({ index }): [number, Outcome] => [
          index,
          index === 0 ? { kind: 'failed', diagnosis: REFUSED } : DELIVERED,
        ]),
      ),
      reach: { kind: 'answered' },
    });
    await world.accept('m1', [BOB, 'carl@dest.test']);
    await world.until(() => world.count('delivery.delivered') === 1);
    assert.deepEqual([world.count('relay.defect'), world.count('delivery.failed')], [1, 0]);
    const rows = await world.desk.list({}, 10);
    assert.deepEqual(
      rows.map(({ recipient, last }) => [recipient, last?.status]),
      [[BOB, 'internal-error']],
    );
  }));

test('a report that cannot be made keeps no mail beyond its time: then it fails without one', async () =>
  inWorld(async (world) => {
    world.reportsFail = true;
    world.answer = all({ kind: 'failed', diagnosis: REFUSED });
    await world.accept('m1', [BOB], 10 * 86_400_000);
    await world.until(() => world.count('delivery.failed') === 1);
    assert.equal(world.count('relay.defect'), 1);
    assert.deepEqual(await world.desk.list({}, 10), []);
  }));

test('an attempt that throws is a defect: it is reported, and the mail waits', async () =>
  inWorld(async (world) => {
    world.answer = () => {
      throw new TypeError('a defect');
    };
    await world.accept('m1');
    await world.until(() => world.count('delivery.deferred') === 1);
    assert.equal(world.count('relay.defect'), 1);
    const [row] = await world.desk.list({}, 1);
    assert.equal(row?.last?.status, 'internal-error');
  }));

test('an outcome that the store does not take is offered again until it does', async () =>
  inWorld(async (world) => {
    world.settleFails = new StorageUnavailable('full', 'the disk is full');
    await world.accept('m1');
    await world.until(() => world.count('queue.storage-failed') > 0);
    assert.equal(world.count('delivery.delivered'), 0, 'nothing is told before it is kept');
    world.settleFails = undefined;
    await world.until(() => world.count('delivery.delivered') === 1);
    assert.equal(world.orders.length, 1, 'it was sent once');
    assert.equal(await world.left(), 0);
  }));

test('what an operator changed is looked at until the store tells', async () =>
  inWorld(async (world) => {
    world.pausesFail = new StorageUnavailable('full', 'the disk is full');
    world.worker.lookAgain();
    await world.until(() => world.count('queue.storage-failed') > 0);
    world.pausesFail = undefined;
    await world.until(() => world.pausesTold === 1);
  }));

test('a store that cannot be written does not keep a drain beyond its time', async () =>
  inWorld(async (world) => {
    world.settleFails = new StorageUnavailable('full', 'the disk is full');
    await world.accept('m1');
    await world.until(() => world.count('queue.storage-failed') > 0);
    await world.worker.drain(50);
    assert.equal(await world.left(), 1);
  }));

test('a drain waits for attempts that are under way, gives back what has not begun and takes nothing more', async () =>
  inWorld(async (world) => {
    const end = Promise.withResolvers<void>();
    world.answer = async (order) => end.promise.then(() => all(DELIVERED)(order));
    for (let n = 0; n < 5; n += 1) await world.accept(`m${n}`);
    assert.equal(world.orders.length, 2);
    const drained = world.worker.drain(5000);
    await world.until(async () => (await world.queue.depth()).waiting === 3);
    assert.equal(world.worker.hasRoom('other.test'), false);
    end.resolve();
    await drained;
    assert.equal(world.count('delivery.delivered'), 2);
    await world.accept('late', ['x@other.test']);
    assert.deepEqual([world.orders.length, await world.left()], [2, 4]);
  }));

test('mail that is too old is attempted once more and then fails', async () =>
  inWorld(async (world) => {
    world.answer = (order) => outcomesOf(order, { kind: order.expired ? 'failed' : 'deferred', diagnosis: REFUSED });
    await world.accept('m1', [BOB], 25 * HOUR);
    await world.until(() => world.count('delivery.failed') === 1);
    assert.deepEqual(
      world.endings.map(({ kind, diagnosis }) => [kind, diagnosis.text]),
      [['failed', 'Message expired, connection refused']],
    );
    assert.equal(await world.left(), 0);
  }));

test('mail that is too old has its last attempt when there is room, and waits on the disk until then', async () =>
  inWorld(async (world) => {
    const end = Promise.withResolvers<void>();
    world.answer = async (order) => end.promise.then(() => all(DELIVERED)(order));
    for (let n = 0; n < 30; n += 1) await world.accept(`m${n}`, [`x@d${n}.test`], 25 * HOUR);
    world.worker.start();
    await world.until(() => world.orders.length === 2);
    await world.until(async () => (await world.queue.depth()).waiting > 0);
    assert.equal((await world.queue.depth()).leased, 8, 'the places and what may wait for each');
    end.resolve();
    await world.until(() => world.count('delivery.delivered') === 30);
  }, false));

test('mail of a destination that rests is late and fails in its time all the same, unattempted', async () =>
  inWorld(async (world) => {
    world.answer = unreachable;
    await world.accept('m1');
    await world.until(() => world.count('delivery.deferred') === 1);
    const until = new Date(Date.now() + 100 * HOUR);
    await world.queue.pause({ destination: 'dest.test', until, failures: 9, diagnosis: REFUSED });
    world.now.skippedMs = 5 * HOUR;
    world.worker.lookAgain();
    await world.until(() => world.endings.length === 1);
    world.now.skippedMs = 25 * HOUR;
    world.worker.lookAgain();
    await world.until(() => world.count('delivery.failed') === 1);
    assert.deepEqual(
      world.endings.map(({ kind, lastAttemptAt }) => [kind, lastAttemptAt]),
      [
        ['delayed', undefined],
        ['failed', undefined],
      ],
    );
    assert.equal(world.orders.length, 1);
  }));

for (const [where, answer] of [
  ['where mail is tried', all(DEFERRED)],
  ['of a destination that rests', unreachable],
] as const) {
  test(`what the operator returns fails at once, untried, and alone: ${where}`, async () =>
    inWorld(async (world) => {
      world.answer = answer;
      await world.accept('m1', [BOB, 'carl@dest.test']);
      await world.until(() => world.count('delivery.deferred') === 2);
      await world.desk.act({ recipient: BOB }, 'fail');
      world.worker.lookAgain();
      await world.until(() => world.count('delivery.failed') === 1);
      assert.deepEqual(
        world.endings.map(({ recipient, diagnosis }) => [recipient.address, diagnosis.status]),
        [[BOB, 'operator-failed']],
      );
      assert.equal(await world.left(), 1);
      assert.equal(world.orders.length, 1);
    }));
}

test('an outcome of mail that an operator took away is told as such, and as nothing else', async () =>
  inWorld(async (world) => {
    const end = Promise.withResolvers<void>();
    world.answer = async (order) => end.promise.then(() => all(DELIVERED)(order));
    await world.accept('m1');
    assert.equal(await world.desk.act({ recipient: BOB }, 'cancel'), 1);
    end.resolve();
    await world.until(() => world.count('delivery.lease-lost') === 1);
    assert.equal(world.count('delivery.delivered'), 0);
  }));

const POLICY = { kind: 'mta-sts', domain: 'dest.test', detail: 'MX mx.dest.test is not among mx9.dest.test' } as const;
const UNLISTED = { ...diagnose('sts-no-mx'), policy: POLICY };
const unlisted = (order: Pick<AttemptOrder, 'lease' | 'expired'>): AttemptResult => ({
  ...outcomesOf(order, { kind: order.expired ? 'failed' : 'deferred', diagnosis: UNLISTED }),
  reach: { kind: 'unreachable', diagnosis: UNLISTED },
});

test('STS-06 mail that waits for a policy has a last attempt before it fails, although its destination rests', async () =>
  inWorld(async (world) => {
    world.answer = unlisted;
    await world.accept('m1');
    await world.until(() => world.count('delivery.deferred') === 1);
    assert.deepEqual([...world.watched], ['dest.test']);
    const until = new Date(Date.now() + 100 * HOUR);
    await world.queue.pause({ destination: 'dest.test', until, failures: 9, diagnosis: UNLISTED });
    await world.accept('m2');
    world.now.skippedMs = 25 * HOUR;
    world.worker.lookAgain();
    await world.until(() => world.count('delivery.failed') === 2);
    const expired = world.orders.filter((order) => order.expired);
    // One speaks for both: the policy is asked for anew, and has not changed.
    assert.equal(expired.length, 1);
    assert.deepEqual(
      world.endings.map(({ kind, diagnosis }) => [kind, diagnosis.status]),
      [
        ['failed', 'sts-no-mx'],
        ['failed', 'sts-no-mx'],
      ],
    );
  }));

test('STS-06 no mail that waits for a policy fails while the last look at it is under way', async () =>
  inWorld(async (world) => {
    world.answer = unlisted;
    await world.accept('m1');
    await world.until(() => world.count('delivery.deferred') === 1);
    const until = new Date(Date.now() + 100 * HOUR);
    await world.queue.pause({ destination: 'dest.test', until, failures: 9, diagnosis: UNLISTED });
    for (const id of ['m2', 'm3']) await world.accept(id);
    const looked = Promise.withResolvers<void>();
    world.answer = async (order) => looked.promise.then(() => all(DELIVERED)(order));
    world.now.skippedMs = 25 * HOUR;
    world.worker.lookAgain();
    await world.until(() => world.orders.some(({ expired }) => expired));
    await world.accept('other', ['x@other.test']);
    await world.until(() => world.orders.some(({ lease }) => lease.destination === 'other.test'));
    // The policy has changed: what waited with the one that looked goes too.
    looked.resolve();
    await world.until(() => world.count('delivery.delivered') + world.count('delivery.failed') === 4);
    assert.equal(world.count('delivery.failed'), 0);
  }));

test('STS-06 a message that no host may have for reasons of its own looks for itself alone', async () =>
  inWorld(async (world) => {
    world.answer = unlisted;
    await world.accept('m1');
    await world.until(() => world.count('delivery.deferred') === 1);
    const until = new Date(Date.now() + 100 * HOUR);
    await world.queue.pause({ destination: 'dest.test', until, failures: 9, diagnosis: UNLISTED });
    await world.accept('m2');
    world.answer = async (order) => {
      const isOwn = order.lease.message.messageId === 'm1';
      return isOwn ? { ...unlisted(order), reach: { kind: 'untold' } } : all(DELIVERED)(order);
    };
    world.now.skippedMs = 25 * HOUR;
    world.worker.lookAgain();
    await world.until(() => world.count('delivery.failed') === 1);
    world.worker.lookAgain();
    await world.until(() => world.count('delivery.delivered') + world.count('delivery.failed') === 2);
    assert.equal(world.count('delivery.delivered'), 1);
  }));

test('an attempt that tells nothing of its destination ends neither its rest nor the watch over its policy', async () =>
  inWorld(async (world) => {
    world.answer = unlisted;
    await world.accept('m1');
    await world.until(() => world.count('queue.paused') === 1);
    world.answer = (order) => ({ ...outcomesOf(order, DEFERRED), reach: { kind: 'untold' } });
    world.now.skippedMs = HOUR + 1000;
    world.queue.wake();
    await world.until(() => world.count('delivery.deferred') === 2);
    assert.equal(world.count('queue.resumed'), 0);
    assert.deepEqual([...world.watched], ['dest.test']);
  }));

test('a destination that answers is watched no more', async () =>
  inWorld(async (world) => {
    world.answer = unlisted;
    await world.accept('m1');
    await world.until(() => world.count('delivery.deferred') === 1);
    assert.deepEqual([...world.watched], ['dest.test']);
    world.answer = all(DELIVERED);
    await world.desk.act({}, 'retry');
    world.worker.lookAgain();
    await world.until(() => world.count('delivery.delivered') === 1);
    assert.deepEqual([...world.watched], []);
  }));

test('an operator who ends a rest is heard at once', async () =>
  inWorld(async (world) => {
    world.answer = unreachable;
    await world.accept('m1');
    await world.until(() => world.count('queue.paused') === 1);
    world.answer = all(DELIVERED);
    await world.desk.act({}, 'retry');
    world.worker.lookAgain();
    await world.until(() => world.count('delivery.delivered') === 1);
  }));
