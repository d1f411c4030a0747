import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { HANG, policyText } from '../../doubles/policy-host.ts';
import { authority, DAY, HOUR, MINUTE, SECOND, summary, until, World } from './world.ts';

after(() => authority.remove());

const POLICY = policyText({ mx: ['mx.dest.test'] });
const OTHER = policyText({ mx: ['other.dest.test'] });
const NO_POLICY = { kind: 'answer', status: 404 } as const;

describe('a first policy', () => {
  test('STS-43 is waited for (RFC 8461 §5.1)', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const finding = await world.process().find('dest.test');
    assert.deepEqual(finding, {
      kind: 'policy',
      domain: 'dest.test',
      policy: { mode: 'enforce', mx: ['mx.dest.test'], maxAgeS: 86_400 },
      id: '1',
      fetchedAt: world.now(),
      fresh: true,
      trouble: undefined,
    });
    assert.deepEqual(world.reported.at(-1)?.fields.policy, 'dest.test');
    assert.deepEqual(world.events(), ['mta-sts.fetched']);
  });

  test('STS-43 is waited for no longer than a fetch may take', async () => {
    await using world = await World.start({ 'dest.test': HANG });
    world.settings = { ...world.settings, fetchTimeout: 200 };
    assert.equal(summary(await world.process().find('dest.test')), 'unavailable id 1 sts-policy-fetch-error');
  });

  test('is fetched once for all who ask at the same time', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const policies = world.process();
    const findings = await Promise.all(Array.from({ length: 20 }, async () => policies.find('dest.test')));
    assert.deepEqual(new Set(findings.map(summary)), new Set(['fetched enforce mx.dest.test id 1']));
    assert.equal(world.host.requests.length, 1);
    assert.equal(world.zone.asked('_mta-sts.dest.test'), 1);
  });

  test('STS-44 is not waited for by other domains', async () => {
    await using world = await World.start({ 'slow.test': HANG, 'dest.test': POLICY });
    const policies = world.process();
    const ended: string[] = [];
    const slow = policies.find('slow.test').then(() => ended.push('slow'));
    await until(() => world.host.asked('slow.test') > 0);
    await policies.find('dest.test').then(() => ended.push('dest'));
    await world.host.close();
    await slow;
    assert.deepEqual(ended, ['dest', 'slow']);
  });

  test('STS-44 hosts of very many domains that all are slow leave room for others', async () => {
    const slow = Array.from({ length: 40 }, (_, at) => `slow${at}.test`);
    const answers = Object.fromEntries(slow.map((name) => [name, HANG]));
    await using world = await World.start({ ...answers, 'dest.test': POLICY });
    world.zone.set('mta-sts.dest.test', { A: ['127.0.0.9'] });
    const policies = world.process();
    const waiting = slow.map(async (domain) => policies.find(domain));
    await until(() => world.host.requests.length >= 16);
    // Its own address refuses: enough to see that it is asked at once.
    const finding = await policies.find('dest.test');
    assert.equal(finding.kind === 'unavailable' && finding.trouble.reason, 'mta-sts.dest.test: ECONNREFUSED');
    assert.equal(world.host.requests.length, 16);
    await world.host.close();
    await Promise.all(waiting);
  });

  for (const [id, answer, result] of [
    ['STS-45', NO_POLICY, 'sts-policy-fetch-error'],
    ['STS-47', 'version: STSv1\n', 'sts-policy-invalid'],
  ] as const) {
    test(`${id} that cannot be had is told as ${result} (RFC 8461 §3.3)`, async () => {
      await using world = await World.start({ 'dest.test': answer });
      assert.equal(summary(await world.process().find('dest.test')), `unavailable id 1 ${result}`);
      assert.deepEqual(world.events(), ['mta-sts.failed']);
      assert.equal(world.reported.at(-1)?.fields.decision, result);
    });
  }

  test('STS-46 whose host cannot be trusted is told as sts-webpki-invalid (RFC 8460 §4.3.2.2)', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    world.announce('other.test', '1');
    world.zone.set('mta-sts.other.test', { A: ['127.0.0.1'] });
    assert.equal(summary(await world.process().find('other.test')), 'unavailable id 1 sts-webpki-invalid');
  });

  test('FET-28 whose host does not exist is told (RFC 8461 §3.3)', async () => {
    await using world = await World.start({});
    world.announce('dest.test', '1');
    assert.equal(summary(await world.process().find('dest.test')), 'unavailable id 1 sts-policy-fetch-error');
  });

  test('waits where our own authorities cannot be read: the domain is not to blame', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    let fails = true;
    const good = world.process();
    const context = async () => (fails ? Promise.reject(new Error('ENOENT')) : Promise.reject(new Error('still')));
    const policies = world.process({ context });
    const began = world.ms;
    assert.equal(summary(await policies.find('dest.test')), 'lookup-failed');
    world.pass(10 * MINUTE);
    fails = false;
    const finding = await policies.find('dest.test');
    assert.equal(finding.kind === 'lookup-failed' && finding.since.getTime(), began);
    assert.equal(summary(await good.find('dest.test')), 'fetched enforce mx.dest.test id 1');
  });
});

