/** What strangers may send to cost time and memory: each is refused, and the next report is read. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ReportReader } from '#reporting/tls-report/reader.ts';
import { writeReport } from '#reporting/tls-report/report.ts';
import { resolverFor } from '../../doubles/resolver.ts';
import { IntakeWorld, mailOf, REPORT, reportWith, sign } from './intake-world.ts';

const MEGABYTE = 1024 * 1024;

/** A gzip file of many members: two gigabytes once it is unpacked. */
const BOMB = Buffer.concat(Array.from({ length: 128 }, () => gzipSync(Buffer.alloc(16 * MEGABYTE, ' '))));

/** The most memory that the process had while `act` went on, in addition to what it had before. */
async function memoryOf(act: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
  await act();
  clearInterval(timer);
  return Math.max(most, process.memoryUsage.rss()) - before;
}

async function isStillReading(world: IntakeWorld, reportId: string): Promise<boolean> {
  return (await world.outcomeOf({ octets: Buffer.from(writeReport(reportWith({ reportId }))) })) === 'received';
}

describe('bombs', () => {
  test('RPTI-05 gzip that unpacks to gigabytes is refused, by mail and over HTTPS, and memory stays bounded', async () => {
    await using world = await IntakeWorld.start();
    assert.ok(await isStillReading(world, 'before'));
    const mail = await sign(mailOf({ octets: BOMB }));
    const memory = await memoryOf(async () => {
      assert.equal(await world.outcomeOfMail(mail), 'too-large');
      assert.equal((await world.post(BOMB)).status, 413);
    });
    assert.ok(memory < 300 * MEGABYTE, `${memory}`);
    assert.ok(await isStillReading(world, 'after'));
  });

  test('RPTI-05 the limit is that of the settings, to the octet', async () => {
    await using world = await IntakeWorld.start();
    const json = writeReport(REPORT);
    const limit = 20_000_000;
    const padded = (length: number): Buffer => gzipSync(json + ' '.repeat(length - json.length));
    assert.equal((await world.post(padded(limit + 1))).status, 413);
    assert.equal((await world.post(padded(limit))).status, 200);
  });

  test('gzip within gzip is not unpacked twice', async () => {
    await using world = await IntakeWorld.start();
    assert.equal((await world.post(gzipSync(gzipSync(writeReport(REPORT))))).status, 400);
  });

  test('RPTI-24 JSON of ten thousand levels, and of twenty megabytes of brackets, is refused', async () => {
    await using world = await IntakeWorld.start();
    const deep = `{"date-range":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    assert.equal(await world.outcomeOf({ octets: gzipSync(deep) }), 'too-deep');
    assert.equal((await world.post(gzipSync(`{"a":${'['.repeat(19_000_000)}`))).status, 400);
    assert.equal(await world.outcomeOf({ octets: gzipSync(`{"a":[${'{},'.repeat(6_000_000)}`) }), 'too-many-values');
    assert.ok(await isStillReading(world, 'after'));
  });
});

describe('mails that are made to be slow', () => {
  const head = 'From: a@r.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n';
  const nested = Array.from(
    { length: 20_000 },
    (_, level) => `--b${level === 0 ? '' : level}\r\nContent-Type: multipart/mixed; boundary="b${level + 1}"\r\n\r\n`,
  );
  for (const [what, mail] of [
    ['hundreds of thousands of parts', `${head}${'--b\r\n\r\n\r\n'.repeat(300_000)}--b--\r\n`],
    ['parts within parts', head + nested.join('')],
    ['hundreds of thousands of header fields', `From: a@r.test\r\n${'X: y\r\n'.repeat(300_000)}\r\nx`],
    ['attachments without end', `${head}${'--b\r\nContent-Type: a/b\r\n\r\n{\r\n'.repeat(100_000)}--b--\r\n`],
    ['open elements of HTML', `From: a@r.test\r\nContent-Type: text/html\r\n\r\n${'<a><b>'.repeat(300_000)}`],
  ] as const) {
    test(`${what} are ignored`, async () => {
      await using world = await IntakeWorld.start();
      assert.match(await world.outcomeOfMail(await sign(mail)), /^(?:unreadable|no-report)$/);
      assert.deepEqual(world.told('relay.defect'), []);
      assert.ok(await isStillReading(world, 'after'));
    });
  }
});

async function withReader(timeout: number, check: (reader: ReportReader, world: IntakeWorld) => Promise<void>) {
  await using world = await IntakeWorld.start();
  const reader = new ReportReader({ resolver: resolverFor(world.zone), report: () => undefined, timeout });
  try {
    await check(reader, world);
  } finally {
    await reader.close();
  }
}

const order = (octets: Uint8Array) => ({
  kind: 'https' as const,
  load: async () => Promise.resolve(octets),
  reportLimit: 20_000_000,
  ours: ['own.test'],
  now: new Date('2024-05-02T02:00:00Z'),
});

const load = async () => Promise.reject(new Error('gone'));

describe('the thread', () => {
  test('what takes too long costs the thread, and the next has another', async () =>
    withReader(1, async (reader) => {
      const octets = gzipSync(writeReport(REPORT));
      assert.deepEqual(await reader.read(order(octets)), { kind: 'ignored', reason: 'too-slow' });
      assert.deepEqual(await reader.read(order(octets)), { kind: 'ignored', reason: 'too-slow' });
    }));

  test('reports wait for their turn, in a bounded number', async () =>
    withReader(30_000, async (reader) => {
      const octets = gzipSync(writeReport(REPORT));
      const arrivals = await Promise.all(Array.from({ length: 130 }, async () => reader.read(order(octets))));
      const count = (kind: string): number => arrivals.filter((arrival) => arrival.kind === kind).length;
      assert.deepEqual([count('report'), count('later')], [100, 30]);
    }));

  test('what is being read when the relay stops is to come again', async () => {
    await withReader(30_000, async (reader) => {
      const reading = reader.read(order(gzipSync(Buffer.alloc(19_000_000, '['))));
      const waiting = reader.read(order(gzipSync(writeReport(REPORT))));
      await new Promise(setImmediate);
      await reader.close();
      assert.equal((await reading).kind, 'later');
      assert.equal((await waiting).kind, 'later');
      assert.equal((await reader.read(order(gzipSync('{}')))).kind, 'later');
    });
  });

  test('octets that cannot be loaded are told, and the next is read', async () =>
    withReader(30_000, async (reader) => {
      await assert.rejects(reader.read({ ...order(Buffer.alloc(0)), load }), /gone/);
      assert.equal((await reader.read(order(gzipSync(writeReport(REPORT))))).kind, 'report');
    }));
});
