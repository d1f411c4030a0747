import assert from 'node:assert/strict';
import { test } from 'node:test';

import { WeighedCache } from '#tls-policy/mta-sts/weighed-cache.ts';

test('what was used least recently goes first when the limit is passed', () => {
  const cache = new WeighedCache<number>(10);
  cache.set('a', 1, 4);
  cache.set('b', 2, 4);
  assert.equal(cache.get('a'), 1);
  cache.set('c', 3, 4);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => cache.get(key)),
    [1, undefined, 3],
  );
});

test('a value that is weighed anew counts once', () => {
  const cache = new WeighedCache<number>(10);
  for (let turn = 0; turn < 5; turn += 1) cache.set('a', turn, 4);
  cache.set('b', 2, 6);
  assert.equal(cache.get('a'), 4);
  cache.set('a', 5, 5);
  assert.equal(cache.get('b'), undefined);
  assert.equal(cache.size, 1);
});

test('a heavy value pushes out as many as it takes, and itself when it is too heavy', () => {
  const cache = new WeighedCache<number>(10);
  for (const [at, key] of ['a', 'b', 'c', 'd', 'e'].entries()) cache.set(key, at, 2);
  cache.set('f', 5, 7);
  assert.equal(cache.size, 2);
  assert.equal(cache.get('e'), 4);
  cache.set('g', 6, 11);
  assert.equal(cache.size, 0);
  cache.set('h', 7, 10);
  assert.equal(cache.get('h'), 7);
});
