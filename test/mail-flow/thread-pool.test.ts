import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ThreadPool } from '#mail-flow/thread-pool.ts';
import type { TestJob } from './pool-thread.ts';

const script = new URL('pool-thread.ts', import.meta.url);
const echo = (text: string): TestJob => ({ kind: 'echo', text });

describe('threads for hostile work', () => {
  let limits = { threads: 2, memory: 64 * 1024 * 1024, timeout: 60_000 };
  let terms = 'first';
  let pool: ThreadPool<string, TestJob, string>;
  beforeEach(() => {
    limits = { threads: 2, memory: 64 * 1024 * 1024, timeout: 60_000 };
    terms = 'first';
    pool = new ThreadPool(
      script,
      () => limits,
      () => terms,
    );
  });
  afterEach(async () => pool.close());

  const answerOf = async (job: TestJob): Promise<string> => {
    const result = await pool.run(job);
    return result.kind === 'done' ? result.answer : `${result.cause}: ${result.reason}`;
  };

  test('every job has its own answer, however many wait', async () => {
    const texts = Array.from({ length: 50 }, (_, index) => String(index));
    const answers = await Promise.all(texts.map(async (text) => answerOf(echo(text))));
    assert.deepEqual(
      answers,
      texts.map((text) => `first: ${text}`),
    );
    assert.equal(pool.load, 0);
  });

  test('changed terms hold for every job that begins from then on', async () => {
    await Promise.all([answerOf(echo('a')), answerOf(echo('b'))]);
    terms = 'second';
    assert.deepEqual(await Promise.all(['c', 'd', 'e'].map(async (text) => answerOf(echo(text)))), [
      'second: c',
      'second: d',
      'second: e',
    ]);
  });

  test('a job without an end is ended, and those behind it have their turn', async () => {
    limits = { ...limits, threads: 1, timeout: 300 };
    const slow = answerOf({ kind: 'loop' });
    const next = answerOf(echo('next'));
    assert.equal(await slow, 'time: it took longer than 300 ms');
    limits = { ...limits, timeout: 60_000 };
    assert.equal(await next, 'first: next');
  });

  test('a job whose turn does not come for the time of ten is given up, and those that come later have theirs', async () => {
    limits = { ...limits, threads: 1, timeout: 20 };
    const results = await Promise.all(Array.from({ length: 16 }, async () => answerOf({ kind: 'loop' })));
    assert.equal(results[0], 'time: it took longer than 20 ms');
    assert.equal(results.at(-1), 'busy: too much mail waits to be looked into');
    limits = { ...limits, timeout: 60_000 };
    assert.equal(await answerOf(echo('next')), 'first: next');
  });

  test('a job that takes all memory is ended alone', async () => {
    limits = { ...limits, threads: 1 };
    assert.equal(await answerOf({ kind: 'fill' }), 'memory: it needs more memory than 64 MiB');
    assert.equal(await answerOf(echo('next')), 'first: next');
  });

  test('defects are told, wherever they end the thread', async () => {
    assert.equal(await answerOf({ kind: 'throw' }), 'defect: a defect');
    assert.equal(await answerOf({ kind: 'exit' }), 'defect: its thread has ended with code 3');
    assert.equal(await answerOf({ kind: 'defect' }), 'defect: told');
    assert.equal(await answerOf(echo('next')), 'first: next');
  });

  test('a pool that closes tells everybody', async () => {
    limits = { ...limits, threads: 1 };
    const under = answerOf({ kind: 'loop' });
    const behind = answerOf(echo('next'));
    await pool.close();
    assert.deepEqual(
      await Promise.all([under, behind, answerOf(echo('late'))]),
      Array(3).fill('closed: the relay stops'),
    );
  });
});
