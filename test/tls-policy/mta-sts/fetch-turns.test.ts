import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FetchTurns } from '#tls-policy/mta-sts/fetch-turns.ts';

/** Work that lasts until it is told to end, and the order in which such works began. */
function works() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => async () => {
    begun.push(name);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    return name;
  };
  return { begun, work, end: (name: string) => ends.get(name)?.() };
}

/** All that can run without anything new has run. */
const settled = async () => new Promise((resolve) => setImmediate(resolve));

test('STS-44 a slow place fills its own share only', async () => {
  const turns = new FetchTurns({ inAll: 3, fromOnePlace: 2 });
  const { begun, work, end } = works();
  const all = ['slow1', 'slow2', 'slow3', 'slow4'].map((name) => turns.take('slow', work(name)));
  all.push(turns.take('other', work('other1')));
  await settled();
  assert.deepEqual(begun, ['slow1', 'slow2', 'other1']);
  all.push(turns.take('other', work('other2')));
  end('other1');
  await settled();
  assert.deepEqual(begun, ['slow1', 'slow2', 'other1', 'other2']);
  for (const name of ['slow1', 'other2', 'slow2', 'slow3']) {
    end(name);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await settled();
  }
  end('slow4');
  assert.deepEqual((await Promise.all(all)).length, 6);
  assert.deepEqual(begun, ['slow1', 'slow2', 'other1', 'other2', 'slow3', 'slow4']);
});

test('no more run at once than are allowed in all, first come first served', async () => {
  const turns = new FetchTurns({ inAll: 2, fromOnePlace: 2 });
  const { begun, work, end } = works();
  const all = ['a', 'b', 'c', 'd'].map((name) => turns.take(name, work(name)));
  await settled();
  assert.deepEqual(begun, ['a', 'b']);
  end('b');
  await settled();
  assert.deepEqual(begun, ['a', 'b', 'c']);
  end('a');
  end('c');
  await settled();
  end('d');
  assert.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd']);
});

test('work that fails gives its turn up', async () => {
  const turns = new FetchTurns({ inAll: 1, fromOnePlace: 1 });
  const failing = turns.take('a', async () => Promise.reject(new Error('no')));
  const next = turns.take('a', async () => Promise.resolve('next'));
  await assert.rejects(failing);
  assert.equal(await next, 'next');
});
