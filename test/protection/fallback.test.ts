/** Where no disclaimer can be put in: the message goes whole into another one, stays as it is, or is refused, as the rule says. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Attachment } from 'mailparser';
import { noteText } from '#protection/change-notes.ts';
import { applyChanges } from '#protection/apply-changes.ts';
import {
  changeable,
  context,
  crlf,
  disclaimed,
  disclaimer,
  factsOf,
  HTML,
  make,
  octetsOf,
  parse,
  PLAIN,
  type Made,
} from './changing.ts';

const HEADER = [
  'Received: from c.test by s.test; Thu, 26 Nov 2026 12:00:00 +0000',
  'DKIM-Signature: v=1; d=s.test; s=k; h=from; bh=x; b=y',
  'From: Alice <a@s.test>',
  'To: b@d.test',
  'Subject: Plans',
  'Date: Thu, 26 Nov 2026 12:00:00 +0000',
  'Message-ID: <1@s.test>',
  'MIME-Version: 1.0',
];
const of = (...lines: string[]): Buffer => crlf(...HEADER, ...lines);
const sealed = (type: string, ...lines: string[]): Buffer => of(`Content-Type: ${type}`, '', ...lines);

const SIGNED = sealed(
  'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="b"',
  '--b',
  'Content-Type: text/plain',
  '',
  'Hi',
  '--b',
  'Content-Type: application/pkcs7-signature; name="smime.p7s"',
  'Content-Transfer-Encoding: base64',
  '',
  'AAAA',
  '--b--',
);

const ARMOUR = (what: string): string[] => [`-----BEGIN PGP ${what}-----`, '', 'Hi', `-----END PGP ${what}-----`];
const nested = (depth: number): string =>
  depth === 0
    ? '\r\nHi'
    : `Content-Type: multipart/mixed; boundary="b${depth}x"\r\n\r\n--b${depth}x\r\n${nested(depth - 1)}\r\n--b${depth}x--`;

const OBSTACLES: readonly (readonly [what: string, octets: Buffer, because: RegExp])[] = [
  ['signed with S/MIME', SIGNED, /its text is signed/],
  [
    'signed with S/MIME, in one part',
    sealed('application/pkcs7-mime; smime-type=signed-data', 'AAAA'),
    /its text is signed/,
  ],
  [
    'encrypted with S/MIME',
    sealed('application/pkcs7-mime; smime-type=enveloped-data', 'AAAA'),
    /its text is encrypted/,
  ],
  ['encrypted with the old name of it', sealed('application/x-pkcs7-mime', 'AAAA'), /its text is encrypted/],
  [
    'encrypted with OpenPGP',
    sealed('multipart/encrypted; boundary="b"', '--b', '', 'Hi', '--b--'),
    /its text is encrypted/,
  ],
  ['encrypted with OpenPGP in its text', sealed('text/plain', ...ARMOUR('MESSAGE')), /its text is encrypted/],
  ['signed with OpenPGP in its text', sealed('text/plain', ...ARMOUR('SIGNED MESSAGE')), /its text is signed/],
  [
    'a mailing list around a signed message',
    sealed(
      'multipart/mixed; boundary="m"',
      '--m',
      ...SIGNED.toString().split('\r\n').slice(HEADER.length),
      '--m',
      '',
      'Footer',
      '--m--',
    ),
    /its text is signed/,
  ],
  ['without a boundary', sealed('multipart/mixed', '--b', '', 'Hi', '--b--'), /not clearly built/],
  [
    'with two boundaries',
    sealed('multipart/mixed; boundary=b; boundary=c', '--b', '', 'Hi', '--b--'),
    /not clearly built/,
  ],
  ['with two types', of('Content-Type: text/plain', 'Content-Type: text/html', '', 'Hi'), /not clearly built/],
  ['with a type that is none', sealed('plain', 'Hi'), /not clearly built/],
  ['parts within parts without end', Buffer.from(`From: a@s.test\r\n${nested(12)}\r\n`), /not clearly built/],
  ['a picture alone', sealed('image/png', 'AAAA'), /it has no text/],
  [
    'in a charset that nobody knows',
    sealed('text/plain; charset=klingon', 'Hi'),
    /characters of its text cannot be told/,
  ],
  [
    'in octets that its charset has not',
    sealed('text/plain; charset=iso-2022-jp', 'Grüße'),
    /characters of its text cannot be told/,
  ],
  [
    'with two charsets',
    sealed('text/plain; charset=utf-8; charset=utf-16', 'Hi'),
    /characters of its text cannot be told/,
  ],
  [
    'in an encoding that nobody knows',
    of('Content-Type: text/plain', 'Content-Transfer-Encoding: x-uuencode', '', 'Hi'),
    /unknown encoding/,
  ],
  [
    'in base64 that is none',
    of('Content-Type: text/plain', 'Content-Transfer-Encoding: base64', '', 'Hi there, all!'),
    /unknown encoding/,
  ],
];

const attachedTo = async (
  made: Made,
): Promise<{ readonly text: string; readonly attached: Attachment | undefined }> => {
  const { text = '', attachments } = await parse(await octetsOf(made));
  return { text, attached: attachments[0] };
};

describe('applyHtmlDisclaimerFallbackAction wrap', () => {
  for (const [what, octets, because] of OBSTACLES) {
    test(`applyHtmlDisclaimerFallbackAction wrap: ${what}`, async () => {
      const made = await make(octets, [disclaimer()]);
      assert.deepEqual(
        made.notes.map(({ kind }) => kind).filter((kind) => kind !== 'signature-broken'),
        ['disclaimer-wrapped'],
      );
      assert.match(noteText(made.notes[0] ?? assert.fail()), because);
      const { text, attached } = await attachedTo(made);
      assert.equal(text.trim(), PLAIN);
      assert.deepEqual(attached?.content, octets);
      assert.equal(attached?.contentType, 'message/rfc822');
      const written = await octetsOf(made);
      assert.deepEqual({ ...made.facts, messageIdField: '' }, { ...factsOf(written), messageIdField: '' });
    });
  }

  test('applyHtmlDisclaimerFallbackAction wrap keeps the fields that a reader goes by, and those of the body and of signatures not', async () => {
    const header = (await octetsOf(await make(SIGNED, [disclaimer()]))).toString().split('\r\n\r\n')[0] ?? '';
    assert.deepEqual(header.split('\r\n'), [
      ...HEADER.filter((field) => !/^(?:DKIM|MIME)/.test(field)),
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed;',
      ' boundary="=_w=token1"',
    ]);
  });

  test('applyHtmlDisclaimerFallbackAction wrap shows the disclaimer in HTML too', async () =>
    assert.ok(((await parse(await octetsOf(await make(SIGNED, [disclaimer()])))).html || '').includes(HTML)));

  test('what later rules change is the new message, and the old one stays whole', async () => {
    const made = await make(SIGNED, [
      disclaimer(),
      { kind: 'prepend-subject', text: '[EXT] ' },
      disclaimer({ html: 'Second' }),
      { kind: 'set-header', name: 'X-Note', value: 'x' },
    ]);
    const { text, attached } = await attachedTo(made);
    assert.equal(text.replaceAll(/\s+/g, ' ').trim(), `${PLAIN} Second`);
    assert.deepEqual(attached?.content, SIGNED);
    const mail = await parse(await octetsOf(made));
    assert.equal(mail.subject, '[EXT] Plans');
    assert.equal(mail.headers.get('x-note'), 'x');
  });

  test('what earlier rules changed is in the old message too', async () => {
    const made = await make(SIGNED, [{ kind: 'prepend-subject', text: '[EXT] ' }, disclaimer()]);
    assert.match((await attachedTo(made)).attached?.content.toString() ?? '', /^Subject: \[EXT\] Plans\r$/m);
  });

  test('8 bits and UTF-8 in the header are said to be there (RFC 6532 §3.7)', async () => {
    const eightBit = await octetsOf(await make(sealed('multipart/mixed', 'Grüße'), [disclaimer()]));
    assert.match(eightBit.toString(), /Content-Type: message\/rfc822\r\nContent-Transfer-Encoding: 8bit/);
    const utf8 = Buffer.from('From: a@s.test\r\nSubject: Grüße\r\nContent-Type: multipart/mixed\r\n\r\nHi\r\n');
    const global = await octetsOf(await make(utf8, [disclaimer()]));
    assert.match(global.toString(), /Content-Type: message\/global\r\nContent-Transfer-Encoding: 8bit/);
  });

  test('a disclaimer of its own part, a line of which looks like a delimiter, goes around the message', async () => {
    const octets = sealed('multipart/mixed; boundary="-x"', '---x', 'Content-Type: image/png', '', 'AAAA', '---x--');
    const made = await make(octets, [disclaimer({ html: '<p>a</p>\n---x\n<p>b</p>' })]);
    assert.ok(made.notes.some(({ kind }) => kind === 'disclaimer-wrapped'));
    assert.deepEqual((await attachedTo(made)).attached?.content, octets);
  });

  test('also where an earlier rule put them there', async () => {
    const made = await make(SIGNED, [{ kind: 'add-recipient', field: 'To', address: 'zoë@s.test' }, disclaimer()]);
    assert.match((await octetsOf(made)).toString(), /message\/global\r\nContent-Transfer-Encoding: 8bit/);
  });

  test('mail from outside is not wrapped but left as it is, as in Exchange', async () => {
    const made = await make(SIGNED, [disclaimer()], { mayWrap: false });
    assert.deepEqual(await octetsOf(made), SIGNED);
    assert.deepEqual(made.notes, [{ kind: 'disclaimer-ignored', rule: 'r', obstacle: 'signed' }]);
  });
});

describe('applyHtmlDisclaimerFallbackAction ignore and reject', () => {
  for (const [what, octets, because] of OBSTACLES) {
    test(`applyHtmlDisclaimerFallbackAction ignore leaves it: ${what}`, async () => {
      const before = changeable(octets);
      const made = await make(before, [disclaimer({ fallbackAction: 'ignore' })]);
      assert.equal(made.content, before.content);
      assert.equal(made.facts, before.facts);
      assert.equal(made.notes.length, 1);
      assert.match(noteText(made.notes[0] ?? assert.fail()), because);
    });

    test(`applyHtmlDisclaimerFallbackAction reject refuses it: ${what}`, async () => {
      const rejected = await applyChanges(
        changeable(octets),
        [{ rule: 'Legal', ...disclaimer({ fallbackAction: 'reject' }) }],
        await context(),
      );
      assert.ok(rejected.kind === 'rejected' && rejected.rule === 'Legal');
      assert.match(rejected.reason, because);
    });
  }

  test('applyHtmlDisclaimerFallbackAction ignore keeps what other rules change', async () => {
    const made = await make(SIGNED, [
      disclaimer({ fallbackAction: 'ignore' }),
      { kind: 'set-header', name: 'X-Note', value: 'x' },
    ]);
    assert.equal((await octetsOf(made)).toString(), SIGNED.toString().replace('\r\n\r\n', '\r\nX-Note: x\r\n\r\n'));
  });

  test('a multipart that never ends has an end for its readers', async () => {
    const open = sealed('multipart/mixed; boundary="b"', '--b', 'Content-Type: text/plain', '', 'Hi');
    assert.equal((await parse(await disclaimed(open))).text, `Hi\n\n${PLAIN}\n`);
  });

  test('text that only speaks of PGP is no obstacle', async () =>
    assert.match(await disclaimed(sealed('text/plain', 'Write > -----BEGIN PGP MESSAGE-----')), /Confidential/));
});
