/** Reports of others: what is taken, what is passed over and counted, and what is remembered of it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { dkimSign } from 'mailauth/lib/dkim/sign.js';
import { StorageUnavailable } from '#queue/store.ts';
import { odditiesOf } from '#reporting/tls-report/arrival.ts';
import { unpackReport } from '#reporting/tls-report/packed.ts';
import { writeReport } from '#reporting/tls-report/report.ts';
import { IntakeWorld, mailOf, REPORT, RECORD, reportAbout, reportWith, sign } from './intake-world.ts';
import { reportSettings } from './sample.ts';
import { KEY } from './sending-world.ts';

const JSON_REPORT = Buffer.from(writeReport(REPORT));
const GZIP_REPORT = gzipSync(JSON_REPORT);

const part = (octets: Uint8Array, type: string): string =>
  `--b\r\nContent-Type: ${type}\r\nContent-Disposition: attachment; filename=x\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(octets).toString('base64')}\r\n`;

const failing = (reportId: string, mxHost = 'mx.own.test', type = 'certificate-expired') =>
  Buffer.from(
    writeReport(
      reportWith({
        reportId,
        policies: REPORT.policies.map((policy) => ({ ...policy, details: [{ type, sessions: 1, mxHost }] })),
      }),
    ),
  );

describe('reports by mail', () => {
  test('a signed report about our domain is kept whole, and told', async () => {
    await using world = await IntakeWorld.start();
    assert.deepEqual(await world.takeMail(await sign(mailOf())), { kind: 'taken' });
    const [kept, ...others] = await world.received();
    assert.deepEqual(others, []);
    assert.ok(kept !== undefined);
    const { gzip, number, ...told } = kept;
    assert.match(number, /^[0-9a-f]{12}$/);
    assert.deepEqual(told, {
      day: '2024-05-01',
      via: 'mail',
      signer: 'r.test',
      organizationName: 'Reporter',
      reportId: 'id-1',
      start: REPORT.start,
      end: REPORT.end,
      receivedAt: world.now,
      domains: ['own.test'],
      totals: { successes: 5, failures: 2 },
      oddities: [],
    });
    assert.deepEqual(unpackReport(gzip), REPORT);
    assert.deepEqual(world.told('tls-report.received'), [
      {
        messageId: 'M1',
        sizeBytes: Buffer.byteLength(await sign(mailOf())),
        nexthop: 'own.test',
        headerMessageId: 'id-1',
        listener: 'mail',
        count: 2,
      },
    ]);
  });

  test('RPTI-01 a report in a message of its own kind, without other parts', async () => {
    await using world = await IntakeWorld.start();
    assert.equal(await world.outcomeOf({ multipart: '' }), 'received');
  });

  test('RPTI-02 plain JSON under its media type', async () => {
    await using world = await IntakeWorld.start();
    const plan = { octets: JSON_REPORT, type: 'application/tlsrpt+json', fileName: 'report.json' };
    assert.equal(await world.outcomeOf(plan), 'received');
  });

  test('RPTI-03 gzip under another name is known by its first octets', async () => {
    for (const type of [
      'application/gzip',
      'application/x-gzip',
      'application/octet-stream',
      'application/tlsrpt+json',
    ]) {
      await using world = await IntakeWorld.start();
      assert.equal(await world.outcomeOf({ type, fileName: 'report.json.gz' }), 'received', type);
    }
  });

  test('RPTI-04 plain JSON that is called gzip is known by how it begins', async () => {
    await using world = await IntakeWorld.start();
    assert.equal(await world.outcomeOf({ octets: JSON_REPORT }), 'received');
    await using blanks = await IntakeWorld.start();
    assert.equal(await blanks.outcomeOf({ octets: Buffer.from(`\ufeff \r\n\t${writeReport(REPORT)}`) }), 'received');
  });

  test('RPTI-15 a report without a signature is ignored and counted', async () => {
    await using world = await IntakeWorld.start();
    assert.deepEqual(await world.takeMail(mailOf()), { kind: 'taken' });
    assert.deepEqual(await world.received(), []);
    const [told] = world.told('tls-report.ignored');
    assert.deepEqual([told?.decision, told?.listener, told?.messageId], ['unsigned', 'mail', 'M1']);
  });

  test('RPTI-16 a valid signature over a part of the body does not count', async () => {
    await using world = await IntakeWorld.start();
    const key = { signingDomain: 'r.test', selector: 'postern', privateKey: KEY, maxBodyLength: 100_000 };
    const mail = mailOf();
    const { signatures } = await dkimSign(mail, { signTime: world.now, ...key, signatureData: [key] });
    assert.match(signatures, /[;\s]l=/);
    assert.equal(await world.outcomeOfMail(`${signatures}${mail}`), 'partly-signed');
    // A second one over all of it makes it good.
    assert.equal(await world.outcomeOfMail(`${signatures}${await sign(mail)}`), 'received');
  });

  test('RPTI-17 a signature that does not verify does not count', async () => {
    await using world = await IntakeWorld.start();
    const mail = await sign(mailOf());
    assert.equal(await world.outcomeOfMail(mail.replace('This is a report', 'This was a report')), 'bad-signature');
    world.zone.set('postern._domainkey.r.test', undefined);
    assert.equal(await world.outcomeOfMail(mail), 'bad-signature');
  });

  test('RPTI-18 the signature must be of the domain in From (RFC 8460 §3)', async () => {
    await using world = await IntakeWorld.start();
    world.zone.set('postern._domainkey.other.test', { TXT: [[RECORD.slice(0, 200), RECORD.slice(200)]] });
    assert.equal(await world.outcomeOfMail(await sign(mailOf(), 'other.test')), 'signed-by-another');
    assert.equal(await world.outcomeOf({ from: 'tls@deep.r.test' }), 'received');
    assert.equal(await world.outcomeOf({ from: 'tls@notr.test' }), 'signed-by-another');
    assert.equal(await world.outcomeOf({ from: 'tls@r.test>, Other <tls@r.test' }), 'signed-by-another');
  });

  test('a key that is not meant for reports does not count (RFC 6376 §3.6.1)', async () => {
    await using world = await IntakeWorld.start();
    const record = RECORD.replace('s=email:tlsrpt', 's=email');
    world.zone.set('postern._domainkey.r.test', { TXT: [[record.slice(0, 200), record.slice(200)]] });
    assert.equal(await world.outcomeOf({}), 'bad-signature');
  });

  test('where the key cannot be looked up the sender is to come again', async () => {
    await using world = await IntakeWorld.start();
    const mail = await sign(mailOf());
    world.zone.set('postern._domainkey.r.test', { fault: 'servfail' });
    assert.equal(await world.outcomeOfMail(mail), 'later: the key of its signature');
    assert.deepEqual([await world.received(), world.events], [[], []]);
  });

  test('RPTI-21 a report within other parts is found', async () => {
    await using world = await IntakeWorld.start();
    assert.equal(await world.outcomeOf({ multipart: 'multipart/mixed' }), 'received');
    await using nested = await IntakeWorld.start();
    const [header = '', body = ''] = mailOf().split(
      'Content-Type: multipart/report; report-type="tlsrpt"; boundary="b"',
    );
    const mail = `${header}Content-Type: multipart/mixed; boundary="outer"\r\n\r\n--outer\r\nContent-Type: multipart/alternative; boundary="b"${body}\r\n--outer--\r\n`;
    assert.equal(await nested.outcomeOfMail(await sign(mail)), 'received');
  });

  test('RPTI-21 of several parts the report is found, whatever stands before it', async () => {
    await using world = await IntakeWorld.start();
    const others = [part(Buffer.from('%PDF'), 'application/pdf'), part(Buffer.from('{"a":1}'), 'application/json')];
    const mail = mailOf().replace(
      '--b\r\nContent-Type: application',
      `${others.join('')}--b\r\nContent-Type: application`,
    );
    assert.equal(await world.outcomeOfMail(await sign(mail)), 'received');
  });

  test('mail without a report is ignored', async () => {
    await using world = await IntakeWorld.start();
    assert.equal(await world.outcomeOf({ octets: Buffer.from('%PDF'), type: 'application/pdf' }), 'no-report');
    assert.equal(await world.outcomeOf({ octets: Buffer.from('{"a":1}') }), 'no-date-range');
    assert.equal(await world.outcomeOf({ octets: Buffer.from('{"a":') }), 'not-json');
    assert.equal(await world.outcomeOf({ octets: GZIP_REPORT.subarray(0, 60) }), 'not-gzip');
  });

  test('a mail above the limit is not looked at', async () => {
    await using world = await IntakeWorld.start();
    world.settings = { ...world.settings, ...reportSettings({ receive: { messageLimit: 500 } }) };
    assert.equal(await world.outcomeOf({}), 'too-large');
  });

  test('a mail that lies in a file is read from there, and one that is gone is no report lost in silence', async () => {
    await using world = await IntakeWorld.start();
    const directory = mkdtempSync(join(tmpdir(), 'postern-intake-'));
    try {
      const path = join(directory, 'mail');
      const octets = Buffer.from(await sign(mailOf()), 'latin1');
      writeFileSync(path, octets);
      const content = { kind: 'file' as const, path, sizeBytes: octets.length };
      const mail = { messageId: 'M1', content, sizeBytes: octets.length };
      assert.deepEqual(await world.intake.takeMail(mail), { kind: 'taken' });
      assert.equal((await world.received()).length, 1);
      rmSync(path);
      await assert.rejects(world.intake.takeMail(mail));
      // The thread goes on.
      assert.equal(await world.outcomeOf({}), 'duplicate');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('a store that fails is told to whoever waits, and the same report is taken later', async () => {
    await using world = await IntakeWorld.start();
    const mail = await sign(mailOf());
    world.store.failure = new StorageUnavailable('full', 'no room');
    await assert.rejects(world.takeMail(mail), StorageUnavailable);
    world.store.failure = undefined;
    assert.equal(await world.outcomeOfMail(mail), 'received');
  });
});

describe('whose report it is', () => {
  test('RPTI-19 a report about domains of others is dropped and counted', async () => {
    await using world = await IntakeWorld.start();
    assert.equal(await world.outcomeOf({ octets: Buffer.from(writeReport(reportAbout('other.test'))) }), 'not-ours');
    assert.equal(await world.outcomeOf({ octets: Buffer.from(writeReport(reportWith({ policies: [] }))) }), 'not-ours');
    assert.deepEqual(await world.received(), []);
  });

  test('RPTI-19 of a report about several domains ours are kept', async () => {
    await using world = await IntakeWorld.start();
    const hosts = ['other.test', 'own.test', 'mx.own.test', 'sub.own.test', 'published.test', 'mx.published.test'];
    const policies = hosts.flatMap((name) => reportAbout(name).policies);
    assert.equal(await world.outcomeOf({ octets: Buffer.from(writeReport(reportWith({ policies }))) }), 'received');
    const ours = ['own.test', 'mx.own.test', 'published.test', 'mx.published.test'];
    assert.deepEqual((await world.received())[0]?.domains, ours);
  });

  test('domains that the settings name are ours', async () => {
    await using world = await IntakeWorld.start();
    world.settings = { ...world.settings, ...reportSettings({ receive: { domains: ['*.cluster.test'] } }) };
    const octets = Buffer.from(writeReport(reportAbout('mx7.cluster.test')));
    assert.equal(await world.outcomeOf({ octets }), 'received');
  });

  test('RPTI-10 entries of an unknown domain are kept', async () => {
    await using world = await IntakeWorld.start();
    assert.equal(await world.outcomeOf({ octets: Buffer.from(writeReport(reportAbout(''))) }), 'received');
    assert.deepEqual((await world.received())[0]?.domains, ['unknown']);
  });

  test('RPTI-20 the same submitter and number twice is one report (RFC 8460 §5.6)', async () => {
    await using world = await IntakeWorld.start();
    assert.equal(await world.outcomeOf({}), 'received');
    assert.equal(await world.outcomeOf({}), 'duplicate');
    const changed = reportWith({ contactInfo: 'another@r.test' });
    assert.equal(await world.outcomeOf({ octets: Buffer.from(writeReport(changed)) }), 'duplicate');
    assert.equal((await world.received()).length, 1);
    const another = reportWith({ reportId: 'id-2' });
    assert.equal(await world.outcomeOf({ octets: Buffer.from(writeReport(another)) }), 'received');
    assert.equal((await world.received()).length, 2);
  });

  test('RPTI-20 who posts without a name cannot take the place of a signed report', async () => {
    await using world = await IntakeWorld.start();
    const forged = writeReport(reportWith({ organizationName: 'r.test' }));
    assert.equal((await world.post(forged)).status, 200);
    assert.equal((await world.post(forged)).status, 200);
    assert.equal((await world.received()).length, 1);
    assert.equal(await world.outcomeOf({}), 'received');
    assert.equal((await world.received()).length, 2);
  });

  test('a report without a number is known by its content', async () => {
    await using world = await IntakeWorld.start();
    const octets = Buffer.from(writeReport(reportWith({ reportId: '' })));
    assert.equal(await world.outcomeOf({ octets }), 'received');
    assert.equal(await world.outcomeOf({ octets }), 'duplicate');
    const other = Buffer.from(writeReport(reportWith({ reportId: '', contactInfo: 'x@r.test' })));
    assert.equal(await world.outcomeOf({ octets: other }), 'received');
  });

  test('RPTI-25 a range that is too long or lies in the future is flagged, and the report kept', async () => {
    await using world = await IntakeWorld.start();
    const start = new Date('2023-04-01T00:00:00Z');
    assert.equal(
      await world.outcomeOf({ octets: Buffer.from(writeReport(reportWith({ start, reportId: 'a' }))) }),
      'received',
    );
    const future = { start: new Date('2031-01-01T00:00:00Z'), end: new Date('2031-01-01T23:59:59Z'), reportId: 'b' };
    assert.equal(await world.outcomeOf({ octets: Buffer.from(writeReport(reportWith(future))) }), 'received');
    const kept = await world.received();
    assert.deepEqual(
      new Map(kept.map(({ reportId, oddities }) => [reportId, oddities])),
      new Map([
        ['a', ['it covers 397 days']],
        ['b', ['it is about the future']],
      ]),
    );
    assert.ok(kept.every(({ day }) => day === '2024-05-02' || day === '2023-04-01'));
  });

  test('RPTI-25 odd times', () => {
    const now = new Date('2024-05-02T02:00:00Z');
    const of = (start: string, end: string): readonly string[] =>
      odditiesOf({ start: new Date(start), end: new Date(end) }, now);
    assert.deepEqual(of('2024-05-01T00:00:00Z', '2024-05-01T23:59:59Z'), []);
    assert.deepEqual(of('2024-05-02T00:00:00Z', '2024-05-02T23:59:59Z'), []);
    assert.deepEqual(of('2024-04-24T00:00:00Z', '2024-04-30T23:59:59Z'), []);
    assert.deepEqual(of('2023-03-28T00:00:00Z', '2024-05-01T00:00:00Z'), ['it covers 400 days']);
    assert.deepEqual(of('2024-05-02T00:00:00Z', '2024-05-01T00:00:00Z'), ['it ends before it begins']);
    assert.deepEqual(of('2024-05-03T03:00:00Z', '2024-05-03T04:00:00Z'), ['it is about the future']);
  });
});

describe('alerts', () => {
  test('RPTI-26 a failure at a host of ours is told once a day for each kind and host, not for each report', async () => {
    await using world = await IntakeWorld.start();
    const alertsOf = async (octets: Buffer): Promise<readonly (string | undefined)[]> => {
      assert.equal(await world.outcomeOf({ octets }), 'received');
      return world.told('tls-report.alert').map(({ decision, mxHost }) => `${decision} ${mxHost}`);
    };
    assert.deepEqual(await alertsOf(failing('1')), ['certificate-expired mx.own.test']);
    assert.deepEqual(await alertsOf(failing('2')), []);
    assert.deepEqual(await alertsOf(failing('3', 'mx2.own.test')), ['certificate-expired mx2.own.test']);
    assert.deepEqual(await alertsOf(failing('4', 'mx.own.test', 'validation-failure')), [
      'validation-failure mx.own.test',
    ]);
    assert.deepEqual(await alertsOf(failing('5', 'mx.own.test', 'made-up')), ['other mx.own.test']);
    world.now = new Date('2024-05-03T00:00:00Z');
    assert.deepEqual(await alertsOf(failing('6')), ['certificate-expired mx.own.test']);
  });

  test('a day has a bounded number of alerts', async () => {
    await using world = await IntakeWorld.start();
    const details = Array.from({ length: 90 }, (_, index) => ({ type: 'x', sessions: 1, mxHost: `a${index}` }));
    const other = details.map((detail) => ({ ...detail, type: 'y' }));
    for (const [reportId, list] of [
      ['1', details],
      ['2', other],
    ] as const) {
      const policies = REPORT.policies.map((policy) => ({ ...policy, details: list }));
      await world.post(writeReport(reportWith({ reportId, policies })));
    }
    assert.equal(world.told('tls-report.alert').length, 100);
  });

  test('a report of successes alarms nobody', async () => {
    await using world = await IntakeWorld.start();
    const policies = REPORT.policies.map((policy) => ({ ...policy, failures: 0, details: [] }));
    assert.equal(await world.outcomeOf({ octets: Buffer.from(writeReport(reportWith({ policies }))) }), 'received');
    assert.deepEqual(world.told('tls-report.alert'), []);
  });
});

describe('reports over HTTPS', () => {
  test('RPTI-22 a good report is taken', async () => {
    await using world = await IntakeWorld.start();
    assert.deepEqual(await world.post(GZIP_REPORT), { status: 200, headers: {}, text: 'the report was taken' });
    assert.equal(
      (await world.post(writeReport(reportWith({ reportId: '2' })), 'Application/TLSRPT+JSON; charset=utf-8')).status,
      200,
    );
    const kept = await world.received();
    assert.deepEqual(
      kept.map(({ via, signer }) => [via, signer]),
      [
        ['https', ''],
        ['https', ''],
      ],
    );
    assert.equal(world.zone.queries.length, 0);
  });

  test('RPTI-22 other methods are refused', async () => {
    await using world = await IntakeWorld.start();
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'post']) {
      const { status, headers } = await world.post(GZIP_REPORT, 'application/tlsrpt+gzip', method);
      assert.deepEqual([status, headers], [405, { allow: 'POST' }]);
    }
  });

  test('RPTI-22 other media types are refused', async () => {
    await using world = await IntakeWorld.start();
    for (const type of ['text/plain', 'application/json', 'application/tlsrpt', 'application/tlsrpt+gzipped', '']) {
      assert.equal((await world.post(GZIP_REPORT, type)).status, 415, type);
    }
    assert.equal(
      (await world.intake.receiveHttp({ method: 'POST', contentType: undefined, body: GZIP_REPORT })).status,
      415,
    );
    assert.deepEqual(await world.received(), []);
  });

  test('RPTI-22 what is too large is refused, packed and unpacked', async () => {
    await using world = await IntakeWorld.start();
    world.settings = { ...world.settings, ...reportSettings({ receive: { messageLimit: 2000, reportLimit: 5000 } }) };
    assert.equal(world.intake.bodyLimit, 2000);
    assert.equal((await world.post(Buffer.alloc(2001))).status, 413);
    assert.equal((await world.post(gzipSync(Buffer.alloc(5001, 0x20)))).status, 413);
    world.settings = { ...world.settings, ...reportSettings({ receive: { reportLimit: 500 } }) };
    assert.equal((await world.post(JSON_REPORT, 'application/tlsrpt+json')).status, 413);
    world.settings = { ...world.settings, ...reportSettings() };
    assert.equal((await world.post(GZIP_REPORT)).status, 200);
  });

  test('what is no report is refused with its reason, and what is not about us is taken and forgotten', async () => {
    await using world = await IntakeWorld.start();
    assert.deepEqual(await world.post('hello'), {
      status: 400,
      headers: {},
      text: 'this is no report that can be read (not-json)',
    });
    assert.equal((await world.post(writeReport(reportAbout('other.test')))).status, 200);
    assert.deepEqual(await world.received(), []);
  });

  test('a store that fails has the sender come again', async () => {
    await using world = await IntakeWorld.start();
    world.store.failure = new StorageUnavailable('io', 'broken');
    assert.deepEqual(await world.post(GZIP_REPORT), {
      status: 503,
      headers: { 'retry-after': '3600' },
      text: 'the report cannot be taken now',
    });
  });

  test('one day has room for a bounded number of octets', async () => {
    await using world = await IntakeWorld.start();
    world.settings = { ...world.settings, ...reportSettings({ receive: { dailyLimit: 800 } }) };
    const statuses: number[] = [];
    for (let index = 0; index < 5; index += 1) {
      statuses.push((await world.post(writeReport(reportWith({ reportId: `${index}` })))).status);
    }
    assert.deepEqual(statuses, [200, 200, 429, 429, 429]);
    world.now = new Date('2024-05-03T00:00:00Z');
    assert.equal((await world.post(writeReport(reportWith({ reportId: 'x' })))).status, 200);
  });
});
