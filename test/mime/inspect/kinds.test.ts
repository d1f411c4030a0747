import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deflateSync } from 'node:zlib';

import type { InspectedKinds } from '#mime/inspection.ts';

import { lines, look, lookInto, zipOf } from './looking.ts';

const element = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag, 0x82, body.length >> 8, body.length & 0xff), body]);
};

/** Of a length that nobody says (X.690, 8.1.3). */
const openElement = (tag: number, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.of(tag, 0x80), ...parts, Buffer.of(0, 0)]);

/** DER of a type identifier and, for what is signed, of a content. */
function cms(identifier: string, content?: string | Buffer): string {
  const type = element(0x06, Buffer.from(identifier, 'hex'));
  const inner = content === undefined ? [] : [element(0xa0, element(0x04, Buffer.from(content)))];
  const signed = element(
    0x30,
    element(0x02, Buffer.of(1)),
    element(0x31),
    element(0x30, element(0x06, Buffer.from('2a864886f70d010701', 'hex')), ...inner),
  );
  return element(0x30, type, element(0xa0, signed)).toString('base64');
}

const SIGNED = '2a864886f70d010702';
const ENVELOPED = '2a864886f70d010703';
const COMPRESSED = '2a864886f70d0109100109';
const smime = (object: string, parameters = ''): string =>
  lines(`Content-Type: application/pkcs7-mime${parameters}`, 'Content-Transfer-Encoding: base64', '', object);

async function kindsOf(message: string): Promise<readonly string[]> {
  const { kinds } = await look(message);
  return Object.entries(kinds).flatMap(([kind, is]) => (is ? [kind] : []));
}

const withField = (field: string): string => lines(field, '', 'x');
const withType = (type: string): string => lines(`Content-Type: ${type}`, '', '--b', '', 'x', '--b--');

describe('inspect: kinds of messages', () => {
  const cases: readonly (readonly [what: string, message: string, kind: keyof InspectedKinds | undefined])[] = [
    ['an ordinary message is of none', lines('Subject: x', '', 'x'), undefined],
    ['an automatic reply (RFC 3834 §5)', withField('Auto-Submitted: auto-replied (vacation)'), 'oof'],
    ['an old automatic reply', withField('X-Autoreply: yes'), 'oof'],
    ['what a program wrote is no reply (RFC 3834 §5)', withField('Auto-Submitted: auto-generated'), undefined],
    ['a forwarded message (RFC 2156 §5.3.6)', withField('Autoforwarded: TRUE'), 'autoForward'],
    ['what a rule of a mailbox forwarded', withField('X-MS-Exchange-Inbox-Rules-Loop: a@x.example'), 'autoForward'],
    ['S/MIME that is encrypted', smime(cms(ENVELOPED)), 'encrypted'],
    [
      'S/MIME that says that it is encrypted and cannot be read',
      smime('eHh4', '; smime-type=enveloped-data'),
      'encrypted',
    ],
    ['OpenPGP that is encrypted (RFC 3156 §4)', withType('multipart/encrypted; boundary=b'), 'encrypted'],
    ['OpenPGP within the text', lines('', '-----BEGIN PGP MESSAGE-----', '', 'xx'), 'encrypted'],
    ['S/MIME that is signed and opaque', smime(cms(SIGNED, 'Subject: x\r\n\r\nhello')), 'signed'],
    ['a signature beside the text (RFC 1847 §2.1)', withType('multipart/signed; boundary=b'), 'signed'],
    ['an OpenPGP signature within the text', lines('', '-----BEGIN PGP SIGNED MESSAGE-----', '', 'xx'), 'signed'],
    [
      'an invitation (RFC 6047 §2.4)',
      lines('Content-Type: text/calendar; method=REQUEST', '', 'BEGIN:VCALENDAR'),
      'calendaring',
    ],
    ['what rights management keeps', withField('Content-Class: rpmsg.message'), 'permissionControlled'],
    [
      'the attachment of rights management',
      lines('Content-Type: application/octet-stream; name=message.rpmsg', '', 'x'),
      'permissionControlled',
    ],
    ['a voice message by its context (RFC 3458 §3)', withField('Message-Context: voice-message'), 'voicemail'],
    ['a voice message by its type (RFC 3801 §4.1)', withType('multipart/voice-message; boundary=b'), 'voicemail'],
    ['a voice message of Exchange', withField('Content-Class: voice-uc'), 'voicemail'],
    [
      'a request for approval',
      withField('X-MS-Exchange-Organization-Approval-Initiator: a@x.example'),
      'approvalRequest',
    ],
    [
      'a read receipt (RFC 8098 §3)',
      withType('multipart/report; report-type=disposition-notification; boundary=b'),
      'readReceipt',
    ],
    [
      'a delivery report is no read receipt (RFC 3464 §2)',
      withType('multipart/report; report-type=delivery-status; boundary=b'),
      undefined,
    ],
  ];
  for (const [what, message, kind] of cases) {
    test(what, async () => assert.deepEqual(await kindsOf(message), kind === undefined ? [] : [kind]));
  }

  const aroundObject = (first: string): string =>
    lines('Content-Type: multipart/mixed; boundary=b', '', '--b', '', first, '--b', smime(cms(ENVELOPED)), '--b--');

  test('a list that puts a multipart around what is encrypted changes nothing', async () => {
    assert.deepEqual(await kindsOf(aroundObject('')), ['encrypted']);
  });

  test('what is encrypted beside a text is an attachment', async () => {
    assert.deepEqual(await kindsOf(aroundObject('text')), []);
  });

  test('what is attached says nothing of the message', async () => {
    const inner = lines(
      'Content-Type: multipart/signed; boundary=i',
      'Auto-Submitted: auto-replied',
      '',
      '--i',
      '',
      'x',
      '--i--',
    );
    assert.deepEqual(await kindsOf(lines('Content-Type: message/rfc822', '', inner)), []);
  });
});

