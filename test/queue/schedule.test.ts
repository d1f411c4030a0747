/** When mail is tried again, when its sender is told, and when it is given up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isExpired, isLate, matchesAny, nextRetry, overdueBounds, scheduleFor } from '#queue/schedule.ts';
import type { QueueSettings } from '#queue/settings.ts';
import { at } from './mail.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const settings: QueueSettings = {
  retryWaits: [15 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS],
  jitter: 0.1,
  expireAfter: 24 * HOUR_MS,
  delayNoticeAfter: 4 * HOUR_MS,
  inlineLimit: 0,
  freshMemory: 0,
  destinations: [
    { domains: ['slow.example.org', '*.slow.example.org'], retryWaits: [2 * HOUR_MS], delayNoticeAfter: 0 },
    { domains: ['*.example.org'], expireAfter: HOUR_MS },
  ],
};

test('the next try follows the list of waits, whose last is repeated, varied by chance', () => {
  const cases = [
    [1, 0.5, 15],
    [2, 0.5, 15],
    [3, 0.5, 60],
    [9, 0.5, 60],
    [3, 0, 54],
    [3, 1, 66],
  ] as const;
  for (const [failures, random, minutes] of cases) {
    assert.deepEqual(nextRetry(settings, { failures, now: at(0), random }), at(minutes), `${failures}, ${random}`);
  }
});

test('mail expires at its age, and is late before that only', () => {
  const cases = [
    [0, false, false],
    [4 * 60 - 1, false, false],
    [4 * 60, true, false],
    [24 * 60 - 1, true, false],
    [24 * 60, false, true],
  ] as const;
  for (const [minutes, late, expired] of cases) {
    assert.equal(isLate(settings, at(0), at(minutes)), late, `${minutes} late`);
    assert.equal(isExpired(settings, at(0), at(minutes)), expired, `${minutes} expired`);
  }
  assert.equal(isLate({ ...settings, delayNoticeAfter: 0 }, at(0), at(600)), false);
});

test('a destination has the times of the first exception that names it, and the general ones for the rest', () => {
  assert.equal(scheduleFor(settings, 'example.net'), settings);
  const slow = scheduleFor(settings, 'mail.slow.example.org');
  assert.deepEqual(slow, {
    retryWaits: [2 * HOUR_MS],
    jitter: 0.1,
    expireAfter: 24 * HOUR_MS,
    delayNoticeAfter: 0,
  });
  assert.equal(scheduleFor(settings, 'mail.example.org').expireAfter, HOUR_MS);
});

test('what is lent as overdue is late or expired, and the other way round', () => {
  const now = at(10_000);
  const general = overdueBounds(settings, now);
  const [slow] = general.exceptions;
  for (const minutes of [239, 240, 241, 1439, 1440, 1441]) {
    const receivedAt = new Date(now.getTime() - minutes * MINUTE_MS);
    assert.equal(receivedAt < general.expireBefore, isExpired(settings, receivedAt, now), `${minutes} expired`);
    const isDue = receivedAt < general.noticeBefore && !(receivedAt < general.expireBefore);
    assert.equal(isDue, isLate(settings, receivedAt, now), `${minutes} late`);
    assert.ok(slow !== undefined && !(receivedAt < slow.noticeBefore), 'a notice that is switched off is never due');
  }
});

test('patterns hold a domain, its subdomains, or everything', () => {
  assert.ok(matchesAny(['example.net', '*.example.org'], 'a.b.example.org'));
  assert.ok(!matchesAny(['*.example.org', 'not a pattern'], 'example.org'));
  assert.ok(matchesAny(['*'], '[192.0.2.1]'));
});
