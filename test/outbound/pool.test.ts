import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { SessionPool } from '#outbound/pool.ts';
import type { Session } from '#outbound/transaction.ts';
import { ScriptedHost } from '../doubles/scripted-host.ts';
import { opened, settingsWith } from './opened.ts';

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});

class Clock {
  now = 0;
  readonly read = (): number => this.now;
}

async function poolWith(reuse = { messages: 3, lifetime: 100, idle: 10 }, total = 10) {
  const host = await ScriptedHost.start();
  const clock = new Clock();
  const pool = new SessionPool(
    () => settingsWith({ reuse, concurrency: { total, perDestination: total } }),
    clock.read,
  );
  closing.push(
    () => pool.drain(),
    () => host.close(),
  );
  const open = async (): Promise<Session> => {
    const session = await opened(host);
    closing.unshift(() => session.close());
    return session;
  };
  return { host, clock, pool, open };
}

test('a session is had again under its own key only', async () => {
  const { pool, open } = await poolWith();
  const session = await open();
  pool.give('a', session);
  assert.equal(pool.take('b'), undefined);
  assert.equal(pool.take('a'), session);
  assert.equal(pool.take('a'), undefined);
});

test('the session given last is taken first', async () => {
  const { pool, open } = await poolWith();
  const [first, second] = [await open(), await open()];
  pool.give('a', first);
  pool.give('a', second);
  assert.equal(pool.size, 2);
  assert.equal(pool.take('a'), second);
  assert.equal(pool.take('a'), first);
});

test('no more sessions wait than may be at work: those of the place used longest ago go first', async () => {
  const { pool, open, host } = await poolWith(undefined, 2);
  for (const key of ['a', 'b', 'c', 'b']) {
    const known = pool.take(key);
    pool.give(key, known ?? (await open()));
  }
  assert.equal(pool.size, 2);
  assert.equal(pool.take('a'), undefined);
  assert.notEqual(pool.take('c'), undefined);
  assert.notEqual(pool.take('b'), undefined);
  assert.equal(pool.size, 0);
  for (let tries = 0; !host.transcript.includes('QUIT') && tries < 500; tries += 1) await sleep(10);
  assert.deepEqual(
    host.transcript.filter((line) => line === 'QUIT'),
    ['QUIT'],
  );
});

test('a session carries so many messages and no more', async () => {
  const { pool, open } = await poolWith();
  const session = await open();
  for (let message = 1; message < 3; message += 1) {
    pool.give('a', session);
    assert.equal(pool.take('a'), session);
  }
  pool.give('a', session);
  assert.equal(pool.size, 0);
  assert.equal(pool.take('a'), undefined);
});

test('a session that waited for too long is not taken', async () => {
  const { pool, open, clock } = await poolWith();
  pool.give('a', await open());
  clock.now = 11;
  assert.equal(pool.take('a'), undefined);
  assert.equal(pool.size, 0);
});

test('a session that lived for too long is not taken', async () => {
  const { pool, open, clock } = await poolWith({ messages: 1000, lifetime: 25, idle: 10 });
  const session = await open();
  for (clock.now = 0; clock.now <= 20; clock.now += 10) {
    pool.give('a', session);
    assert.equal(pool.take('a'), session);
  }
  pool.give('a', session);
  assert.equal(pool.size, 0);
});

test('idle sessions are closed and others stay', async () => {
  const { host, pool, open, clock } = await poolWith();
  pool.give('a', await open());
  clock.now = 8;
  const fresh = await open();
  pool.give('a', fresh);
  clock.now = 12;
  await pool.closeIdle();
  assert.equal(pool.size, 1);
  assert.deepEqual(host.commands('QUIT'), ['QUIT']);
  assert.equal(pool.take('a'), fresh);
});

test('a session that has ended is not kept', async () => {
  const { pool, open } = await poolWith();
  const session = await open();
  await session.close();
  pool.give('a', session);
  assert.equal(pool.size, 0);
});

test('a drained pool closes what it has and what it is given', async () => {
  const { host, pool, open } = await poolWith();
  const [kept, late] = [await open(), await open()];
  pool.give('a', kept);
  await pool.drain();
  assert.equal(kept.usable, false);
  pool.give('a', late);
  assert.equal(pool.size, 0);
  await late.close();
  assert.ok(host.commands('QUIT').length >= 1);
});
