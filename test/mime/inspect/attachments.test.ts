import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { lines, look, lookAt, lookInto, messageWith, zipOf } from './looking.ts';

const named = async (...header: readonly string[]): Promise<readonly string[]> => {
  const { attachments } = await look(lines('Content-Type: application/x', ...header, '', 'x'));
  return attachments.map(({ name }) => name);
};

const typesOf = async (type: string): Promise<readonly string[]> =>
  (await look(lines(`Content-Type: ${type}`, '', 'words'))).attachments.map(({ declaredType }) => declaredType);

describe('inspect: names of attachments', () => {
  for (const [what, header, name] of [
    ['of Content-Disposition (RFC 2183 §2.3)', 'Content-Disposition: attachment; filename=a.txt', 'a.txt'],
    ['in quotes', 'Content-Disposition: attachment; filename="a; b.txt"', 'a; b.txt'],
    ['in another charset (RFC 2231 §4)', "Content-Disposition: attachment; filename*=iso-8859-1'de'%E4.txt", 'ä.txt'],
    ['in pieces (RFC 2231 §3)', 'Content-Disposition: attachment; filename*0=a; filename*1=".txt"', 'a.txt'],
    [
      'in pieces out of order (RFC 2231 §3)',
      'Content-Disposition: attachment; filename*1=".exe"; filename*0=a',
      'a.exe',
    ],
    ['in encoded words (RFC 2047 §5)', 'Content-Disposition: attachment; filename="=?utf-8?q?=C3=A4.txt?="', 'ä.txt'],
    ['without directories', 'Content-Disposition: attachment; filename="C:\\\\x\\\\a.txt"', 'a.txt'],
    ['without what shows nothing', 'Content-Disposition: attachment; filename="=?utf-8?q?a=E2=80=8B.txt?="', 'a.txt'],
    ['without a disposition before it', 'Content-Disposition: filename=a.js', 'a.js'],
    ['not there', 'Content-Disposition: attachment', ''],
  ] as const) {
    test(what, async () => assert.deepEqual(await named(header), [name]));
  }

  test('that readers differ in are all told', async () => {
    const names = await named('Content-Disposition: attachment; filename=a.txt; filename=b.exe', 'X: y');
    assert.deepEqual(names, ['a.txt', 'b.exe']);
  });

  test('that many fields tell are told, the last one too', async () => {
    const names = await named(
      ...['a', 'b', 'c', 'd.exe'].map((name) => `Content-Disposition: attachment; filename=${name}`),
    );
    assert.ok(names.includes('d.exe'));
  });

  test('of a type without the semicolon behind it count', async () => {
    const { attachments } = await look(lines('Content-Type: application/x name=a.exe', '', 'x'));
    assert.deepEqual(
      attachments.map(({ name, declaredType }) => [name, declaredType]),
      [['a.exe', 'application/x']],
    );
  });

  test('of Content-Type count where the other has none', async () => {
    const { attachments } = await look(lines('Content-Type: application/x; name=a.txt', '', 'x'));
    assert.equal(attachments[0]?.name, 'a.txt');
  });

  test('that are huge keep their end', async () => {
    const [name = ''] = await named(`Content-Disposition: attachment; filename="${'x'.repeat(200_000)}.exe"`);
    assert.ok(name.length <= 1024 && name.endsWith('.exe'));
  });

  test('have their extension in lower case, whatever Windows drops from the end', async () => {
    for (const name of ['Run.EXE. ', 'run.exe::$DATA', 'run.exe:x', 'a.txt:run.exe'])
      assert.equal((await lookAt('x', name)).extension, 'exe', name);
  });
});

