/**
 * TLS reports from one relay to another over sockets: counted in one, asked for in a zone, signed, delivered, verified, kept and
 * shown in the other. Both relays are whole; what was counted some days ago is put into the store of the first.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { RelayConfig } from '#config/schema.ts';
import type { EventFields, EventName } from '#log/events.ts';
import { listCountedDomains } from '#reporting/tls-report/counts.ts';
import { DAY_MS, dayOf } from '#reporting/tls-report/day.ts';
import { RecordTlsReportDesk, type ReportListing, type TlsReportDesk } from '#reporting/tls-report/desk.ts';
import { Tally } from '#reporting/tls-report/tally.ts';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';
import type { SessionResults } from '#tls-policy/results.ts';
import { Relay } from '../../src/app.ts';
import { failure, session, STS } from '../reporting/tls-report/sample.ts';
import { RECORD } from '../reporting/tls-report/intake-world.ts';
import { KEY } from '../reporting/tls-report/sending-world.ts';
import { inWorld, type World } from './world.ts';
import { NO_DOCUMENTS } from '../doubles/documents.ts';

/** Whose reports are due whatever the time is now. */
const AT = new Date(Date.now() - 3 * DAY_MS);
const RECEIVER = '127.0.0.50';
const ADDRESS = 'tls-reports@own.test';
const ZONE = {
  'own.test': { MX: ['10 mx.own.test'] },
  'mx.own.test': { A: [RECEIVER] },
  '_smtp._tls.own.test': { TXT: [`v=TLSRPTv1; rua=mailto:${ADDRESS}`] },
  'postern._domainkey.relay.test': { TXT: [[RECORD.slice(0, 200), RECORD.slice(200)]] },
  'dest.test': { MX: ['10 mx.dest.test'] },
  'mx.dest.test': { A: ['127.0.0.2'] },
} as const;

/** A key that is published already; without this the relay makes one of its own. */
const keys = mkdtempSync(join(tmpdir(), 'postern-dkim-'));
after(() => rmSync(keys, { recursive: true }));
writeFileSync(join(keys, 'dkim.pem'), KEY);
const SIGNED = { dkim: { keyFile: join(keys, 'dkim.pem') } };

type Told = { readonly event: EventName; readonly fields: EventFields };

const openRecords = async (dataDirectory: string): Promise<SqliteRecordStore> =>
  SqliteRecordStore.open({ dataDirectory, now: () => new Date(), onDamage: assert.fail });

async function withDesk<Answer>(directory: string, ask: (desk: TlsReportDesk) => Promise<Answer>): Promise<Answer> {
  const desk = new RecordTlsReportDesk(await openRecords(directory));
  try {
    return await ask(desk);
  } finally {
    await desk.close();
  }
}

const listOf = async (directory: string): Promise<ReportListing> =>
  withDesk(directory, async (desk) => desk.list({ limit: 10 }));

/** While the relay is down, as if it had seen these sessions. */
async function count(world: World, ...sessions: readonly SessionResults[]): Promise<void> {
  const store = await openRecords(world.dataDirectory);
  const tally = new Tally({ store, settings: () => world.config(), report: assert.fail });
  for (const one of sessions) tally.count({ ...one, at: AT });
  await tally.flush();
  await store.close();
}

async function countedDomains(world: World): Promise<readonly string[]> {
  const store = await openRecords(world.dataDirectory);
  try {
    return (await listCountedDomains(store, undefined)).map(({ day, domain }) => `${day} ${domain}`);
  } finally {
    await store.close();
  }
}

/** The relay of own.test, in clear only: where the first relay's mail goes by its port. */
class Receiver {
  readonly directory: string;
  readonly told: Told[] = [];
  readonly #relay: Relay;

  private constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory);
    this.#relay = new Relay({
      write: (_level, event, fields) => void this.told.push({ event, fields }),
      setLevel: () => undefined,
      flush: async () => Promise.resolve(),
    });
  }

  static async start(world: World): Promise<Receiver> {
    const receiver = new Receiver(join(world.directory, 'receiver'));
    const { port } = world.config().outbound;
    const config: RelayConfig = {
      ...world.config({
        hostname: 'mx.own.test',
        dataDirectory: receiver.directory,
        listeners: [{ name: 'mail', address: RECEIVER, port, mode: 'relay', tls: 'off' }],
        inbound: { acceptedDomains: ['own.test'], relayNetworks: [] },
        tlsReports: { send: false, receive: { address: ADDRESS } },
      }),
    };
    await receiver.#relay.start({ config, documents: NO_DOCUMENTS }, [0]);
    return receiver;
  }

  has(event: EventName): boolean {
    return this.told.some((one) => one.event === event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay.drain(1000);
  }
}