describe('a policy that is kept', () => {
  test('is used without a fetch, and is the same object each time', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const policies = world.process();
    await policies.find('dest.test');
    const finding = await policies.find('dest.test');
    assert.equal(summary(finding), 'kept enforce mx.dest.test id 1');
    for (let minutes = 0; minutes < 10; minutes += 1) {
      world.pass(MINUTE);
      // oxlint-disable-next-line no-await-in-loop -- time passes between them
      assert.equal(await policies.find('dest.test'), finding);
    }
    assert.equal(world.host.requests.length, 1);
  });

  test('outlives a restart', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    await world.process().find('dest.test');
    world.pass(HOUR);
    const finding = await world.process().find('dest.test');
    assert.equal(summary(finding), 'kept enforce mx.dest.test id 1');
    assert.equal(finding.kind === 'policy' && finding.fetchedAt.getTime(), world.ms - HOUR);
    assert.equal(world.host.requests.length, 1);
  });

  test('is used by all processes', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const [one, other] = [world.process(), world.process()];
    world.setRecord('dest.test', undefined);
    assert.equal(summary(await other.find('dest.test')), 'none');
    world.announce('dest.test', '1');
    world.pass(61 * SECOND);
    await one.find('dest.test');
    assert.equal(summary(await other.find('dest.test')), 'kept enforce mx.dest.test id 1');
    world.host.set('dest.test', OTHER);
    world.announce('dest.test', '2');
    world.pass(2 * SECOND);
    assert.equal(summary(await one.find('dest.test')), 'fetched enforce other.dest.test id 2');
    assert.equal(summary(await other.find('dest.test')), 'kept enforce other.dest.test id 2');
    assert.equal(world.host.requests.length, 2);
  });

  test('that another process has fetched anew is seen within a minute', async () => {
    await using world = await World.start({ 'dest.test': policyText({ maxAgeS: 30 * 86_400 }) });
    const [one, other] = [world.process(), world.process()];
    await one.find('dest.test');
    await other.find('dest.test');
    world.host.set('dest.test', OTHER);
    world.pass(2 * DAY);
    await other.find('dest.test');
    await one.refreshDue(world.now());
    world.pass(61 * SECOND);
    assert.equal(summary(await other.find('dest.test')), 'kept enforce other.dest.test id 1');
  });

  test('holds until its time has passed and no longer (RFC 8461 §3.2)', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const policies = world.process();
    await policies.find('dest.test');
    world.setRecord('dest.test', undefined);
    world.pass(DAY - 1);
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce mx.dest.test id 1');
    world.pass(1);
    assert.equal(summary(await policies.find('dest.test')), 'none');
  });

  test('is not prolonged by a record that stays the same (RFC 8461 §3.2)', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const policies = world.process();
    await policies.find('dest.test');
    world.host.set('dest.test', NO_POLICY);
    for (let hours = 0; hours < 23; hours += 1) {
      world.pass(HOUR);
      // oxlint-disable-next-line no-await-in-loop -- time passes between them
      assert.equal(summary(await policies.find('dest.test')), 'kept enforce mx.dest.test id 1');
    }
    world.pass(HOUR);
    assert.equal(summary(await policies.find('dest.test')), 'unavailable id 1 sts-policy-fetch-error');
  });

  test('that has expired is fetched again', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const policies = world.process();
    await policies.find('dest.test');
    world.pass(DAY);
    assert.equal(summary(await policies.find('dest.test')), 'fetched enforce mx.dest.test id 1');
  });

  for (const [id, what, answer, result] of [
    ['STS-16', 'cannot be fetched', NO_POLICY, 'sts-policy-fetch-error'],
    ['STS-17', 'is no policy', 'version: STSv1\n', 'sts-policy-invalid'],
  ] as const) {
    test(`${id} holds where the next one ${what}, which is reported (RFC 8461 §3.3)`, async () => {
      await using world = await World.start({ 'dest.test': POLICY });
      const policies = world.process();
      await policies.find('dest.test');
      world.announce('dest.test', 'B');
      world.host.set('dest.test', answer);
      world.pass(MINUTE);
      assert.equal(summary(await policies.find('dest.test')), `kept enforce mx.dest.test id 1 ${result}`);
      assert.deepEqual(world.events(), ['mta-sts.fetched', 'mta-sts.failed']);
      world.pass(5 * MINUTE - 1);
      assert.equal(summary(await policies.find('dest.test')), `kept enforce mx.dest.test id 1 ${result}`);
      assert.equal(world.host.requests.length, 2);
      world.host.set('dest.test', OTHER);
      world.pass(2);
      assert.equal(summary(await policies.find('dest.test')), 'fetched enforce other.dest.test id B');
    });
  }

  for (const [id, what, node] of [
    ['STS-18', 'is gone', undefined],
    ['STS-19', 'stands there twice', { TXT: ['v=STSv1; id=1', 'v=STSv1; id=2'] }],
    ['STS-19', 'is malformed', { TXT: ['v=STSv1; id=a_b'] }],
  ] as const) {
    test(`${id} holds where its record ${what} (RFC 8461 §3.3)`, async () => {
      await using world = await World.start({ 'dest.test': POLICY });
      const policies = world.process();
      await policies.find('dest.test');
      world.setRecord('dest.test', node);
      world.pass(DAY - 1);
      const finding = await policies.find('dest.test');
      assert.equal(summary(finding), 'kept enforce mx.dest.test id 1');
      assert.equal(summary(await world.process().find('dest.test')), 'kept enforce mx.dest.test id 1');
      assert.equal(world.host.requests.length, 1);
    });
  }

  test('STS-05 gives way to another that is announced (RFC 8461 §5.1)', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const policies = world.process();
    await policies.find('dest.test');
    world.announce('dest.test', '2');
    world.host.set('dest.test', OTHER);
    world.pass(MINUTE);
    assert.equal(summary(await policies.find('dest.test')), 'fetched enforce other.dest.test id 2');
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce other.dest.test id 2');
  });

  test('STS-29 an id in another case is another (RFC 8461 §3.1)', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    world.announce('dest.test', 'abc');
    const policies = world.process();
    await policies.find('dest.test');
    world.announce('dest.test', 'ABC');
    world.pass(MINUTE);
    assert.equal(summary(await policies.find('dest.test')), 'fetched enforce mx.dest.test id ABC');
  });

  test('STS-27 the time of the new one counts from its own fetch (RFC 8461 §3.2)', async () => {
    await using world = await World.start({ 'dest.test': policyText({ maxAgeS: 30 * 86_400 }) });
    const policies = world.process();
    await policies.find('dest.test');
    world.pass(DAY);
    world.announce('dest.test', '2');
    world.host.set('dest.test', policyText({ maxAgeS: 60 }));
    await policies.find('dest.test');
    world.setRecord('dest.test', undefined);
    world.pass(59 * SECOND);
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce mx.dest.test id 2');
    world.pass(2 * SECOND);
    assert.equal(summary(await policies.find('dest.test')), 'none');
  });

  test('POL-26 a policy without a time is for the mail in hand alone (RFC 8461 §3.2)', async () => {
    await using world = await World.start({ 'dest.test': policyText({ maxAgeS: 0 }) });
    const policies = world.process();
    assert.equal(summary(await policies.find('dest.test')), 'fetched enforce mx.dest.test id 1');
    assert.equal(summary(await policies.find('dest.test')), 'fetched enforce mx.dest.test id 1');
    world.setRecord('dest.test', undefined);
    world.pass(2 * SECOND);
    assert.equal(summary(await policies.find('dest.test')), 'none');
    assert.equal((await policies.state('dest.test'))?.kept, undefined);
  });

  test('POL-26 and it ends one that was kept', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const policies = world.process();
    await policies.find('dest.test');
    world.host.set('dest.test', policyText({ maxAgeS: 0 }));
    world.announce('dest.test', '2');
    world.pass(2 * SECOND);
    await policies.find('dest.test');
    world.setRecord('dest.test', undefined);
    world.pass(2 * SECOND);
    assert.equal(summary(await policies.find('dest.test')), 'none');
    assert.equal(summary(await world.process().find('dest.test')), 'none');
  });
});

