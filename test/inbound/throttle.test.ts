import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Throttle } from '#inbound/throttle.ts';

const LIMITS = { failuresPerAddress: 3, failuresPerUser: 2, failureMemory: 1000 };
const keys = (site: string, user: string): { site: string; user: string } => ({ site, user });

test('an address waits after its last allowed failure, whatever users it tries', () => {
  const throttle = new Throttle();
  for (const user of ['a', 'b', 'c']) {
    assert.equal(throttle.isPutOff(keys('x', user), LIMITS, 0), false);
    throttle.failed(keys('x', user), LIMITS, 0);
  }
  assert.equal(throttle.isPutOff(keys('x', 'd'), LIMITS, 0), true);
  assert.equal(throttle.isPutOff(keys('y', 'd'), LIMITS, 0), false);
});

test('a user waits after the last allowed failure, from whatever addresses it came', () => {
  const throttle = new Throttle();
  for (const site of ['x', 'y']) throttle.failed(keys(site, 'ann'), LIMITS, 0);
  assert.equal(throttle.isPutOff(keys('z', 'ann'), LIMITS, 0), true);
  assert.equal(throttle.isPutOff(keys('z', 'bob'), LIMITS, 0), false);
});

test('each failure counts for its own time', () => {
  const throttle = new Throttle();
  throttle.failed(keys('x', 'ann'), LIMITS, 0);
  throttle.failed(keys('x', 'ann'), LIMITS, 600);
  assert.equal(throttle.isPutOff(keys('z', 'ann'), LIMITS, 999), true);
  assert.equal(throttle.isPutOff(keys('z', 'ann'), LIMITS, 1000), false);
  throttle.failed(keys('x', 'ann'), LIMITS, 1000);
  assert.equal(throttle.isPutOff(keys('z', 'ann'), LIMITS, 1599), true);
  assert.equal(throttle.isPutOff(keys('z', 'ann'), LIMITS, 1600), false);
});

test('a success takes no failure back', () => {
  const throttle = new Throttle();
  for (const user of ['a', 'b', 'c']) throttle.failed(keys('x', user), LIMITS, 0);
  throttle.succeeded(keys('x', 'own'), 0);
  assert.equal(throttle.isPutOff(keys('x', 'own'), LIMITS, 0), true);
});

test('strangers cannot lock a user out of where the user has signed in before', () => {
  const throttle = new Throttle();
  throttle.succeeded(keys('home', 'ann'), 0);
  for (const site of ['x', 'y', 'z']) throttle.failed(keys(site, 'ann'), LIMITS, 10);
  assert.equal(throttle.isPutOff(keys('home', 'ann'), LIMITS, 10), false);
  assert.equal(throttle.isPutOff(keys('elsewhere', 'ann'), LIMITS, 10), true);
});

test('who is at such a place is still put off by failures from there', () => {
  const throttle = new Throttle();
  throttle.succeeded(keys('home', 'ann'), 0);
  for (let time = 0; time < 3; time += 1) throttle.failed(keys('home', 'ann'), LIMITS, time);
  assert.equal(throttle.isPutOff(keys('home', 'ann'), LIMITS, 3), true);
});

test('a limit of 0 puts nobody off', () => {
  const throttle = new Throttle();
  const off = { failuresPerAddress: 0, failuresPerUser: 0, failureMemory: 1000 };
  for (let time = 0; time < 50; time += 1) throttle.failed(keys('x', 'ann'), off, time);
  assert.equal(throttle.isPutOff(keys('x', 'ann'), off, 50), false);
  assert.equal(throttle.size, 0);
});

test('a clock that is set back keeps nobody out', () => {
  const throttle = new Throttle();
  for (let time = 0; time < 3; time += 1) throttle.failed(keys('x', 'ann'), LIMITS, 1_000_000);
  assert.equal(throttle.isPutOff(keys('x', 'ann'), LIMITS, 5), false);
});

test('memory is bounded, however many addresses and users are tried', () => {
  const throttle = new Throttle();
  for (let n = 0; n < 200_000; n += 1) throttle.failed(keys(`site-${n}`, `user-${n}`), LIMITS, n);
  for (let n = 0; n < 100_000; n += 1) throttle.succeeded(keys(`site-${n}`, `user-${n}`), n);
  assert.ok(throttle.size <= 120_000, String(throttle.size));
});

test('keys that keep failing are not forgotten while others come and go', () => {
  const throttle = new Throttle();
  const limits = { ...LIMITS, failureMemory: Number.MAX_SAFE_INTEGER };
  for (let n = 0; n < 100_000; n += 1) {
    throttle.failed(keys(`site-${n}`, `user-${n}`), limits, n);
    if (n % 10_000 === 0) throttle.failed(keys('x', 'ann'), limits, n);
  }
  assert.equal(throttle.isPutOff(keys('x', 'bob'), limits, 100_000), true);
  assert.equal(throttle.isPutOff(keys('y', 'ann'), limits, 100_000), true);
});

test('it agrees with counting all failures of the last while', () => {
  const event = fc.record({ site: fc.constantFrom('x', 'y'), user: fc.constantFrom('a', 'b'), wait: fc.nat(700) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const throttle = new Throttle();
      const past: { site: string; user: string; at: number }[] = [];
      let now = 0;
      for (const { site, user, wait } of events) {
        now += wait;
        const recent = past.filter(({ at }) => now - at < LIMITS.failureMemory);
        const expected =
          recent.filter((failure) => failure.site === site).length >= LIMITS.failuresPerAddress ||
          recent.filter((failure) => failure.user === user).length >= LIMITS.failuresPerUser;
        assert.equal(throttle.isPutOff({ site, user }, LIMITS, now), expected);
        throttle.failed({ site, user }, LIMITS, now);
        past.push({ site, user, at: now });
      }
    }),
  );
});
