/** What the worth of the resolver's word does to a relay: when it is found out, what waits for it, and what goes on without. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SELF_TEST_NAMES, startZone, type ZoneName } from '../doubles/zone.ts';
import { inWorld, World, type WorldPlan } from './world.ts';

const BOB = 'bob@dest.test';
const { signed, unsigned, bogus } = SELF_TEST_NAMES;
const LIE: ZoneName = { A: ['192.0.2.73'] };

const plan = (zone: { readonly [name: string]: ZoneName } = {}, settings: WorldPlan['settings'] = {}): WorldPlan => ({
  hosts: { mx: { address: '127.0.0.2', tls: 'good' } },
  zone: { 'dest.test': { MX: ['10 mx.dest.test'] }, 'mx.dest.test': { A: ['127.0.0.2'] }, ...zone },
  settings,
});

const order = (world: World, ...wanted: readonly string[]): string[] =>
  world.events.map(({ event }) => event).filter((event) => wanted.includes(event));

const tested = async (world: World): Promise<void> =>
  world.until(() => order(world, 'dns.self-test-passed', 'dns.self-test-failed').length > 0, 'a self-test');

describe('the word of the resolver', { concurrency: 4 }, () => {
  test('counts when it validates, and the status says so', async () =>
    inWorld(plan(), async (world) => {
      await tested(world);
      assert.deepEqual((await world.relay.status()).dnssec, { kind: 'validates' });
    }));

  test('DNS-47 does not count when it never sets AD: told loudly, and mail goes on without DANE', async () =>
    inWorld(plan({ [signed]: LIE, [bogus]: LIE }), async (world) => {
      await world.send({ to: [BOB] });
      await world.untilTrail(BOB, 'delivered 2.0.0');
      const { dnssec } = await world.relay.status();
      assert.equal(dnssec?.kind, 'does-not-validate');
      const failed = world.events.find(({ event }) => event === 'dns.self-test-failed');
      assert.equal(failed?.fields.decision, 'does-not-validate');
      assert.match(failed?.fields.reason ?? '', /^127\.0\.0\.1:\d+ answers selftest-bogus\.test/);
    }));

  test('is found out before the first delivery, while mail is accepted already', async () => {
    const { hosts, zone: records = {} } = plan({ [bogus]: { fault: 'silence' } });
    const zone = await startZone({ records });
    // A question about the bogus name is asked again until the test lets it be answered.
    const settings = { dns: { timeout: '500ms', attempts: 10 } };
    const world = await World.start({ ...(hosts && { hosts }), settings }, async () => Promise.resolve(zone));
    try {
      await world.send({ to: [BOB] });
      await sleep(300);
      assert.deepEqual(order(world, 'delivery.delivered', 'dns.self-test-passed'), []);
      zone.set(bogus, { fault: 'bogus' });
      await world.untilTrail(BOB, 'delivered 2.0.0');
      assert.deepEqual(order(world, 'inbound.accepted', 'dns.self-test-passed', 'delivery.delivered'), [
        'inbound.accepted',
        'dns.self-test-passed',
        'delivery.delivered',
      ]);
    } finally {
      await world.close();
    }
  });

  test('DNS-47 counts against a host while nobody can tell: who keeps the self-test from its answers switches no DANE off', async () => {
    const secure = true;
    const world = await World.start(
      { hosts: { mx: { address: '127.0.0.2', tls: 'good' } }, settings: { dns: { timeout: '300ms', attempts: 1 } } },
      async (port) =>
        startZone({
          records: {
            [signed]: { fault: 'silence' },
            'dest.test': { MX: ['10 mx.dest.test'], secure },
            'mx.dest.test': { A: ['127.0.0.2'], secure },
            [`_${port}._tcp.mx.dest.test`]: { TLSA: [`3 1 1 ${'ab'.repeat(32)}`], secure },
            'other.test': { MX: ['10 mx.other.test'] },
            'mx.other.test': { A: ['127.0.0.2'] },
          },
        }),
    );
    try {
      await world.send({ to: [BOB] });
      await world.untilTrail(BOB, 'deferred 4.7.323');
      assert.equal((await world.relay.status()).dnssec?.kind, 'unknown');
      await world.send({ to: ['bob@other.test'] });
      await world.untilTrail('bob@other.test', 'delivered 2.0.0');
    } finally {
      await world.close();
    }
  });

  test('MIX-13 is nothing that is asked for while DANE is off', async () => {
    await using zone = await startZone({
      records: { 'dest.test': { MX: ['10 mx.dest.test'] }, 'mx.dest.test': { A: ['127.0.0.2'] } },
    });
    const settings = { dns: { resolvers: [zone.resolver] }, tlsPolicy: { dane: { mode: 'off' } } };
    await inWorld(plan({}, settings), async (world) => {
      await world.send({ to: [BOB] });
      await world.untilTrail(BOB, 'delivered 2.0.0');
      assert.deepEqual(
        zone.queries.filter(({ name }) => [signed, unsigned, bogus].some((one) => one === name)),
        [],
      );
      assert.equal((await world.relay.status()).dnssec, undefined);
      // A connector that demands DANE has a use for it all the same.
      const connector = { name: 'partner', recipientDomains: ['partner.test'], smtpDaneMode: 'mandatory' };
      const { dns, tlsPolicy } = settings;
      await world.relay.reload(world.setup({ dns, tlsPolicy, outbound: { connectors: [connector] } }));
      assert.deepEqual((await world.relay.status()).dnssec, { kind: 'validates' });
    });
  });

  test('is found out anew when the resolvers change', async () => {
    await using lying = await startZone({ records: { [bogus]: LIE } });
    await inWorld(plan(), async (world) => {
      await tested(world);
      await world.relay.reload(world.setup({ dns: { resolvers: [lying.resolver] } }));
      assert.equal((await world.relay.status()).dnssec?.kind, 'does-not-validate');
      await world.relay.reload(world.setup());
      assert.equal((await world.relay.status()).dnssec?.kind, 'validates');
    });
  });

  test('keeps no relay from ending while it is being found out', async () =>
    inWorld(plan({ [bogus]: { fault: 'silence' } }, { dns: { timeout: '30s' } }), async (world) => {
      await world.stopRelay();
      assert.deepEqual(order(world, 'dns.self-test-failed', 'dns.self-test-passed'), []);
    }));
});
