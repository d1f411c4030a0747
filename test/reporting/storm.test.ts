/** Many reports to one address, and copies for the postmaster. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NewMessage } from '#queue/store.ts';
import { ALLOWANCE_MS, Allowance, NAMED_IN_LOT } from '#reporting/dsn/allowance.ts';
import type { Ending, MakeReports, Reports } from '#reporting/dsn/reports.ts';
import { ending, maker, now, parse, sampleMessage, statusGroups, textOf, type Sample } from './sample.ts';

const later = (milliseconds: number): Date => new Date(now.getTime() + milliseconds);
const anHourLater = later(ALLOWANCE_MS);

/** Failures of as many messages, each to a recipient of its own. */
async function failing(makeReports: MakeReports, count: number, sample: Sample = {}): Promise<Reports[]> {
  const made: Reports[] = [];
  for (let index = 0; index < count; index += 1) {
    const message = { ...sampleMessage(sample), messageId: `M${String(index).padStart(15, '0')}` };
    made.push(await makeReports(message, [ending({ recipient: { address: `r${index}@d.test` } })], now));
  }
  return made;
}

const messagesOf = (made: readonly Reports[]): readonly NewMessage[] => made.flatMap(({ messages }) => messages);
const toWhom = (messages: readonly NewMessage[]): string[] =>
  messages.flatMap(({ recipients }) => recipients.map(({ address }) => address));
const eventsOf = (made: readonly Reports[]) => made.flatMap(({ events }) => events);

/** An attempt that nobody is told about. */
const quiet = async (makeReports: MakeReports, at: Date): Promise<readonly NewMessage[]> =>
  (await makeReports({ ...sampleMessage(), messageId: 'other' }, [], at)).messages;

describe('DSNG-56 a storm of failures', () => {
  test('DSNG-56 of 10,000 failures to one sender only as many are reported as the settings allow', async () => {
    const made = await failing(maker({ perSender: 50 }), 10_000);
    const reports = messagesOf(made);
    assert.equal(reports.length, 50);
    assert.match(textOf(reports[49] ?? assert.fail()), /no more come before it is over/);
    assert.doesNotMatch(textOf(reports[48] ?? assert.fail()), /no more come/);
    const suppressed = eventsOf(made).filter(([event]) => event === 'dsn.suppressed');
    assert.equal(suppressed.length, 9_950);
    const reason = 'the address had its reports of this hour; they are told together';
    assert.deepEqual(suppressed[0]?.[1], { messageId: 'M000000000000050', decision: 'failed', recipients: 1, reason });
  });

  test('DSNG-56 what was kept back is told in one message when the hour is over', async () => {
    const makeReports = maker({ perSender: 2 });
    await failing(makeReports, 5);
    assert.deepEqual(await quiet(makeReports, later(ALLOWANCE_MS - 1)), []);
    const [summary, ...more] = await quiet(makeReports, anHourLater);
    assert.ok(summary !== undefined && more.length === 0);
    assert.deepEqual(summary.envelope, { sender: '', body: '7bit', smtpUtf8: false });
    assert.deepEqual(summary.recipients, [{ address: 'alice@s.test', notify: [] }]);
    const { subject, text = '', headers } = await parse(summary);
    assert.equal(subject, 'Undeliverable: 3 more');
    assert.equal(headers.get('auto-submitted'), 'auto-generated');
    for (const line of ['  r2@d.test (5.1.1, M000000000000002)', '  r4@d.test (5.1.1, M000000000000004)'])
      assert.ok(text.includes(line), text);
    assert.ok(!text.includes('r1@d.test'), 'one that was told of is named again');
    assert.deepEqual(await quiet(makeReports, anHourLater), [], 'it is told twice');
  });

  test('DSNG-56 the next hour has reports again', async () => {
    const makeReports = maker({ perSender: 1 });
    assert.equal(messagesOf(await failing(makeReports, 2)).length, 1);
    const next = await makeReports(sampleMessage(), [ending()], anHourLater);
    const subjects = await Promise.all(next.messages.map(async (report) => (await parse(report)).subject));
    assert.deepEqual(subjects, ['Undeliverable: Plans', 'Undeliverable: 1 more']);
  });

  test('DSNG-56 other senders and other kinds have their own', async () => {
    const makeReports = maker({ perSender: 1 });
    await failing(makeReports, 2);
    const other = sampleMessage({ envelope: { sender: 'bob@s.test' } });
    assert.equal((await makeReports(other, [ending()], now)).messages.length, 1);
    assert.equal((await makeReports(sampleMessage(), [ending({ kind: 'delayed' })], now)).messages.length, 1);
    const shouted = sampleMessage({ envelope: { sender: 'ALICE@s.test' } });
    assert.equal((await makeReports(shouted, [ending()], now)).messages.length, 0);
  });

  test('DSNG-38 a summary that names a message which demands TLS demands it too', async () => {
    const makeReports = maker({ perSender: 1 });
    await failing(makeReports, 2);
    await failing(makeReports, 1, { envelope: { requireTls: true } });
    await failing(makeReports, 1);
    const [summary] = await quiet(makeReports, anHourLater);
    assert.equal(summary?.envelope.requireTls, true);
  });

  test('a summary for an address outside ASCII needs SMTPUTF8', async () => {
    const makeReports = maker({ perSender: 1 });
    await failing(makeReports, 2, { envelope: { sender: 'jürgen@s.test', smtpUtf8: true } });
    const [summary] = await quiet(makeReports, anHourLater);
    assert.equal(summary?.envelope.smtpUtf8, true);
  });
});

