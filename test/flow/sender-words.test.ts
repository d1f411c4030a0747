/**
 * What a sender says of TLS, where hosts or the relay itself fail on the way: it outlasts a restart, a key that DNS names is enough
 * of a proof, and clear text is the last resort of a message that may do without TLS. The usual ways are in `wishes.test.ts` and in
 * the scenarios.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChainMaker, tlsaText } from '../doubles/chains.ts';
import { CLOSE, thenClose, type Script } from '../doubles/scripted-host.ts';
import { startZone, type ZoneName } from '../doubles/zone.ts';
import { served } from './secure-mail.ts';
import { World, type HostPlan, type Mail } from './world.ts';

const BOB = 'bob@dest.test';
const chains = new ChainMaker();
const elsewhere = chains.make({ commonName: 'elsewhere.test', names: ['elsewhere.test'] });
chains.remove();

const OFFERING: HostPlan = { address: '127.0.0.2', tls: 'good', offers: [], offersInTls: ['REQUIRETLS'] };
const demanding: Mail = { to: [BOB], parameters: 'REQUIRETLS', overTls: true };
const relaxed: Mail = { to: [BOB], content: 'From: alice@sender.test\nTLS-Required: No\n\nHello\n' };

const onceBusy: Script = { greeting: (_line, count) => (count === 0 ? thenClose('421 4.3.2 Busy') : '220 mx ESMTP') };
type Case = {
  readonly mx: HostPlan;
  /** The domain says in signed DNS which key its host has. */
  readonly key?: boolean;
};

/** Only DNS, if anything, demands TLS. */
async function inWorld({ mx, key = false }: Case, check: (world: World) => Promise<void>): Promise<void> {
  const settings = { tlsPolicy: { floor: 'opportunistic' } };
  const world = await World.start({ hosts: { mx }, settings }, async (port) => startZone({ records: zone(key, port) }));
  try {
    await check(world);
  } finally {
    await world.close();
  }
}

function zone(key: boolean, port: number): { readonly [name: string]: ZoneName } {
  return {
    'dest.test': { MX: ['10 mx.dest.test'], secure: true },
    'mx.dest.test': { A: ['127.0.0.2'], secure: true },
    ...(key ? { [`_${port}._tcp.mx.dest.test`]: { TLSA: [tlsaText('3 1 1', elsewhere)], secure: true } } : {}),
  };
}

async function restart(world: World): Promise<void> {
  await world.untilTrail(BOB, 'deferred 4.3.2');
  await world.stopRelay();
  await world.startRelay();
}

describe('REQUIRETLS', { concurrency: 2 }, () => {
  test('REQ-16 outlasts a restart of the relay', async () =>
    inWorld({ mx: { ...OFFERING, script: onceBusy } }, async (world) => {
      await world.send(demanding);
      await restart(world);
      await world.untilTrail(BOB, 'delivered 2.0.0');
      assert.deepEqual(world.host('mx').commands('MAIL'), ['MAIL FROM:<alice@sender.test> REQUIRETLS']);
    }));

  test('REQ-29 a key that signed DNS names proves the host, whatever names its certificate has (RFC 7672 §3.1.1)', async () =>
    inWorld({ mx: { ...OFFERING, tls: served(elsewhere) }, key: true }, async (world) => {
      await world.send(demanding);
      await world.untilTrail(BOB, 'delivered 2.0.0');
      assert.match(world.host('mx').messages[0]?.mail ?? '', / REQUIRETLS$/);
    }));

  test('REQ-29 without that key it does not', async () =>
    inWorld({ mx: { ...OFFERING, tls: served(elsewhere) } }, async (world) => {
      await world.send(demanding);
      await world.untilTrail(BOB, 'failed 5.7.10');
      assert.deepEqual(world.host('mx').commands('MAIL'), []);
    }));
});

describe('TLS-Required: No', { concurrency: 2 }, () => {
  const broken: HostPlan = { address: '127.0.0.2', tls: served(elsewhere), script: { handshake: CLOSE } };

  test('TRN-07 goes in clear on a new connection where the handshake fails, whatever signed DNS says (RFC 8689 §4.2.2)', async () =>
    inWorld({ mx: broken, key: true }, async (world) => {
      await world.send(relaxed);
      await world.untilTrail(BOB, 'delivered 2.0.0');
      const host = world.host('mx');
      assert.deepEqual([host.connections, host.messages[0]?.tlsVersion], [2, undefined]);
      assert.equal(host.commands('STARTTLS').length, 1, 'TLS was not tried');
    }));

  test('TRN-07 other mail does not', async () =>
    inWorld({ mx: broken, key: true }, async (world) => {
      await world.send({ to: [BOB] });
      await world.untilTrail(BOB, 'deferred 4.7.321');
      assert.deepEqual(world.host('mx').commands('MAIL'), []);
    }));

  test('REQ-16, TRN-02 outlasts a restart of the relay', async () =>
    inWorld({ mx: { address: '127.0.0.2', tls: 'none', script: onceBusy }, key: true }, async (world) => {
      await world.send(relaxed);
      await restart(world);
      await world.untilTrail(BOB, 'delivered 2.0.0');
      assert.equal(world.host('mx').messages[0]?.tlsVersion, undefined);
    }));
});
