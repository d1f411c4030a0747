/** The end of a TLS report's mail: a suppression for a refusal, an event for the rest, and never a report to a sender. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose, type Diagnosis } from '#mail/diagnosis.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { expireDiagnosis } from '#reporting/dsn/expiry.ts';
import type { Ending, Reports } from '#reporting/dsn/reports.ts';
import { listSuppressions, suppressingRefused, suppressionOf } from '#reporting/tls-report/suppression.ts';
import type { EventName } from '#log/events.ts';
import { MemoryRecordStore } from '../../doubles/records.ts';
import { message } from '../../queue/mail.ts';
import { reportSettings } from './sample.ts';

const NOW = new Date('2024-05-02T04:00:00Z');
const REFUSED: Diagnosis = { ...diagnose('remote-reply'), text: '550 5.1.1 no such user', detail: '1.1' };

class Bench {
  now = NOW;
  readonly store = new MemoryRecordStore(() => this.now);
  readonly told: EventName[] = [];
  asked = 0;

  async end(diagnosis: Diagnosis, { kind = 'failed', tlsReport = true }: Partial<Asked> = {}): Promise<Reports> {
    const make = suppressingRefused(
      async () => {
        this.asked += 1;
        return Promise.resolve({ messages: [], events: [] });
      },
      { store: this.store, settings: () => reportSettings(), report: (event) => this.told.push(event) },
    );
    const mail = message('M1', [], { envelope: { sender: '', body: '7bit', smtpUtf8: false, tlsReport } });
    const recipient = { address: 'reports@dest.test', notify: [] };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a delay has one member more, which nobody reads here
    const ending = { kind, recipient, diagnosis, lastAttemptAt: NOW } as Ending;
    return make(mail, [ending], NOW);
  }
}

type Asked = { readonly kind: Ending['kind']; readonly tlsReport: boolean };

const eventsOf = ({ events }: Reports): readonly string[] => events.map(([event]) => event);

test('RPTS-19 an address that refuses for good is suppressed for the time of the settings', async () => {
  const bench = new Bench();
  const reports = await bench.end(REFUSED);
  assert.deepEqual(reports.events, [
    ['tls-report.suppressed', { messageId: 'M1', recipient: 'reports@dest.test', reason: '550 5.1.1 no such user' }],
  ]);
  assert.deepEqual([reports.messages, bench.asked], [[], 0]);
  const [suppressed] = await listSuppressions(bench.store, 10);
  assert.equal(suppressed?.address, 'reports@dest.test');
  assert.match(suppressed.reason, /no such user/);
  bench.now = new Date(NOW.getTime() + reportSettings().tlsReports.suppressFor);
  assert.equal(await suppressionOf(bench.store, 'reports@dest.test'), undefined);
});

test('what only became too old, or was taken out by an operator, says nothing against the address', async () => {
  const bench = new Bench();
  for (const diagnosis of [expireDiagnosis(diagnose('no-answer')), diagnose('operator-failed')]) {
    assert.deepEqual(eventsOf(await bench.end(diagnosis)), ['tls-report.failed']);
  }
  assert.deepEqual(await listSuppressions(bench.store, 10), []);
});

test('a refusal on the last day is a refusal', async () => {
  const bench = new Bench();
  const refused = { ...REFUSED, remote: { host: 'mx', ip: '192.0.2.1', reply: '550 5.1.1 no such user' } };
  assert.deepEqual(eventsOf(await bench.end(expireDiagnosis(refused))), ['tls-report.suppressed']);
});

test('RPTS-20 nobody is told that a report is late or has arrived', async () => {
  const bench = new Bench();
  for (const kind of ['delayed', 'relayed', 'delivered'] as const) {
    assert.deepEqual(await bench.end(diagnose('no-answer'), { kind }), { messages: [], events: [] });
  }
  assert.equal(bench.asked, 0);
});

test('other mail is reported to its sender as ever', async () => {
  const bench = new Bench();
  await bench.end(REFUSED, { tlsReport: false });
  assert.equal(bench.asked, 1);
  assert.deepEqual(await listSuppressions(bench.store, 10), []);
});

test('a store that fails does not hold the settlement up', async () => {
  const bench = new Bench();
  bench.store.failure = new StorageUnavailable('io', 'broken');
  assert.deepEqual(eventsOf(await bench.end(REFUSED)), ['tls-report.suppressed']);
  assert.deepEqual(bench.told, ['tls-report.storage-failed']);
});
