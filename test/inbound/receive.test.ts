import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Reception } from '#inbound/receive.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { TestRelay, type RelayOptions } from '../doubles/inbound-relay.ts';
import { inboundSettings, RELAY_LISTENER } from '../doubles/inbound-settings.ts';
import { SmtpClient } from '../doubles/smtp-client.ts';

const opened: SmtpClient[] = [];
const relays: TestRelay[] = [];

afterEach(async () => {
  for (const client of opened.splice(0)) client.close();
  for (const relay of relays.splice(0)) await relay.stop();
});

/** A relay, and a client whose DATA has been answered with 354. */
async function inData(options: RelayOptions = {}): Promise<{ relay: TestRelay; client: SmtpClient }> {
  const relay = await TestRelay.start(options);
  relays.push(relay);
  const client = await SmtpClient.connect(relay.port);
  opened.push(client);
  await client.reply();
  await client.say('EHLO c.example');
  await beginData(client);
  return { relay, client };
}

async function beginData(client: SmtpClient): Promise<void> {
  assert.match(await client.say('MAIL FROM:<ann@example.net>'), /^250 /);
  assert.match(await client.say('RCPT TO:<bob@example.org>'), /^250 /);
  assert.match(await client.say('DATA'), /^354 /);
}

async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const LARGE = `Subject: large\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(10_000)}`;

test('a Received field says whence, with what and for whom (RFC 5321 §4.4)', async () => {
  const { relay, client } = await inData();
  assert.match(await client.say('Subject: x\r\n\r\nbody\r\n.'), /^250 2\.6\.0 Queued mail for delivery \[\w{16}\]$/);
  const [message] = relay.accepted;
  assert.match(
    relay.content().toString(),
    /^Received: from c\.example \(\[127\.0\.0\.1\]\)\r\n\tby relay\.example\.org \(Postern\) with ESMTP id \w{16}\r\n\tfor <bob@example\.org>;\r\n\t\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000\r\nSubject: x\r\n\r\nbody\r\n$/,
  );
  assert.equal(message?.facts.sizeBytes, relay.content().length);
  assert.equal(message?.facts.headerBytes, relay.content().indexOf('\r\n\r\n') + 4);
});

test('submitted mail gets Date and Message-ID when it has none (RFC 6409 §8)', async () => {
  const { relay, client } = await inDataOfSubmission();
  await client.say('Subject: x\r\n\r\nbody\r\n.');
  const [message] = relay.accepted;
  assert.match(
    relay.sentContent(),
    /^Date: [^\r]+\r\nMessage-ID: <\w{16}@relay\.example\.org>\r\nSubject: x\r\n\r\nbody\r\n$/,
  );
  assert.equal(message?.facts.messageIdField, `<${message?.messageId}@relay.example.org>`);
});

async function inDataOfSubmission(): Promise<{ relay: TestRelay; client: SmtpClient }> {
  const relay = await TestRelay.start({ listener: { mode: 'submission', tls: 'implicit' } });
  relays.push(relay);
  const client = await SmtpClient.connectTls(relay.port);
  opened.push(client);
  await client.reply();
  await client.say('EHLO c.example');
  await client.say('AUTH PLAIN AGFubgBzZWNyZXQ=');
  await beginData(client);
  return { relay, client };
}

