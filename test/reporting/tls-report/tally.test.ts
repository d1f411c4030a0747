/** Counting: sessions go in, and what a report would say of the day comes out of the store. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventName } from '#log/events.ts';
import { StorageUnavailable } from '#queue/store.ts';
import type { RecordStore } from '#records/store.ts';
import { listCountedDomains, readCounts, removeCounts } from '#reporting/tls-report/counts.ts';
import type { PolicyReport } from '#reporting/tls-report/report.ts';
import { Tally } from '#reporting/tls-report/tally.ts';
import type { SessionResults } from '#tls-policy/results.ts';
import { MemoryRecordStore, type SharedRecords } from '../../doubles/records.ts';
import { failure, NO_POLICY, NOON, reportSettings, session, STS, TLSA } from './sample.ts';

class Counted {
  readonly shared: SharedRecords = new Map();
  now = NOON;
  readonly store = new MemoryRecordStore(() => this.now, this.shared);
  readonly events: EventName[] = [];
  settings = reportSettings();
  tally = this.process();

  /** Another process of the relay, with the same store. */
  process(store: RecordStore = this.store): Tally {
    return new Tally({ store, settings: () => this.settings, report: (event) => this.events.push(event) });
  }

  async of(...sessions: readonly SessionResults[]): Promise<void> {
    for (const one of sessions) this.tally.count(one);
    await this.tally.flush();
  }

  async reported(domain = 'dest.test', day = '2024-05-01'): Promise<readonly PolicyReport[]> {
    return readCounts(this.store, { day, domain, expiresAt: NOON });
  }

  async domains(): Promise<readonly string[]> {
    return (await listCountedDomains(this.store, undefined)).map(({ day, domain }) => `${day} ${domain}`);
  }
}

const sums = (policies: readonly PolicyReport[]): readonly (readonly [string, number, number])[] =>
  policies.map(({ type, successes, failures }) => [type, successes, failures]);

