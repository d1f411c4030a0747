/** Answers that are kept: for how long, what happens when the directory fails, and that nobody is asked for twice at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CachedDirectory } from '#directory/cached.ts';
import type { Directory } from '#directory/directory.ts';
import { memoryDirectory } from '#directory/memory.ts';
import type { CacheSettings } from '#directory/settings.ts';
import type { EventName } from '#log/events.ts';
import type { PersonFinding } from '#rules/people.ts';
import { directoryContract } from './contract.ts';
import { PEOPLE } from './people.ts';

const SETTINGS: CacheSettings = { cacheFor: 1000, staleFor: 5000, cacheEntries: 100 };

type World = {
  readonly directory: Directory;
  readonly clock: { now: number };
  readonly events: EventName[];
  /** What the directory behind was asked for, question by question. */
  readonly asked: string[][];
  /** The directory behind, which may fail, wait, or know other people. */
  readonly inner: { reason?: string | undefined; gate?: Promise<void>; people: Directory };
};

function open(settings: Partial<CacheSettings> = {}): World {
  const asked: string[][] = [];
  const events: EventName[] = [];
  const clock = { now: 0 };
  const inner: World['inner'] = { people: memoryDirectory(PEOPLE) };
  const behind: Directory = {
    async find(addresses) {
      asked.push([...addresses]);
      const { reason } = inner;
      await inner.gate;
      if (reason === undefined) return inner.people.find(addresses);
      return new Map(addresses.map((address): [string, PersonFinding] => [address, { kind: 'failed', reason }]));
    },
    close: () => inner.people.close(),
  };
  const directory = new CachedDirectory(behind, {
    settings: { ...SETTINGS, ...settings },
    report: (event) => events.push(event),
    now: () => clock.now,
  });
  return { directory, clock, events, asked, inner };
}

async function kinds({ directory }: World, ...addresses: readonly string[]): Promise<readonly string[]> {
  const findings = await directory.find(addresses);
  return addresses.map((address) => findings.get(address)?.kind ?? 'no answer');
}

directoryContract('a directory whose answers are kept', async () => open().directory);
directoryContract(
  'a directory whose answers are not kept',
  async () => open({ cacheFor: 0, cacheEntries: 1 }).directory,
);

test('an answer is used until it is as old as the setting says, an absence too', async () => {
  const world = open();
  await kinds(world, 'mary@example.org', 'nobody@example.org');
  world.clock.now += 999;
  assert.deepEqual(await kinds(world, 'mary@example.org', 'nobody@example.org'), ['person', 'absent']);
  assert.equal(world.asked.length, 1);
  world.clock.now += 1;
  assert.deepEqual(await kinds(world, 'mary@example.org', 'nobody@example.org'), ['person', 'absent']);
  assert.deepEqual(world.asked, [
    ['mary@example.org', 'nobody@example.org'],
    ['mary@example.org', 'nobody@example.org'],
  ]);
});

test('only what is not known is asked for', async () => {
  const world = open();
  await kinds(world, 'mary@example.org');
  await kinds(world, 'mary@example.org', 'alone@example.org');
  assert.deepEqual(world.asked, [['mary@example.org'], ['alone@example.org']]);
});

test('a manager is told with somebody who is kept, and asked for where it is not kept any more', async () => {
  const world = open({ cacheEntries: 2 });
  await kinds(world, 'ada@example.org');
  assert.deepEqual(await kinds(world, 'ada@example.org'), ['person']);
  assert.equal(world.asked.length, 1, 'the manager came with the first answer');
  await kinds(world, 'mary@example.org');
  const findings = await world.directory.find(['ada@example.org']);
  assert.deepEqual([...findings.keys()].toSorted(), ['ada@example.org', 'grace@example.org']);
});

test('what is asked for while the answer is on its way is not asked for again', async () => {
  const world = open();
  const { promise, resolve } = Promise.withResolvers<void>();
  world.inner.gate = promise;
  const first = kinds(world, 'mary@example.org', 'nobody@example.org');
  const second = kinds(world, 'nobody@example.org', 'alone@example.org');
  const third = kinds(world, 'mary@example.org', 'mary@example.org');
  resolve();
  assert.deepEqual(await Promise.all([first, second, third]), [
    ['person', 'absent'],
    ['absent', 'person'],
    ['person', 'person'],
  ]);
  assert.deepEqual(world.asked, [['mary@example.org', 'nobody@example.org'], ['alone@example.org']]);
});

test('while the directory fails, what it said before counts until its bound, an absence too', async () => {
  const world = open();
  await kinds(world, 'mary@example.org', 'nobody@example.org');
  world.inner.reason = 'it is down';
  world.clock.now = 4999;
  assert.deepEqual(await kinds(world, 'mary@example.org', 'nobody@example.org'), ['person', 'absent']);
  assert.deepEqual(world.events, ['directory.stale-used', 'directory.stale-used']);
  world.clock.now = 5000;
  assert.deepEqual(await kinds(world, 'mary@example.org', 'nobody@example.org'), ['failed', 'failed']);
});

test('a stale answer does not become younger by being used', async () => {
  const world = open();
  await kinds(world, 'mary@example.org');
  world.inner.reason = 'it is down';
  for (const now of [1000, 3000, 4999]) {
    world.clock.now = now;
    assert.deepEqual(await kinds(world, 'mary@example.org'), ['person']);
  }
  assert.equal(world.asked.length, 4, 'the directory is asked each time');
  world.clock.now = 5000;
  assert.deepEqual(await kinds(world, 'mary@example.org'), ['failed']);
});

test('a failure is not kept: the next question asks again', async () => {
  const world = open();
  world.inner.reason = 'it is down';
  assert.deepEqual(await kinds(world, 'mary@example.org'), ['failed']);
  world.inner.reason = undefined;
  assert.deepEqual(await kinds(world, 'mary@example.org'), ['person']);
  assert.equal(world.asked.length, 2);
});

test('somebody who has left is absent once the directory has said so, and stays so while it fails', async () => {
  const world = open();
  await kinds(world, 'mary@example.org');
  world.inner.people = memoryDirectory([]);
  world.clock.now = 1000;
  assert.deepEqual(await kinds(world, 'mary@example.org'), ['absent']);
  world.inner.reason = 'it is down';
  world.clock.now = 2000;
  assert.deepEqual(await kinds(world, 'mary@example.org'), ['absent']);
});

test('strangers do not push out who is known, and no more is kept than the setting says', async () => {
  const world = open({ cacheEntries: 10 });
  await kinds(world, 'mary@example.org');
  const strangers = Array.from({ length: 50 }, (_, index) => `stranger${index}@example.org`);
  await kinds(world, ...strangers);
  assert.deepEqual(await kinds(world, 'mary@example.org'), ['person']);
  assert.equal(world.asked.length, 2);
  await kinds(world, ...strangers);
  assert.deepEqual(world.asked[2], strangers.slice(0, 40), 'the last ten are still known');
});

test('a directory behind that gives no answer for an address has failed for it', async () => {
  const silent: Directory = { find: async () => new Map(), close: async () => undefined };
  const directory = new CachedDirectory(silent, { settings: SETTINGS, report: () => undefined, now: () => 0 });
  assert.equal((await directory.find(['a@x.test'])).get('a@x.test')?.kind, 'failed');
});