test('content that comes octet by octet is not kept octet by octet', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: unknown = runInNewContext('gc');
  assert.ok(typeof collectGarbage === 'function');
  const { inbound } = inboundSettings();
  const receivedAt = new Date();
  const reception = new Reception({
    trace: {
      client: { listener: RELAY_LISTENER, ip: '192.0.2.1' },
      greetedAs: 'c.example',
      extended: true,
      smtpUtf8: false,
      hostname: 'relay.example.org',
      queueId: '0000000000000001',
      recipients: [],
      receivedAt,
    },
    sender: { address: '', smtpUtf8: false },
    recipients: [],
    limits: inbound.limits,
    bareLineEnds: 'refuse',
    complete: false,
    spoolDirectory: '/nowhere',
    inlineLimit: 65_536,
    onRoom: () => undefined,
  });
  const header = Buffer.from(`${`X: ${'x'.repeat(95)}\r\n`.repeat(100)}\r\n`);
  const pieces: WeakRef<Buffer>[] = [];
  for (const octet of header) {
    const piece = Buffer.from(Uint8Array.of(octet));
    pieces.push(new WeakRef(piece));
    reception.write(piece);
  }
  await setImmediate();
  collectGarbage();
  const alive = pieces.filter((piece) => piece.deref() !== undefined).length;
  assert.ok(alive < 512, `${alive} of ${pieces.length} pieces are kept`);
  const received = await reception.finish();
  assert.ok(received.kind === 'message' && received.message.content.kind === 'inline');
  assert.ok(Buffer.from(received.message.content.bytes).subarray(-header.length).equals(header));
});

test('large content lies in the spool, whole and synced, before the queue is asked', async () => {
  const { relay, client } = await inData({ inlineLimit: 1000 });
  let spooled: readonly string[] = [];
  relay.accept = async () => {
    spooled = relay.spooledFiles();
    return Promise.resolve(undefined);
  };
  assert.match(await client.say(`${LARGE}.`), /^250 /);
  const [message] = relay.accepted;
  assert.equal(message?.content.kind, 'file');
  assert.equal(relay.sentContent(), LARGE);
  assert.equal(message?.facts.sizeBytes, relay.content().length);
  assert.deepEqual(spooled, [`${message?.messageId}.incoming`]);
  assert.deepEqual(relay.spooledFiles(), [message?.messageId]);
});

for (const [what, end] of [
  ['a client that goes away', (client: SmtpClient) => client.close()],
  ['a refusal', (client: SmtpClient) => client.write('bare\nline feed\r\n.\r\n')],
] as const) {
  test(`${what} leaves nothing in the spool`, async () => {
    const { relay, client } = await inData({ inlineLimit: 1000 });
    client.write(LARGE);
    await until(() => relay.spooledFiles().length === 1);
    end(client);
    await until(() => relay.spooledFiles().length === 0);
    assert.equal(relay.accepted.length, 0);
  });
}

test('a chunk that was spooled before a failed STARTTLS goes too', async () => {
  const { relay, client } = await inData({ inlineLimit: 1000 });
  await client.say('x\r\n.');
  await client.say('MAIL FROM:<ann@example.net>');
  await client.say('RCPT TO:<bob@example.org>');
  assert.match(await client.say(`BDAT ${LARGE.length}\r\n${LARGE}STARTTLS`), /^250 /);
  assert.match(await client.reply(), /^220 /);
  client.write('this is no ClientHello\r\n');
  await until(() => relay.count('inbound.disconnected') === 1 && relay.spooledFiles().length === 0);
});

test('250 is said only after the queue has the message (RFC 5321 §6.1)', async () => {
  const { relay, client } = await inData();
  let isSafe = false;
  relay.accept = async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    isSafe = true;
    return undefined;
  };
  assert.match(await client.say('x\r\n.'), /^250 /);
  assert.ok(isSafe);
});

for (const [code, reply] of [
  ['full', '452 4.3.1 Insufficient system storage, try again later'],
  ['locked', '451 4.3.0 Local error in processing, try again later'],
] as const) {
  test(`a queue that is ${code} defers the message, and the next one is accepted when it recovers`, async () => {
    const { relay, client } = await inData({ inlineLimit: 1000 });
    const { accept } = relay;
    relay.accept = async () => {
      throw new StorageUnavailable(code, 'as the test wants it');
    };
    assert.equal(await client.say(`${LARGE}.`), reply);
    assert.deepEqual(relay.spooledFiles(), []);
    relay.accept = accept;
    await beginData(client);
    assert.match(await client.say('x\r\n.'), /^250 /);
  });
}

