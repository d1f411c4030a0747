/** What `StsPolicies` makes of the answers of DNS. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { StorageUnavailable } from '#queue/store.ts';
import { policyText } from '../../doubles/policy-host.ts';
import { MemoryRecordStore } from '../../doubles/records.ts';
import { authority, HOUR, MINUTE, summary, World } from './world.ts';

after(() => authority.remove());

const POLICY = policyText({ mx: ['mx.dest.test'] });
const OTHER = policyText({ mx: ['other.dest.test'] });

describe('what DNS says', () => {
  test('TXT-52 no name and no TXT record mean no policy, and nobody is alarmed (RFC 8461 §3.1)', async () => {
    await using world = await World.start({});
    world.zone.set('_mta-sts.nodata.test', { A: ['192.0.2.1'] });
    const policies = world.process();
    assert.deepEqual(await policies.find('dest.test'), {
      kind: 'none',
      domain: 'dest.test',
      reason: 'there is no TXT record at _mta-sts.dest.test',
    });
    assert.equal(summary(await policies.find('nodata.test')), 'none');
    assert.deepEqual(world.events(), []);
    assert.equal(world.host.connections, 0);
  });

  for (const fault of ['servfail', 'silence', 'bogus', 'refused'] as const) {
    test(`TXT-53 ${fault} leaves it open, from the first such answer on`, async () => {
      await using world = await World.start({});
      world.setRecord('dest.test', { fault });
      const policies = world.process();
      const began = world.now();
      const first = await policies.find('dest.test');
      assert.equal(first.kind === 'lookup-failed' && first.since.getTime(), began.getTime());
      world.pass(20 * MINUTE);
      const second = await policies.find('dest.test');
      assert.equal(second.kind === 'lookup-failed' && second.since.getTime(), began.getTime());
    });

    test(`TXT-54 ${fault} leaves a policy that is kept as it is (RFC 8461 §3.3)`, async () => {
      await using world = await World.start({ 'dest.test': POLICY });
      const policies = world.process();
      await policies.find('dest.test');
      world.setRecord('dest.test', { fault });
      world.pass(HOUR);
      assert.equal(summary(await policies.find('dest.test')), 'kept enforce mx.dest.test id 1');
    });
  }

  test('TXT-53 a restart does not make the wait begin anew', async () => {
    await using world = await World.start({});
    world.setRecord('dest.test', { fault: 'servfail' });
    const began = world.now();
    await world.process().find('dest.test');
    world.pass(20 * MINUTE);
    const finding = await world.process().find('dest.test');
    assert.equal(finding.kind === 'lookup-failed' && finding.since.getTime(), began.getTime());
  });

  test('TXT-53 an answer ends the row, and so does a day in which nobody asked', async () => {
    await using world = await World.start({});
    const policies = world.process();
    const failsSince = async (): Promise<number | undefined> => {
      const finding = await policies.find('dest.test');
      return finding.kind === 'lookup-failed' ? finding.since.getTime() : undefined;
    };
    world.setRecord('dest.test', { fault: 'servfail' });
    assert.equal(await failsSince(), world.ms);
    world.setRecord('dest.test', { TXT: ['x'] });
    world.pass(MINUTE);
    assert.equal(await failsSince(), undefined);
    world.setRecord('dest.test', { fault: 'servfail' });
    world.pass(MINUTE);
    const second = world.ms;
    assert.equal(await failsSince(), second);
    for (let hours = 0; hours < 48; hours += 12) {
      world.pass(12 * HOUR);
      // oxlint-disable-next-line no-await-in-loop -- time passes between them
      assert.equal(await failsSince(), second);
    }
    world.pass(25 * HOUR);
    assert.equal(await failsSince(), world.ms);
  });

  test('TXT-53 a store that takes nothing does not make the wait begin anew', async () => {
    await using world = await World.start({});
    const store = new MemoryRecordStore(world.now);
    store.put = async () => Promise.reject(new StorageUnavailable('full', 'the disk is full'));
    world.setRecord('dest.test', { fault: 'servfail' });
    const policies = world.process({ store });
    const began = world.ms;
    await policies.find('dest.test');
    world.pass(5 * MINUTE);
    const finding = await policies.find('dest.test');
    assert.equal(finding.kind === 'lookup-failed' && finding.since.getTime(), began);
  });

  test('TXT-55 the record may stand at an alias (RFC 8461 §8.2)', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    world.zone.set('_mta-sts.dest.test', { CNAME: '_mta-sts.provider.test' });
    world.announce('provider.test', 'ofTheProvider');
    assert.equal(summary(await world.process().find('dest.test')), 'fetched enforce mx.dest.test id ofTheProvider');
  });

  test('TXT-56 aliases in a circle count as an answer that failed', async () => {
    await using world = await World.start({});
    world.zone.set('_mta-sts.dest.test', { CNAME: '_mta-sts.other.test' });
    world.zone.set('_mta-sts.other.test', { CNAME: '_mta-sts.dest.test' });
    assert.equal(summary(await world.process().find('dest.test')), 'lookup-failed');
  });

  test('TXT-58 a domain in U-labels is asked for in A-labels', async () => {
    await using world = await World.start({ 'xn--bcher-kva.test': POLICY });
    const finding = await world.process().find('b\u00fccher.test');
    assert.equal(finding.domain, 'xn--bcher-kva.test');
    assert.equal(summary(finding), 'fetched enforce mx.dest.test id 1');
    assert.equal(world.zone.asked('_mta-sts.xn--bcher-kva.test', 'TXT'), 1);
  });

  test('TXT-59 TXT-60 neither case nor a final dot makes another domain', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const policies = world.process();
    for (const domain of ['DEST.Test', 'dest.test.', 'dest.test', 'Dest.Test.']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, else they would share a fetch
      assert.match(summary(await policies.find(domain)), /enforce mx\.dest\.test id 1$/);
    }
    assert.equal(world.host.asked('dest.test'), 1);
    assert.deepEqual(
      world.zone.queries.filter(({ type }) => type === 'TXT').map(({ name }) => name),
      ['_mta-sts.dest.test'],
    );
  });

  test('TXT-63 a domain that is an alias has its own policy, not that of its target', async () => {
    await using world = await World.start({ 'target.test': POLICY });
    world.zone.set('dest.test', { CNAME: 'target.test' });
    assert.equal(summary(await world.process().find('dest.test')), 'none');
    assert.equal(world.zone.asked('_mta-sts.target.test'), 0);
  });

  for (const text of ['192.0.2.5', '[192.0.2.5]', '2001:db8::1', 'a b', '', 'x..test']) {
    test(`STS-36 "${text}" has no policy, and nobody is asked (RFC 8461 §3.4)`, async () => {
      await using world = await World.start({});
      assert.equal(summary(await world.process().find(text)), 'none');
      assert.deepEqual(world.zone.queries, []);
    });
  }

  test('a domain that is too long for the name of a record has none', async () => {
    await using world = await World.start({});
    const domain = `${'a'.repeat(60)}.`.repeat(4) + 'b.test';
    assert.equal(domain.length, 250);
    assert.equal(summary(await world.process().find(domain)), 'none');
  });

  test('STS-48 without a record and without a policy nothing is reported (RFC 8461 §6)', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    world.setRecord('dest.test', { TXT: ['v=STSv1; id='] });
    const finding = await world.process().find('dest.test');
    assert.deepEqual(finding, { kind: 'none', domain: 'dest.test', reason: 'field 1 of the TXT record is malformed' });
    assert.deepEqual(world.events(), []);
    assert.equal(world.host.connections, 0);
  });
});

describe('a fresh look', () => {
  test('STS-06 asks DNS past its cache (RFC 8461 §5.1)', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    world.setRecord('dest.test', { TXT: ['v=STSv1; id=1'], ttlS: 86_400 });
    const policies = world.process();
    await policies.find('dest.test');
    world.setRecord('dest.test', { TXT: ['v=STSv1; id=2'], ttlS: 86_400 });
    world.host.set('dest.test', OTHER);
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce mx.dest.test id 1');
    assert.equal(summary(await policies.find('dest.test', { fresh: true })), 'fetched enforce other.dest.test id 2');
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce other.dest.test id 2');
  });

  test('STS-06 fetches nothing where the record is the same (RFC 8461 §5.1)', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const policies = world.process();
    await policies.find('dest.test');
    assert.equal(summary(await policies.find('dest.test', { fresh: true })), 'kept enforce mx.dest.test id 1');
    assert.equal(world.host.requests.length, 1);
    assert.equal(world.zone.asked('_mta-sts.dest.test'), 2);
  });

  test('asks DNS once a minute, for each domain', async () => {
    await using world = await World.start({ 'dest.test': POLICY, 'other.test': POLICY });
    world.setRecord('dest.test', { TXT: ['v=STSv1; id=1'], ttlS: 86_400 });
    const policies = world.process();
    const look = async (): Promise<number> => {
      await policies.find('dest.test', { fresh: true });
      return world.zone.asked('_mta-sts.dest.test');
    };
    assert.equal(await look(), 1);
    assert.equal(await look(), 1);
    world.pass(MINUTE - 1);
    assert.equal(await look(), 1);
    world.pass(1);
    assert.equal(await look(), 2);
    await policies.find('other.test', { fresh: true });
    assert.equal(world.zone.asked('_mta-sts.other.test'), 1);
  });
});
