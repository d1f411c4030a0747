import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, test } from 'node:test';
import tls from 'node:tls';
import { readProxyHeader } from '#inbound/proxy-protocol.ts';
import { tlsFailureReason } from '#inbound/server.ts';
import type { ProxiedConnection } from '#inbound/session-facts.ts';
import { TestAuthority } from '../doubles/certificates.ts';
import { TestRelay, testCertificates, type RelayOptions } from '../doubles/inbound-relay.ts';
import { SmtpClient } from '../doubles/smtp-client.ts';

const opened: { close(): void }[] = [];
const relays: TestRelay[] = [];

afterEach(async () => {
  for (const client of opened.splice(0)) client.close();
  for (const relay of relays.splice(0)) await relay.stop();
});

async function start(options: RelayOptions = {}): Promise<TestRelay> {
  const relay = await TestRelay.start(options);
  relays.push(relay);
  return relay;
}

/** A client that has read the greeting. */
async function connect(relay: TestRelay): Promise<SmtpClient> {
  const client = await SmtpClient.connect(relay.port);
  opened.push(client);
  assert.match(await client.reply(), /^220 /);
  return client;
}

async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const tlsFailures = (relay: TestRelay): unknown[] =>
  relay.events.filter(({ event }) => event === 'inbound.tls-failed').map(({ fields }) => fields.reason);

test('no reply to plaintext behind STARTTLS comes within TLS (RFC 3207 §4.2)', async () => {
  const relay = await start();
  const client = await connect(relay);
  await client.say('EHLO c.example');
  client.write('STARTTLS\r\nNOOP\r\nMAIL FROM:<injected@example.net>\r\n');
  assert.equal(await client.reply(), '220 2.0.0 Ready to start TLS');
  await client.startTls();
  assert.match(await client.say('EHLO c.example'), /^250-relay/);
  // Were anything of it alive, this would be a nested MAIL.
  assert.equal(await client.say('MAIL FROM:<ann@example.net>'), '250 2.1.0 Sender ok');
});

for (const version of ['TLSv1', 'TLSv1.1'] as const) {
  test(`${version} is refused even by a client that allows everything`, async () => {
    const relay = await start({ listener: { tls: 'implicit' } });
    await assert.rejects(
      SmtpClient.connectTls(relay.port, { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' }),
    );
    await until(() => relay.count('inbound.tls-failed') > 0);
    assert.deepEqual(tlsFailures(relay), ['ERR_SSL_UNSUPPORTED_PROTOCOL']);
  });
}

test('a handshake that fails without a code is told in one clean line', () => {
  assert.equal(tlsFailureReason(new Error('first\u0007  line\r\nsecond line')), 'first line');
  assert.equal(tlsFailureReason(new Error('')), 'unknown');
  assert.equal(tlsFailureReason(Object.assign(new Error('never shown'), { code: 'ECONNRESET' })), 'ECONNRESET');
});

test('a client that leaves right behind the handshake ends its own session only', async () => {
  const relay = await start();
  const upstream = net.connect(relay.port, '127.0.0.1');
  await once(upstream, 'data');
  upstream.write('STARTTLS\r\n');
  await once(upstream, 'data');
  // Between the client and the relay, so that the last flight of the handshake and the end of TLS arrive at once.
  const between = net.createServer((near) => {
    const held: Buffer[] = [];
    near.once('data', (hello) => {
      upstream.write(hello);
      near.on('data', (octets) => held.push(octets));
    });
    near.on('end', () => upstream.end(Buffer.concat(held)));
    near.on('error', () => undefined);
    upstream.on('data', (octets) => near.write(octets));
  });
  between.listen(0, '127.0.0.1');
  await once(between, 'listening');
  opened.push(between);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = between.address() as net.AddressInfo;
  const client = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, maxVersion: 'TLSv1.3' });
  client.on('error', () => undefined);
  opened.push({ close: () => client.destroy() });
  await once(client, 'secureConnect');
  client.end();
  await until(() => relay.count('inbound.disconnected') === 1);
  const next = await connect(relay);
  assert.match(await next.say('EHLO c.example'), /^250-relay/);
});

test('a failed handshake after STARTTLS is reported and the listener goes on', async () => {
  const relay = await start();
  const client = await connect(relay);
  await client.say('STARTTLS');
  client.write('this is no ClientHello\r\n');
  await until(() => relay.count('inbound.tls-failed') === 1 && relay.count('inbound.disconnected') === 1);
  assert.deepEqual(tlsFailures(relay), ['ERR_SSL_WRONG_VERSION_NUMBER']);
  await connect(relay);
});

for (const mode of ['offered', 'implicit'] as const) {
  test(`a client that never begins its handshake is dropped (TLS ${mode})`, async () => {
    const relay = await start({ listener: { tls: mode }, limits: { idleTimeout: 100 } });
    const client = await SmtpClient.connect(relay.port);
    opened.push(client);
    if (mode === 'offered') {
      assert.match(await client.reply(), /^220 relay/);
      assert.match(await client.say('STARTTLS'), /^220 2\.0\.0 /);
    }
    assert.equal(await client.line(), undefined);
    opened.push(await SmtpClient.connect(relay.port));
  });
}

