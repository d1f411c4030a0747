/** What `StsPolicies` does where its records are damaged or its store fails, and what it shows of them. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { StorageUnavailable } from '#queue/store.ts';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';
import { policyText } from '../../doubles/policy-host.ts';
import { MemoryRecordStore } from '../../doubles/records.ts';
import { authority, DAY, HOUR, MINUTE, SECOND, summary, World } from './world.ts';

after(() => authority.remove());

const POLICY = policyText({ mx: ['mx.dest.test'] });
const NO_POLICY = { kind: 'answer', status: 404 } as const;

/** A process whose store can be made to fail. */
function processWithStore(world: World) {
  const store = new MemoryRecordStore(world.now, world.records);
  return { store, policies: world.process({ store }) };
}

const FULL = new StorageUnavailable('full', 'the disk is full');

function damage(world: World, collection: string): void {
  const record = world.records.get(collection)?.get('dest.test');
  assert.ok(record !== undefined);
  world.records.get(collection)?.set('dest.test', { ...record, value: record.value.slice(0, -5) });
}

describe('a record that is damaged', () => {
  test('STS-31 is dropped with an event, and counts as none', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    await world.process().find('dest.test');
    damage(world, 'mta-sts-policy');
    world.setRecord('dest.test', undefined);
    world.pass(2 * SECOND);
    const policies = world.process();
    assert.equal(summary(await policies.find('dest.test')), 'none');
    assert.deepEqual(world.events(), ['mta-sts.fetched', 'mta-sts.record-damaged']);
    assert.equal(world.records.get('mta-sts-policy')?.size, 0);
    world.announce('dest.test', '1');
    world.pass(2 * MINUTE);
    assert.equal(summary(await policies.find('dest.test')), 'fetched enforce mx.dest.test id 1');
  });

  test('STS-31 leaves what is in memory as it is', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const policies = world.process();
    await policies.find('dest.test');
    damage(world, 'mta-sts-policy');
    world.setRecord('dest.test', undefined);
    world.pass(2 * MINUTE);
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce mx.dest.test id 1');
  });

  test('STS-31 of a trouble is dropped as well', async () => {
    await using world = await World.start({ 'dest.test': NO_POLICY });
    await world.process().find('dest.test');
    damage(world, 'mta-sts-trouble');
    await world.process().find('dest.test');
    assert.equal(world.host.requests.length, 2);
    assert.ok(world.events().includes('mta-sts.record-damaged'));
  });

  test('STS-31 does not stop the others from being refreshed', async () => {
    const long = policyText({ maxAgeS: 30 * 86_400 });
    await using world = await World.start({ 'dest.test': long, 'other.test': long });
    await world.process().find('dest.test');
    await world.process().find('other.test');
    damage(world, 'mta-sts-policy');
    world.pass(25 * HOUR);
    await world.process().refreshDue(world.now());
    assert.equal(world.host.asked('other.test'), 2);
    assert.equal(world.host.asked('dest.test'), 1);
    assert.ok(world.events().includes('mta-sts.record-damaged'));
  });
});

test('the store is asked once for all who want to know of a domain at the same time', async () => {
  await using world = await World.start({ 'dest.test': POLICY });
  await world.process().find('dest.test');
  const { store, policies } = processWithStore(world);
  const asked: string[] = [];
  const get = store.get.bind(store);
  store.get = async (collection, key) => {
    asked.push(collection);
    return get(collection, key);
  };
  await Promise.all(Array.from({ length: 20 }, async () => policies.find('dest.test')));
  await policies.find('dest.test');
  assert.deepEqual(asked, ['mta-sts-policy', 'mta-sts-trouble']);
});

