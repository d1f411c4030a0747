/** What of the original goes back, and how it is written: RET, sizes, 8 bits and SMTPUTF8. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { convertToSevenBit } from '#mime/convert.ts';
import { RECIPIENTS_PER_REPORT } from '#reporting/dsn/reports.ts';
import { readReturnedContent, RETURNED_HEADER_LIMIT } from '#reporting/dsn/returned.ts';
import { ending, maker, now, onlyReport, parse, sampleMessage, statusGroups, textOf } from './sample.ts';

const FULL = { returnContent: 'full' } as const;

const attached = async (report: Parameters<typeof parse>[0]): Promise<[string, string][]> =>
  (await parse(report)).attachments.map(({ contentType, content }): [string, string] => [
    contentType,
    content.toString('utf8'),
  ]);

describe('what of the original goes back', () => {
  for (const [id, returnContent] of [
    ['without RET the header', undefined],
    ['DSNG-34: with RET=HDRS the header', 'headers'],
  ] as const) {
    test(id, async () => {
      const { report } = await onlyReport(sampleMessage({ envelope: { returnContent } }), [ending()]);
      const [, returned] = await attached(report);
      assert.deepEqual(returned, [
        'text/rfc822-headers',
        'From: alice@s.test\r\nSubject: Plans\r\nMessage-ID: <m1@s.test>\r\n',
      ]);
    });
  }

  test('DSNG-34: with RET=FULL the whole message, octet for octet', async () => {
    const message = sampleMessage({ body: '--=_0=x\r\n\r\n.dot\r\n trailing \r\n\r\n', envelope: FULL });
    const { text } = await onlyReport(message, [ending()]);
    const original = message.content.kind === 'inline' ? Buffer.from(message.content.bytes).toString() : '';
    assert.ok(
      text.includes(`Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n${original}\r\n--=_`),
    );
  });

  test('DSNG-35: RET=FULL of a message over the limit brings the header only', async () => {
    const { messages } = await maker({ fullContentLimit: 50 })(sampleMessage({ envelope: FULL }), [ending()], now);
    const [report] = messages;
    assert.ok(report !== undefined && textOf(report).includes('Content-Type: text/rfc822-headers\r\n'));
    assert.ok(!textOf(report).includes('hello'));
  });

  test('RET=FULL is followed once for a message: what its other reports bring is the header', async () => {
    const makeReports = maker();
    const message = sampleMessage({ envelope: FULL });
    const many = Array.from({ length: 2 * RECIPIENTS_PER_REPORT }, (_, at) =>
      ending({ recipient: { address: `bob${at}@d.test` } }),
    );
    const together = await makeReports(message, many, now);
    const later = await makeReports(message, [ending()], now);
    const other = await makeReports({ ...message, messageId: '0000000000000002' }, [ending()], now);
    const full = [...together.messages, ...later.messages, ...other.messages].map((report) =>
      textOf(report).includes('Content-Type: message/rfc822\r\n'),
    );
    assert.deepEqual(full, [true, false, false, true]);
  });

  test('RET=FULL speaks of failures only: a delay brings the header (RFC 3461 §4.3)', async () => {
    const { text } = await onlyReport(sampleMessage({ envelope: FULL }), [ending({ kind: 'delayed' })]);
    assert.ok(!text.includes('message/rfc822'));
  });

  test('DSNG-39: a boundary that occurs in the original is not used', async () => {
    const first = await onlyReport(sampleMessage({ envelope: FULL }), [ending()]);
    const guessed = /boundary="([^"]+)"/.exec(first.text)?.[1] ?? '';
    const { report, text } = await onlyReport(sampleMessage({ body: `--${guessed}--\r\n`, envelope: FULL }), [
      ending(),
    ]);
    assert.notEqual(/boundary="([^"]+)"/.exec(text)?.[1], guessed);
    assert.equal((await statusGroups(report)).length, 2);
  });

  test('DSNG-40: a header over 64 KB is cut at a line end', async () => {
    const header = `Subject: long\r\n${'X-Field: 0123456789\r\n'.repeat(5000)}\r\n`;
    const { report } = await onlyReport(sampleMessage({ header }), [ending()]);
    const returned = (await attached(report))[1]?.[1] ?? '';
    assert.ok(returned.length <= RETURNED_HEADER_LIMIT && returned.length > RETURNED_HEADER_LIMIT - 30);
    assert.ok(returned.endsWith('X-Field: 0123456789\r\n'));
  });

  test('large content is read from its file, as far as needed; a missing file leaves the part out', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-returned-'));
    try {
      const path = join(folder, 'content');
      await writeFile(path, 'Subject: a\r\n\r\nbody\r\n');
      const facts = { ...sampleMessage().facts, sizeBytes: 20, headerBytes: 14 };
      const content = { kind: 'file', path, sizeBytes: 20 } as const;
      const request = { fullContentLimit: 100, mayBeEncoded: false };
      const header = await readReturnedContent(content, facts, { ...request, full: false });
      assert.deepEqual(header, { kind: 'header', octets: Buffer.from('Subject: a\r\n') });
      const full = await readReturnedContent(content, facts, { ...request, full: true });
      assert.deepEqual(full, { kind: 'full', octets: Buffer.from('Subject: a\r\n\r\nbody\r\n') });
      const message = { ...sampleMessage(), content: { ...content, path: join(folder, 'missing') } };
      const { report } = await onlyReport(message, [ending()]);
      assert.deepEqual(
        (await attached(report)).map(([type]) => type),
        ['message/delivery-status'],
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('8 bits and SMTPUTF8 (RFC 6533)', () => {
  test('DSNG-41: an 8-bit original makes an 8-bit report, never an encoded message/rfc822 (RFC 2046 §5.2.1)', async () => {
    const { report, text } = await onlyReport(sampleMessage({ body: 'grüße\r\n', envelope: FULL }), [ending()]);
    assert.equal(report.envelope.body, '8bitmime');
    assert.ok(report.facts.eightBit && !report.facts.eightBitHeader);
    assert.ok(text.includes('Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n'));
  });

  for (const [what, sample] of [
    ['signed with DKIM', { header: 'DKIM-Signature: v=1\r\nSubject: Plans\r\n\r\n' }],
    ['with an 8-bit header', { header: 'Subject: Pläne\r\n\r\n' }],
  ] as const) {
    test(`DSNG-41: an 8-bit original ${what}, which no 7-bit host could get, goes back as its header`, async () => {
      const { report, text } = await onlyReport(sampleMessage({ ...sample, body: 'grüße\r\n', envelope: FULL }), [
        ending(),
      ]);
      assert.equal(report.envelope.body, '7bit');
      assert.ok(text.includes('Content-Type: text/rfc822-headers') && !/gr(?:ü|=C3)/.test(text));
    });
  }

  test('DSNG-41: an 8-bit report about any other can be had in 7 bits', async () => {
    const { text } = await onlyReport(sampleMessage({ body: 'grüße\r\n', envelope: FULL }), [ending()]);
    const converted = (await convertToSevenBit(Buffer.from(text)))?.toString('latin1') ?? '';
    assert.ok(converted.includes('Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n'), converted);
    assert.ok(converted.includes('gr=C3=BC=C3=9Fe'));
  });

  test('an 8-bit header goes back quoted-printable, so that any host takes the report (RFC 6522 §4)', async () => {
    const { report } = await onlyReport(sampleMessage({ header: 'Subject: grüße\r\n\r\n' }), [ending()]);
    assert.equal(report.envelope.body, '7bit');
    assert.deepEqual((await attached(report))[1], ['text/rfc822-headers', 'Subject: grüße\r\n']);
  });

  test('DSNG-42: a sender with a UTF-8 address gets the global forms and addresses as they are', async () => {
    const message = sampleMessage({
      header: 'Subject: grüße\r\n\r\n',
      envelope: { sender: 'jürgen@s.test', smtpUtf8: true, ...FULL },
    });
    const { report, text } = await onlyReport(message, [
      ending({ recipient: { address: 'rené@d.test', originalRecipient: 'utf-8;rené@d.test' } }),
    ]);
    assert.ok(report.envelope.smtpUtf8 && report.facts.eightBitHeader);
    assert.match(text, /^To: jürgen@s\.test\r\n/);
    assert.ok(text.includes('Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n'));
    assert.ok(text.includes('Original-Recipient: utf-8;rené@d.test\r\nFinal-Recipient: utf-8; rené@d.test\r\n'));
    assert.ok(
      text.includes('Content-Type: message/global\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: grüße\r\n'),
    );
  });

  test('a sender with an ASCII address gets the same in 7 bits, since its host may not know SMTPUTF8', async () => {
    const message = sampleMessage({ header: 'Subject: grüße\r\n\r\n', envelope: { smtpUtf8: true, ...FULL } });
    const { report, text } = await onlyReport(message, [
      ending({ recipient: { address: 'rené+x@d.test', originalRecipient: 'utf-8;rené@d.test' } }),
    ]);
    assert.deepEqual(report.envelope, { sender: '', body: '7bit', smtpUtf8: false });
    const [, group] = await statusGroups(report);
    assert.deepEqual(group?.slice(0, 2), [
      String.raw`Original-Recipient: utf-8;ren\x{E9}@d.test`,
      String.raw`Final-Recipient: utf-8; ren\x{E9}\x{2B}x@d.test`,
    ]);
    assert.ok(text.includes('Content-Type: message/global\r\nContent-Transfer-Encoding: base64\r\n'));
  });
});