test('a spool that cannot be written defers the message after taking all of it', async () => {
  const { relay, client } = await inData({ inlineLimit: 1000, spoolDirectory: '/nonexistent/spool' });
  assert.equal(await client.say(`${LARGE}.`), '451 4.3.0 Local error in processing, try again later');
  assert.equal(await client.say('NOOP'), '250 2.0.0 Ok');
  assert.equal(relay.accepted.length, 0);
});

test('sixty clients that send 8 MB at once take little memory', async () => {
  const CLIENTS = 60;
  const relay = await TestRelay.start({
    inlineLimit: 65_536,
    limits: { messageBytes: 10_000_000, idleTimeout: 60_000 },
  });
  relays.push(relay);
  const block = Buffer.from(`${'x'.repeat(76)}\r\n`.repeat(840));
  const before = process.memoryUsage().rss;
  let peak = 0;
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const client = await SmtpClient.connect(relay.port);
      opened.push(client);
      await client.reply();
      await client.say('EHLO c.example');
      await beginData(client);
      client.write('Subject: large\r\n\r\n');
      for (let sent = 0; sent < 8_000_000; sent += block.length)
        if (!client.socket.write(block)) await new Promise((resolve) => client.socket.once('drain', resolve));
      assert.match(await client.say('.'), /^250 /);
    }),
  );
  clearInterval(sampling);
  assert.equal(relay.accepted.length, CLIENTS);
  // All of it would be 480 MB; the clients' own buffers are in this process, too.
  assert.ok(peak - before < 160 * 1024 * 1024, `${Math.round((peak - before) / 1024 / 1024)} MiB`);
});

for (const [rule, header, decision] of [
  ['TRN-13 TLS-Required that stands twice is told', 'TLS-Required: No\r\nTLS-Required: No', 'no'],
  ['TRN-14 TLS-Required that contradicts itself is told', 'TLS-Required: No\r\nTLS-Required: Yes', 'ignored'],
] as const) {
  test(`${rule} (RFC 8689 §3)`, async () => {
    const { relay, client } = await inData();
    await client.say(`${header}\r\n\r\nx\r\n.`);
    const doubted = relay.events.find(({ event }) => event === 'inbound.tls-required-doubted');
    const messageId = relay.accepted[0]?.messageId;
    assert.deepEqual(doubted?.fields, { messageId, sender: 'ann@example.net', decision, count: 2 });
  });
}

test('TRN-09 a large message that may do without TLS says so too (RFC 8689 §3)', async () => {
  const { relay, client } = await inData({ inlineLimit: 1000 });
  await client.say(`TLS-Required: No\r\n${LARGE}.`);
  assert.equal(relay.accepted[0]?.content.kind, 'file');
  assert.equal(relay.accepted[0]?.facts.tlsRequired, 'no');
  assert.equal(relay.count('inbound.tls-required-doubted'), 0);
});

test('what becomes of a message may be decided by what it is: then its own code is told, and nothing stays', async () => {
  const { relay, client } = await inData({ inlineLimit: 1000 });
  const { accept } = relay;
  relay.accept = async () => Promise.resolve({ status: 'policy', text: 'No cards [Rule=Cards]', detail: '7.901' });
  assert.equal(await client.say(`${LARGE}.`), '550 5.7.901 No cards [Rule=Cards]');
  assert.deepEqual([relay.accepted, relay.spooledFiles(), relay.count('inbound.accepted')], [[], [], 0]);
  relay.accept = accept;
  await beginData(client);
  assert.match(await client.say('x\r\n.'), /^250 /);
});

test('whoever takes a message over learns whose it is', async () => {
  const origins: unknown[] = [];
  const { relay, client } = await inData();
  relay.accept = async (_message, origin) => {
    origins.push(origin);
    return Promise.resolve(undefined);
  };
  await client.say('x\r\n.');
  assert.deepEqual(origins, [{ ip: '127.0.0.1', authenticated: false }]);
});