test('a policy outlives a restart in the real store', async () => {
  await using world = await World.start({ 'dest.test': POLICY, 'bad.test': NO_POLICY });
  const dataDirectory = await mkdtemp(join(tmpdir(), 'postern-mta-sts-'));
  const open = async () => SqliteRecordStore.open({ dataDirectory, now: world.now, onDamage: () => undefined });
  const before = await open();
  const policies = world.process({ store: before });
  await policies.find('dest.test');
  await policies.find('bad.test');
  await before.close();
  world.pass(MINUTE);
  const store = await open();
  const again = world.process({ store });
  assert.equal(summary(await again.find('dest.test')), 'kept enforce mx.dest.test id 1');
  assert.equal(summary(await again.find('bad.test')), 'unavailable id 1 sts-policy-fetch-error');
  assert.equal(world.host.requests.length, 2);
  assert.deepEqual(
    (await again.known({ limit: 10 })).map(({ domain }) => domain),
    ['bad.test', 'dest.test'],
  );
  await store.close();
  await rm(dataDirectory, { recursive: true });
});

test('a policy is kept for its whole time, however soon its domain may be forgotten (RFC 8461 §3.3)', async () => {
  await using world = await World.start({ 'dest.test': policyText({ maxAgeS: 30 * 86_400 }) });
  world.settings = { ...world.settings, forgetAfter: DAY };
  await world.process().find('dest.test');
  world.setRecord('dest.test', undefined);
  world.pass(30 * DAY - 1);
  assert.equal(summary(await world.process().find('dest.test')), 'kept enforce mx.dest.test id 1');
});

describe('a store that fails', () => {
  test('hides what is kept, so that no policy is no fact: mail waits from the first time on', async () => {
    await using world = await World.start({ 'dest.test': NO_POLICY });
    world.setRecord('dest.test', undefined);
    const { store, policies } = processWithStore(world);
    store.failure = FULL;
    const began = world.ms;
    assert.equal(summary(await policies.find('dest.test')), 'lookup-failed');
    world.announce('dest.test', '1');
    world.pass(10 * MINUTE);
    const finding = await policies.find('dest.test');
    assert.equal(finding.kind === 'lookup-failed' && finding.since.getTime(), began);
    assert.deepEqual(world.events(), ['mta-sts.storage-failed', 'mta-sts.failed']);
    store.failure = undefined;
    assert.equal(summary(await policies.find('dest.test')), 'unavailable id 1 sts-policy-fetch-error');
  });

  test('does not stop a policy from being fetched and used', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const { store, policies } = processWithStore(world);
    store.failure = FULL;
    assert.equal(summary(await policies.find('dest.test')), 'fetched enforce mx.dest.test id 1');
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce mx.dest.test id 1');
    assert.equal(world.host.requests.length, 1);
    store.failure = undefined;
    world.pass(2 * MINUTE);
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce mx.dest.test id 1');
    assert.equal(world.host.requests.length, 1);
  });

  test('leaves what is in memory as it is', async () => {
    await using world = await World.start({ 'dest.test': POLICY, 'bad.test': NO_POLICY });
    const { store, policies } = processWithStore(world);
    await policies.find('dest.test');
    await policies.find('bad.test');
    world.setRecord('dest.test', undefined);
    store.failure = FULL;
    world.pass(2 * MINUTE);
    assert.equal(summary(await policies.find('dest.test')), 'kept enforce mx.dest.test id 1');
    assert.equal(summary(await policies.find('bad.test')), 'unavailable id 1 sts-policy-fetch-error');
    assert.equal(world.host.asked('bad.test'), 1);
  });

  test('that takes nothing does not make a failed fetch be repeated', async () => {
    await using world = await World.start({ 'dest.test': NO_POLICY });
    const { store, policies } = processWithStore(world);
    store.put = async () => Promise.reject(FULL);
    await policies.find('dest.test');
    world.pass(2 * MINUTE);
    await policies.find('dest.test');
    assert.equal(world.host.requests.length, 1);
  });

  test('is reported once for each time that it begins to fail', async () => {
    await using world = await World.start({});
    const { store, policies } = processWithStore(world);
    for (const failure of [FULL, FULL, undefined, FULL, FULL]) {
      store.failure = failure;
      world.pass(2 * MINUTE);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await policies.find('dest.test');
    }
    assert.equal(world.events().filter((event) => event === 'mta-sts.storage-failed').length, 2);
  });

  test('forgets no domain', async () => {
    await using world = await World.start({ 'dest.test': policyText({ maxAgeS: 30 * 86_400 }) });
    const { store, policies } = processWithStore(world);
    await policies.find('dest.test');
    world.pass(25 * HOUR);
    const get = store.get.bind(store);
    store.get = async (collection, key) => (collection === 'mta-sts-use' ? Promise.reject(FULL) : get(collection, key));
    await policies.refreshDue(world.now());
    assert.notEqual((await world.process().state('dest.test'))?.kept, undefined);
    assert.equal(world.events().at(-1), 'mta-sts.storage-failed');
  });
});