describe('a fetch that failed', () => {
  test('FET-34 is not repeated for a while, whatever is announced (RFC 8461 §3.3)', async () => {
    await using world = await World.start({ 'dest.test': NO_POLICY });
    const policies = world.process();
    await policies.find('dest.test');
    world.announce('dest.test', '2');
    world.pass(5 * MINUTE - 1);
    assert.equal(summary(await policies.find('dest.test')), 'unavailable id 2 sts-policy-fetch-error');
    assert.equal(world.host.requests.length, 1);
    assert.deepEqual(world.events(), ['mta-sts.failed']);
    world.pass(1);
    await policies.find('dest.test');
    assert.equal(world.host.requests.length, 2);
  });

  test('FET-34 is not repeated by another process or after a restart', async () => {
    await using world = await World.start({ 'dest.test': NO_POLICY });
    const other = world.process();
    world.setRecord('dest.test', undefined);
    await other.find('dest.test');
    world.announce('dest.test', '1');
    world.pass(2 * SECOND);
    await world.process().find('dest.test');
    world.pass(MINUTE);
    await world.process().find('dest.test');
    await other.find('dest.test');
    assert.equal(world.host.requests.length, 1);
  });

  test('FET-34 of one domain says nothing about another', async () => {
    await using world = await World.start({ 'bad.test': NO_POLICY, 'dest.test': POLICY });
    const policies = world.process();
    await policies.find('bad.test');
    assert.equal(summary(await policies.find('dest.test')), 'fetched enforce mx.dest.test id 1');
  });
});

