/**
 * `policy explain` beside delivery, over the same zone, policy host and hosts: it shows what delivery does, and it hands no mail
 * over.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Explanation } from '#tls-policy/explain.ts';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';
import { RecordPolicyDesk } from '../src/policy-desk.ts';
import { PolicyHost } from './doubles/policy-host.ts';
import { testKeys } from './flow/keys.ts';
import { inWorld, type World } from './flow/world.ts';
import { startZone, type ZoneName } from './doubles/zone.ts';

const FORGED = `3 1 1 ${'ab'.repeat(32)}`;

async function explained(world: World, asked: string, probe: boolean): Promise<Explanation> {
  const config = world.config();
  const records = await SqliteRecordStore.open({
    dataDirectory: world.dataDirectory,
    now: () => new Date(),
    onDamage: () => assert.fail('the records are damaged'),
  });
  const desk = new RecordPolicyDesk({ settings: () => config, records, isOurs: () => false, dnssec: undefined });
  try {
    const explanation = await desk.explain(asked, probe);
    assert.ok(explanation !== undefined);
    return explanation;
  } finally {
    await desk.close();
  }
}

/** dest.test publishes an enforced policy; its first host has a TLSA record that does not fit, the second none. */
async function inPolicyWorld(check: (world: World, policyHost: PolicyHost) => Promise<void>): Promise<void> {
  const { policyHost: keys, caFile } = testKeys();
  const policy = 'version: STSv1\r\nmode: enforce\r\nmx: mx2.dest.test\r\nmax_age: 86400\r\n';
  await using policyHost = await PolicyHost.start({
    authority: { leaf: () => keys },
    answers: { 'dest.test': policy },
  });
  const records = (port: number): { readonly [name: string]: ZoneName } => ({
    'dest.test': { secure: true, MX: ['10 mx1.dest.test', '20 mx2.dest.test'] },
    'mx1.dest.test': { secure: true, A: ['127.0.0.2'] },
    [`_${port}._tcp.mx1.dest.test`]: { secure: true, TLSA: [FORGED] },
    'mx2.dest.test': { secure: true, A: ['127.0.0.3'] },
    '_mta-sts.dest.test': { TXT: ['v=STSv1; id=20260501;'] },
    'mta-sts.dest.test': { A: [policyHost.address] },
  });
  const mtaSts = { port: policyHost.port, privateAddresses: true };
  await inWorld(
    {
      hosts: { mx1: { address: '127.0.0.2', tls: 'good' }, mx2: { address: '127.0.0.3', tls: 'good' } },
      settings: { outbound: { caFile }, tlsPolicy: { mtaSts } },
    },
    async (world) => check(world, policyHost),
    async (port) => startZone({ records: records(port) }),
  );
}

test('MIX-30 explain and delivery have the same decisions', async () =>
  inPolicyWorld(async (world) => {
    await world.send({ to: ['bob@dest.test'] });
    await world.untilTrail('bob@dest.test', 'delivered 2.0.0');
    const { hosts, sts, dnssec } = await explained(world, 'bob@dest.test', false);
    assert.equal(dnssec, 'the resolver validates');
    assert.deepEqual(
      sts.map(({ kind, id, policy }) => [kind, id, policy?.mode]),
      [['policy', '20260501', 'enforce']],
    );
    const delivered = world.events
      .filter(({ event }) => event === 'tls.decided')
      .map(({ fields: { mxHost, reason } }) => [mxHost, reason]);
    const shown = hosts.map(({ name, decision }) => [name, decision?.kind === 'connect' ? decision.key : '']);
    assert.deepEqual(delivered, shown);
    assert.match(String(shown[0]?.[1]), /^dane mx1\.dest\.test/);
    assert.match(
      String(shown[1]?.[1]),
      /^authenticate host mx2\.dest\.test by mta-sts dest\.test; sts true dest\.test 20260501$/,
    );
  }));

test('a probe shows the handshake and its verdict, and hands no mail over', async () =>
  inPolicyWorld(async (world) => {
    const { hosts } = await explained(world, 'dest.test', true);
    const [first, second] = hosts.map(({ probes: [probe] }) => probe);
    assert.equal(first?.met, false);
    assert.match(first?.text ?? '', /^4\.7\.323 tlsa-invalid: /);
    assert.deepEqual(
      first?.results.map(({ type, failure }) => [type, failure.split(':')[0]]),
      [
        ['tlsa', 'validation-failure'],
        ['sts', 'validation-failure'],
      ],
    );
    assert.equal(second?.met, true);
    assert.match(
      second?.text ?? '',
      /^TLSv1\.3 \S+ authenticated by mta-sts, matched _mta-sts\.dest\.test id=20260501$/,
    );
    for (const name of ['mx1', 'mx2']) {
      const { transcript, messages } = world.host(name);
      assert.equal(messages.length, 0);
      assert.ok(!transcript.some((line) => line.startsWith('MAIL')), transcript.join('\n'));
    }
  }));

test('what explain has fetched is kept, and delivery uses it', async () =>
  inPolicyWorld(async (world, policyHost) => {
    await explained(world, 'dest.test', false);
    assert.equal(policyHost.requests.length, 1);
    await world.send({ to: ['bob@dest.test'] });
    await world.untilTrail('bob@dest.test', 'delivered 2.0.0');
    assert.equal(policyHost.requests.length, 1);
  }));

test('a destination without hosts is explained too', async () =>
  inWorld({ zone: { 'none.test': { MX: ['0 .'] } } }, async (world) => {
    const { trouble, hosts, sts } = await explained(world, 'none.test', false);
    assert.match(trouble, /null MX/);
    assert.deepEqual([hosts, sts], [[], []]);
  }));