describe('inspect: what attachments are', () => {
  test('sizes are those of the decoded octets', async () => {
    assert.equal((await lookAt(Buffer.alloc(1000))).sizeBytes, 1000);
  });

  test('a text with a name is both text and file', async () => {
    const { texts, attachments } = await look(lines('Content-Type: text/plain; name=a.txt', '', 'x'));
    assert.deepEqual([texts.length, attachments[0]?.name, attachments[0]?.text], [1, 'a.txt', 'x']);
  });

  test('a text of a type that not all readers know is both text and file, what they show as the message is not', async () => {
    assert.deepEqual(await typesOf('text/x-something'), ['text/x-something']);
    for (const type of ['text/plain', 'text/html', 'text/calendar', 'message/delivery-status'])
      assert.deepEqual(await typesOf(type), []);
  });

  test('a text that is attached is a file alone', async () => {
    const { texts, attachments } = await look(
      lines('Content-Type: text/plain', 'Content-Disposition: attachment', '', 'x'),
    );
    assert.deepEqual([texts.length, attachments.length], [0, 1]);
  });

  test('a file written by uuencode is decoded', async () => {
    const { attachments } = await look(
      lines(
        'Content-Type: application/x; name=a.txt',
        'Content-Transfer-Encoding: x-uuencode',
        '',
        'begin 644 b.txt',
        '$-#$Q,0``',
        '`',
        'end',
      ),
    );
    assert.deepEqual(
      attachments.map(({ name, text }) => [name, text]),
      [['a.txt', '4111']],
    );
  });

  test('a picture that is attached is not inline, though something may point at it', async () => {
    const header = ['Content-Type: image/png', 'Content-ID: <a@b>', 'Content-Disposition: attachment; filename=a.png'];
    const { attachments } = await look(lines(...header, '', 'x'));
    assert.equal(attachments[0]?.inline, false);
  });

  test('a picture of the text is inline', async () => {
    const { attachments } = await look(lines('Content-Type: image/png', 'Content-ID: <a@b>', '', 'x'));
    assert.equal(attachments[0]?.inline, true);
    assert.equal((await lookAt('x')).inline, false);
  });

  for (const [type, octets] of [
    ['image/png', Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')],
    ['image/jpeg', Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex')],
  ] as const) {
    test(`${type} holds no text`, async () => {
      const file = await lookAt(octets, 'a.txt');
      assert.deepEqual([file.detectedType, file.state], [type, 'none']);
    });
  }

  for (const [what, content, name, type, text] of [
    ['plain text', 'card 4111', 'a.xyz', 'text/plain', 'card 4111'],
    ['HTML by its octets', '<html>41<b>11</b>', 'a.dat', 'text/html', '4111'],
    ['HTML by its name', '41<b>11</b>', 'a.html', 'text/plain', '4111'],
    ['XML', '<?xml version="1.0"?><a b="c"><d>41</d><e>&#49;</e></a>', 'a.xml', 'application/xml', 'c\t41\t1'],
    ['UTF-16', Buffer.from('\ufeffcard 4111', 'utf16le'), 'a.txt', 'text/plain', 'card 4111'],
  ] as const) {
    test(`${what} is read`, async () => {
      const file = await lookAt(content, name);
      assert.deepEqual([file.detectedType, file.state, file.text], [type, 'text', text]);
    });
  }

  test('octets that tell nothing are unsupported', async () => {
    const file = await lookAt(Buffer.from('00010203040506070809', 'hex'), 'a.txt');
    assert.deepEqual([file.detectedType, file.state], [undefined, 'unsupported']);
  });

  test('an empty file has an empty text', async () => {
    assert.equal((await lookAt('')).state, 'text');
  });

  test('a text that is too long is cut and says so', async () => {
    const file = await lookAt('x'.repeat(200), 'a.txt', { textCharacters: 100 });
    assert.deepEqual([file.state, file.text.length], ['limit', 100]);
  });

  test('a text of which only the beginning is decoded says so', async () => {
    const html = `a${'<b>'.repeat(1000)}`;
    assert.equal((await lookAt(html, 'a.html', { textCharacters: 100 })).state, 'limit');
    assert.equal((await lookAt(html, 'a.html', { textCharacters: 1000 })).state, 'text');
  });

  test('what BinHex has written is told and not read (RFC 1741)', async () => {
    const file = await lookAt('(This file must be converted with BinHex 4.0)\r\n\r\n:$f*TEQKPH#:', 'a.hqx');
    assert.deepEqual([file.state, file.text], ['unsupported', '']);
  });

  test('a page that a PDF document stands in is read as both', async () => {
    const pdf = readFileSync(new URL('../../vectors/mime/owner-password.pdf', import.meta.url));
    const both = Buffer.concat([Buffer.from('<p>be<b></b>side</p>'), pdf]);
    const [page, document] = [await lookAt(both, 'a.html'), await lookAt(both, 'a.pdf')];
    assert.match(page.text, /beside/);
    assert.ok(document.text !== '' && page.text.startsWith(document.text));
    assert.doesNotMatch(document.text, /beside/);
  });

  test('a page or a message that begins like a picture is read', async () => {
    const icon = '\0\0\u0001\0';
    const page = await lookAt(`${icon}<p>4<b></b>111</p>`, 'a.html');
    assert.match(page.text, /4111/);
    const { attachments } = await look(
      lines('Content-Type: message/rfc822', '', `${icon}: x`, 'Content-Transfer-Encoding: base64', '', 'NDExMQ=='),
    );
    assert.match(attachments[0]?.text ?? '', /4111/);
    assert.equal((await lookAt(`${icon}\u0001\0`, 'a.ico')).state, 'none');
  });

  test('TNEF is told and not read', async () => {
    const file = await lookAt(Buffer.from('789f3e22010006900800', 'hex'), 'winmail.dat');
    assert.deepEqual([file.detectedType, file.state], ['application/vnd.ms-tnef', 'unsupported']);
  });

  test('text encrypted by OpenPGP is shut', async () => {
    assert.equal((await lookAt('-----BEGIN PGP MESSAGE-----\n\nxx', 'a.asc')).state, 'encrypted');
  });

  test('a piece of a message is no text that anybody sees (RFC 2046 §5.2.2)', async () => {
    const { attachments } = await look(lines('Content-Type: message/partial; id=a; number=1', '', 'x'));
    assert.equal(attachments[0]?.state, 'unsupported');
  });
});

describe('inspect: messages in messages', () => {
  const inner = lines(
    'Subject: inner',
    'Content-Type: multipart/mixed; boundary=i',
    '',
    '--i',
    '',
    'card 4111',
    '--i',
    'Content-Type: application/x; name=b.txt',
    '',
    'in it',
    '--i--',
  );

  test('an attached message is read, and the files in it', async () => {
    const { attachments, texts } = await look(lines('Content-Type: message/rfc822', '', inner));
    assert.deepEqual(texts, []);
    assert.deepEqual(
      attachments.map(({ depth, state, text, name }) => [depth, state, text, name]),
      [
        [0, 'text', 'inner\n\ncard 4111', ''],
        [1, 'text', 'in it', 'b.txt'],
      ],
    );
  });

  test('a message in base64, against the rules, is read all the same (RFC 2046 §5.2.1)', async () => {
    const { attachments } = await look(messageWith(Buffer.from(inner), 'a.eml', 'message/rfc822'));
    assert.deepEqual(
      attachments.map(({ path }) => path),
      ['a.eml', 'a.eml/b.txt'],
    );
  });

  test('a message is told by its name', async () => {
    assert.match((await lookAt(inner, 'a.eml')).text, /4111/);
  });

  test('a message in an archive is read', async () => {
    const files = await lookInto(zipOf([{ name: 'm/a.eml', content: inner }]), 'a.zip');
    assert.deepEqual(
      files.map(({ path }) => path),
      ['a.zip', 'a.zip/m/a.eml', 'a.zip/m/a.eml/b.txt'],
    );
  });

  test('an attached message whose text is too long says so', async () => {
    const file = await lookAt(lines('Subject: inner', '', 'x'.repeat(90)), 'a.eml', { textCharacters: 95 });
    assert.deepEqual([file.state, file.text.length], ['limit', 95]);
  });

  test('what is wrong with an attached message is told', async () => {
    const file = await lookAt(lines('Content-Type: multipart/mixed; boundary=x', '', 'words'), 'a.eml');
    assert.equal(file.state, 'failed');
  });
});