describe('the history of a domain', () => {
  test('STS-32 the end of enforcement is honoured and reported (RFC 8461 §8.3)', async () => {
    for (const mode of ['none', 'testing']) {
      // oxlint-disable-next-line no-await-in-loop -- one world after the other
      await using world = await World.start({ 'dest.test': POLICY });
      const policies = world.process();
      // oxlint-disable-next-line no-await-in-loop -- in this order
      await policies.find('dest.test');
      world.announce('dest.test', '2');
      world.host.set('dest.test', policyText({ mode }));
      world.pass(MINUTE);
      // oxlint-disable-next-line no-await-in-loop -- in this order
      assert.equal(summary(await policies.find('dest.test')), `fetched ${mode} mx.dest.test id 2`);
      assert.deepEqual(world.events(), ['mta-sts.fetched', 'mta-sts.fetched', 'mta-sts.downgraded']);
      assert.equal(world.reported.at(-1)?.fields.decision, mode);
    }
  });

  test('STS-32 is known although the policy had expired before', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    await world.process().find('dest.test');
    world.host.set('dest.test', policyText({ mode: 'none' }));
    world.pass(10 * DAY);
    await world.process().find('dest.test');
    assert.ok(world.events().includes('mta-sts.downgraded'));
  });

  test('other changes are kept, and no alarm', async () => {
    await using world = await World.start({ 'dest.test': policyText({ mode: 'testing' }) });
    const policies = world.process();
    await policies.find('dest.test');
    for (const [id, text] of [
      ['2', policyText({ mode: 'none' })],
      ['3', POLICY],
      ['3x', POLICY],
      ['4', OTHER],
    ] as const) {
      world.announce('dest.test', id);
      world.host.set('dest.test', text);
      world.pass(MINUTE);
      // oxlint-disable-next-line no-await-in-loop -- in this order
      await policies.find('dest.test');
    }
    const state = await policies.state('dest.test');
    assert.deepEqual(
      state?.history.map(({ at, id, policy }) => [at.getTime() - world.ms, id, policy.mode, policy.mx.join()]),
      [
        [-4 * MINUTE, '1', 'testing', 'mx.dest.test'],
        [-3 * MINUTE, '2', 'none', 'mx.dest.test'],
        [-2 * MINUTE, '3', 'enforce', 'mx.dest.test'],
        [-MINUTE, '3x', 'enforce', 'mx.dest.test'],
        [0, '4', 'enforce', 'other.dest.test'],
      ],
    );
    assert.ok(!world.events().includes('mta-sts.downgraded'));
  });

  test('what a sender forgives in a policy is reported with it', async () => {
    await using world = await World.start({ 'dest.test': `${POLICY}\r\n\r\n` });
    await world.process().find('dest.test');
    assert.equal(world.reported.at(-1)?.fields.reason, 'empty lines at the end');
  });
});
