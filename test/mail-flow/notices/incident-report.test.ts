/** Incident reports say what was asked for, and nothing else. */
import assert from 'node:assert/strict';
import { rm, writeFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Notice } from '#rules/evaluation.ts';
import { INCIDENT_REPORT_CONTENTS, type IncidentReportContent } from '#rules/rule.ts';
import { assertGolden, CARDS, compose, composeOne, message, ORIGINAL, read, textOf } from './sample.ts';

const report = (content: readonly IncidentReportContent[], changes: Partial<Notice> = {}): Notice =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the kind is not changed
  ({
    kind: 'incident-report',
    rule: 'Cards <1>',
    mode: 'enforce',
    severity: 'high',
    order: { to: 'audit@s.test', content },
    recipients: ['bob@d.test'],
    information: [CARDS],
    excerpts: [{ name: 'Credit Card Number', where: 'body', text: 'My card is 4111 1111 1111 1111\r\n<b>\u0000' }],
    ...changes,
  }) as Notice;

const said = async (notice: Notice, about = message()): Promise<string> =>
  (await read(await composeOne([notice], about))).text ?? '';

describe('generateIncidentReport', () => {
  test('generateIncidentReport with all that can be asked for', async () =>
    assertGolden(await composeOne([report(INCIDENT_REPORT_CONTENTS)]), 'incident-report'));

  test('incidentReportContent: the ids of the message are always in it, and nothing that was not asked for', async () =>
    assertGolden(await composeOne([report([])]), 'incident-report-ids'));

  const LINES: readonly [IncidentReportContent, RegExp][] = [
    ['sender', /^Sender: alice@s\.test$/m],
    ['recipients', /^Recipients: bob@d\.test, carol@d\.test$/m],
    ['subject', /^Subject: Grüße <b>& "plans"<\/b>$/m],
    ['cc', /^Cc: dave@d\.test$/m],
    ['bcc', /^Bcc: eve@d\.test$/m],
    ['severity', /^Severity: High$/m],
    ['override', /^Override: No /m],
    ['ruleDetections', /^Mode: Enforced\nMatched recipients: bob@d\.test$/m],
    ['falsePositive', /^False positive: No /m],
    ['dataClassifications', /^Credit Card Number: 1 value, confidence 85 of 100 \(recommended: 75\)$/m],
    ['idMatch', /^My card is 4111 1111 1111 1111\n<b>\?$/m],
    ['attachOriginalMail', /^The message is attached\.$/m],
  ];
  for (const [content] of LINES) {
    test(`incidentReportContent ${content} adds its own part only`, async () => {
      const text = await said(report([content]));
      assert.deepEqual(
        LINES.filter(([, other]) => other.test(text)).map(([name]) => name),
        [content],
      );
    });
  }

  test('the first ten recipients are named', async () => {
    const to = Array.from({ length: 12 }, (_, index) => `r${index}@d.test`);
    const text = await said(
      report(['recipients', 'ruleDetections'], { recipients: to }),
      message(`To: ${to.join(', ')}\r\n\r\n`),
    );
    assert.equal(text.replaceAll('\n    ', ' ').match(/ r9@d\.test and 2 more$/gm)?.length, 2);
    assert.doesNotMatch(text, /r10@/);
  });

  test('a rule that is only tested says so', async () => {
    assert.match(await said(report(['ruleDetections'], { mode: 'audit' })), /Mode: Tested: its other actions/);
    assert.match(await said(report(['severity'], { severity: undefined })), /Severity: Not set/);
  });

  test('who sent it for somebody else is named too', async () =>
    assert.match(
      await said(report(['sender']), message('From: boss@s.test\r\n\r\n')),
      /Sender: boss@s\.test \(sent by alice@s\.test\)/,
    ));
});