describe('what is shown', () => {
  test('of a domain: the record as it is, and all that is kept', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const policies = world.process();
    await policies.find('dest.test');
    const fetchedAt = world.now();
    world.announce('dest.test', '2');
    world.host.set('dest.test', NO_POLICY);
    world.pass(HOUR);
    await policies.find('dest.test');
    const policy = { mode: 'enforce', mx: ['mx.dest.test'], maxAgeS: 86_400 };
    const reason = 'mta-sts.dest.test answers with status 404';
    assert.deepEqual(await world.process().state('DEST.test'), {
      domain: 'dest.test',
      announced: { kind: 'record', id: '2' },
      kept: { policy, id: '1', fetchedAt, expiresAt: new Date(fetchedAt.getTime() + DAY) },
      history: [{ at: fetchedAt, id: '1', policy }],
      failure: { trouble: { result: 'sts-policy-fetch-error', reason }, id: '2', at: world.now() },
      lookupsFailSince: undefined,
      lastUsedAt: fetchedAt,
    });
    assert.equal(world.host.requests.length, 2);
  });

  test('of a domain that nobody has written to: what DNS says, and nothing is fetched', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    const state = await world.process().state('dest.test');
    assert.deepEqual(state?.announced, { kind: 'record', id: '1' });
    assert.equal(state.kept, undefined);
    assert.equal(world.host.connections, 0);
    assert.equal(await world.process().state('192.0.2.1'), undefined);
  });

  test('of look-ups that fail: since when', async () => {
    await using world = await World.start({});
    world.setRecord('dest.test', { fault: 'servfail' });
    await world.process().find('dest.test');
    const state = await world.process().state('dest.test');
    assert.deepEqual(state?.lookupsFailSince, world.now());
    assert.deepEqual(state.announced, {
      kind: 'failed',
      reason: '_mta-sts.dest.test TXT cannot be looked up (servfail)',
    });
  });

  test('of a policy that has expired: that it was there', async () => {
    await using world = await World.start({ 'dest.test': POLICY });
    await world.process().find('dest.test');
    world.pass(30 * DAY);
    const state = await world.process().state('dest.test');
    assert.equal(state?.kept?.expiresAt.getTime(), world.ms - 29 * DAY);
  });

  test('of all domains: those with a policy and those with a trouble, page by page', async () => {
    await using world = await World.start({
      'b.test': POLICY,
      'd.test': POLICY,
      'a.test': NO_POLICY,
      'c.test': NO_POLICY,
    });
    const policies = world.process();
    for (const domain of ['b.test', 'd.test', 'a.test', 'c.test', 'unknown.test']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await policies.find(domain);
    }
    const first = await policies.known({ limit: 3 });
    assert.deepEqual(
      first.map(({ domain, kept, failure }) => [domain, kept !== undefined, failure !== undefined]),
      [
        ['a.test', false, true],
        ['b.test', true, false],
        ['c.test', false, true],
      ],
    );
    const second = await policies.known({ limit: 3, after: 'c.test' });
    assert.deepEqual(
      second.map(({ domain }) => domain),
      ['d.test'],
    );
    assert.deepEqual(await policies.known({ limit: 3, after: 'd.test' }), []);
  });

  test('where the store fails: that it fails', async () => {
    await using world = await World.start({});
    const { store, policies } = processWithStore(world);
    store.failure = FULL;
    await assert.rejects(policies.known({ limit: 3 }), FULL);
    await assert.rejects(policies.state('dest.test'), FULL);
  });
});
