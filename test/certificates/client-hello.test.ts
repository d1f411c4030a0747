/** ClientHellos of real clients, cut anywhere, and octets that are none. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import tls from 'node:tls';

import fc from 'fast-check';

import { awaitServerName, readClientHello } from '#certificates/client-hello.ts';

type Listening = { readonly server: net.Server; readonly port: number };

async function listen(): Promise<Listening> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  return { server, port: (server.address() as AddressInfo).port };
}

/** The first octets that the next client sends. */
async function firstOctets({ server }: Listening): Promise<Buffer> {
  const [socket]: net.Socket[] = await once(server, 'connection');
  assert.ok(socket !== undefined);
  const [octets] = await once(socket, 'data');
  socket.destroy();
  server.close();
  assert.ok(octets instanceof Buffer);
  return octets;
}

async function helloOfNode(options: tls.ConnectionOptions): Promise<Buffer> {
  const listening = await listen();
  const client = tls.connect({ ...options, host: '127.0.0.1', port: listening.port });
  client.on('error', () => undefined);
  return firstOctets(listening);
}

async function helloOfOpenssl(...options: readonly string[]): Promise<Buffer> {
  const listening = await listen();
  const place = `127.0.0.1:${listening.port}`;
  const client = spawn('openssl', ['s_client', '-connect', place, ...options], { stdio: 'ignore' });
  const ended = once(client, 'exit');
  const octets = await firstOctets(listening);
  await ended;
  return octets;
}

/** The same handshake message in records of so many octets. */
function inRecordsOf(size: number, hello: Buffer): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const fragment = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, fragment.length >> 8, fragment.length & 0xff]), fragment);
  }
  return Buffer.concat(records);
}

async function pair(): Promise<{ client: net.Socket; server: net.Socket }> {
  const { server: listener, port } = await listen();
  const client = net.connect(port, '127.0.0.1');
  const [server]: net.Socket[] = await once(listener, 'connection');
  listener.close();
  assert.ok(server !== undefined);
  client.on('error', () => undefined);
  server.on('error', () => undefined);
  return { client, server };
}

const read = (servername: string | undefined) => ({ kind: 'read', servername });

describe('readClientHello', () => {
  test('the name of a client of Node is read, with TLS 1.2 and 1.3 (RFC 6066 §3)', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const hello = await helloOfNode({ servername: 'mx.own.test', maxVersion });
      assert.deepEqual(readClientHello(hello), read('mx.own.test'));
    }
  });

  test('the name of openssl is read; without one there is none', async () => {
    assert.deepEqual(
      readClientHello(await helloOfOpenssl('-servername', 'MTA-STS.own.test')),
      read('mta-sts.own.test'),
    );
    assert.deepEqual(readClientHello(await helloOfOpenssl('-noservername')), read(undefined));
  });

  test('what comes behind the message is left alone, and nothing less than the whole is enough', async () => {
    const hello = await helloOfNode({ servername: 'mx.own.test' });
    assert.deepEqual(readClientHello(Buffer.concat([hello, Buffer.from('more')])), read('mx.own.test'));
    for (let length = 0; length < hello.length; length += 1) {
      assert.deepEqual(readClientHello(hello.subarray(0, length)), { kind: 'incomplete' }, `${length} octets`);
    }
  });

  test('a message may be spread over records of any size (RFC 8446 §5.1)', async () => {
    const hello = await helloOfNode({ servername: 'mx.own.test' });
    for (const size of [1, 3, 4, 5, 40, 41, 100]) {
      assert.deepEqual(readClientHello(inRecordsOf(size, hello)), read('mx.own.test'), `records of ${size}`);
    }
  });

  for (const [what, octets] of [
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['SMTP', Buffer.from('EHLO client.test\r\n')],
    ['an alert', Buffer.from([21, 3, 3, 0, 2, 2, 40])],
    ['another message of a handshake', Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])],
    ['a message without a body', Buffer.from([22, 3, 1, 0, 4, 1, 0, 0, 0])],
  ] as const) {
    test(`${what} names nobody`, () => assert.deepEqual(readClientHello(octets), read(undefined)));
  }

  test('a message that does not end within the limit names nobody', () => {
    const endless = Buffer.concat([Buffer.from([22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]), Buffer.alloc(20_000)]);
    assert.deepEqual(readClientHello(endless.subarray(0, 10_000)), { kind: 'incomplete' });
    assert.deepEqual(readClientHello(endless), read(undefined));
  });

  test('any change of any octet gives a name, nobody or more to come, and never an error', async () => {
    const hello = await helloOfNode({ servername: 'mx.own.test' });
    fc.assert(
      fc.property(fc.nat(hello.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(hello);
        changed[at] = value;
        const { kind } = readClientHello(changed);
        assert.ok(kind === 'read' || kind === 'incomplete');
      }),
      { numRuns: 2000 },
    );
  });

  test('a name with characters of no name is nobody', async () => {
    const hello = await helloOfNode({ servername: 'mx.own.test' });
    const at = hello.indexOf('mx.own.test');
    hello[at + 2] = 0;
    assert.deepEqual(readClientHello(hello), read(undefined));
  });
});

describe('awaitServerName', () => {
  test('octets that come one by one are all left on the socket', async () => {
    const { client, server } = await pair();
    client.setNoDelay();
    const hello = await helloOfNode({ servername: 'mx.own.test' });
    const named = awaitServerName(server, 10_000);
    for (const octet of hello) {
      client.write(Buffer.from([octet]));
      await new Promise((sent) => setImmediate(sent));
    }
    assert.equal(await named, 'mx.own.test');
    client.end();
    const left: Buffer[] = [];
    for await (const chunk of server) left.push(chunk);
    assert.deepEqual(Buffer.concat(left), hello);
  });

  test('a client that goes away, or says nothing in time, names nobody', async () => {
    const gone = await pair();
    const nobody = awaitServerName(gone.server, 10_000);
    gone.client.destroy();
    assert.equal(await nobody, undefined);
    const silent = await pair();
    assert.equal(await awaitServerName(silent.server, 5), undefined);
    assert.equal(silent.server.listenerCount('readable'), 0);
    silent.client.destroy();
    silent.server.destroy();
    assert.equal(await awaitServerName(silent.server, 10_000), undefined, 'a socket that is gone already');
  });
});