describe('inspect: S/MIME', () => {
  test('what is signed is read as if it were not', async () => {
    const { texts } = await look(smime(cms(SIGNED, lines('Content-Type: text/plain', '', 'card 4111'))));
    assert.equal(texts[0]?.text, 'card 4111');
  });

  test('what is signed in pieces of unknown length is read (X.690, 8.1.3)', async () => {
    const pieces = ['\r\ncard', ' 4111'].map((text) => element(0x04, Buffer.from(text)));
    const object = openElement(
      0x30,
      element(0x06, Buffer.from(SIGNED, 'hex')),
      openElement(
        0xa0,
        openElement(
          0x30,
          element(0x02, Buffer.of(1)),
          openElement(0x31),
          openElement(
            0x30,
            element(0x06, Buffer.from('2a864886f70d010701', 'hex')),
            openElement(0xa0, openElement(0x24, ...pieces)),
          ),
        ),
      ),
    );
    const { texts } = await look(smime(object.toString('base64')));
    assert.deepEqual(
      texts.map(({ text }) => text),
      ['card 4111'],
    );
  });

  test('what is compressed is read (RFC 3274)', async () => {
    const { texts } = await look(smime(cms(COMPRESSED, deflateSync('\r\ncard 4111'))));
    assert.equal(texts[0]?.text, 'card 4111');
  });

  test('what is compressed and damaged is a failure', async () => {
    const { failure } = await look(smime(cms(COMPRESSED, 'xxxx')));
    assert.match(failure ?? '', /damaged/);
  });

  for (const [what, object, expected] of [
    ['signed', cms(SIGNED, '\r\ncard 4111'), ['none', 'text card 4111']],
    ['compressed', cms(COMPRESSED, deflateSync('\r\ncard 4111')), ['none', 'text card 4111']],
    ['compressed and damaged', cms(COMPRESSED, 'xxxx'), ['none', 'failed ']],
    ['encrypted', cms(ENVELOPED), ['encrypted']],
    ['a signature alone', cms(SIGNED), ['none']],
    ['no object', 'eHh4', ['failed']],
  ] as const) {
    test(`in an archive, what is ${what}, is the same`, async () => {
      const found = await lookInto(zipOf([{ name: 'smime.p7m', content: Buffer.from(object, 'base64') }]), 'a.zip');
      const [, file, within] = found.map(({ state, text }) => `${state} ${text}`);
      assert.deepEqual([file?.trim(), ...(within === undefined ? [] : [within])], expected);
    });
  }

  test('what is encrypted is a file that a password keeps shut', async () => {
    const { attachments, texts } = await look(smime(cms(ENVELOPED)));
    assert.deepEqual([attachments[0]?.state, texts.length], ['encrypted', 0]);
  });

  test('what is no object of S/MIME is failed', async () => {
    const { attachments } = await look(smime('eHh4'));
    assert.equal(attachments[0]?.state, 'failed');
  });
});
