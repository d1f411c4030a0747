/** Who is told what, and how reports look to programs: the cases DSNP and DSNG of the catalogue that apply here. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EnvelopeRecipient, NotifyOn } from '#mail/envelope.ts';
import { diagnose } from '#mail/diagnosis.ts';
import { expireDiagnosis } from '#reporting/dsn/expiry.ts';
import { RECIPIENTS_PER_REPORT } from '#reporting/dsn/reports.ts';
import type { DsnKind } from '#reporting/dsn/wanted.ts';
import { ending, maker, now, onlyReport, parse, remoteReply, sampleMessage, statusGroups, textOf } from './sample.ts';

const recipient = (notify?: readonly NotifyOn[]): EnvelopeRecipient => ({ address: 'bob@d.test', notify });

describe('NOTIFY decides (RFC 3461 §4.1)', () => {
  const cases: [id: string, notify: readonly NotifyOn[] | undefined, kind: DsnKind, told: boolean][] = [
    ['without NOTIFY failures are told', undefined, 'failed', true],
    ['without NOTIFY delays are told', undefined, 'delayed', true],
    ['without NOTIFY relaying is not told', undefined, 'relayed', false],
    ['without NOTIFY success is not told', undefined, 'delivered', false],
    ['DSNG-29: NEVER is silent', [], 'failed', false],
    ['DSNG-31: DELAY alone does not ask for failures', ['delay'], 'failed', false],
    ['DSNP-30: SUCCESS asks for relayed', ['success'], 'relayed', true],
    ['DSNP-31: SUCCESS alone does not ask for failures', ['success'], 'failed', false],
    ['SUCCESS asks for delivered', ['success', 'failure'], 'delivered', true],
    ['FAILURE alone does not ask for delays', ['failure'], 'delayed', false],
  ];
  for (const [id, notify, kind, told] of cases) {
    test(id, async () => {
      const { messages, events } = await maker()(
        sampleMessage(),
        [ending({ kind, recipient: recipient(notify) })],
        now,
      );
      assert.equal(messages.length, told ? 1 : 0);
      assert.deepEqual(
        events.map(([event]) => event),
        told ? ['dsn.sent'] : [],
      );
    });
  }

  test('DSNG-33: of two failed recipients only the one that did not say NEVER is listed', async () => {
    const quiet = { address: 'quiet@d.test', notify: [] };
    const { report, text } = await onlyReport(sampleMessage(), [ending({ recipient: quiet }), ending()]);
    assert.equal((await statusGroups(report)).length, 2);
    assert.ok(!text.includes('quiet@d.test'));
  });
});

describe('the envelope of a report', () => {
  test('DSNG-01: comes from the null reverse-path, goes to the sender, and asks for no report itself', async () => {
    const { report } = await onlyReport(sampleMessage(), [ending()]);
    assert.deepEqual(report.envelope, { sender: '', body: '7bit', smtpUtf8: false });
    assert.deepEqual(report.recipients, [{ address: 'alice@s.test', notify: [] }]);
  });

  test('DSNG-02: a message from the null reverse-path makes no report, and that is said', async () => {
    const { messages, events } = await maker()(sampleMessage({ envelope: { sender: '' } }), [ending()], now);
    assert.deepEqual(messages, []);
    assert.deepEqual(events, [
      ['dsn.suppressed', { messageId: '0000000000000001', decision: 'failed', recipients: 1 }],
    ]);
  });

  test('its facts are those of its octets', async () => {
    const { report, text } = await onlyReport(sampleMessage(), [ending()]);
    const { facts } = report;
    assert.equal(facts.sizeBytes, Buffer.byteLength(text));
    assert.equal(text.indexOf('\r\n\r\n') + 4, facts.headerBytes);
    assert.ok(text.includes(`\r\nMessage-ID: ${facts.messageIdField}\r\n`));
    assert.ok(!/(?<!\r)\n|\r(?!\n)/.test(text), 'a bare line end');
  });
});

describe('the form of a report (RFC 3464)', () => {
  test('DSNG-03, DSNG-04: is a multipart/report of human part, status and header', async () => {
    const { report, text } = await onlyReport(sampleMessage(), [ending()]);
    assert.match(text, /\r\nContent-Type: multipart\/report; report-type=delivery-status;\r\n boundary="/);
    assert.match(text, /\r\nMIME-Version: 1.0\r\n/);
    const types = [...text.matchAll(/^Content-Type: ([a-z0-9/-]+)/gm)].map(([, type]) => type);
    const human = ['multipart/report', 'multipart/alternative', 'text/plain', 'text/html'];
    assert.deepEqual(types, [...human, 'message/delivery-status', 'text/rfc822-headers']);
    const fields = (await parse(report)).headerLines.map(({ key }) => key);
    const known = ['to', 'from', 'subject', 'date', 'message-id', 'in-reply-to', 'references', 'auto-submitted'];
    assert.deepEqual(fields, [...known, 'mime-version', 'content-type']);
  });

  test('DSNG-07: names the original in In-Reply-To and References, is an automatic answer', async () => {
    const { report, text } = await onlyReport(sampleMessage(), [ending()]);
    const mail = await parse(report);
    assert.equal(mail.inReplyTo, '<m1@s.test>');
    assert.equal(mail.references, '<m1@s.test>');
    assert.equal(mail.subject, 'Undeliverable: Plans');
    assert.match(text, /\r\nAuto-Submitted: auto-replied\r\n/);
  });

  test('DSNG-08, DSNG-10, DSNG-11, DSNG-13, DSNP-20: fields and groups', async () => {
    const message = sampleMessage({ envelope: { envelopeId: 'QQ 314+1' } });
    const withOriginal = { address: 'bob@d.test', originalRecipient: 'rfc822;user+tag@d.test' };
    const { report } = await onlyReport(message, [
      ending({ recipient: withOriginal }),
      ending({ recipient: { address: 'eve@d.test' } }),
    ]);
    const status = [
      'Action: failed',
      'Status: 5.1.1',
      'Remote-MTA: dns; mx.d.test',
      'Diagnostic-Code: smtp; 550 5.1.1 No such user',
      'Last-Attempt-Date: Sat, 21 Nov 2026 10:00:00 +0000',
    ];
    assert.deepEqual(await statusGroups(report), [
      [
        'Original-Envelope-Id: QQ 314+1',
        'Reporting-MTA: dns; relay.s.test',
        'Arrival-Date: Fri, 20 Nov 2026 10:00:00 +0000',
      ],
      ['Original-Recipient: rfc822;user+tag@d.test', 'Final-Recipient: rfc822; bob@d.test', ...status],
      ['Final-Recipient: rfc822; eve@d.test', ...status],
    ]);
  });

  test('DSNP-21: a blank in ORCPT comes back as a blank; what is not printable stays xtext (RFC 3461 §4)', async () => {
    const originals = ['rfc822;a b@d.test', 'rfc822;a\r\nAction: delivered@d.test', 'x400;a  b'];
    const endings = originals.map((originalRecipient) =>
      ending({ recipient: { address: 'bob@d.test', originalRecipient } }),
    );
    const { report } = await onlyReport(sampleMessage(), endings);
    const given = (await statusGroups(report)).slice(1).map(([first]) => first);
    assert.deepEqual(given, [
      'Original-Recipient: rfc822;a b@d.test',
      'Original-Recipient: rfc822;a+0D+0AAction:+20delivered@d.test',
      'Original-Recipient: x400;a+20+20b',
    ]);
  });

  test('DSNG-15: recipients that ended alike share a report, each with its own status', async () => {
    const expired = expireDiagnosis(diagnose('tls-required', '[Message=UntrustedRoot]'));
    const asked: EnvelopeRecipient = { address: 'dan@d.test', notify: ['success'] };
    const delivered = {
      ...diagnose('delivered'),
      remote: { host: 'mx.d.test', ip: '192.0.2.1', reply: '250 2.0.0 Taken' },
    };
    const { messages } = await maker()(
      sampleMessage(),
      [ending(), ending({ diagnosis: expired }), ending({ kind: 'delivered', recipient: asked, diagnosis: delivered })],
      now,
    );
    const groups = await Promise.all(messages.map(statusGroups));
    const actions = groups.map((group) =>
      group.flat().filter((field) => /^(?:Action|Status|Diagnostic-Code):/.test(field)),
    );
    assert.deepEqual(actions, [
      [
        'Action: failed',
        'Status: 5.1.1',
        'Diagnostic-Code: smtp; 550 5.1.1 No such user',
        'Action: failed',
        'Status: 5.4.317',
        'Diagnostic-Code: smtp; 550 5.4.317 Message expired, cannot connect to remote server [Message=UntrustedRoot]',
      ],
      ['Action: delivered', 'Status: 2.0.0', 'Diagnostic-Code: smtp; 250 2.0.0 Taken'],
    ]);
  });

  test('DSNG-18: every line of a reply stands in one folded Diagnostic-Code', async () => {
    const reply = '550-5.7.1 line one of a long answer that has to be folded 550 5.7.1 line two of the same answer';
    const { report } = await onlyReport(sampleMessage(), [ending({ diagnosis: remoteReply(reply, '7.1') })]);
    assert.ok((await statusGroups(report)).flat().includes(`Diagnostic-Code: smtp; ${reply}`));
  });

  test('DSNG-21: what is not ASCII in a reply becomes a question mark', async () => {
    const { report } = await onlyReport(sampleMessage(), [
      ending({ diagnosis: remoteReply('550 ungültig \u0000\u001b[2J') }),
    ]);
    assert.ok((await statusGroups(report)).flat().includes('Diagnostic-Code: smtp; 550 ung?ltig [2J'));
  });

  for (const [what, reply] of [
    ['words', `550 ${'word '.repeat(1000)}`],
    ['one word', `550 ${'x'.repeat(5000)}`],
  ] as const) {
    test(`DSNG-23: a reply of 5,000 characters (${what}) makes no line over 998 octets`, async () => {
      const { text } = await onlyReport(sampleMessage(), [ending({ diagnosis: remoteReply(reply) })]);
      assert.ok(text.split('\r\n').every((line) => line.length <= 998));
    });
  }

  test('DSNG-26: a delay notice says until when it is tried', async () => {
    const until = new Date('2026-11-21T22:00:00Z');
    const { report } = await onlyReport(sampleMessage(), [
      ending({ kind: 'delayed', diagnosis: diagnose('no-answer'), willRetryUntil: until }),
    ]);
    const [, group] = await statusGroups(report);
    assert.deepEqual(group, [
      'Final-Recipient: rfc822; bob@d.test',
      'Action: delayed',
      'Status: 4.4.1',
      'Diagnostic-Code: smtp; 450 4.4.1 No answer from host',
      'Last-Attempt-Date: Sat, 21 Nov 2026 10:00:00 +0000',
      'Will-Retry-Until: Sat, 21 Nov 2026 22:00:00 +0000',
    ]);
    assert.equal((await parse(report)).subject, 'Delivery delayed: Plans');
  });

  test('DSNG-45: a quoted local part keeps its quotes', async () => {
    const { report } = await onlyReport(sampleMessage(), [ending({ recipient: { address: '"a b"@d.test' } })]);
    assert.ok((await statusGroups(report)).flat().includes('Final-Recipient: rfc822; "a b"@d.test'));
  });

  test('an address literal of a remote host stands in brackets (RFC 3464 §2.1.1)', async () => {
    const diagnosis = { ...remoteReply('550 no'), remote: { host: '192.0.2.7', ip: '192.0.2.7', reply: '550 no' } };
    const { report } = await onlyReport(sampleMessage(), [ending({ diagnosis })]);
    assert.ok((await statusGroups(report)).flat().includes('Remote-MTA: dns; [192.0.2.7]'));
  });

  test('more recipients than one report holds make more reports; nobody is left out', async () => {
    const endings = Array.from({ length: 2 * RECIPIENTS_PER_REPORT + 1 }, (_, index) =>
      ending({ recipient: { address: `r${index}@d.test` } }),
    );
    const { messages, events } = await maker()(sampleMessage(), endings, now);
    const groups = await Promise.all(messages.map(statusGroups));
    assert.deepEqual(
      groups.map((group) => group.length - 1),
      [RECIPIENTS_PER_REPORT, RECIPIENTS_PER_REPORT, 1],
    );
    assert.equal(new Set(messages.map(({ messageId }) => messageId)).size, 3);
    assert.deepEqual(
      events.map(([, { recipients }]) => recipients),
      [RECIPIENTS_PER_REPORT, RECIPIENTS_PER_REPORT, 1],
    );
    assert.ok(messages.every((message) => textOf(message).includes('multipart/report')));
  });
});
