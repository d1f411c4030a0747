/** `postern tls-report`: what was kept of reports, printed so that nothing in them controls the terminal. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { RecordStore } from '#records/store.ts';
import { keepJob, type SendingJob } from '#reporting/tls-report/job.ts';
import { packReport } from '#reporting/tls-report/packed.ts';
import { keepReceived, type ReceivedReport } from '#reporting/tls-report/received.ts';
import type { TlsReport } from '#reporting/tls-report/report.ts';
import { keepSent } from '#reporting/tls-report/sent.ts';
import { suppress } from '#reporting/tls-report/suppression.ts';
import { CommandBench } from '../doubles/console.ts';
import { MemoryRecordStore, type SharedRecords } from '../doubles/records.ts';

const FAR = new Date('2027-01-01T00:00:00Z');
const REPORT: TlsReport = {
  organizationName: 'Reporter \u001b[31m<script>',
  start: new Date('2026-11-20T00:00:00Z'),
  end: new Date('2026-11-20T23:59:59Z'),
  contactInfo: 'tls@r.test',
  reportId: 'id-1',
  policies: [
    {
      type: 'sts',
      domain: 'own.test',
      strings: ['version: STSv1', 'mode: enforce'],
      mxHosts: ['mx.own.test'],
      successes: 5,
      failures: 3,
      details: [
        { type: 'certificate-expired', sessions: 2, mxHost: 'mx.own.test', receivingIp: '192.0.2.1', reason: 'old' },
        { type: 'validation-failure', sessions: 1, sendingIp: '198.51.100.1', additional: 'https://r.test/1' },
      ],
    },
  ],
};

const { gzip } = packReport(REPORT);
const RECEIVED: ReceivedReport = {
  number: '0123456789ab',
  day: '2026-11-20',
  via: 'mail',
  signer: 'r.test',
  organizationName: 'Reporter',
  reportId: 'id-1',
  start: REPORT.start,
  end: REPORT.end,
  receivedAt: new Date('2026-11-21T01:00:00Z'),
  domains: ['own.test'],
  totals: { successes: 5, failures: 3 },
  oddities: ['it covers 397 days'],
  gzip,
};

const target = (to: string, state: 'waiting' | 'accepted', reason = '') => ({
  kind: 'https' as const,
  to,
  state,
  reason,
});

async function fill(store: RecordStore): Promise<void> {
  await keepReceived(store, RECEIVED, FAR);
  const older = { number: 'ffffffffffff', day: '2026-11-19', via: 'https' as const, signer: '', domains: ['two.test'] };
  await keepReceived(store, { ...RECEIVED, ...older, oddities: [] }, FAR);
  const totals = { successes: 7, failures: 0 };
  const sent = { outcome: 'sent' as const, at: new Date('2026-11-21T02:00:00Z'), reportId: 'x@s.test', totals, gzip };
  const targets = [target('reports@dest.test', 'accepted')];
  await keepSent(store, { ...sent, day: '2026-11-20', domain: 'dest.test', targets }, FAR);
  const waiting: SendingJob = {
    kind: 'sending',
    reportId: 'y@s.test',
    gzip,
    totals,
    targets: [target('https://slow.test/r', 'waiting', 'slow.test: \u001b[2J503')],
    tries: 1,
    nextAt: new Date('2026-11-21T09:00:00Z'),
    giveUpAt: FAR,
  };
  await keepJob(store, { day: '2026-11-20', domain: 'slow.test' }, waiting, FAR);
  await suppress(store, { address: 'gone@dest.test', reason: '550 5.1.1 no \u001b[2Jsuch user', expiresAt: FAR });
}

describe('tls-report', () => {
  let bench: CommandBench;
  before(() => {
    bench = new CommandBench();
    bench.configure({});
  });
  beforeEach(async () => {
    // Each command opens the store and closes it.
    const shared: SharedRecords = new Map();
    const open = (): MemoryRecordStore => new MemoryRecordStore(() => bench.now, shared);
    bench.overrides = { openRecords: async () => Promise.resolve(open()) };
    await fill(open());
  });
  after(() => bench.remove());

  test('list shows what came and what went, the newest first, and who refuses ours', async () => {
    const { code, out } = await bench.run('tls-report', 'list');
    assert.equal(code, 0);
    assert.deepEqual(out.split('\n'), [
      'ID                          ABOUT      GOOD  FAILED  STATE         FROM OR TO',
      'in-2026-11-20-0123456789ab  own.test      5       3  received (!)  r.test',
      'out-2026-11-20-dest.test    dest.test     7       0  sent          reports@dest.test',
      'out-2026-11-20-slow.test    slow.test     7       0  waiting (!)   https://slow.test/r',
      'in-2026-11-19-ffffffffffff  two.test      5       3  received      Reporter (unsigned)',
      'gone@dest.test gets no reports until 2027-01-01T00:00:00Z: 550 5.1.1 no \u{fffd}[2Jsuch user',
    ]);
  });

  test('list can be narrowed', async () => {
    const ids = async (...options: readonly string[]): Promise<readonly string[]> => {
      const { out } = await bench.run('tls-report', 'list', '--json', ...options);
      const { reports } = JSON.parse(out);
      return reports.map(({ id }: { id: string }) => id);
    };
    assert.deepEqual(await ids('--received'), ['in-2026-11-20-0123456789ab', 'in-2026-11-19-ffffffffffff']);
    assert.deepEqual(await ids('--sent'), ['out-2026-11-20-dest.test', 'out-2026-11-20-slow.test']);
    assert.deepEqual(await ids('--domain', 'Two.test'), ['in-2026-11-19-ffffffffffff']);
    assert.deepEqual(await ids('--limit', '1'), ['in-2026-11-20-0123456789ab']);
    assert.equal((await bench.run('tls-report', 'list', '--limit', '0')).code, 2);
    assert.equal(
      (await bench.run('tls-report', 'list', '--domain', 'no.test')).out.split('\n')[0],
      'There are no such reports.',
    );
  });

  test('RPTI-23 show prints all of a report, and nothing in it controls the terminal', async () => {
    const { out } = await bench.run('tls-report', 'show', 'in-2026-11-20-0123456789ab');
    assert.deepEqual(out.split('\n'), [
      "in-2026-11-20-0123456789ab: another's, received 2026-11-21T01:00:00Z",
      '  from     Reporter  [31m<script> (tls@r.test)',
      '  number   id-1',
      '  range    2026-11-20T00:00:00Z to 2026-11-20T23:59:59Z',
      '  came by  mail, signed by r.test',
      '  odd      it covers 397 days',
      'Policy sts of own.test: 5 good, 3 failed',
      '  policy   version: STSv1',
      '  policy   mode: enforce',
      '  mx       mx.own.test',
      '  2 x certificate-expired at mx.own.test [192.0.2.1]: old',
      '  1 x validation-failure from [198.51.100.1]: https://r.test/1',
    ]);
  });

  test('RPTS-19 show tells where a report of ours went, and why it has not arrived', async () => {
    const { out } = await bench.run('tls-report', 'show', 'out-2026-11-20-slow.test');
    assert.deepEqual(out.split('\n').slice(0, 5), [
      'out-2026-11-20-slow.test: ours, waiting 2026-11-21T09:00:00Z',
      '  from     Reporter  [31m<script> (tls@r.test)',
      '  number   y@s.test',
      '  range    2026-11-20T00:00:00Z to 2026-11-20T23:59:59Z',
      '  to       https://slow.test/r waiting: slow.test: \u{fffd}[2J503',
    ]);
    const sent = await bench.run('tls-report', 'show', 'out-2026-11-20-dest.test');
    assert.match(sent.out, /^out-2026-11-20-dest\.test: ours, sent 2026-11-21T02:00:00Z\n/);
  });

  test('show --json is the report itself', async () => {
    const { out } = await bench.run('tls-report', 'show', 'in-2026-11-20-0123456789ab', '--json');
    const report = JSON.parse(out);
    assert.deepEqual(report.policies, REPORT.policies);
    assert.deepEqual(
      [report.begins, report.signer, report.totals],
      ['2026-11-20T00:00:00Z', 'r.test', RECEIVED.totals],
    );
  });

  test('a report that there is not ends with 1 and says what to do', async () => {
    for (const id of ['in-2026-11-20-x', 'out-2026-11-20-none.test', 'x', 'out-2026-11-20-', 'in-a-b', '\u001b[2J']) {
      const { code, err } = await bench.run('tls-report', 'show', id);
      assert.equal(code, 1, id);
      assert.match(err, /^postern: there is no report .*\npostern tls-report list/);
      assert.ok(!err.includes('\u001b'));
    }
  });

  test('an empty store has no reports', async () => {
    bench.overrides = { openRecords: async () => Promise.resolve(new MemoryRecordStore(() => bench.now)) };
    assert.equal((await bench.run('tls-report', 'list')).out, 'There are no such reports.');
  });
});