describe('what is kept back is bounded', () => {
  const untold = Array.from({ length: NAMED_IN_LOT + 7 }, (_, index) => ({
    recipient: `r${index}@d.test`,
    status: '5.1.1',
    queueId: 'q',
  }));

  test('a lot names so many and counts all', () => {
    const allowance = new Allowance(() => 1);
    allowance.take('a@s.test', 'failed', now);
    allowance.keepBack('a@s.test', 'failed', { untold, requireTls: false, at: now });
    const [lot] = allowance.due(anHourLater);
    assert.deepEqual([lot?.untold.length, lot?.count], [NAMED_IN_LOT, NAMED_IN_LOT + 7]);
  });

  test('all lots together name no more than fits, and names that were told make room', () => {
    const allowance = new Allowance(() => 1);
    const fill = (at: Date): number => {
      for (let sender = 0; sender < 150; sender += 1)
        allowance.keepBack(`s${sender}@s.test`, 'failed', { untold, requireTls: false, at });
      return allowance.due(new Date(at.getTime() + ALLOWANCE_MS)).reduce((named, lot) => named + lot.untold.length, 0);
    };
    assert.equal(fill(now), 50_000);
    assert.equal(fill(anHourLater), 50_000);
  });

  test('so many addresses are remembered; what the oldest was not told is told earlier', () => {
    const allowance = new Allowance(() => 1);
    allowance.keepBack('first@s.test', 'failed', { untold, requireTls: false, at: now });
    for (let sender = 0; sender < 10_000; sender += 1) allowance.take(`s${sender}@s.test`, 'failed', now);
    assert.deepEqual(
      allowance.due(now).map(({ to }) => to),
      ['first@s.test'],
    );
    assert.equal(allowance.take('s9999@s.test', 'failed', now), 'spent');
  });

  test('a clock that is set back does not keep reports back for longer', () => {
    const allowance = new Allowance(() => 1);
    assert.equal(allowance.take('a@s.test', 'failed', now), 'last');
    assert.equal(allowance.take('a@s.test', 'failed', now), 'spent');
    assert.equal(allowance.take('a@s.test', 'failed', later(-ALLOWANCE_MS)), 'last');
  });
});

describe('the copy for the postmaster', () => {
  const COPY = { postmasterCopy: 'ops@s.test' };

  async function told(sample: Sample, endings: readonly Ending[] = [ending()]): Promise<readonly NewMessage[]> {
    return (await maker(COPY)(sampleMessage(sample), endings, now)).messages;
  }

  test('DSNG-55 holds no content of the message, whatever RET says', async () => {
    const [report, copy, ...more] = await told({ envelope: { returnContent: 'full' } });
    assert.ok(report !== undefined && copy !== undefined && more.length === 0);
    assert.deepEqual(toWhom([report, copy]), ['alice@s.test', 'ops@s.test']);
    assert.ok(textOf(report).includes('hello'));
    assert.ok(!textOf(copy).includes('hello') && textOf(copy).includes('Content-Type: text/rfc822-headers'));
    assert.equal(copy.envelope.sender, '');
    const { subject, text = '' } = await parse(copy);
    assert.equal(subject, 'Undeliverable (copy): Plans');
    assert.match(text, /^Copy for the postmaster: this is what alice@s\.test was told\./);
    assert.deepEqual(await statusGroups(copy), await statusGroups(report));
  });

  test('DSNG-02, DSNG-55 goes out also where nobody else can be told', async () => {
    const messages = await told({ envelope: { sender: '', returnContent: 'full' } });
    assert.deepEqual(toWhom(messages), ['ops@s.test']);
    assert.ok(!textOf(messages[0] ?? assert.fail()).includes('hello'));
    const text = (await parse(messages[0] ?? assert.fail())).text ?? '';
    assert.match(text, /^Copy for the postmaster: the message has no sender/);
  });

  test('DSNG-55 makes no copy of itself when it fails', async () => {
    const toPostmaster = ending({ recipient: { address: 'Ops@s.test' } });
    assert.deepEqual(toWhom(await told({ envelope: { sender: '' } }, [toPostmaster])), []);
    assert.deepEqual(toWhom(await told({}, [toPostmaster])), ['alice@s.test']);
    assert.deepEqual(toWhom(await told({ envelope: { sender: 'ops@s.test' } })), ['ops@s.test']);
  });

  test('DSNG-55 is made of failures only, and only of those that are told', async () => {
    assert.deepEqual(toWhom(await told({}, [ending({ kind: 'delayed' })])), ['alice@s.test']);
    assert.deepEqual(toWhom(await told({}, [ending({ recipient: { address: 'bob@d.test', notify: [] } })])), []);
  });

  test('DSNG-38, DSNG-55 demands TLS where the message did', async () => {
    const messages = await told({ envelope: { requireTls: true } });
    assert.deepEqual(
      messages.map(({ envelope }) => envelope.requireTls),
      [true, true],
    );
  });

  test('DSNG-56 copies are no storm either', async () => {
    const made = await failing(maker({ ...COPY, perSender: 3 }), 20);
    assert.deepEqual(toWhom(messagesOf(made)).filter((address) => address === 'ops@s.test').length, 3);
  });
});
