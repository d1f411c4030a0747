/** A report as mail: what RFC 8460 §5.3 asks of it, its signature, and addresses that refuse it. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { verifyDkim } from '#mime/dkim.ts';
import { writeKeyRecord } from '#mime/dkim-record.ts';
import { StorageUnavailable, type NewMessage } from '#queue/store.ts';
import { listSent } from '#reporting/tls-report/sent.ts';
import { listSuppressions, suppress } from '#reporting/tls-report/suppression.ts';
import { session, STS } from './sample.ts';
import { asking, attached, KEY, SendingWorld, textOf } from './sending-world.ts';

const HOUR_MS = 3_600_000;
const MAILTO = asking('dest.test', 'mailto:reports@dest.test');

async function mail(uri = 'mailto:reports@dest.test'): Promise<NewMessage> {
  await using world = await SendingWorld.start(asking('dest.test', uri));
  await world.count(session([STS]));
  await world.round();
  const [message] = world.queue;
  assert.ok(message !== undefined);
  return message;
}

describe('a report by mail (RFC 8460 §5.3)', () => {
  test('RPTS-01 the file has the name of RFC 8460 §5.1', async () => {
    assert.match(textOf(await mail()), /filename="s\.test!dest\.test!1714521600!1714607999!001\.json\.gz"\r\n/);
  });

  test('RPTS-05 the subject has the form of RFC 8460 §5.3', async () => {
    const message = await mail();
    const { reportId } = await attached(message);
    const header = textOf(message).replaceAll(/\r\n[ \t]/g, ' ');
    assert.ok(header.includes(`\r\nSubject: Report Domain: dest.test Submitter: s.test Report-ID: <${reportId}>\r\n`));
  });

  test('the header tells machines what it is', async () => {
    const [header = ''] = textOf(await mail()).split('\r\n\r\n');
    for (const field of [
      'From: postmaster@s.test',
      'To: reports@dest.test',
      'TLS-Report-Domain: dest.test',
      'TLS-Report-Submitter: s.test',
      'Auto-Submitted: auto-generated',
      'MIME-Version: 1.0',
    ]) {
      assert.ok(header.includes(`\r\n${field}\r\n`), field);
    }
    assert.match(header, /\r\nContent-Type: multipart\/report; report-type="tlsrpt";\r\n boundary=/);
    assert.match(
      textOf(await mail()),
      /\r\nContent-Type: application\/tlsrpt\+gzip\r\nContent-Transfer-Encoding: base64\r\n/,
    );
  });

  test('TRN-19 RPTS-07 the report itself asks that nothing be demanded of TLS, and the envelope marks it', async () => {
    const message = await mail();
    assert.match(textOf(message), /\r\nTLS-Required: No\r\n/);
    assert.equal(message.envelope.tlsReport, true);
  });

  test('RPTS-20 nobody is told of its failure', async () => {
    const { envelope, recipients } = await mail();
    assert.equal(envelope.sender, '');
    assert.deepEqual(recipients, [{ address: 'reports@dest.test', notify: [] }]);
  });

  test("it is signed with the relay's key, all of it (RFC 8460 §3)", async () => {
    const message = await mail();
    const record = writeKeyRecord(createPublicKey(KEY).export({ type: 'spki', format: 'der' }));
    const { signatures, fromDomains } = await verifyDkim(Buffer.from(textOf(message), 'latin1'), {
      lookUpText: async () => Promise.resolve({ kind: 'found', records: [record] }),
      service: 'tlsrpt',
      now: new Date('2024-05-02T04:00:00Z'),
    });
    assert.deepEqual(signatures, [{ domain: 's.test', result: 'pass', reason: '', isPartial: false }]);
    assert.deepEqual(fromDomains, ['s.test']);
  });

  test('what the queue is told of it is true', async () => {
    const message = await mail();
    const octets = Buffer.from(textOf(message), 'latin1');
    assert.equal(message.facts.sizeBytes, octets.length);
    assert.equal(message.facts.headerBytes, octets.indexOf('\r\n\r\n') + 4);
    assert.deepEqual(
      [message.facts.eightBit, message.envelope.body, message.envelope.smtpUtf8],
      [false, '7bit', false],
    );
    assert.ok(octets.toString('latin1').includes(`\r\nMessage-ID: ${message.facts.messageIdField}\r\n`));
  });

  test('an address of odd characters gets it, and no other', async () => {
    const { recipients } = await mail('mailto:a%2Cb%20c@dest.test');
    assert.deepEqual(recipients, [{ address: '"a,b c"@dest.test', notify: [] }]);
  });

  test('a queue that does not take it is asked again later', async () => {
    await using world = await SendingWorld.start(MAILTO);
    await world.count(session([STS]));
    const { enqueue } = world;
    world.enqueue = async () => Promise.reject(new StorageUnavailable('full', 'no room'));
    await world.round();
    assert.equal(world.told('tls-report.failed').length, 1);
    world.enqueue = enqueue;
    await world.round();
    assert.equal(world.queue.length, 0);
    world.later(HOUR_MS);
    await world.round();
    assert.equal(world.queue.length, 1);
  });

  test('RPTS-19 an address that refused an earlier report gets none, and operators see why', async () => {
    await using world = await SendingWorld.start(MAILTO);
    const expiresAt = new Date('2024-05-03T00:00:00Z');
    await suppress(world.store, { address: 'reports@dest.test', reason: '550 5.1.1 no such user', expiresAt });
    await world.count(session([STS]), session([STS], undefined, { at: new Date('2024-05-02T12:00:00Z') }));
    await world.round();
    assert.deepEqual(world.queue, []);
    const [sent] = await listSent(world.store, 10, undefined);
    assert.deepEqual(sent?.targets, [
      { kind: 'mailto', to: 'reports@dest.test', state: 'suppressed', reason: '550 5.1.1 no such user' },
    ]);
    assert.equal(sent.outcome, 'failed');
    assert.equal((await listSuppressions(world.store, 10)).length, 1);
    world.now = new Date('2024-05-03T04:00:00Z');
    await world.round();
    assert.equal(world.queue.length, 1);
  });
});
