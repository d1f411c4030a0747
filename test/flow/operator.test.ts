/** What operators and signals do to a relay that runs: the desk's acts, traces, a reload, a drain and a start again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveryState, QueueAct } from '#queue/desk.ts';
import { CLOSE, type Act } from '../doubles/scripted-host.ts';
import { inWorld, transact, type World, type WorldPlan } from './world.ts';

const BOB = 'bob@dest.test';
const ZONE = { 'dest.test': { MX: ['10 mx.dest.test'] }, 'mx.dest.test': { A: ['127.0.0.2'] } } as const;
/** Retries that a test does not live to see: what happens, an operator has made happen. */
const PATIENT = { queue: { retryWaits: ['1h'] } };

/** A host that is not ready for mail at first: it does what is said until the test lets it answer as usual. */
function busyHost(said: Act): { readonly plan: WorldPlan; readonly open: () => void } {
  let isOpen = false;
  const greeting = (): Act => (isOpen ? '220 mx.dest.test' : said);
  return {
    plan: { hosts: { mx: { address: '127.0.0.2', tls: 'good', script: { greeting } } }, zone: ZONE, settings: PATIENT },
    open: () => (isOpen = true),
  };
}

/** An operator comes later than what he reacts to; trace records tell that by whole milliseconds only. */
async function act(world: World, what: QueueAct): Promise<number> {
  await sleep(2);
  const changed = await world.withDesk(async (desk) => desk.act({ recipient: BOB }, what));
  world.relay.wake();
  return changed;
}

const states = async (world: World): Promise<readonly DeliveryState[]> =>
  world.withDesk(async (desk) => (await desk.list({ recipient: BOB }, 10)).map(({ state }) => state));

describe('an operator', { concurrency: 4 }, () => {
  test('makes mail due at once, also that of a destination that rests', async () => {
    const { plan, open } = busyHost(CLOSE);
    await inWorld(plan, async (world) => {
      await world.send({ to: [BOB] });
      await world.untilTrail(BOB, 'deferred 4.4.2');
      await world.until(async () => (await world.withDesk(async (desk) => desk.pauses())).length === 1, 'a pause');
      open();
      assert.equal(await act(world, 'retry'), 1);
      await world.untilTrail(BOB, 'delivered 2.0.0');
      assert.deepEqual(await world.withDesk(async (desk) => desk.pauses()), []);
    });
  });

  test('holds mail, which no retry touches, and releases it', async () => {
    const { plan, open } = busyHost(CLOSE);
    await inWorld(plan, async (world) => {
      await world.send({ to: [BOB] });
      await world.untilTrail(BOB, 'deferred 4.4.2');
      assert.equal(await act(world, 'hold'), 1);
      assert.deepEqual(await states(world), ['held']);
      open();
      await world.withDesk(async (desk) => desk.act({ domain: 'dest.test' }, 'retry'));
      world.relay.wake();
      await world.send({ to: ['carl@dest.test'] });
      await world.untilTrail('carl@dest.test', 'delivered 2.0.0');
      assert.deepEqual(world.trail(BOB), ['deferred 4.4.2']);
      assert.equal(await act(world, 'release'), 1);
      await world.untilTrail(BOB, 'delivered 2.0.0');
      const told = async (): Promise<string[]> => (await world.traces().find(BOB, 20)).map(({ event }) => event);
      await world.until(async () => (await told()).includes('delivery.delivered'), 'the last record');
      const acts = ['queue.held', 'queue.retried', 'queue.released'];
      assert.deepEqual(
        (await told()).filter((event) => !event.startsWith('inbound.')),
        ['delivery.deferred', ...acts, 'delivery.delivered'],
      );
    });
  });

  test('cancels mail, of which nobody hears again', async () => {
    const { plan } = busyHost(CLOSE);
    await inWorld(plan, async (world) => {
      await world.send({ to: [BOB] });
      await world.untilTrail(BOB, 'deferred 4.4.2');
      assert.equal(await act(world, 'cancel'), 1);
      assert.deepEqual(await states(world), []);
      assert.equal(world.host('home').messages.length, 0);
    });
  });

  test('returns mail to its sender, also that of a destination that rests', async () => {
    const { plan } = busyHost(CLOSE);
    await inWorld(plan, async (world) => {
      await world.send({ to: [BOB] });
      await world.untilTrail(BOB, 'deferred 4.4.2');
      assert.equal(await act(world, 'fail'), 1);
      await world.untilTrail(BOB, 'failed 5.7.0');
      const [report = ''] = await world.reports(1);
      assert.match(report, /Diagnostic-Code: smtp; 550 5\.7\.0 Returned by the administrator of the relay\r\n/);
      assert.equal(world.host('mx').connections, 1, 'it was not attempted again');
    });
  });
});

