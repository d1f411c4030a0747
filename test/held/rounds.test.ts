/** The rounds over kept mail: what they end, carry out, forget, and try again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StorageUnavailable } from '#queue/store.ts';
import { MemoryHeldStore } from '../doubles/held.ts';
import { at } from '../queue/mail.ts';
import { CustodyBench, withCustody } from './custody-bench.ts';
import { decision, entry, idOf, moderated } from './mail.ts';

const FULL = new StorageUnavailable('full', 'the disk is full');

test('what nobody decided in time ends, and is carried out in the same round', async () =>
  withCustody(async (bench) => {
    const { store, rounds, told } = bench;
    await store.add([
      entry(1, { expiresAt: at(10) }),
      moderated(2, { expiresAt: at(10) }),
      entry(3, { expiresAt: at(11) }),
    ]);
    await store.finish(idOf(2), 'held');
    await rounds.round();
    assert.deepEqual(await Promise.all([1, 2, 3].map(async (number) => (await store.get(idOf(number)))?.state)), [
      'expired',
      'expired',
      'held',
    ]);
    assert.deepEqual((await store.get(idOf(2)))?.endedAt, at(10));
    assert.deepEqual(
      told.map(({ what, notice }) => [what, notice.held.id]),
      [['expired', idOf(2)]],
    );
    assert.deepEqual(bench.events(), ['held.expired', 'held.expired']);
    assert.deepEqual(await store.unfinished(10), []);
  }));

test('everything unfinished is carried out, however many pages it is', async () =>
  withCustody(async ({ store, rounds, queued }) => {
    await store.add(Array.from({ length: 250 }, (_, index) => entry(index)));
    for (let number = 0; number < 250; number += 1) await store.decide(idOf(number), decision('releasing'));
    await rounds.round();
    assert.equal(queued.length, 250);
    assert.deepEqual(await store.unfinished(10), []);
  }));

test('everything overdue ends, however many pages it is', async () =>
  withCustody(async ({ store, rounds }) => {
    await store.add(Array.from({ length: 250 }, (_, index) => entry(index, { expiresAt: at(1) })));
    await rounds.round();
    assert.deepEqual(await store.counts(), { quarantine: 0, moderation: 0 });
  }));

test('what is held is counted for the figures', async () =>
  withCustody(async ({ store, rounds, figures }) => {
    await store.add([entry(1), entry(2), moderated(3)]);
    await store.decide(idOf(1), decision('deleted'));
    await rounds.round();
    assert.deepEqual(figures, [{ quarantine: 1, moderation: 1 }]);
  }));

test('an entry that fails holds no other up, and is tried again, ever more seldom', async () =>
  withCustody(async (bench) => {
    const { store, rounds, queued } = bench;
    bench.defect = new Error('what the composer said');
    await store.add([moderated(1, { expiresAt: at(10_000) }), entry(2)]);
    await store.decide(idOf(2), decision('releasing'));
    await rounds.round();
    assert.equal(queued.length, 1);
    const [failed] = bench.reported;
    assert.equal(failed?.event, 'held.failed');
    assert.deepEqual(failed.fields, {
      messageId: idOf(1),
      rule: 'Card numbers',
      decision: 'held',
      reason: 'it could not be done',
      attempt: 1,
      retryAt: new Date(at(10).getTime() + 10_000).toISOString(),
    });
    assert.equal(failed.error, bench.defect);

    const tries = (): number => bench.events().filter((event) => event === 'held.failed').length;
    const roundAfter = async (seconds: number): Promise<number> => {
      bench.now = new Date(bench.now.getTime() + seconds * 1000);
      await rounds.round();
      return tries();
    };
    assert.equal(await roundAfter(9), 1, 'it is too early');
    assert.equal(await roundAfter(1), 2);
    assert.equal(await roundAfter(19), 2, 'it is too early');
    assert.equal(await roundAfter(1), 3);
    for (let more = 0; more < 10; more += 1) await roundAfter(600);
    assert.equal(await roundAfter(599), 13, 'it is too early');
    assert.equal(await roundAfter(1), 14, 'it is never given up');

    bench.defect = undefined;
    await roundAfter(600);
    assert.equal(queued.length, 3);
    assert.deepEqual(await store.unfinished(10), []);
  }));

test('a queue that takes nothing ends the round, and all goes on when it does again', async () =>
  withCustody(async (bench) => {
    const { store, rounds, queued } = bench;
    await store.add(Array.from({ length: 20 }, (_, index) => moderated(index)));
    bench.queueFailure = FULL;
    await rounds.round();
    assert.deepEqual(bench.events(), ['held.failed', 'held.failed', 'held.failed', 'held.storage-failed']);
    assert.equal(bench.reported.at(-1)?.fields.reason, 'full');
    bench.queueFailure = undefined;
    bench.now = at(11);
    await rounds.round();
    assert.equal(queued.length, 40);
    assert.deepEqual(await store.unfinished(10), []);
  }));

test('one entry that the queue does not take holds no other up', async () =>
  withCustody(async (bench) => {
    const { store, rounds, queued, custody } = bench;
    await store.add([1, 2, 3, 4, 5].map((number) => moderated(number)));
    const carryOut = custody.carryOut.bind(custody);
    custody.carryOut = async (held) => {
      if (held.id === idOf(2)) throw new StorageUnavailable('io', 'constraint failed');
      await carryOut(held);
    };
    await rounds.round();
    assert.equal(queued.length, 8);
    assert.deepEqual(bench.events().toSorted(), [
      'held.asked',
      'held.asked',
      'held.asked',
      'held.asked',
      'held.failed',
    ]);
  }));

test('a store that cannot be read is told, and the next round is as any', async () => {
  const store = new MemoryHeldStore('/nowhere');
  const bench = new CustodyBench(store);
  await store.add([entry(1, { expiresAt: at(1) })]);
  store.failure = new StorageUnavailable('corrupt', 'held.db: the database is damaged');
  await bench.rounds.round();
  assert.deepEqual(bench.events(), ['held.storage-failed']);
  assert.equal(bench.reported[0]?.fields.reason, 'corrupt');
  store.failure = undefined;
  await bench.rounds.round();
  assert.equal((await store.get(idOf(1)))?.state, 'expired');
  bench.remove();
});

test('what ended long ago is forgotten, once an hour', async () =>
  withCustody(async (bench) => {
    const { store, rounds } = bench;
    const endAt = async (number: number, minute: number): Promise<void> => {
      await store.add([entry(number)]);
      await store.decide(idOf(number), decision('deleted', { at: at(minute) }));
    };
    await endAt(1, 8);
    await endAt(2, 9.5);
    const roundAt = async (minute: number): Promise<readonly string[]> => {
      bench.now = at(minute);
      await rounds.round();
      return (await store.list({ limit: 9 })).map(({ id }) => id);
    };
    assert.deepEqual(await roundAt(10), [idOf(2)]);
    assert.deepEqual(await roundAt(69), [idOf(2)], 'it has not been an hour');
    assert.deepEqual(await roundAt(70), []);
  }));

test('what was decided about an entry does not wait for what failed before', async () =>
  withCustody(async (bench) => {
    const { store, rounds, queued } = bench;
    bench.defect = new Error('moderators cannot be asked');
    await store.add([moderated(1)]);
    await rounds.round();
    await store.decide(idOf(1), decision('releasing'));
    await rounds.round();
    assert.equal(queued.length, 1);
  }));

test('whoever wakes it while it runs gets one more round', async () =>
  withCustody(async (bench) => {
    const { store, rounds, custody, figures } = bench;
    await store.add([moderated(1)]);
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const carryOut = custody.carryOut.bind(custody);
    custody.carryOut = async (held) => {
      begun.resolve();
      await release.promise;
      await carryOut(held);
    };
    rounds.wake();
    await begun.promise;
    await store.add([moderated(2)]);
    for (let times = 0; times < 5; times += 1) rounds.wake();
    release.resolve();
    while (figures.length < 2) await nextTurn();
    for (let turns = 0; turns < 10; turns += 1) await nextTurn();
    assert.equal(figures.length, 2);
    assert.deepEqual(await store.unfinished(10), []);
  }));

test('stopping waits for the entry under way and begins no other', async () =>
  withCustody(async (bench) => {
    const { store, rounds, custody } = bench;
    await store.add([1, 2, 3].map((number) => moderated(number)));
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const carryOut = custody.carryOut.bind(custody);
    custody.carryOut = async (held) => {
      begun.resolve();
      await release.promise;
      await carryOut(held);
    };
    rounds.start();
    await begun.promise;
    let isStopped = false;
    const stopped = rounds.stop().then(() => {
      isStopped = true;
    });
    await nextTurn();
    assert.equal(isStopped, false, 'it stopped while an entry was under way');
    release.resolve();
    await stopped;
    assert.deepEqual(bench.events(), ['held.asked']);
    assert.equal((await store.unfinished(10)).length, 2);
    rounds.wake();
    assert.equal((await store.unfinished(10)).length, 2, 'it was woken after its end');
  }));