test('octets of a command that never ends do not keep a session open', async () => {
  const relay = await start({ limits: { idleTimeout: 300 } });
  const client = await connect(relay);
  const drip = setInterval(() => client.write('N'), 50);
  try {
    assert.equal(await client.reply(), '421 4.4.2 Timeout, closing connection');
  } finally {
    clearInterval(drip);
  }
});

test('implicit TLS greets within TLS, with the certificate for the name that was asked for', async () => {
  const relay = await start({ listener: { tls: 'implicit' } });
  for (const servername of ['relay.example.org', 'other.example.org']) {
    const client = await SmtpClient.connectTls(relay.port, { servername });
    opened.push(client);
    assert.match(await client.reply(), /^220 /);
    assert.ok(client.socket instanceof tls.TLSSocket);
    assert.equal(client.socket.getPeerCertificate().subjectaltname, `DNS:${servername}`);
  }
});

test("a client's certificate and user reach admission", async () => {
  const authority = new TestAuthority();
  const { key, cert } = authority.leaf({ names: ['client.example'], extendedKeyUsage: 'clientAuth' });
  authority.remove();
  const seen: unknown[] = [];
  const relay = await start({
    listener: { tls: 'required', clientCertificate: 'request' },
    parts: {
      admission: {
        connect: () => undefined,
        sender: ({ ip, tls: session, clientCertificate, user }) => {
          seen.push({ ip, version: session?.version, clientCertificate, user });
          return undefined;
        },
        recipient: () => undefined,
        isOurs: () => false,
      },
    },
  });
  const client = await connect(relay);
  await client.say('STARTTLS');
  await client.startTls({ key, cert });
  await client.say('EHLO c.example');
  await client.say('AUTH PLAIN AGFubgBzZWNyZXQ=');
  await client.say('MAIL FROM:<ann@example.net>');
  assert.partialDeepStrictEqual(seen, [
    {
      ip: '127.0.0.1',
      version: 'TLSv1.3',
      clientCertificate: { authorized: false, names: ['client.example'], reason: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
      user: 'ann',
    },
  ]);
});

test('connections beyond the limit, in all or of one address, hear 421', async () => {
  const relay = await start({ limits: { connectionsPerAddress: 2 } });
  const [first] = [await connect(relay), await connect(relay)];
  const third = await SmtpClient.connect(relay.port);
  opened.push(third);
  assert.equal(await third.reply(), '421 4.7.0 Too many connections');
  assert.equal(await third.line(), undefined);
  first.close();
  await until(() => relay.count('inbound.disconnected') === 1);
  await connect(relay);
});

test('failed handshakes and STARTTLS sessions give their places back', async () => {
  const relay = await start({ limits: { connections: 1 } });
  for (let round = 0; round < 3; round += 1) {
    const client = await connect(relay);
    await client.say('STARTTLS');
    if (round === 1) client.write('garbage\r\n');
    else await client.startTls();
    client.close();
    await until(() => relay.count('inbound.disconnected') === round + 1);
  }
});

test('who admission turns away at once hears 554 in place of the greeting (RFC 5321 §4.3.2)', async () => {
  const relay = await start({
    parts: {
      admission: {
        connect: () => ({ status: 'policy' }),
        sender: () => undefined,
        recipient: () => undefined,
        isOurs: () => false,
      },
    },
  });
  const client = await SmtpClient.connect(relay.port);
  opened.push(client);
  assert.match(await client.reply(), /^554 5\.7\.1 /);
  assert.equal(await client.line(), undefined);
});

test('a session that lasts too long ends with 421', async () => {
  const relay = await start({ limits: { sessionTimeout: 100 } });
  const client = await connect(relay);
  assert.equal(await client.reply(), '421 4.4.2 Session lasts too long');
});

test('a defect in a neighbour costs one 451, and the session goes on', async () => {
  const relay = await start({
    parts: {
      admission: {
        connect: () => undefined,
        sender: () => {
          throw new TypeError('a defect');
        },
        recipient: () => undefined,
        isOurs: () => false,
      },
    },
  });
  const client = await connect(relay);
  await client.say('EHLO c.example');
  assert.equal(await client.say('MAIL FROM:<a@example.net>'), '451 4.3.0 Local error in processing, try again later');
  assert.equal(await client.say('NOOP'), '250 2.0.0 Ok');
  assert.equal(relay.count('relay.defect'), 1);
});

const HEADER = 'PROXY TCP4 192.0.2.7 127.0.0.1 4711 25\r\n';
const fromHeader = (socket: net.Socket): Promise<ProxiedConnection> => readProxyHeader(socket, 5000);

test('a proxy speaks for its client, and only a listed proxy is asked to', async () => {
  const ips: string[] = [];
  const admission = {
    connect: (ip: string) => {
      ips.push(ip);
      return undefined;
    },
    sender: () => undefined,
    recipient: () => undefined,
    isOurs: () => false,
  };
  const relay = await start({
    listener: { proxyFrom: ['127.0.0.1'] },
    parts: { admission, readProxyHeader: fromHeader },
  });
  const client = await SmtpClient.connect(relay.port);
  opened.push(client);
  client.write(`${HEADER}EHLO c.example\r\n`);
  assert.match(await client.reply(), /^220 /);
  assert.match(await client.reply(), /^250-/);
  assert.deepEqual(ips, ['192.0.2.7']);

  const plain = await start({
    listener: { proxyFrom: ['127.0.0.9'] },
    parts: { admission, readProxyHeader: fromHeader },
  });
  await connect(plain);
  assert.equal(ips.at(-1), '127.0.0.1');
});

test('TLS from the first octet begins behind the PROXY header', async () => {
  const relay = await start({
    listener: { tls: 'implicit', proxyFrom: ['127.0.0.1'] },
    parts: { readProxyHeader: fromHeader },
  });
  const client = await SmtpClient.connect(relay.port);
  opened.push(client);
  client.write(HEADER);
  await client.startTls();
  assert.match(await client.reply(), /^220 /);
  assert.equal(relay.events.find(({ event }) => event === 'inbound.connected')?.fields.ip, '192.0.2.7');
});

test('a proxy without a header is dropped', async () => {
  const relay = await start({ listener: { proxyFrom: ['127.0.0.1'] } });
  const client = await SmtpClient.connect(relay.port);
  opened.push(client);
  assert.equal(await client.line(), undefined);
  assert.equal(relay.count('inbound.refused'), 1);
});

test('a renewed certificate is shown to the next session', async () => {
  const authority = new TestAuthority();
  const renewed = tls.createSecureContext(authority.leaf({ names: ['renewed.example.org'] }));
  authority.remove();
  const certificates = testCertificates();
  let context = certificates.context(undefined);
  const relay = await start({ parts: { certificates: { ...certificates, context: () => context } } });
  for (const name of ['relay.example.org', 'renewed.example.org']) {
    const client = await connect(relay);
    await client.say('STARTTLS');
    await client.startTls();
    assert.ok(client.socket instanceof tls.TLSSocket);
    assert.equal(client.socket.getPeerCertificate().subjectaltname, `DNS:${name}`);
    context = renewed;
  }
});

test('replies that nobody reads do not pile up', async () => {
  const relay = await start({ limits: { idleCommands: 1_000_000 } });
  const socket = net.connect(relay.port, '127.0.0.1');
  opened.push({ close: () => socket.destroy() });
  socket.pause();
  const commands = Buffer.from('NOOP\r\n'.repeat(100_000));
  for (let round = 0; round < 50; round += 1) socket.write(commands);
  // It stops to read our commands: what is left of them stays with us, however long we wait.
  let left = -1;
  while (left !== socket.writableLength) {
    left = socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.ok(left > 0);
});

for (const end of ['RSET', 'QUIT', 'EHLO c.example', 'DATA\r\n.', 'a reset']) {
  test(`recipients beyond the limit are two events, however many: the first and, after ${end.replace('\r\n', ' ')}, the rest`, async () => {
    const relay = await start({ limits: { recipients: 2 } });
    const client = await connect(relay);
    await client.say('EHLO c.example');
    await client.say('MAIL FROM:<ann@example.net>');
    for (const _ of [1, 2]) assert.match(await client.say('RCPT TO:<a@b.example>'), /^250 /);
    for (const _ of [1, 2, 3, 4, 5]) assert.match(await client.say('RCPT TO:<a@b.example>'), /^452 4\.5\.3 /);
    const refusals = (): unknown[] =>
      relay.events
        .filter(({ event }) => event === 'inbound.refused')
        .map(({ fields }) => [fields.status, fields.count]);
    assert.deepEqual(refusals(), [['4.5.3', undefined]]);
    if (end === 'a reset') client.close();
    else client.write(`${end}\r\n`);
    await until(() => refusals().length > 1);
    client.close();
    await until(() => relay.count('inbound.disconnected') === 1);
    assert.deepEqual(refusals(), [
      ['4.5.3', undefined],
      ['4.5.3', 4],
    ]);
    assert.equal(relay.events.find(({ fields }) => fields.count === 4)?.fields.sender, 'ann@example.net');
  });
}

test('a flood of recipients beyond the limit ends the session', async () => {
  const client = await connect(await start({ limits: { recipients: 100 } }));
  await client.say('EHLO c.example');
  await client.say('MAIL FROM:<>');
  client.write('RCPT TO:<a@b.example>\r\n'.repeat(10_101));
  for (let accepted = 0; accepted < 100; accepted += 1) assert.match(await client.reply(), /^250 /);
  for (let refused = 0; refused < 10_000; refused += 1) assert.match(await client.reply(), /^452 4\.5\.3 /);
  assert.match(await client.reply(), /^421 /);
});