describe('counting (RFC 8460 §4)', () => {
  test('RPTB-01 a good session under DANE is one success and nothing else', async () => {
    const counted = new Counted();
    await counted.of(session([TLSA]));
    assert.deepEqual(await counted.reported(), [
      {
        type: 'tlsa',
        domain: 'mx.dest.test',
        strings: TLSA.strings,
        mxHosts: [],
        successes: 1,
        failures: 0,
        details: [],
      },
    ]);
  });

  test('RPTB-02 a good session under MTA-STS tells the lines of the policy and its hosts', async () => {
    const counted = new Counted();
    await counted.of(session([STS]));
    const [policy] = await counted.reported();
    assert.deepEqual(policy?.strings, STS.strings);
    assert.deepEqual(policy.mxHosts, ['mx1.dest.test', '*.mail.dest.test']);
  });

  test('RPTB-03 a good session without a policy is no-policy-found', async () => {
    const counted = new Counted();
    await counted.of(session([NO_POLICY]));
    const [policy] = await counted.reported();
    assert.deepEqual(
      { ...policy },
      {
        type: 'no-policy-found',
        domain: 'dest.test',
        strings: [],
        mxHosts: [],
        successes: 1,
        failures: 0,
        details: [],
      },
    );
  });

  test('RPTB-06 DANE and MTA-STS are two entries', async () => {
    const counted = new Counted();
    await counted.of(session([TLSA, STS]), session([TLSA, STS]));
    const entries = sums(await counted.reported());
    assert.deepEqual(
      new Map(entries.map(([type, ...counts]) => [type, counts])),
      new Map([
        ['sts', [2, 0]],
        ['tlsa', [2, 0]],
      ]),
    );
    assert.equal(entries.length, 2);
  });

  test('policies that differ in one record are two entries', async () => {
    const counted = new Counted();
    await counted.of(session([TLSA]), session([{ ...TLSA, strings: ['3 1 1 ff'] }]), session([{ ...TLSA }]));
    assert.deepEqual(sums(await counted.reported()), [
      ['tlsa', 2, 0],
      ['tlsa', 1, 0],
    ]);
  });

  test('RPTB-12 a session counts for the day on which it began', async () => {
    const counted = new Counted();
    await counted.of(
      session([STS], undefined, { at: new Date('2024-05-01T23:59:59.900Z') }),
      session([STS], undefined, { at: new Date('2024-05-02T00:00:00.000Z') }),
    );
    assert.deepEqual(await counted.domains(), ['2024-05-01 dest.test', '2024-05-02 dest.test']);
    assert.deepEqual(sums(await counted.reported()), [['sts', 1, 0]]);
  });

  test('RPTB-14 a session that is used again counts once, unless the settings say otherwise', async () => {
    const counted = new Counted();
    await counted.of(session([STS]), session([STS], undefined, { reused: true }));
    assert.deepEqual(sums(await counted.reported()), [['sts', 1, 0]]);
    counted.settings = reportSettings({ skipReused: false });
    await counted.of(session([STS]));
    await counted.of(session([STS], undefined, { reused: true }));
    assert.deepEqual(sums(await counted.reported()), [['sts', 3, 0]]);
  });

  test('a session that tells nothing is not counted', async () => {
    const counted = new Counted();
    await counted.of(session([]));
    assert.deepEqual(await counted.domains(), []);
  });

  test('failures are summed up by what they have in common', async () => {
    const counted = new Counted();
    const other = failure({ ip: '192.0.2.2' });
    await counted.of(session([STS], failure()), session([STS], other), session([STS], failure()));
    const [policy] = await counted.reported();
    assert.deepEqual([policy?.successes, policy?.failures], [0, 3]);
    const common = { type: 'certificate-expired', mxHost: 'mx1.dest.test', reason: 'expired' };
    assert.deepEqual(policy?.details, [
      { ...common, receivingIp: '192.0.2.1', sessions: 2 },
      { ...common, receivingIp: '192.0.2.2', sessions: 1 },
    ]);
  });

  test('RPTB-34 a failure before any host was talked to names none', async () => {
    const counted = new Counted();
    const before = { type: 'sts-policy-fetch-error', reason: 'HTTP 500' } as const;
    await counted.of(session([STS], before));
    const [policy] = await counted.reported();
    assert.deepEqual(policy?.details, [{ type: 'sts-policy-fetch-error', reason: 'HTTP 500', sessions: 1 }]);
  });

  test('RPTB-35 a reason is a short line without addresses', async () => {
    const counted = new Counted();
    const reason = `to <bob.o'x@dest.test>: caf\u00e9\r\n${'x'.repeat(500)} ann@sender.test`;
    await counted.of(session([STS], failure({ reason })));
    const [policy] = await counted.reported();
    const told = policy?.details[0]?.reason ?? '';
    assert.match(told, /^to <[^@]*\(address\)>: caf\?x+\.\.\.$/);
    assert.equal(told.length, 200);
  });

  test('addresses are told as far as the settings allow', async () => {
    const counted = new Counted();
    const failed = failure({ sourceIp: '198.51.100.7' });
    await counted.of(session([STS], failed));
    counted.settings = reportSettings({ receivingIp: false, sendingIp: true });
    await counted.of(session([NO_POLICY]));
    await counted.of(session([TLSA], failed));
    const told = new Map((await counted.reported()).map(({ type, details }) => [type, details[0]]));
    assert.deepEqual([told.get('sts')?.receivingIp, told.get('sts')?.sendingIp], ['192.0.2.1', undefined]);
    assert.deepEqual([told.get('tlsa')?.receivingIp, told.get('tlsa')?.sendingIp], [undefined, '198.51.100.7']);
  });

  test('RPTR-34 what DANE comes to is told to the domain of the host as well', async () => {
    const counted = new Counted();
    const provider = { ...TLSA, domain: 'mx1.provider.test' };
    await counted.of(session([provider, STS]), session([provider], failure(), { domain: 'other.test' }));
    assert.deepEqual(await counted.domains(), [
      '2024-05-01 dest.test',
      '2024-05-01 mx1.provider.test',
      '2024-05-01 other.test',
    ]);
    assert.deepEqual(sums(await counted.reported('mx1.provider.test')), [['tlsa', 1, 1]]);
  });

  test('RPTR-34 a host that is the domain itself is told once', async () => {
    const counted = new Counted();
    await counted.of(session([{ ...TLSA, domain: 'dest.test' }]));
    assert.deepEqual(sums(await counted.reported()), [['tlsa', 1, 0]]);
  });

  test('who is reached by an address, and who is excluded, is not counted', async () => {
    const counted = new Counted();
    counted.settings = reportSettings({ excludedDomains: ['partner.test', '*.inner.test'] });
    counted.tally = counted.process();
    for (const domain of ['[192.0.2.1]', '192.0.2.1:25', 'partner.test', 'a.inner.test', 'sub.partner.test']) {
      counted.tally.count(session([STS], undefined, { domain }));
    }
    await counted.tally.flush();
    assert.deepEqual(await counted.domains(), ['2024-05-01 sub.partner.test']);
  });

  test('nothing is counted where no reports are sent', async () => {
    const counted = new Counted();
    counted.settings = reportSettings({ send: false });
    counted.tally = counted.process();
    await counted.of(session([STS]));
    assert.deepEqual(await counted.domains(), []);
  });
});

