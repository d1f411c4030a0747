/** `postern send` against smtp-server, a server that is not ours. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

import { makeDevelopmentCertificates } from '#cli/certificates.ts';
import { CommandBench } from '../doubles/console.ts';
import { ScriptedHost } from '../doubles/scripted-host.ts';

const bench = new CommandBench();
after(() => bench.remove());

type Received = {
  sender: string;
  recipients: string[];
  content: string;
  secure: boolean;
  user: string;
  requireTls: boolean;
};
const received: Received[] = [];

const behaviour: SMTPServerOptions = {
  authOptional: true,
  onAuth: ({ username = '', password }, _, done) => {
    if (password === 'correct horse') done(null, { user: username });
    else done(new Error('wrong password'));
  },
  onRcptTo: ({ address }, _, done) => {
    if (address.startsWith('nobody')) done(Object.assign(new Error('no such user'), { responseCode: 550 }));
    else done();
  },
  onData: (stream, { envelope, secure, user }, done) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const { mailFrom, rcptTo } = envelope;
      const sender = mailFrom === false ? '' : mailFrom.address;
      const recipients = rcptTo.map(({ address }) => address);
      received.push({
        sender,
        recipients,
        content: Buffer.concat(chunks).toString('latin1'),
        secure,
        user: String(user),
        requireTls: envelope.requireTLS === true,
      });
      done(null, 'queued as 01J9ZK3F8Q2R00AB');
    });
  },
};

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

const send = (...argv: readonly string[]) => bench.run('send', '--to', 'bob@example.net', ...argv);

describe('send', () => {
  const servers: SMTPServer[] = [];
  async function listen(options: SMTPServerOptions): Promise<string> {
    const server = new SMTPServer({ ...behaviour, ...options });
    server.on('error', () => {});
    servers.push(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return `localhost:${portOf(server.server)}`;
  }

  let starttls = '';
  let implicit = '';
  let clear = '';
  before(async () => {
    const { certFile, keyFile } = await makeDevelopmentCertificates(join(bench.directory, 'certs'), ['localhost']);
    const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    starttls = await listen({ ...pair, hideREQUIRETLS: false });
    implicit = await listen({ ...pair, secure: true });
    clear = await listen({ disabledCommands: ['STARTTLS'] });
  });
  after(() => Promise.all(servers.map((server) => new Promise<void>((closed) => server.close(closed)))));
  beforeEach(() => {
    received.length = 0;
    bench.configure({});
    bench.input = '';
  });

  test('uses STARTTLS where it is offered, verifies the development certificate and names the trace command', async () => {
    const { code, out, err } = await send('--server', starttls, '--subject', 'Grüße', '--body', 'Hello');
    assert.equal(code, 0, err);
    assert.match(out, /^C: STARTTLS$/m);
    assert.match(out, /\(TLSv1\.3 TLS_\w+, certificate verified\)/);
    assert.match(out, /postern trace 01J9ZK3F8Q2R00AB$/);
    const [message] = received;
    assert.deepEqual(
      [message?.sender, message?.recipients, message?.secure],
      ['postmaster@mail.example.org', ['bob@example.net'], true],
    );
    assert.match(message?.content ?? '', /^Subject: =\?UTF-8\?B\?R3LDvMOfZQ==\?=\r\n/m);
    assert.match(message?.content ?? '', /\r\n\r\nSGVsbG8=\r\n$/);
  });

  test('signs in over implicit TLS without showing the password', async () => {
    bench.input = 'correct horse\n';
    const { code, out, err } = await send('--server', implicit, '--tls', 'implicit', '--auth', 'alice');
    assert.equal(code, 0, err);
    assert.match(out, /^C: AUTH PLAIN \(hidden\)$/m);
    assert.ok(!out.includes(Buffer.from('\0alice\0correct horse').toString('base64')));
    assert.equal(received[0]?.user, 'alice');
  });

  test('REQ-21 demands TLS on the whole way where that is offered (RFC 8689 §2)', async () => {
    const { code, out, err } = await send('--server', starttls, '--require-tls');
    assert.equal(code, 0, err);
    assert.match(out, /^C: MAIL FROM:<\S+> REQUIRETLS$/m);
    assert.equal(received[0]?.requireTls, true);
    await send('--server', starttls);
    assert.equal(received[1]?.requireTls, false);
  });

  for (const [where, server, tls] of [
    ['in clear', () => clear, 'auto'],
    ['to a server that does not offer it', () => implicit, 'implicit'],
  ] as const) {
    test(`REQ-32 sends nothing that demands TLS ${where}`, async () => {
      const { code, err, out } = await send('--server', server(), '--tls', tls, '--require-tls');
      assert.equal(code, 1);
      assert.match(err, /the server does not offer REQUIRETLS here/);
      assert.doesNotMatch(out, /MAIL FROM/);
      assert.deepEqual(received, []);
    });
  }

  test('REQ-32 an offer in clear is none (RFC 8689 §2)', async () => {
    await using host = await ScriptedHost.start({ offers: ['REQUIRETLS'] });
    const { code } = await send('--server', `localhost:${host.port}`, '--require-tls');
    assert.equal(code, 1);
    assert.deepEqual(host.commands('MAIL'), []);
  });

  test('sends no password in clear text', async () => {
    bench.input = 'correct horse\n';
    const { code, err, out } = await send('--server', clear, '--auth', 'alice');
    assert.equal(code, 1);
    assert.match(err, /a password is sent over TLS/);
    assert.doesNotMatch(out, /AUTH PLAIN/);
  });

  test('sends a whole message from standard input as it is, with dots stuffed', async () => {
    bench.input = 'Subject: raw\n\n.hidden\n..two\n';
    const { code, err } = await send('--server', clear, '--stdin', '--from', '<>');
    assert.equal(code, 0, err);
    assert.deepEqual([received[0]?.sender, received[0]?.content], ['', 'Subject: raw\r\n\r\n.hidden\r\n..two\r\n']);
  });

  test('octets of any charset arrive as they were', async () => {
    bench.input = Buffer.concat([Buffer.from('Subject: raw\n\nGr'), Buffer.from([0xfc, 0xdf]), Buffer.from('e\n')]);
    const { code, out, err } = await send('--server', clear, '--stdin');
    assert.equal(code, 0, err);
    assert.match(out, /^C: MAIL FROM:<\S+> BODY=8BITMIME$/m);
    assert.match(received[0]?.content ?? '', /Gr\u00fc\u00dfe\r\n$/);
  });

  test("ends with 1 and the server's words when it refuses", async () => {
    const { code, err } = await send('nobody@example.net', '--server', clear);
    assert.equal(code, 1);
    assert.match(err, /the server answered: 550 .*no such user/);
    assert.deepEqual(received, []);
  });

  test('ends with 1 where STARTTLS is demanded and not offered', async () => {
    assert.match((await send('--server', clear, '--tls', 'starttls')).err, /does not offer STARTTLS/);
  });

  for (const argv of [
    ['--server', 'localhost'],
    ['--from', 'no address'],
    ['--stdin', '--auth', 'alice'],
    ['--tls', 'maybe'],
  ]) {
    test(`${argv.join(' ')} is wrong usage`, async () => assert.equal((await send(...argv)).code, 2));
  }

  describe('a server that', () => {
    const peers: Server[] = [];
    after(() => {
      for (const each of peers) each.close();
    });
    async function peer(greeting: string): Promise<string> {
      const server = createServer((socket) => socket.on('error', () => {}).end(greeting));
      peers.push(server);
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      return `127.0.0.1:${portOf(server)}`;
    }

    test('closes at once is unreachable', async () => {
      const { code, err } = await send('--server', await peer(''));
      assert.equal(code, 4);
      assert.match(err, /closed the connection/);
    });

    test('never ends its reply is cut off', async () => {
      assert.equal((await send('--server', await peer('220-more\r\n'.repeat(10_000)))).code, 4);
    });

    test('is not there is unreachable, with what to try', async () => {
      const gone = createServer();
      await new Promise<void>((listening) => gone.listen(0, '127.0.0.1', listening));
      const port = portOf(gone);
      await new Promise((closed) => gone.close(closed));
      const { code, err } = await send('--server', `127.0.0.1:${port}`);
      assert.equal(code, 4);
      assert.match(err, /ECONNREFUSED.*\nIs the relay running\?/);
    });
  });
});
