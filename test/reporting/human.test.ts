/** The part that people read, and that no text of strangers breaks out of its place. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { diagnose, type Diagnosis } from '#mail/diagnosis.ts';
import { STATUS_TABLE, type StatusName } from '#mail/status.ts';
import { explain } from '#reporting/dsn/explain.ts';
import { EXPLANATIONS } from '#reporting/dsn/explanations.ts';
import { expireDiagnosis } from '#reporting/dsn/expiry.ts';
import { decodeWords } from '#reporting/dsn/words.ts';
import { ending, onlyReport, parse, remoteReply, sampleMessage, statusGroups } from './sample.ts';

const expiredText = (last: Diagnosis | undefined): string => expireDiagnosis(last).text;

describe('the human part', () => {
  test('says what happened, who can mend it and how, then the details, then the header', async () => {
    const tls = {
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      authenticated: true,
      peerSubject: 'CN=mx.d.test',
      peerFingerprint: 'ab'.repeat(32),
    };
    const { report } = await onlyReport(sampleMessage(), [
      ending({ diagnosis: { ...remoteReply('550 5.1.1 No such user'), tls } }),
    ]);
    const text = ((await parse(report)).text ?? '').replaceAll(/\n {4}/g, ' ');
    const inOrder = [
      'Subject: Plans',
      '  bob@d.test',
      "What happened: The recipient's mail server says that the address does not exist.",
      'Who can mend it: You, the sender (alice@s.test).',
      'What to do: Check the address',
      'Generating server: relay.s.test',
      'Queue id: 0000000000000001',
      'Remote server: mx.d.test (192.0.2.1)',
      'Status: 5.1.1',
      'Diagnosis: 550 5.1.1 No such user',
      'TLS: TLSv1.3, TLS_AES_256_GCM_SHA384, certificate verified',
      'Certificate: CN=mx.d.test',
      `Certificate SHA-256: ${'ab'.repeat(32)}`,
      'From: alice@s.test',
    ];
    const places = inOrder.map((part) => text.indexOf(part));
    assert.ok(
      places.every((place, index) => place > (places[index - 1] ?? -1)),
      `${JSON.stringify(places)}\n${text}`,
    );
  });

  test('names the operator with the way to reach them where only they can help', async () => {
    const { report } = await onlyReport(sampleMessage(), [ending({ diagnosis: diagnose('operator-failed') })]);
    assert.match(
      (await parse(report)).text ?? '',
      /Who can mend it: We: help@s\.test \(the operator of relay\.s\.test\)/,
    );
  });

  test('explains recipients with the same trouble once', async () => {
    const second = ending({ recipient: { address: 'eve@d.test' } });
    const { report } = await onlyReport(sampleMessage(), [ending(), second]);
    const text = (await parse(report)).text ?? '';
    assert.equal(text.split('What happened').length, 2);
    assert.match(text, / {2}bob@d\.test\n {2}eve@d\.test\n/);
  });

  test('HTML escapes what strangers wrote', async () => {
    const message = sampleMessage({ header: 'Subject: <script>alert(1)</script>\r\n\r\n' });
    const { report } = await onlyReport(message, [ending({ diagnosis: remoteReply('550 <img src=x> & "more"') })]);
    const html = (await parse(report)).html || '';
    assert.ok(!/<script|<img/i.test(html));
    assert.ok(html.includes('&lt;script&gt;') && html.includes('550 &lt;img src=x&gt; &amp; &quot;more&quot;'));
  });

  test('an encoded subject is read (RFC 2047)', async () => {
    const subjects = [
      ['=?utf-8?Q?Gr=C3=BC=C3=9Fe_?=\r\n =?ISO-8859-1?B?YXVzIEv2bG4=?=', 'Grüße aus Köln'],
      ['=?utf-8?B?RG9uZQ0KQmNjOiBldmVAZC50ZXN0?=', 'Done Bcc: eve@d.test'],
    ];
    for (const [written = '', read = ''] of subjects) {
      const { report } = await onlyReport(sampleMessage({ header: `Subject: ${written}\r\n\r\n` }), [ending()]);
      assert.equal((await parse(report)).subject, `Undeliverable: ${read}`);
    }
  });

  test('an encoded word that cannot be read stays as it was', () => {
    assert.equal(decodeWords('a =?no-such-charset?Q?b?= c'), 'a =?no-such-charset?Q?b?= c');
  });

  test('no text of strangers adds a header field, a part or a status field', async () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        '\r\n\r\n',
        'Bcc: eve@d.test',
        '--=_0=',
        '=?utf-8?B?DQpCY2M6IGE=?=',
        '\u2028',
        '\0',
        ' ',
        '\t',
      ),
    );
    const hostile = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const property = fc.asyncProperty(hostile, hostile, hostile, hostile, async (subject, reply, address, id) => {
      const message = sampleMessage({
        header: `Subject: ${subject}\r\n\r\n`,
        messageIdField: `<${id}>`,
        envelope: { envelopeId: id, sender: `"${address.slice(0, 64)}"@s.test` },
      });
      const { report, text } = await onlyReport(message, [
        ending({
          diagnosis: remoteReply(reply),
          recipient: { address: `${address}@d.test`, originalRecipient: `rfc822;${address}` },
        }),
      ]);
      const mail = await parse(report);
      const fields = mail.headerLines.map(({ key }) => key).filter((key) => !/^(?:in-reply-to|references)$/.test(key));
      assert.deepEqual(fields, [
        'to',
        'from',
        'subject',
        'date',
        'message-id',
        'auto-submitted',
        'mime-version',
        'content-type',
      ]);
      assert.equal([mail.to].flat().flatMap((to) => to?.value ?? []).length, 1);
      assert.equal(mail.attachments.length, 2);
      const groups = await statusGroups(report);
      assert.equal(groups.length, 2);
      assert.deepEqual(
        groups[1]?.map((field) => field.slice(0, field.indexOf(':'))),
        [
          'Original-Recipient',
          'Final-Recipient',
          'Action',
          'Status',
          'Remote-MTA',
          'Diagnostic-Code',
          'Last-Attempt-Date',
        ],
      );
      assert.ok(text.split('\r\n').every((line) => Buffer.byteLength(line) <= 998));
    });
    await fc.assert(property, { numRuns: 150 });
  });
});

describe('explanations', () => {
  test('every status that is not a success has one, in whole sentences', () => {
    const troubles = Object.entries(STATUS_TABLE).filter(([, { reply }]) => !('delivered' in reply));
    assert.deepEqual(Object.keys(EXPLANATIONS).toSorted(), troubles.map(([name]) => name).toSorted());
    for (const { cause, remedy } of Object.values(EXPLANATIONS))
      assert.ok(/^[A-Z].*\.$/.test(cause) && /^[A-Z].*\.$/.test(remedy));
  });

  const cases: [detail: string, mender: string, cause: RegExp][] = [
    ['1.1', 'sender', /does not exist/],
    ['1.8', 'sender', /one of the addresses/],
    ['2.2', 'recipient', /mailbox is full/],
    ['2.1', 'recipient', /does not take mail/],
    ['3.4', 'sender', /larger/],
    ['7.26', 'recipient', /security or policy/],
    ['0.0', 'recipient', /refused the message/],
  ];
  for (const [detail, mender, cause] of cases) {
    test(`a remote x.${detail} is read by its meaning (RFC 3463 §3)`, () => {
      const explanation = explain(remoteReply('550 no', detail));
      assert.equal(explanation?.mender, mender);
      assert.match(explanation?.cause ?? '', cause);
    });
  }

  test('what was missing of the TLS that was demanded is said', () => {
    const causes = [
      '451 5.7.3 STARTTLS is required to send mail',
      'UntrustedRoot',
      'SubjectMismatch Expected Subject: a.',
    ]
      .map((reason) => explain(expireDiagnosis(diagnose('tls-required', `[Message=${reason}]`)))?.cause ?? '')
      .map((cause) => cause.replace(/^.*protection\. /, ''));
    assert.deepEqual(causes, [
      'It does not offer STARTTLS.',
      'Its certificate does not lead to a trusted authority, or the certificates in between were not sent.',
      'Its certificate is made out to another name.',
    ]);
    assert.equal(explain(diagnose('tls-required')), EXPLANATIONS['tls-required']);
  });

  test('a success has none', () => assert.equal(explain(diagnose('delivered')), undefined));
});

describe('expiry turns a deferral into a failure', () => {
  const expired: [status: StatusName, addition: string, sentence: string][] = [
    [
      'tls-required',
      '[Message=UntrustedRoot]',
      'Message expired, cannot connect to remote server [Message=UntrustedRoot]',
    ],
    ['dns-failed', '', 'Message expired, DNS query failed'],
    ['connection-refused', '', 'Message expired, connection refused'],
  ];
  for (const [status, addition, sentence] of expired) {
    test(`DSNG-25 ${status} keeps its code and says that the message expired`, () => {
      const last = diagnose(status, addition);
      assert.deepEqual(expireDiagnosis(last), { ...last, text: sentence });
    });
  }

  test('DSNG-25 the words of a remote server follow an arrow', () => {
    assert.equal(expiredText(remoteReply('451 4.7.1 Greylisted', '7.1')), 'Message expired -> 451 4.7.1 Greylisted');
  });
  for (const last of [remoteReply('550 5.1.1 No such user'), diagnose('null-mx')]) {
    test(`a refusal for good (${last.status}) stays what it is on the last day too`, () => {
      assert.deepEqual(expireDiagnosis(last), last);
    });
  }
  test('a message that was never tried is simply expired', () =>
    assert.deepEqual(expireDiagnosis(undefined), diagnose('expired')));
  test('it is said once', () =>
    assert.equal(expiredText(expireDiagnosis(diagnose('no-answer'))), 'Message expired, no answer from host'));
});