describe('limits', () => {
  test('RPTB-39 a hundred thousand kinds of failure are a bounded number of details, and all are in the sum', async () => {
    const counted = new Counted();
    for (let index = 0; index < 100_000; index += 1) {
      counted.tally.count(session([STS], failure({ reason: `reason ${index}` })));
      if (index % 9999 === 0) await counted.tally.flush();
    }
    await counted.tally.flush();
    const [policy, ...others] = await counted.reported();
    assert.deepEqual(others, []);
    assert.equal(policy?.failures, 100_000);
    assert.equal(policy.details.length, 1000);
  });

  test('a domain whose records change with every session has a bounded number of entries, and all are in the sums', async () => {
    const counted = new Counted();
    for (let index = 0; index < 1000; index += 1) {
      counted.tally.count(session([{ ...TLSA, domain: 'dest.test', strings: [`3 1 1 ${index}`] }]));
    }
    await counted.tally.flush();
    const policies = await counted.reported();
    assert.equal(policies.length, 101);
    assert.equal(
      policies.reduce((sum, { successes }) => sum + successes, 0),
      1000,
    );
    assert.deepEqual([policies[0]?.strings, policies[0]?.successes], [[], 900]);
  });

  test('long policies are cut', async () => {
    const counted = new Counted();
    const of = async (count: number, length: number): Promise<readonly number[]> => {
      counted.tally.count(session([{ ...STS, strings: Array.from({ length: count }, () => 'x'.repeat(length)) }]));
      await counted.tally.flush();
      const found = (await counted.reported()).find(
        ({ strings: [line = ''] }) => line.length === Math.min(length, 5000),
      );
      return [found?.strings.length ?? 0, found?.strings.join('').length ?? 0];
    };
    assert.deepEqual(await of(500, 10), [100, 1000]);
    assert.deepEqual(await of(500, 20_000), [14, 65_536]);
  });

  test('what is stored is forgotten in memory when there is much of it, and goes on being added up', async () => {
    const counted = new Counted();
    const fail = (kind: string) => counted.tally.count(session([STS], failure({ reason: kind })));
    for (let index = 0; index < 1000; index += 1) fail(`before ${index}`);
    for (let index = 0; index < 60_000; index += 1) {
      counted.tally.count(session([STS], undefined, { domain: `d${index}.test` }));
    }
    await counted.tally.flush();
    // Only a tally that has forgotten the thousand kinds of before tells another one apart.
    fail('after');
    await counted.tally.flush();
    const [policy] = await counted.reported();
    assert.deepEqual([policy?.failures, policy?.details.length], [1001, 1001]);
  });
});