describe('the message that is attached', () => {
  const attaching = report(['attachOriginalMail']);
  const attachedTo = async (...[about, changed]: [ReturnType<typeof message>, { originalLimit?: number }?]) => {
    const made = await composeOne([attaching], about, changed);
    const mail = await read(made);
    return { made, mail, attachment: mail.attachments[0], text: mail.text ?? '' };
  };

  test('is whole and unchanged, whatever octets it has', async () => {
    const cases: readonly [what: string, octets: string, type: string, body: string][] = [
      ['plain', ORIGINAL, 'message/rfc822', '7bit'],
      [
        '8 bits',
        'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n',
        'message/rfc822',
        '8bitmime',
      ],
      [
        '8 bits that are signed',
        'MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nGrüße\r\n--b--\r\n',
        'application/octet-stream',
        '7bit',
      ],
      ['UTF-8 in the header', 'Subject: Grüße\r\n\r\nHi\r\n', 'message/global', '7bit'],
      ['long lines', `Subject: x\r\n\r\n${'x'.repeat(2000)}\r\n`, 'application/octet-stream', '7bit'],
    ];
    for (const [what, octets, type, body] of cases) {
      const { made, attachment } = await attachedTo(message(octets));
      assert.equal(attachment?.filename, 'original.eml', what);
      assert.ok(textOf(made).includes(`\r\nContent-Type: ${type}\r\n`), what);
      assert.deepEqual(attachment.content, Buffer.from(octets), what);
      assert.equal(made.envelope.body, body, what);
      assert.ok(
        textOf(made)
          .split('\r\n')
          .every((line) => line.length <= 998),
        what,
      );
    }
  });

  test('is its header only beyond the limit, and the report says so', async () => {
    const { attachment, text } = await attachedTo(message(), { originalLimit: 100 });
    assert.equal(attachment?.contentType, 'text/rfc822-headers');
    assert.match(attachment.content.toString(), /^From: Alice[^]*Message-ID: <m1@s\.test>\r\n/);
    assert.doesNotMatch(attachment.content.toString(), /4111/);
    assert.match(text, /^The message is too large to be attached; its header is\.$/m);
  });

  test('is read from its file, and left out where that is gone', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'postern-notices-'));
    t.after(async () => rm(directory, { recursive: true }));
    const path = join(directory, 'content');
    await writeFile(path, ORIGINAL);
    const content = { kind: 'file', path, sizeBytes: ORIGINAL.length } as const;
    assert.deepEqual((await attachedTo(message(ORIGINAL, { content }))).attachment?.content, Buffer.from(ORIGINAL));
    const { attachment, text } = await attachedTo(message(ORIGINAL, { content: { ...content, path: `${path}.gone` } }));
    assert.equal(attachment, undefined);
    assert.match(text, /^The message could not be attached: it cannot be read any more\.$/m);
  });

  test('travels under what its sender demanded of TLS (RFC 8689 §5)', async () => {
    const { made } = await attachedTo(
      message(ORIGINAL, { envelope: { sender: 'alice@s.test', body: '7bit', smtpUtf8: false, requireTls: true } }),
    );
    assert.equal(made.envelope.requireTls, true);
  });
});

describe('loops', () => {
  test('no notice is about a notice of ours, however it came back (RFC 3834 §2)', async () => {
    const ours = textOf(await composeOne([report([])]));
    const forwarded = ours.replace(/^From: .*$/m, 'From: list@l.test').replace(/^/, 'Received: from x by y\r\n');
    for (const text of [ours, forwarded]) assert.deepEqual(await compose([report([])], message(text)), []);
  });

  test('nobody but us can make a message that no notice is about', async () => {
    const ours = textOf(await composeOne([report([])]));
    const mark = /^X-Postern-Notice: (.*)\r$/m.exec(ours)?.[1] ?? '';
    assert.match(mark, /^[\w-]{43}$/);
    for (const forged of [
      'From: postmaster@s.test\r\nAuto-Submitted: auto-generated\r\n\r\n4111\r\n',
      `From: postmaster@s.test\r\nMessage-ID: <else@s.test>\r\nX-Postern-Notice: ${mark}\r\n\r\n4111\r\n`,
      'From: postmaster@s.test\r\nX-Postern-Notice: \r\n\r\n4111\r\n',
    ])
      assert.equal((await compose([report(['idMatch'])], message(forged))).length, 1, forged);
  });

  test("what we send has a null reverse-path, is marked as a machine's, and nobody is told of it (RFC 3834 §5)", async () => {
    const made = await composeOne([report([])]);
    assert.equal(made.envelope.sender, '');
    assert.deepEqual(made.recipients, [{ address: 'audit@s.test', notify: [] }]);
    assert.match(textOf(made), /^Auto-Submitted: auto-generated\r$/m);
  });
});