test('a message is found by its recipients, sender and Message-ID before anything was attempted', async () => {
  const { plan } = busyHost({ kind: 'hang' });
  await inWorld(plan, async (world) => {
    const messageId = await world.send({ to: [BOB, 'carl@dest.test'] });
    const traces = world.traces();
    for (const subject of [BOB, 'carl@dest.test', 'alice@sender.test', '<1@sender.test>', messageId]) {
      await world.until(async () => (await traces.find(subject, 10)).length > 0, `a trace of ${subject}`);
      const found = await traces.find(subject, 10);
      assert.deepEqual(
        found.map((record) => [record.messageId, record.event]),
        [[messageId, 'inbound.accepted']],
        subject,
      );
    }
    assert.deepEqual(await traces.find('dora@dest.test', 10), []);
    assert.deepEqual(world.trail(BOB), []);
  });
});

test('a trace tells all that became of a message, in order', async () => {
  let greylisted = 0;
  const script = { RCPT: (): string => ((greylisted += 1) === 1 ? '450 4.7.1 Greylisted' : '550 5.1.1 No such user') };
  const hosts = { mx: { address: '127.0.0.2', tls: 'good', script } } as const;
  await inWorld({ hosts, zone: ZONE }, async (world) => {
    await world.send({ to: [BOB] });
    await world.reports(1);
    const events = async (): Promise<string[]> => (await world.traces().find(BOB, 10)).map(({ event }) => event);
    await world.until(async () => (await events()).includes('dsn.sent'), 'the last record');
    assert.deepEqual(await events(), ['inbound.accepted', 'delivery.deferred', 'delivery.failed', 'dsn.sent']);
  });
});

test('a reload changes what is decided from then on, and drops no session', async () => {
  const hosts = { mx: { address: '127.0.0.2', tls: 'none' } } as const;
  await inWorld({ hosts, zone: ZONE }, async (world) => {
    const client = await world.client();
    await client.say('EHLO client.test');
    await client.say('MAIL FROM:<alice@sender.test>');
    await world.relay.reload(world.setup({ tlsPolicy: { floor: 'opportunistic' }, hostname: 'renamed.test' }));
    await client.say(`RCPT TO:<${BOB}>`);
    await client.say('DATA');
    assert.match(await client.say('Subject: x\r\n\r\nx\r\n.'), /^250 /);
    await world.untilTrail(BOB, 'delivered 2.0.0');
    assert.equal(world.host('mx').messages[0]?.tlsVersion, undefined);
    assert.ok(world.host('mx').transcript.includes('EHLO renamed.test'));
    // What began under the old settings ends under them.
    assert.match(await client.say('EHLO client.test'), /^250-relay\.test/);
    client.close();
  });
});

test('a reload admits and refuses by the new settings', async () =>
  inWorld({ zone: ZONE }, async (world) => {
    await world.relay.reload(world.setup({ inbound: { relayNetworks: [], acceptedDomains: ['other.test'] } }));
    const client = await world.client();
    await client.say('EHLO client.test');
    assert.equal(await transact(client, { to: [BOB] }), '550 5.7.64 TenantAttribution; Relay Access Denied');
    client.close();
  }));

test('what waits in the queue is delivered by the next start', async () => {
  const { plan, open } = busyHost(CLOSE);
  await inWorld(plan, async (world) => {
    await world.send({ to: [BOB] });
    await world.untilTrail(BOB, 'deferred 4.4.2');
    await world.stopRelay();
    open();
    assert.equal(await world.withDesk(async (desk) => desk.act({}, 'retry')), 1);
    await world.startRelay();
    await world.untilTrail(BOB, 'delivered 2.0.0');
  });
});

test('a drain lets a transaction end that has begun', async () => {
  const hosts = { mx: { address: '127.0.0.2', tls: 'good' } } as const;
  await inWorld({ hosts, zone: ZONE }, async (world) => {
    const client = await world.client();
    await client.say('EHLO client.test');
    await client.say('MAIL FROM:<alice@sender.test>');
    await client.say(`RCPT TO:<${BOB}>`);
    await client.say('DATA');
    const stopped = world.stopRelay();
    assert.match(await client.say('Subject: x\r\n\r\nx\r\n.'), /^250 /);
    await stopped;
    client.close();
    await world.startRelay();
    await world.untilTrail(BOB, 'delivered 2.0.0');
    assert.equal(world.host('mx').messages.length, 1);
  });
});

test('a large message goes through octet for octet, without being held in memory', async () => {
  const hosts = { mx: { address: '127.0.0.2', tls: 'good' } } as const;
  const line = `${'x'.repeat(70)}.\r\n.${'y'.repeat(60)}\r\n`;
  const body = line.repeat(60_000);
  const stuffed = body.replaceAll('\r\n.', '\r\n..');
  await inWorld({ hosts, zone: ZONE }, async (world) => {
    await world.send({ to: [BOB], content: Buffer.from(`Subject: large\r\n\r\n${stuffed}`) });
    await world.untilTrail(BOB, 'delivered 2.0.0');
    const { content } = world.host('mx').messages[0] ?? { content: Buffer.alloc(0) };
    const start = content.indexOf('Subject: large\r\n\r\n');
    assert.ok(start > 0, 'our Received field stands in front');
    assert.ok(content.subarray(start).equals(Buffer.from(`Subject: large\r\n\r\n${body}`)));
  });
});