describe('TLS reports between relays', { concurrency: 2 }, () => {
  test('RPTS-07 RPTS-08 RPTS-09 RPTI-27 a report is counted, sent in clear if it must, verified, kept, and no matter of a report itself', async () => {
    await inWorld(
      { zone: ZONE, settings: SIGNED, hosts: { mx: { address: '127.0.0.2', tls: 'good' } } },
      async (world) => {
        await using receiver = await Receiver.start(world);
        await world.stopRelay();
        const policy = { ...STS, domain: 'own.test' };
        const failed = failure({ mxHost: 'mx.own.test' });
        await count(
          world,
          session([policy], undefined, { domain: 'own.test' }),
          session([policy], failed, { domain: 'own.test' }),
        );
        await world.startRelay();

        // Under the floor `encrypted` no other mail would go to a host without TLS.
        await world.until(() => receiver.has('tls-report.received'), 'a report');
        const [row, ...others] = (await listOf(receiver.directory)).reports;
        assert.deepEqual(others, []);
        assert.deepEqual(row, {
          id: row?.id,
          direction: 'received',
          day: dayOf(AT),
          domains: ['own.test'],
          party: 'relay.test',
          totals: { successes: 1, failures: 1 },
          state: 'received',
          remarks: [],
        });
        const detail = await withDesk(receiver.directory, async (desk) => desk.show(row?.id ?? ''));
        assert.deepEqual(
          detail?.policies.map(({ type, domain, strings, details }) => [type, domain, strings, details[0]?.type]),
          [['sts', 'own.test', STS.strings, 'certificate-expired']],
        );
        assert.equal(receiver.told.filter(({ event }) => event === 'tls-report.alert').length, 1);
        assert.ok(!receiver.told.some(({ event }) => event.startsWith('delivery.')));
        assert.equal((await listOf(world.dataDirectory)).reports[0]?.state, 'sent');

        // What other mail does is counted, and what the report did is not.
        await world.untilTrail(ADDRESS, 'delivered 2.0.0');
        await world.send({ to: ['bob@dest.test'] });
        await world.untilTrail('bob@dest.test', 'delivered 2.0.0');
        await world.stopRelay();
        assert.deepEqual(await countedDomains(world), [`${dayOf(new Date())} dest.test`]);
      },
    );
  });

  test('RPTS-19 RPTS-20 an address that refuses a report for good is suppressed, and nobody is sent a notice', async () => {
    const records = { ...ZONE, '_smtp._tls.dest.test': { TXT: ['v=TLSRPTv1; rua=mailto:gone@dest.test'] } };
    const script = { RCPT: '550 5.1.1 no such user' };
    const hosts = { mx: { address: '127.0.0.2', tls: 'good', script } } as const;
    await inWorld({ zone: records, settings: SIGNED, hosts }, async (world) => {
      await world.stopRelay();
      await count(world, session([STS]));
      await world.startRelay();
      await world.untilTrail('gone@dest.test', 'failed 5.1.1');
      await world.until(async () => (await listOf(world.dataDirectory)).suppressed.length > 0, 'a suppression');
      const { suppressed, reports } = await listOf(world.dataDirectory);
      assert.equal(suppressed[0]?.address, 'gone@dest.test');
      assert.match(suppressed[0].reason, /550 5\.1\.1/);
      assert.equal(reports[0]?.state, 'sent');
      assert.deepEqual(world.host('home').messages, []);
      assert.ok(world.events.some(({ event }) => event === 'tls-report.suppressed'));
      assert.ok(!world.events.some(({ event }) => event === 'dsn.sent' || event === 'dsn.suppressed'));
    });
  });

  test('RPTI-15 a report that is not signed, or whose key is not published, is taken and forgotten', async () => {
    await inWorld({ zone: ZONE }, async (world) => {
      await using receiver = await Receiver.start(world);
      await world.stopRelay();
      await count(world, session([{ ...STS, domain: 'own.test' }], undefined, { domain: 'own.test' }));
      await world.startRelay();
      await world.until(() => receiver.has('tls-report.ignored'), 'an ignored report');
      const told = receiver.told.find(({ event }) => event === 'tls-report.ignored');
      assert.equal(told?.fields.decision, 'bad-signature');
      const { dkim } = world.config();
      assert.equal(statSync(dkim.keyFile).mode & 0o777, 0o600);
      await world.untilTrail(ADDRESS, 'delivered 2.0.0');
      assert.deepEqual((await listOf(receiver.directory)).reports, []);
    });
  });
});
