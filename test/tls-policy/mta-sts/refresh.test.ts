import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { isDue } from '#tls-policy/mta-sts/refresh.ts';
import { HANG, policyText } from '../../doubles/policy-host.ts';
import { MemoryRecordStore } from '../../doubles/records.ts';
import { authority, DAY, HOUR, MINUTE, SECOND, summary, until, World } from './world.ts';

after(() => authority.remove());

const LONG = policyText({ maxAgeS: 30 * 86_400 });
const NEW = policyText({ mx: ['new.dest.test'], maxAgeS: 30 * 86_400 });
const NO_POLICY = { kind: 'answer', status: 503 } as const;

describe('a refresh', () => {
  test('STS-25 takes a new policy in although its record is the same (RFC 8461 §8.1)', async () => {
    await using world = await World.start({ 'dest.test': LONG });
    const policies = world.process();
    await policies.find('dest.test');
    world.host.set('dest.test', NEW);
    world.pass(25 * HOUR);
    await policies.refreshDue(world.now());
    const finding = await policies.find('dest.test');
    assert.equal(summary(finding), 'kept enforce new.dest.test id 1');
    assert.equal(finding.kind === 'policy' && finding.fetchedAt.getTime(), world.ms);
  });

  test('makes a policy that stays the same last longer (RFC 8461 §3.3)', async () => {
    await using world = await World.start({ 'dest.test': policyText({ maxAgeS: 2 * 86_400 }) });
    const policies = world.process();
    await policies.find('dest.test');
    world.pass(25 * HOUR);
    await policies.refreshDue(world.now());
    world.setRecord('dest.test', undefined);
    world.pass(2 * DAY - 1);
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce mx.dest.test id 1');
    world.pass(1);
    assert.equal(summary(await policies.find('dest.test')), 'none');
  });

  test('comes before its time to no policy', async () => {
    await using world = await World.start({ 'dest.test': LONG });
    const policies = world.process();
    await policies.find('dest.test');
    world.pass(19 * HOUR);
    await policies.refreshDue(world.now());
    assert.equal(world.host.requests.length, 1);
  });

  test('goes on where the record is gone, under the id of the policy (RFC 8461 §3.3)', async () => {
    await using world = await World.start({ 'dest.test': LONG });
    const policies = world.process();
    await policies.find('dest.test');
    world.setRecord('dest.test', undefined);
    world.host.set('dest.test', NEW);
    world.pass(25 * HOUR);
    await policies.refreshDue(world.now());
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce new.dest.test id 1');
  });

  test('keeps the policy under the id that is announced by now', async () => {
    await using world = await World.start({ 'dest.test': LONG });
    const policies = world.process();
    await policies.find('dest.test');
    world.announce('dest.test', '2');
    world.pass(25 * HOUR);
    await policies.refreshDue(world.now());
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce mx.dest.test id 2');
    assert.equal(world.host.requests.length, 2);
  });

  test('STS-16 that fails leaves the policy as it is, is reported, and rests for an hour (RFC 8461 §3.3)', async () => {
    await using world = await World.start({ 'dest.test': LONG });
    const policies = world.process();
    await policies.find('dest.test');
    world.host.set('dest.test', NO_POLICY);
    world.pass(25 * HOUR);
    await policies.refreshDue(world.now());
    assert.deepEqual(world.events(), ['mta-sts.fetched', 'mta-sts.failed']);
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce mx.dest.test id 1');
    world.pass(HOUR - 1);
    await policies.refreshDue(world.now());
    assert.equal(world.host.requests.length, 2);
    world.pass(1);
    await policies.refreshDue(world.now());
    assert.equal(world.host.requests.length, 3);
  });

  test('of a policy that asks for nothing fails without an alarm (RFC 8461 §3.3)', async () => {
    await using world = await World.start({ 'dest.test': policyText({ mode: 'none', maxAgeS: 30 * 86_400 }) });
    const policies = world.process();
    await policies.find('dest.test');
    world.host.set('dest.test', NO_POLICY);
    world.pass(25 * HOUR);
    await policies.refreshDue(world.now());
    assert.equal(world.host.requests.length, 2);
    assert.deepEqual(world.events(), ['mta-sts.fetched']);
  });

  test('reports the end of enforcement', async () => {
    await using world = await World.start({ 'dest.test': LONG });
    const policies = world.process();
    await policies.find('dest.test');
    world.host.set('dest.test', policyText({ mode: 'testing' }));
    world.pass(25 * HOUR);
    await policies.refreshDue(world.now());
    assert.equal(world.events().at(-1), 'mta-sts.downgraded');
  });

  test('leaves a policy that has expired to the mail that asks for it', async () => {
    await using world = await World.start({ 'dest.test': policyText() });
    const policies = world.process();
    await policies.find('dest.test');
    world.pass(2 * DAY);
    await policies.refreshDue(world.now());
    assert.equal(world.host.requests.length, 1);
  });

  test('reaches more policies than are read at once, a few at a time', async () => {
    const domains = Array.from({ length: 205 }, (_, at) => `d${at}.test`);
    await using world = await World.start(Object.fromEntries(domains.map((domain) => [domain, LONG])));
    const policies = world.process();
    // One after the other: so many questions at once are too much for a small DNS server.
    for (const domain of domains) {
      // oxlint-disable-next-line no-await-in-loop -- see above
      await policies.find(domain);
    }
    world.pass(25 * HOUR);
    for (const domain of domains.slice(0, 8)) world.host.set(domain, HANG);
    world.settings = { ...world.settings, fetchTimeout: 1000 };
    const refreshing = policies.refreshDue(world.now());
    const isWaiting = (domain: string): boolean => world.host.asked(domain) === 2;
    await until(() => domains.filter(isWaiting).length >= 4);
    await refreshing;
    assert.deepEqual(
      domains.filter((domain) => world.host.asked(domain) !== 2),
      [],
    );
  });

  test('that is under way is waited for, and not begun again', async () => {
    await using world = await World.start({ 'dest.test': LONG });
    const store = new MemoryRecordStore(world.now, world.records);
    const list = store.list.bind(store);
    let pages = 0;
    store.list = async (collection, query) => {
      pages += 1;
      return list(collection, query);
    };
    const policies = world.process({ store });
    await policies.find('dest.test');
    world.pass(25 * HOUR);
    await Promise.all([policies.refreshDue(world.now()), policies.refreshDue(world.now())]);
    assert.equal(world.host.requests.length, 2);
    assert.equal(pages, 2);
    await policies.refreshDue(world.now());
    assert.equal(pages, 4);
  });

  test('does not happen while MTA-STS is off', async () => {
    await using world = await World.start({ 'dest.test': LONG });
    const policies = world.process();
    await policies.find('dest.test');
    world.settings = { ...world.settings, mode: 'off' };
    world.pass(25 * HOUR);
    await policies.refreshDue(world.now());
    assert.equal(world.host.requests.length, 1);
  });
});

