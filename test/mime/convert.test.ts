import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';
import { simpleParser } from 'mailparser';

import { convertToSevenBit } from '#mime/convert.ts';

const crlf = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'));

async function converted(...lines: string[]): Promise<string> {
  const result = await convertToSevenBit(crlf(...lines));
  assert.ok(result !== undefined, 'was not converted');
  assert.ok(
    result.every((octet) => octet < 128),
    'is not 7-bit',
  );
  return result.toString();
}

const UTF8 = 'Content-Type: text/plain; charset=utf-8';

describe('convertToSevenBit', () => {
  test('leaves 7-bit content as it is', async () => {
    const content = crlf('DKIM-Signature: v=1', '', 'plain', '');
    assert.ok((await convertToSevenBit(content))?.equals(content));
  });

  test('makes text quoted-printable and says so in place', async () => {
    const result = await converted(
      'MIME-Version: 1.0',
      UTF8,
      'Content-Transfer-Encoding: 8bit',
      'Subject: x',
      '',
      'Zürich = gut ',
      '',
    );
    const expected = [
      'MIME-Version: 1.0',
      UTF8,
      'Content-Transfer-Encoding: quoted-printable',
      'Subject: x',
      '',
      'Z=C3=BCrich =3D gut=20',
      '',
    ];
    assert.equal(result, expected.join('\r\n'));
  });

  test('adds the fields that are missing (RFC 2045 §4)', async () => {
    const result = await converted('Subject: x', '', 'é');
    assert.equal(
      result,
      'Subject: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9',
    );
  });

  test('makes everything else base64', async () => {
    const result = await converted(
      'MIME-Version: 1.0',
      'Content-Type: image/x-test',
      'Content-Transfer-Encoding: binary',
      '',
      'é\r\n',
    );
    assert.match(result, /Content-Transfer-Encoding: base64\r\n\r\nw6kNCg==\r\n$/);
  });

  test('goes into multiparts and keeps what is 7-bit there to the octet', async () => {
    const plain = ['--b', 'Content-Type: multipart/signed; boundary=c', '', '--c', '', 'signed', '--c--', ''];
    const head = [
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary="b"',
      'Content-Transfer-Encoding: 8bit',
      '',
      'preamble',
    ];
    const result = await converted(...head, ...plain, '--b', UTF8, '', 'é', '--b--', 'epilogue', '');
    assert.ok(result.includes(plain.join('\r\n')));
    assert.ok(
      result.includes(
        `--b\r\n${UTF8}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9\r\n--b--\r\nepilogue\r\n`,
      ),
    );
    assert.ok(result.includes('boundary="b"\r\nContent-Transfer-Encoding: 7bit\r\n'));
  });

  test('goes into a message within a message', async () => {
    const result = await converted(
      'MIME-Version: 1.0',
      'Content-Type: message/rfc822',
      '',
      'Subject: in',
      UTF8,
      '',
      'é',
    );
    assert.match(result, /Subject: in\r\n.*\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9$/);
  });

  const multipart = ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b', ''];
  for (const [what, lines] of [
    ['a DKIM signature', ['DKIM-Signature: v=1', '', 'é']],
    ['an ARC signature', ['ARC-Message-Signature: i=1', '', 'é']],
    ['a signed part', ['Content-Type: multipart/signed; boundary=b', '', '--b', '', 'é', '--b--']],
    [
      'a signed part within',
      [...multipart, '--b', 'Content-Type: multipart/signed; boundary=c', '', '--c', '', 'é', '--c--', '--b--'],
    ],
    ['a signed message within', ['Content-Type: message/rfc822', '', 'DKIM-Signature: v=1', '', 'é']],
    ['an 8-bit header', ['Subject: é', '', 'x']],
    ['an 8-bit header of a part', [...multipart, '--b', 'Content-Description: é', '', 'x', '--b--']],
    ['an encoding that has no 8-bit octets', ['Content-Transfer-Encoding: base64', '', 'é']],
    ['a part of a message', ['Content-Type: message/partial', '', 'é']],
    ['no boundary', ['Content-Type: multipart/mixed', '', 'é']],
    ['a boundary that does not occur', ['Content-Type: multipart/mixed; boundary=b', '', 'é']],
    ['an 8-bit preamble', [...multipart, 'é', '--b', '', 'x', '--b--']],
  ] as const) {
    test(`gives up at ${what}`, async () => assert.equal(await convertToSevenBit(crlf(...lines)), undefined));
  }

  test('gives up at a structure that does not end', async () => {
    let content = crlf('', 'é');
    for (let depth = 0; depth < 100; depth += 1)
      content = Buffer.concat([crlf('Content-Type: message/rfc822', '', ''), content]);
    assert.equal(await convertToSevenBit(content), undefined);
  });

  test('keeps the meaning of any text, in lines of at most 76 characters (RFC 2045 §6.7)', async () => {
    const unit = fc.constantFrom('é', ' ', '\t', '=', 'a', '.', '\r\n', '😀', 'x'.repeat(30));
    await fc.assert(
      fc.asyncProperty(fc.string({ unit, maxLength: 40 }), async (text) => {
        const result = await converted('MIME-Version: 1.0', UTF8, '', `é${text}`);
        assert.ok(result.split('\r\n').every((line) => line.length <= 76));
        const parsed = await simpleParser(result, { skipTextToHtml: true });
        assert.equal(parsed.text?.trimEnd(), `é${text.replaceAll('\r\n', '\n')}`.trimEnd());
      }),
      { numRuns: 100 },
    );
  });

  const LINES = 40_000;
  for (const [encoding, line] of [
    ['quoted-printable', `${'Das ist grün, 1 = 1, '.repeat(5)}\r\n`],
    ['base64', `${'отчёт '.repeat(7)}\r\n`],
  ] as const) {
    test(`text of megabytes becomes ${encoding}, and other work has its turns meanwhile`, async () => {
      let [turns, isDone] = [0, false];
      const work = (): void => {
        turns += 1;
        if (!isDone) setImmediate(work);
      };
      setImmediate(work);
      const result = await converted('MIME-Version: 1.0', UTF8, '', line.repeat(LINES));
      isDone = true;
      assert.ok(turns >= (line.length * LINES) / 500_000, `${turns} turns`);
      const [header = '', body = ''] = result.split('\r\n\r\n', 2);
      assert.ok(header.endsWith(`Content-Transfer-Encoding: ${encoding}`));
      assert.ok(body.split('\r\n').every((one) => one.length <= 76));
      const parsed = await simpleParser(result, { skipTextToHtml: true, skipHtmlToText: true });
      assert.equal(parsed.text, line.replace('\r', '').repeat(LINES));
    });
  }

  test('octets of megabytes come back from base64 as they were', async () => {
    const octets = Buffer.from(Array.from({ length: 300_001 }, (_, at) => (at * 7919) >> 3));
    const head = crlf('MIME-Version: 1.0', 'Content-Type: image/x-test', 'Content-Transfer-Encoding: binary', '', '');
    const result = await convertToSevenBit(Buffer.concat([head, octets]));
    const parsed = await simpleParser(result ?? '');
    assert.ok(parsed.attachments[0]?.content.equals(octets));
  });

  test('gives up among more delimiters than anybody wrote', async () => {
    const content = crlf(...multipart, '--b', '', 'é', ...Array.from({ length: 40_000 }, () => '--bx'), '--b--');
    assert.equal(await convertToSevenBit(content), undefined);
  });

  test('gives up a part whose header is beyond reading', async () => {
    const boundary = ` ${'b'.repeat(900)}\r\n`.repeat(20_000);
    const part = ['--b', `Content-Type: multipart/mixed; boundary="\r\n${boundary} b"`, '', 'é', '--b--', ''];
    assert.equal(await convertToSevenBit(crlf('Content-Type: multipart/mixed; boundary=b', '', ...part)), undefined);
  });

  test('throws at no content whatever', async () => {
    const token = fc.constantFrom(
      '\r\n',
      '--b',
      '--b--',
      'Content-Type: multipart/mixed; boundary=b',
      'é',
      ': ',
      '\n',
      'a',
      UTF8,
    );
    await fc.assert(
      fc.asyncProperty(fc.array(token, { maxLength: 40 }), async (tokens) => {
        const result = await convertToSevenBit(Buffer.from(tokens.join('')));
        assert.ok(result === undefined || result.every((octet) => octet < 128));
      }),
    );
  });
});
