import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { TestRelay } from '../doubles/inbound-relay.ts';
import { RELAY_LISTENER } from '../doubles/inbound-settings.ts';
import { SmtpClient } from '../doubles/smtp-client.ts';

test('a drain turns idle sessions away and lets transactions finish', async () => {
  const relay = await TestRelay.start();
  const idle = await SmtpClient.connect(relay.port);
  const busy = await SmtpClient.connect(relay.port);
  await idle.reply();
  await busy.reply();
  await busy.say('EHLO c.example');
  await busy.say('MAIL FROM:<ann@example.net>');
  const drained = relay.inbound.drain(5000);
  assert.equal(await idle.reply(), '421 4.3.2 Service is shutting down, try again later');
  await assert.rejects(SmtpClient.connect(relay.port));
  assert.match(await busy.say('RCPT TO:<bob@example.org>'), /^250 /);
  assert.match(await busy.say('DATA'), /^354 /);
  assert.match(await busy.say('x\r\n.'), /^250 /);
  assert.match(await busy.reply(), /^421 4\.3\.2 /);
  await drained;
  assert.equal(relay.accepted.length, 1);
  await relay.stop();
});

test('a drain has an end even when a client keeps silent in its transaction', async () => {
  const relay = await TestRelay.start();
  const client = await SmtpClient.connect(relay.port);
  await client.reply();
  await client.say('EHLO c.example');
  await client.say('MAIL FROM:<ann@example.net>');
  await relay.inbound.drain(50);
  assert.match(await client.reply(), /^421 4\.3\.2 /);
  await relay.stop();
});

test('a reload opens new listeners, closes others and keeps all sessions', async () => {
  const relay = await TestRelay.start();
  const [{ port: oldPort } = { port: 0 }] = relay.inbound.addresses();
  const client = await SmtpClient.connect(oldPort);
  await client.reply();
  relay.settings = {
    ...relay.settings,
    listeners: [{ ...RELAY_LISTENER, name: 'other', address: '127.0.0.2' }],
  };
  await relay.inbound.reload();
  const [bound] = relay.inbound.addresses();
  assert.partialDeepStrictEqual(bound, { name: 'other', address: '127.0.0.2' });
  await assert.rejects(SmtpClient.connect(oldPort));
  assert.equal(await client.say('NOOP'), '250 2.0.0 Ok');
  const next = await SmtpClient.connect(bound?.port ?? 0, '127.0.0.2');
  assert.match(await next.reply(), /^220 /);
  client.close();
  next.close();
  await relay.stop();
});

test('a port that is taken fails the start and leaves nothing open', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  assert.ok(address !== null && typeof address === 'object');
  const relay = new TestRelay();
  relay.settings = {
    ...relay.settings,
    listeners: [RELAY_LISTENER, { ...RELAY_LISTENER, name: 'taken', port: address.port }],
  };
  await assert.rejects(relay.inbound.start(), { code: 'EADDRINUSE' });
  assert.deepEqual(relay.inbound.addresses(), []);
  taken.close();
  await relay.stop();
});
