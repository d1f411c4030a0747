/** When a destination rests and when it is served again; the keeper is a real store's queue. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '#mail/diagnosis.ts';
import { Pauses, type PauseKeeper } from '#outbound/pauses.ts';
import type { Pause } from '#queue/store.ts';
import type { SqliteQueueStore } from '#storage/sqlite/queue-store.ts';
import { inDataDirectory } from '../storage/shard-directory.ts';
import { after, NOON } from './lease.ts';

const SECOND = 1000;
const SCHEDULE = { retryWaits: [10 * SECOND, 60 * SECOND], jitter: 0, expireAfter: 1, delayNoticeAfter: 0 };
const REFUSED = diagnose('connection-refused');

type World = { readonly pauses: Pauses; readonly store: SqliteQueueStore; readonly schedules: string[] };

const pausesOver = (keeper: PauseKeeper, schedules: string[] = []): Pauses =>
  new Pauses(
    keeper,
    (destination) => {
      schedules.push(destination);
      return SCHEDULE;
    },
    () => 0.5,
  );

async function inStore(check: (world: World) => Promise<void>): Promise<void> {
  await inDataDirectory(async ({ open }) => {
    const store = await open();
    const schedules: string[] = [];
    await check({ pauses: pausesOver(store, schedules), store, schedules });
  });
}

const untils = (pauses: readonly Pause[]): unknown[] => pauses.map(({ until, failures }) => [until, failures]);

test('a destination that never answered rests after its first failure, longer after each further one', async () =>
  inStore(async ({ pauses, store, schedules }) => {
    assert.equal(await pauses.learn('dead.test', REFUSED, NOON), true);
    assert.deepEqual(await store.pauses(), [
      { destination: 'dead.test', until: after(10 * SECOND), failures: 1, diagnosis: REFUSED },
    ]);
    assert.deepEqual(schedules, ['dead.test'], 'its own times count');
    assert.equal(await pauses.learn('dead.test', REFUSED, after(10 * SECOND)), true);
    assert.deepEqual(untils(await store.pauses()), [[after(70 * SECOND), 2]]);
  }));

test('attempts that were under way when the rest began neither lengthen nor count in it', async () =>
  inStore(async ({ pauses, store }) => {
    await pauses.learn('dead.test', REFUSED, NOON);
    assert.equal(await pauses.learn('dead.test', REFUSED, after(SECOND)), true);
    assert.deepEqual(untils(await store.pauses()), [[after(10 * SECOND), 1]]);
  }));

test('a destination that has answered rests only after five failures in a row', async () =>
  inStore(async ({ pauses }) => {
    const learn = async (failed: boolean): Promise<boolean> =>
      pauses.learn('live.test', failed ? REFUSED : undefined, NOON);
    assert.equal(await learn(false), false);
    for (let failed = 1; failed < 5; failed += 1) assert.equal(await learn(true), false, `failure ${failed}`);
    assert.equal(await learn(false), false, 'an answer in between begins the count anew');
    for (let failed = 1; failed < 5; failed += 1) assert.equal(await learn(true), false, `failure ${failed} again`);
    assert.equal(await learn(true), true);
  }));

test('an answer ends the rest', async () =>
  inStore(async ({ pauses, store }) => {
    await pauses.learn('dead.test', REFUSED, NOON);
    assert.equal(await pauses.learn('dead.test', undefined, after(10 * SECOND)), false);
    assert.deepEqual(await store.pauses(), []);
    assert.equal(pauses.at('dead.test', after(5 * SECOND)), undefined);
  }));

test('a rest is in force until its time, and its end is a probation: one more failure is enough', async () =>
  inStore(async ({ pauses }) => {
    await pauses.learn('dead.test', REFUSED, NOON);
    assert.equal(pauses.at('dead.test', after(10 * SECOND - 1))?.diagnosis, REFUSED);
    assert.equal(pauses.at('dead.test', after(10 * SECOND)), undefined);
    assert.equal(pauses.at('other.test', NOON), undefined);
    assert.equal(await pauses.learn('dead.test', REFUSED, after(10 * SECOND)), true);
  }));

test('the rests of an earlier life are taken up, and those that an operator ended are not', async () =>
  inStore(async ({ pauses, store }) => {
    await pauses.learn('dead.test', REFUSED, NOON);
    const next = pausesOver(store);
    await next.load();
    assert.deepEqual(next.at('dead.test', NOON), pauses.at('dead.test', NOON));
    await store.resume('dead.test');
    await next.load();
    assert.equal(next.at('dead.test', NOON), undefined);
  }));

test('what is learned while the rests are taken up counts more than what the store said before', async () =>
  inStore(async ({ pauses, store }) => {
    await pauses.learn('back.test', REFUSED, NOON);
    const loaded = pauses.load();
    await Promise.all([pauses.learn('dead.test', REFUSED, NOON), pauses.learn('back.test', undefined, NOON), loaded]);
    assert.equal(pauses.at('dead.test', NOON)?.diagnosis, REFUSED);
    assert.equal(pauses.at('back.test', NOON), undefined);
    await pauses.learn('dead.test', undefined, after(10 * SECOND));
    assert.deepEqual(await store.pauses(), [], 'no rest is left that nobody would end');
  }));

test('what the store does not take is not believed, and is told to it again', async () => {
  const kept: Pause[] = [];
  let isFull = true;
  const write = async (change: () => void): Promise<void> => {
    if (isFull) throw new Error('the disk is full');
    change();
    return Promise.resolve();
  };
  const pauses = pausesOver({
    pause: async (pause) => write(() => kept.push(pause)),
    resume: async () => write(() => kept.splice(0)),
    pauses: async () => Promise.resolve(kept),
  });
  await assert.rejects(pauses.learn('dead.test', REFUSED, NOON), /full/);
  assert.equal(pauses.at('dead.test', NOON), undefined);
  isFull = false;
  assert.equal(await pauses.learn('dead.test', REFUSED, NOON), true);
  assert.equal(kept.length, 1);
  isFull = true;
  await assert.rejects(pauses.learn('dead.test', undefined, NOON), /full/);
  isFull = false;
  await pauses.learn('dead.test', undefined, NOON);
  assert.deepEqual(kept, []);
});

test('only so many destinations are remembered as living', async () =>
  inStore(async ({ pauses }) => {
    await pauses.learn('first.test', undefined, NOON);
    for (let other = 0; other < 10_000; other += 1) await pauses.learn(`d${other}.test`, undefined, NOON);
    assert.equal(await pauses.learn('d9999.test', REFUSED, NOON), false);
    assert.equal(await pauses.learn('first.test', REFUSED, NOON), true, 'the longest known was forgotten');
  }));
