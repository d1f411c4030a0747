/** Destinations beside each other: one that is dead takes nothing from another, rests, is tried once and comes back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE, HANG, type Act } from '../doubles/scripted-host.ts';
import { inWorld, transact, type World } from './world.ts';

const ZONE = {
  'dest.test': { MX: ['10 mx.dest.test'] },
  'mx.dest.test': { A: ['127.0.0.2'] },
  'other.test': { MX: ['10 mx.other.test'] },
  'mx.other.test': { A: ['127.0.0.3'] },
} as const;

/** Sends so many messages in one session; nothing else is asked of them than to be in the queue. */
async function sendMany(world: World, count: number, to: string): Promise<void> {
  const client = await world.client();
  await client.say('EHLO client.test');
  const one = `MAIL FROM:<alice@sender.test>\r\nRCPT TO:<${to}>\r\nDATA\r\n`;
  for (let sent = 0; sent < count; sent += 1) {
    client.write(one);
    for (const expected of ['250', '250', '354']) assert.equal((await client.reply()).slice(0, 3), expected);
    assert.match(await client.say('Subject: x\r\n\r\nx\r\n.'), /^250 /);
  }
  client.close();
}

const deliveredTo = (world: World, recipient: string): number =>
  world.events.filter(({ event, fields }) => event === 'delivery.delivered' && fields.recipient === recipient).length;

test('thousands of messages for a dead domain take neither places nor attempts from another', async () => {
  const hosts = {
    dead: { address: '127.0.0.2', tls: 'good', script: { greeting: CLOSE } },
    alive: { address: '127.0.0.3', tls: 'good' },
  } as const;
  const settings = { queue: { retryWaits: ['1h'] }, outbound: { concurrency: { total: 4, perDestination: 2 } } };
  await inWorld({ hosts, zone: ZONE, settings }, async (world) => {
    const [one, two, three] = [1, 2, 3].map(async () => sendMany(world, 1700, 'bob@dest.test'));
    await sendMany(world, 50, 'carl@other.test');
    await world.until(() => deliveredTo(world, 'carl@other.test') === 50, 'delivery beside a dead domain');
    await Promise.all([one, two, three]);
    await sendMany(world, 50, 'dora@other.test');
    await world.until(() => deliveredTo(world, 'dora@other.test') === 50, 'delivery behind a dead domain');
    // It rests after its first failures: the others of its mail were never tried.
    assert.ok(world.host('dead').connections <= 4, `${world.host('dead').connections} connections`);
    assert.equal(await world.withDesk(async (desk) => desk.count({ domain: 'dest.test' })), 5100);
  });
});

test('QUE-13: a slow domain holds its own places only', async () => {
  const hosts = {
    slow: { address: '127.0.0.2', tls: 'good', script: { greeting: HANG } },
    quick: { address: '127.0.0.3', tls: 'good' },
  } as const;
  const settings = { outbound: { concurrency: { total: 4, perDestination: 2 } } };
  await inWorld({ hosts, zone: ZONE, settings }, async (world) => {
    await sendMany(world, 40, 'bob@dest.test');
    await world.until(() => world.host('slow').connections === 2, 'both places of the slow domain');
    await sendMany(world, 20, 'carl@other.test');
    await world.until(() => deliveredTo(world, 'carl@other.test') === 20, 'delivery beside a slow domain');
    assert.equal(world.host('slow').connections, 2);
  });
});

test('a destination that rests is tried with one message, and all of its mail follows when it answers', async () => {
  let isDead = true;
  const greeting = (): Act => (isDead ? CLOSE : '220 mx.dest.test');
  const hosts = { mx: { address: '127.0.0.2', tls: 'good', script: { greeting } } } as const;
  await inWorld({ hosts, zone: ZONE }, async (world) => {
    const paused = (): number => world.events.filter(({ event }) => event === 'queue.paused').length;
    await world.send({ to: ['first@dest.test'] });
    await world.until(() => paused() === 1, 'the pause');
    await sendMany(world, 30, 'bob@dest.test');
    await world.until(() => paused() === 2, 'the probation');
    assert.equal(world.host('mx').connections, 2, 'one connection for each try');
    isDead = false;
    await world.until(() => deliveredTo(world, 'bob@dest.test') === 30, 'all of its mail');
    assert.ok(world.events.some(({ event, fields }) => event === 'queue.resumed' && fields.nexthop === 'dest.test'));
  });
});

