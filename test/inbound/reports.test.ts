/** Mail to the address for TLS reports: who may bring it, and that it goes nowhere else. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeAdmission } from '#inbound/admission.ts';
import type { ClientFacts } from '#inbound/session-facts.ts';
import type { InboundSettings } from '#inbound/settings.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { TestRelay, type RelayOptions } from '../doubles/inbound-relay.ts';
import { CONNECTOR, inboundSettings, RELAY_LISTENER } from '../doubles/inbound-settings.ts';
import { SmtpClient } from '../doubles/smtp-client.ts';

const ADDRESS = 'tls-reports@own.test';
const CONTENT = 'From: a@r.test\r\nSubject: report\r\n\r\nreport\r\n';

async function withRelay(
  options: RelayOptions,
  check: (relay: TestRelay, client: SmtpClient) => Promise<void>,
): Promise<void> {
  const relay = await TestRelay.start({ reportAddress: ADDRESS, ...options });
  // The rules of strangers: only the accepted domain is taken, and nothing in clear where TLS is required.
  const client = await SmtpClient.connect(relay.port);
  await client.reply();
  await client.say('EHLO client.test');
  try {
    await check(relay, client);
  } finally {
    client.close();
    await relay.stop();
  }
}

async function send(client: SmtpClient, recipients: readonly string[], content = CONTENT): Promise<string> {
  await client.say('MAIL FROM:<a@r.test>');
  for (const recipient of recipients) assert.match(await client.say(`RCPT TO:<${recipient}>`), /^250/);
  await client.say('DATA');
  client.write(`${content}.\r\n`);
  return client.reply();
}

describe('a report', () => {
  test('is handed to whoever reads reports and never enters the queue', async () =>
    withRelay({}, async (relay, client) => {
      assert.match(await send(client, ['TLS-Reports@OWN.test']), /^250 2\.6\.0 /);
      assert.equal(relay.reports.length, 1);
      assert.match(relay.reports[0] ?? '', /^Received: [^]*\r\n\r\nreport\r\n$/);
      assert.deepEqual([relay.accepted, relay.spooledFiles()], [[], []]);
      assert.equal(relay.count('inbound.accepted'), 1);
    }));

  test('that is large leaves no file behind', async () =>
    withRelay({ inlineLimit: 100 }, async (relay, client) => {
      assert.match(await send(client, [ADDRESS], `${CONTENT}${'x'.repeat(500)}\r\n`), /^250/);
      assert.equal(relay.reports.length, 1);
      assert.deepEqual([relay.accepted, relay.spooledFiles()], [[], []]);
    }));

  test('with other recipients goes to the queue for those alone', async () =>
    withRelay({ inlineLimit: 100 }, async (relay, client) => {
      const reply = await send(client, ['bob@own.test', ADDRESS], `${CONTENT}${'x'.repeat(500)}\r\n`);
      assert.match(reply, /^250/);
      assert.equal(relay.reports.length, 1);
      assert.deepEqual(
        relay.accepted.map(({ recipients }) => recipients.map(({ address }) => address)),
        [['bob@own.test']],
      );
      assert.equal(relay.spooledFiles().length, 1);
    }));

  test('that cannot be kept is refused for now, and so is the rest of its mail', async () =>
    withRelay({ inlineLimit: 100 }, async (relay, client) => {
      const content = `${CONTENT}${'x'.repeat(500)}\r\n`;
      relay.takeReport = async () => Promise.reject(new StorageUnavailable('full', 'no room'));
      assert.match(await send(client, ['bob@own.test', ADDRESS], content), /^452 4\.3\.1 /);
      relay.takeReport = async () => Promise.reject(new StorageUnavailable('io', 'broken'));
      assert.match(await send(client, [ADDRESS], content), /^451 4\.3\.0 /);
      relay.takeReport = async () => Promise.resolve({ kind: 'later', reason: 'DNS' });
      const reply = '451 4.3.0 The report cannot be checked at the moment, try again later';
      assert.equal(await send(client, ['bob@own.test', ADDRESS], content), reply);
      assert.deepEqual([relay.reports, relay.accepted, relay.spooledFiles()], [[], [], []]);
    }));

  test('other mail goes to the queue as ever, and all of it does where no reports are taken', async () => {
    await withRelay({}, async (relay, client) => {
      assert.match(await send(client, ['bob@own.test']), /^250/);
      assert.deepEqual([relay.reports.length, relay.accepted.length], [0, 1]);
    });
    await withRelay({ reportAddress: '' }, async (relay, client) => {
      assert.match(await send(client, [ADDRESS]), /^250/);
      assert.deepEqual([relay.reports.length, relay.accepted.length], [0, 1]);
    });
  });
});

const client = (changes: Partial<ClientFacts> = {}): ClientFacts => ({
  listener: RELAY_LISTENER,
  ip: '192.0.2.1',
  ...changes,
});

const settings = (changes: Partial<InboundSettings['inbound']> = {}, address = ADDRESS): InboundSettings => ({
  ...inboundSettings({ inbound: { acceptedDomains: ['own.test'], ...changes } }),
  tlsReports: { receive: { address } },
});

describe('who may bring a report', () => {
  const secured = { version: 'TLSv1.3', cipher: '', servername: undefined };
  const required = { ...RELAY_LISTENER, tls: 'required' as const };
  test('anyone, also where the domain of the address is not accepted', () => {
    const admission = makeAdmission(() => settings({ acceptedDomains: [] }));
    assert.equal(admission.recipient(client(), '', ADDRESS), undefined);
    assert.equal(admission.recipient(client(), 'a@r.test', 'TLS-reports@own.test'), undefined);
    assert.deepEqual(admission.recipient(client(), 'a@r.test', 'bob@own.test'), { status: 'relay-denied' });
    assert.deepEqual(admission.recipient(client(), 'a@r.test', 'tls-reports@other.test'), { status: 'relay-denied' });
  });

  test('RPTI-27 in clear, although the listener requires TLS; all else there is refused as before', () => {
    const admission = makeAdmission(() => settings());
    const clear = client({ listener: required });
    assert.equal(admission.sender(clear, 'a@r.test'), undefined);
    assert.equal(admission.recipient(clear, 'a@r.test', ADDRESS), undefined);
    assert.deepEqual(admission.recipient(clear, 'a@r.test', 'bob@own.test'), { status: 'starttls-required' });
    assert.equal(admission.recipient({ ...clear, tls: secured }, 'a@r.test', 'bob@own.test'), undefined);
  });

  test('RPTI-27 in clear, although a connector requires TLS of its domain', () => {
    const connectors = [{ ...CONNECTOR, senderDomains: ['r.test'], requireTls: true }];
    const admission = makeAdmission(() => settings({ connectors }));
    assert.equal(admission.sender(client(), 'a@r.test'), undefined);
    assert.equal(admission.recipient(client(), 'a@r.test', ADDRESS), undefined);
    assert.deepEqual(admission.recipient(client(), 'a@r.test', 'bob@own.test'), { status: 'starttls-required' });
    assert.equal(admission.recipient(client(), 'a@else.test', 'bob@own.test'), undefined);
  });

  test('nobody in clear where no reports are taken, nor on a submission port', () => {
    const none = makeAdmission(() => settings({}, ''));
    assert.deepEqual(none.sender(client({ listener: required }), 'a@r.test'), { status: 'starttls-required' });
    const submission = { ...required, mode: 'submission' as const };
    const admission = makeAdmission(() => settings());
    assert.deepEqual(admission.sender(client({ listener: submission }), 'a@r.test'), { status: 'starttls-required' });
  });

  test('RPTI-27 over sockets: MAIL in clear waits for its recipients', async () => {
    const live = settings();
    const parts = { admission: makeAdmission(() => live) };
    await withRelay({ listener: { tls: 'required' }, parts }, async (relay, smtp) => {
      assert.match(await smtp.say('MAIL FROM:<a@r.test>'), /^250/);
      assert.equal(await smtp.say('RCPT TO:<bob@own.test>'), '451 5.7.3 STARTTLS is required to send mail');
      assert.match(await smtp.say('DATA'), /^503/);
      assert.match(await smtp.say(`RCPT TO:<${ADDRESS}>`), /^250/);
      await smtp.say('DATA');
      smtp.write(`${CONTENT}.\r\n`);
      assert.match(await smtp.reply(), /^250/);
      assert.deepEqual([relay.reports.length, relay.accepted.length], [1, 0]);
    });
    await withRelay({ listener: { tls: 'required' }, parts, reportAddress: '' }, async (_relay, smtp) => {
      assert.equal(await smtp.say('MAIL FROM:<a@r.test>'), '451 5.7.3 STARTTLS is required to send mail');
    });
  });
});
