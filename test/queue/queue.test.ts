/** The queue as one process uses it, over real stores. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventName } from '#log/events.ts';
import { Queue } from '#queue/queue.ts';
import type { Lease } from '#queue/store.ts';
import type { SqliteQueueStore } from '#storage/sqlite/queue-store.ts';
import { inDataDirectory, type DataDirectory } from '../storage/shard-directory.ts';
import { at, deferred, delivered, DIAGNOSIS, held, message, OCTETS, only, request, settling } from './mail.ts';

const BOB = 'bob@example.net';
const DAY_MS = 24 * 3_600_000;

const settings = {
  retryWaits: [60_000],
  jitter: 0,
  expireAfter: DAY_MS,
  delayNoticeAfter: DAY_MS / 6,
  inlineLimit: 65_536,
  freshMemory: 3 * OCTETS.length,
  destinations: [{ domains: ['example.com'], expireAfter: 60_000 }],
};

type World = {
  readonly clock: { now: Date };
  readonly queue: Queue;
  readonly events: EventName[];
  readonly fresh: Lease[];
  readonly busy: Set<string>;
};

async function inQueue(check: (world: World, directory: DataDirectory, own: SqliteQueueStore) => Promise<void>) {
  await inDataDirectory(async (directory) => {
    const own = await directory.open(0);
    const events: EventName[] = [];
    const report = (event: EventName): void => void events.push(event);
    const clock = { now: at(0) };
    const queue = new Queue({ store: own, settings: () => settings, report, now: () => clock.now });
    const fresh: Lease[] = [];
    const busy = new Set<string>();
    queue.subscribe({
      leaseFor: 3_600_000,
      recipientsPerLease: () => 50,
      freshRoom: (destination) => !busy.has(destination),
      onFresh: (leases) => fresh.push(...leases),
    });
    await check({ clock, queue, events, fresh, busy }, directory, own);
    await queue.close();
  });
}

test('fresh mail goes straight to the outbound side while it has room, and waits on disk when it has none', async () =>
  inQueue(async ({ queue, fresh, busy }) => {
    await queue.accept([message('m1', [BOB])]);
    assert.deepEqual(held(fresh), ['m1:0']);
    busy.add('example.net');
    await queue.accept([message('m2', [BOB])]);
    assert.equal(fresh.length, 1);
    assert.deepEqual(held(await queue.lease(request(at(0)))), ['m2:0']);
  }));

test('no more fresh mail is in memory than allowed, and what is settled makes room', async () =>
  inQueue(async ({ queue, fresh }) => {
    await Promise.all(
      ['m1', 'm2', 'm3', 'm4', 'm5'].map(async (id) => queue.accept([message(id, [BOB, 'c@example.com'])])),
    );
    assert.equal(new Set(fresh.map(({ message: { messageId } }) => messageId)).size, 3);
    await queue.settle(fresh.splice(0).map((lease) => delivered(lease)));
    await queue.accept([message('m6', [BOB])]);
    assert.deepEqual(held(fresh), ['m6:0']);
  }));

test('a message that the store refuses is reported, reaches nobody and keeps no memory', async () =>
  inQueue(async ({ queue, fresh, events }) => {
    await queue.accept([message('m0', [BOB])]);
    for (let tries = 0; tries < 5; tries += 1) await assert.rejects(queue.accept([message('m0', [BOB])]));
    assert.deepEqual(
      events,
      Array.from({ length: 5 }, () => 'queue.storage-failed'),
    );
    await queue.accept([message('m1', [BOB])]);
    assert.deepEqual(held(fresh), ['m0:0', 'm1:0']);
  }));

test('leases come from every store in turn and find back to it', async () =>
  inQueue(async ({ queue, busy }, { open }, own) => {
    const other = await open(1);
    busy.add('example.net');
    await queue.accept([message('own', [BOB])]);
    await other.add([message('adopted', [BOB])]);
    queue.adopt(other);
    const first = await queue.lease(request(at(0), { perDestination: 1 }));
    const second = await queue.lease(request(at(0), { perDestination: 1 }));
    assert.deepEqual(held([...first, ...second]), ['adopted:0', 'own:0']);
    assert.equal(first.length, 1, 'one destination has its limit over all stores');
    assert.deepEqual(await queue.settle([...first, ...second].map((lease) => delivered(lease))), [true, true]);
    assert.equal((await own.depth(at(0))).messages + (await other.depth(at(0))).messages, 0);
    assert.equal((await queue.depth()).messages, 0);
  }));

test('a lease stays known when its settlement fails, and is lost only once it is settled', async () =>
  inQueue(async ({ queue, fresh }) => {
    await queue.accept([message('m0', [BOB])]);
    await queue.accept([message('m1', [BOB])]);
    const lease = only(fresh.slice(1));
    const failed = { kind: 'failed', diagnosis: DIAGNOSIS } as const;
    await assert.rejects(queue.settle([settling(lease, failed, [message('m0', [BOB])])]));
    assert.deepEqual(await queue.settle([settling(lease, failed)]), [true]);
    assert.deepEqual(await queue.settle([settling(lease, failed)]), [false]);
  }));

test('overdue mail is asked for by the settings, also those of one destination', async () =>
  inQueue(async ({ queue, busy }) => {
    busy.add('example.net').add('example.com');
    await queue.accept([message('m1', [BOB, 'c@example.com'])]);
    const asked = { until: at(60), limit: 9 };
    assert.deepEqual(held(await queue.leaseOverdue({ ...asked, now: at(1) })), ['m1:1']);
    assert.deepEqual(held(await queue.leaseOverdue({ ...asked, now: new Date(at(0).getTime() + DAY_MS) })), [
      'm1:0',
      'm1:1',
    ]);
  }));

test('a pause and its end are reported and reach every store', async () =>
  inQueue(async ({ queue, events }, { open }) => {
    const other = await open(1);
    queue.adopt(other);
    await queue.pause({ destination: 'example.net', until: at(5), failures: 1, diagnosis: DIAGNOSIS });
    assert.equal((await other.pauses()).length, 1);
    assert.equal((await queue.pauses()).length, 1);
    assert.equal((await queue.depth()).pausedDestinations, 1);
    await queue.resume('example.net');
    assert.deepEqual(await queue.pauses(), []);
    assert.deepEqual(events, ['queue.paused', 'queue.resumed']);
  }));

const never = new AbortController().signal;

test('waiting ends when mail is added, when the operator wakes it, and with the signal', async () =>
  inQueue(async ({ queue, busy }) => {
    busy.add('example.net');
    const added = queue.due(DAY_MS, never);
    await queue.accept([message('m1', [BOB])]);
    await added;
    await queue.lease(request(at(0)));
    const woken = queue.due(DAY_MS, never);
    queue.wake();
    await woken;
    const aborted = queue.due(DAY_MS, AbortSignal.timeout(20));
    await aborted;
  }));

test('a wake that comes while nobody waits is not lost, and counts once', async () =>
  inQueue(async ({ queue }) => {
    queue.wake();
    await queue.due(DAY_MS, never);
    const second = queue.due(DAY_MS, never).then(() => 'woken');
    assert.equal(await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 50, 'waits'))]), 'waits');
    queue.wake();
    assert.equal(await second, 'woken');
  }));

test('waiting ends when the next retry is due', async () =>
  inQueue(async ({ queue, fresh }) => {
    await queue.accept([message('m1', [BOB])]);
    await queue.settle([deferred(only(fresh), new Date(at(0).getTime() + 30))]);
    await queue.lease(request(at(0)));
    await queue.due(DAY_MS, never);
    assert.equal((await queue.lease(request(at(1)))).length, 1);
  }));

test('what becomes due between a lease and the wait for the next one is not slept through', async () =>
  inQueue(async ({ clock, queue, fresh }) => {
    await queue.accept([message('m1', [BOB])]);
    await queue.settle([deferred(only(fresh), at(1))]);
    await queue.lease(request(new Date(at(1).getTime() - 1)));
    clock.now = at(1);
    const patience = AbortSignal.timeout(2000);
    await queue.due(DAY_MS, patience);
    assert.ok(!patience.aborted, 'it slept');
    // What a lease left for lack of room does not end the wait.
    await queue.lease(request(clock.now, { busy: new Set(['example.net']) }));
    const waiting = queue.due(DAY_MS, never).then(() => 'woken');
    assert.equal(await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 50, 'waits'))]), 'waits');
    queue.wake();
    await waiting;
    assert.deepEqual(held(await queue.lease(request(clock.now))), ['m1:0']);
  }));