/** Days, five at a time, in which policies are refreshed, and mail goes to the domain or not. */
async function live(world: World, days: number, mail: (day: number) => boolean): Promise<void> {
  world.settings = { ...world.settings, refreshAfter: 5 * DAY };
  const policies = world.process();
  for (let day = 0; day < days; day += 5) {
    // oxlint-disable-next-line no-await-in-loop -- day by day
    if (mail(day)) await policies.find('dest.test');
    // oxlint-disable-next-line no-await-in-loop -- day by day
    await policies.refreshDue(world.now());
    world.pass(5 * DAY);
  }
}

describe('a domain that gets no mail', () => {
  test('STS-33 is forgotten after a long time, and its policy is no longer fetched', async () => {
    await using world = await World.start({ 'dest.test': LONG });
    await live(world, 180, (day) => day === 0);
    assert.notEqual((await world.process().state('dest.test'))?.kept, undefined);
    const fetched = world.host.requests.length;
    assert.ok(fetched > 30);
    await live(world, 10, () => false);
    assert.equal(world.host.requests.length, fetched);
    assert.equal(world.events().at(-1), 'mta-sts.forgotten');
    const state = await world.process().state('dest.test');
    assert.deepEqual([state?.kept, state?.history, state?.lastUsedAt], [undefined, [], undefined]);
  });

  test('STS-33 is not forgotten while it gets a mail now and then', async () => {
    await using world = await World.start({ 'dest.test': LONG });
    await live(world, 400, (day) => day % 170 === 0);
    assert.ok(!world.events().includes('mta-sts.forgotten'));
  });

  test('STS-33 is not forgotten where a policy is used every day and forgotten within one', async () => {
    await using world = await World.start({ 'dest.test': LONG });
    world.settings = { ...world.settings, forgetAfter: DAY };
    const policies = world.process();
    for (let hour = 0; hour < 72; hour += 1) {
      // oxlint-disable-next-line no-await-in-loop -- hour by hour
      await policies.find('dest.test');
      // oxlint-disable-next-line no-await-in-loop -- hour by hour
      await policies.refreshDue(world.now());
      world.pass(HOUR);
    }
    assert.ok(!world.events().includes('mta-sts.forgotten'));
  });
});

describe('isDue', () => {
  const now = new Date(Date.UTC(2026, 0, 15));
  const policy = (maxAgeS: number, ageMs: number) => {
    const fetchedAt = new Date(now.getTime() - ageMs);
    const expiresAt = new Date(fetchedAt.getTime() + maxAgeS * SECOND);
    return { policy: { mode: 'enforce', mx: [], maxAgeS }, id: '1', fetchedAt, expiresAt } as const;
  };
  const domains = Array.from({ length: 500 }, (_, at) => `d${at}.test`);
  /** Which share of many domains is due. */
  const share = (maxAgeS: number, ageMs: number, refreshAfter = DAY): number =>
    domains.filter((domain) => isDue(domain, policy(maxAgeS, ageMs), now, refreshAfter)).length / domains.length;

  test('the time comes after refreshAfter, spread over its last fifth', () => {
    const month = 30 * 86_400;
    assert.equal(share(month, 19 * HOUR), 0);
    assert.ok(share(month, 21 * HOUR + 36 * MINUTE) > 0.3);
    assert.ok(share(month, 21 * HOUR + 36 * MINUTE) < 0.7);
    assert.equal(share(month, DAY), 1);
  });

  test('a policy that does not last long is fetched anew before its half has passed', () => {
    assert.equal(share(8 * 3600, 4 * HOUR), 1);
    assert.equal(share(8 * 3600, 3 * HOUR), 0);
  });

  test('a policy that lasts for minutes is not fetched all the time', () => {
    assert.equal(share(600, 9 * MINUTE), 0);
    assert.equal(share(3601, HOUR), 1);
  });

  test('what has expired, or is not there, is never due', () => {
    assert.equal(share(86_400, DAY), 0);
    assert.equal(isDue('dest.test', undefined, now, DAY), false);
  });

  test('a fetch of the future is due, for the clock was wrong', () => {
    assert.equal(share(30 * 86_400, -2 * DAY), 1);
  });
});