describe('the store', () => {
  test('processes add up', async () => {
    const counted = new Counted();
    const other = counted.process();
    await counted.of(session([STS], failure()));
    other.count(session([STS], failure()));
    other.count(session([STS]));
    await other.flush();
    const [policy] = await counted.reported();
    assert.deepEqual([policy?.successes, policy?.failures, policy?.details[0]?.sessions], [1, 2, 2]);
  });

  test('what cannot be stored waits, is told, and is stored once when it can be', async () => {
    const counted = new Counted();
    counted.store.failure = new StorageUnavailable('full', 'no room');
    await counted.of(session([STS], failure()));
    await counted.of(session([STS], failure()));
    assert.deepEqual(counted.events, ['tls-report.storage-failed', 'tls-report.storage-failed']);
    counted.store.failure = undefined;
    await counted.of();
    await counted.of();
    const [policy] = await counted.reported();
    assert.deepEqual([policy?.failures, policy?.details[0]?.sessions], [2, 2]);
  });

  test('a flush that finds another under way stores what came in between', async () => {
    const counted = new Counted();
    counted.tally.count(session([STS]));
    const first = counted.tally.flush();
    counted.tally.count(session([STS]));
    await Promise.all([first, counted.tally.flush()]);
    assert.deepEqual(sums(await counted.reported()), [['sts', 2, 0]]);
  });

  test('counters end with the time that the settings keep them', async () => {
    const counted = new Counted();
    counted.settings = reportSettings({ keep: 2 * 86_400_000 });
    counted.tally = counted.process();
    await counted.of(session([STS]));
    counted.now = new Date('2024-05-03T23:59:59Z');
    assert.equal((await counted.domains()).length, 1);
    counted.now = new Date('2024-05-04T00:00:00Z');
    assert.deepEqual(await counted.domains(), []);
    assert.deepEqual(await counted.reported(), []);
  });

  test('removing takes all of one domain and day and nothing else', async () => {
    const counted = new Counted();
    for (let index = 0; index < 3000; index += 1) {
      counted.tally.count(session([STS, TLSA], failure({ reason: `${index}` })));
    }
    await counted.of(
      session([STS], undefined, { domain: 'dest.test.example' }),
      session([STS], undefined, { at: new Date('2024-05-02T12:00:00Z') }),
    );
    await removeCounts(counted.store, { day: '2024-05-01', domain: 'dest.test', expiresAt: NOON });
    assert.deepEqual(await counted.reported(), []);
    const keys = [...(counted.shared.get('tls-report-tally')?.keys() ?? [])];
    assert.deepEqual(
      keys.filter((key) => key.includes('2024-05-01 dest.test ')),
      [],
    );
    assert.deepEqual(await counted.domains(), [
      '2024-05-01 dest.test.example',
      '2024-05-01 mx.dest.test',
      '2024-05-02 dest.test',
    ]);
    assert.deepEqual(sums(await counted.reported('dest.test.example')), [['sts', 1, 0]]);
    assert.deepEqual(sums(await counted.reported('dest.test', '2024-05-02')), [['sts', 1, 0]]);
  });

  test('a record that was damaged costs its counter and no more', async () => {
    const counted = new Counted();
    await counted.of(session([STS], failure()), session([NO_POLICY]));
    const records = counted.shared.get('tls-report-tally');
    for (const [key, record] of records ?? []) {
      if (record.value.includes('"sts"')) records?.set(key, { ...record, value: '{"broken' });
    }
    assert.deepEqual(sums(await counted.reported()), [['no-policy-found', 1, 0]]);
  });
});