test('QUE-14: a domain whose hosts are all refused by a TLS policy rests, and is not tried for each of its messages', async () => {
  const hosts = { mx: { address: '127.0.0.2', tls: 'self-signed' } } as const;
  const settings = { queue: { retryWaits: ['1h'] }, tlsPolicy: { floor: 'authenticated' } };
  await inWorld({ hosts, zone: ZONE, settings }, async (world) => {
    await world.send({ to: ['first@dest.test'] });
    await world.untilTrail('first@dest.test', 'deferred 4.4.317');
    await sendMany(world, 200, 'bob@dest.test');
    assert.equal(await world.withDesk(async (desk) => desk.count({ domain: 'dest.test' })), 201);
    assert.equal(world.host('mx').connections, 1);
    assert.equal(world.events.filter(({ event }) => event === 'queue.paused').length, 1);
  });
});

test('hosts of equal preference share the load (RFC 5321 §5.1)', async () => {
  const zone = {
    'dest.test': { MX: ['10 mx1.dest.test', '10 mx2.dest.test'] },
    'mx1.dest.test': { A: ['127.0.0.2'] },
    'mx2.dest.test': { A: ['127.0.0.3'] },
  };
  const hosts = { one: { address: '127.0.0.2', tls: 'good' }, two: { address: '127.0.0.3', tls: 'good' } } as const;
  await inWorld({ hosts, zone }, async (world) => {
    await sendMany(world, 40, 'bob@dest.test');
    await world.until(() => deliveredTo(world, 'bob@dest.test') === 40, 'delivery');
    // Each message draws anew: that one host got them all is less likely than 1 in 10^11.
    for (const host of ['one', 'two']) assert.ok(world.host(host).messages.length > 0, host);
  });
});

test('sessions are used again, and no message finds one that its host has closed', async () => {
  const hosts = { mx: { address: '127.0.0.2', tls: 'good' } } as const;
  const settings = { outbound: { reuse: { idle: '1m' }, concurrency: { total: 1, perDestination: 1 } } };
  await inWorld({ hosts, zone: ZONE, settings }, async (world) => {
    await sendMany(world, 20, 'bob@dest.test');
    await world.until(() => deliveredTo(world, 'bob@dest.test') === 20, 'delivery');
    assert.equal(world.host('mx').connections, 1);
    world.host('mx').disconnect();
    await world.send({ to: ['carl@dest.test'] });
    await world.untilTrail('carl@dest.test', 'delivered 2.0.0');
    assert.deepEqual(world.trail('carl@dest.test'), ['delivered 2.0.0']);
    assert.equal(world.host('mx').connections, 2);
  });
});

test('a smart host is signed in at, over TLS only', async () => {
  const hosts = {
    smart: { address: '127.0.0.3', tls: 'good', offersInTls: ['PIPELINING', 'AUTH PLAIN LOGIN'] },
  } as const;
  const connector = {
    name: 'smart',
    recipientDomains: ['*'],
    useMXRecord: false,
    smartHosts: ['127.0.0.3'],
    credentials: { user: 'relay', passwordFile: '$DIRECTORY/password' },
  };
  const settings = { tlsPolicy: { floor: 'opportunistic' }, outbound: { connectors: [connector] } };
  await inWorld({ hosts, zone: ZONE, settings }, async (world) => {
    await world.send({ to: ['bob@dest.test'] });
    await world.untilTrail('bob@dest.test', 'deferred 4.3.0');
    world.write('password', 'open sesame\n');
    await world.untilTrail('bob@dest.test', 'delivered 2.0.0');
    const { transcript } = world.host('smart');
    const plain = Buffer.from('\0relay\0open sesame').toString('base64');
    assert.ok(transcript.includes(`AUTH PLAIN ${plain}`), transcript.join('\n'));
    assert.ok(transcript.indexOf('STARTTLS') < transcript.findIndex((line) => line.startsWith('AUTH')));
  });
});

test('a message that goes in circles is refused (RFC 5321 §6.3)', async () =>
  inWorld({ settings: { inbound: { limits: { hops: 10 } } } }, async (world) => {
    const client = await world.client();
    await client.say('EHLO client.test');
    const content = `${'Received: from a by b; now\n'.repeat(11)}Subject: round\n\nx\n`;
    assert.equal(await transact(client, { to: ['bob@dest.test'], content }), '554 5.4.14 Routing loop detected');
    client.close();
  }));
