/** The rig itself: its unbound validates, its Postfix shows the certificate it was given, and what is said in clear is noticed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TLSSocket } from 'node:tls';
import { ChainMaker, tlsaText } from '../doubles/chains.ts';
import { resolverFor } from '../doubles/resolver.ts';
import { SmtpClient } from '../doubles/smtp-client.ts';
import { SecureWorld } from './secure-world.ts';
import { transact } from './world.ts';

const chains = new ChainMaker();
const root = chains.make({ commonName: 'Root', isAuthority: true });
const leaf = chains.make({ commonName: 'mx.dest.test', names: ['mx.dest.test'], issuer: root });
chains.remove();

let world: SecureWorld;
before(async () => {
  world = await SecureWorld.start({
    receivers: {
      postfix: { chain: { key: leaf.key, cert: leaf.cert + root.cert }, taps: { dest: { address: '127.0.0.21' } } },
    },
    zones: (port) => ({
      'dest.test': {
        state: 'signed',
        records: ['@ MX 10 mx', 'mx A 127.0.0.21', `_${port}._tcp.mx TLSA ${tlsaText('3 1 1', leaf)}`],
      },
      'bogus.test': { state: 'bogus', records: ['@ MX 10 mx', 'mx A 127.0.0.21'] },
    }),
  });
});
after(() => world.close());

const connect = async (): Promise<SmtpClient> => {
  const client = await SmtpClient.connect(world.tap('dest').port, '127.0.0.21');
  await client.reply();
  await client.say('EHLO relay.test');
  return client;
};

test('unbound validates: a signed zone is secure, a forged one is bogus, the sender has one that is neither', async () => {
  const resolver = resolverFor(world.zones);
  const records = await resolver.tlsa(`_${world.tap('dest').port}._tcp.mx.dest.test`);
  assert.ok(records.kind === 'found' && records.secure, JSON.stringify(records));
  assert.equal((await resolver.addresses('mx.bogus.test', 'ipv4')).kind, 'bogus');
  const sender = await resolver.mx('sender.test');
  assert.equal(sender.kind === 'found' && sender.secure, false);
});

test('Postfix takes a message over TLS, with the certificate it was given, and nobody on the path hears it', async () => {
  const client = await connect();
  await client.say('STARTTLS');
  await client.startTls();
  const { socket } = client;
  assert.ok(socket instanceof TLSSocket);
  assert.deepEqual(socket.getPeerX509Certificate()?.raw, leaf.x509.raw);
  await client.say('EHLO relay.test');
  const content = 'To: bob@dest.test\nSubject: Secret\n\nHello\n';
  assert.match(await transact(client, { to: ['bob@dest.test'], content }), /^250/);
  client.close();
  assert.match(await world.untilTaken('dest', 'dest.test'), /Subject: Secret/);
  world.assertNothingInClear('dest', ['Secret', 'bob', 'alice']);
});

test('what is said in clear is noticed', async () => {
  const client = await connect();
  await client.say('MAIL FROM:<alice@sender.test>');
  client.close();
  assert.throws(() => world.assertNothingInClear('dest', []), /conversation \d of dest/);
  assert.throws(() => world.assertNothingInClear('dest', ['alice']));
});
