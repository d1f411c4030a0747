import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { lines, look } from './looking.ts';

const textsOf = async (message: string | Uint8Array): Promise<readonly string[]> =>
  (await look(message)).texts.map(({ text }) => text);

/** A message of one part. */
const single = (header: readonly string[], body: string): string => lines(...header, '', body);
const multipart = (...parts: readonly string[]): string =>
  lines('Content-Type: multipart/mixed; boundary=b', '', ...parts.flatMap((part) => ['--b', part]), '--b--', '');

describe('inspect: texts of a message', () => {
  for (const [what, header, body, shown] of [
    ['are plain text without a type (RFC 2045 §5.2)', [], 'hello', 'hello'],
    ['are read where the type is nonsense', ['Content-Type: nonsense'], 'hello', 'hello'],
    ['in base64 (RFC 2045 §6.8)', ['Content-Transfer-Encoding: BASE64'], 'aGVs\r\nbG8=', 'hello'],
    ['in quoted-printable (RFC 2045 §6.7)', ['Content-Transfer-Encoding: quoted-printable'], 'he=6C=\r\nlo', 'hello'],
    [
      'in a charset',
      ['Content-Type: text/plain; charset=iso-8859-5', 'Content-Transfer-Encoding: base64'],
      '4Q==',
      'с',
    ],
    [
      'in UTF-16 that says nothing of it',
      ['Content-Transfer-Encoding: base64'],
      Buffer.from('4111 4111', 'utf16le').toString('base64'),
      '4111 4111',
    ],
    ['in an unknown charset', ['Content-Type: text/plain; charset=x-none'], 'hello', 'hello'],
    ['with a comment in the type', ['Content-Type: text/plain (simple)'], 'hello', 'hello'],
    [
      'lose what shows nothing',
      ['Content-Type: text/plain; charset=utf-8'],
      Buffer.from('41\u200b11').toString('latin1'),
      '4111',
    ],
  ] as const) {
    test(what, async () => assert.deepEqual(await textsOf(single(header, body)), [shown]));
  }

  for (const [what, html, shown] of [
    ['tags within a word leave no trace', '41<b></b>11<!-- x --> <i>11</i>', '4111 11'],
    ['entities are characters', '4&#49;&#x31;1 &amp;&nbsp;x', '4111 & x'],
    ['blocks are lines', 'a<p>b</p>c<br>d<table><tr><td>e<td>f</table>', 'a\nb\nc\nd\ne f'],
    ['script and style are left out', '<style>p{x:y}</style>a<script>if (1 < 2) "</p>"</script>b', 'ab'],
    ['hidden text is read, and what it stands between as one', 'a<span style="display:none">b</span>c', 'abc\nac'],
    ['a hidden block too', '41<div hidden><div>x</div>y</div>11', '41\nx\ny\n11\n4111'],
    ['what has no inside hides nothing behind it', 'a<br style="display:none">b', 'a\nb\nab'],
    ['text of no size', '41<b style="font-size: 0px">9</b>11', '41911\n4111'],
    ['what is small is seen', '41<b style="font-size:0.8em">11</b>', '4111'],
    [
      'what is hidden in what Outlook alone shows',
      '<!--[if mso]>4<i style="mso-hide:all">x</i>1<![endif]-->',
      '4x1\n41',
    ],
    ['what stands in place of pictures is read', 'a<img alt="card 4111">b', 'ab\ncard 4111'],
    ['where links lead is read', '<a href="https://x.example/4111">x</a>', 'x\nhttps://x.example/4111'],
    ['what Outlook alone shows is read', 'a<!--[if mso]><p>4111</p><![endif]-->', 'a\n4111'],
    ['a style that is an element within a picture ends with it', '<svg><style></svg>4<b></b>111', '4111'],
    ['a style within such a style hides nothing', '<svg><style><style>4111</style>', '4111'],
    ['a style that a picture ends at once hides nothing', '<svg><style/></svg>4111', '4111'],
    ['a title is read', '<title>T</title>a', 'T\na'],
  ] as const) {
    test(`of HTML: ${what}`, async () => {
      assert.deepEqual(await textsOf(single(['Content-Type: text/html; charset=utf-8'], html)), [shown]);
    });
  }

  test('of HTML come in the charset that it says of itself', async () => {
    const body = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-5">\u00e1';
    const [text] = (await look(single(['Content-Type: text/html'], body))).texts;
    assert.deepEqual([text?.text, text?.charset], ['с', 'iso-8859-5']);
  });

  test('flow only where their type says so, and not over another quote or a signature (RFC 3676 §4.5)', async () => {
    const flowed = ['Content-Type: text/plain; format=Flowed'];
    assert.deepEqual(await textsOf(single([], 'a \r\nb')), ['a \r\nb']);
    assert.deepEqual(await textsOf(single(flowed, 'a \r\n> b \r\n>> c\r\nd\r\n-- \r\ne')), ['a \n>b \n>>c\nd\n-- \ne']);
  });

  test('in UTF-16 are one text, though it could be read as another', async () => {
    const utf16 = Buffer.from('\ufeff4111', 'utf16le').toString('base64');
    const header = ['Content-Type: text/plain; charset=utf-16', 'Content-Transfer-Encoding: base64'];
    assert.deepEqual(await textsOf(single(header, utf16)), ['4111']);
  });

  test('say where something was wrong with them', async () => {
    const good = await look(single(['Content-Type: text/plain; charset=utf-8'], 'a'));
    const bad = await look(single(['Content-Type: text/plain; charset=utf-8'], '\u00ff'));
    assert.deepEqual([good.texts[0]?.flawed, bad.texts[0]?.flawed], [false, true]);
  });

  test('that are cut say so', async () => {
    for (const [type, body] of [
      ['text/plain', 'x'.repeat(200)],
      ['text/html', `<p>${'x'.repeat(200)}`],
      ['text/html', `<p>${'<b>'.repeat(1000)}x`],
    ] as const) {
      const { texts, limits } = await look(single([`Content-Type: ${type}`], body), { textCharacters: 100 });
      assert.deepEqual(limits, ['a text of more than 100 characters']);
      assert.ok(texts.every(({ text, flawed }) => text.length <= 100 && flawed));
    }
  });

  test('are told by their charsets', async () => {
    const { charsets } = await look(
      multipart('Content-Type: text/plain; charset=KOI8-R\r\n\r\na', 'Content-Type: text/html\r\n\r\nb'),
    );
    assert.deepEqual(charsets, ['koi8-r', 'us-ascii']);
  });
});

describe('inspect: evasions', () => {
  for (const [what, message, sought] of [
    ['a multipart that nobody ends', lines('Content-Type: multipart/mixed; boundary=b', '', '--b', '', '4111'), '4111'],
    [
      'a multipart without its boundary',
      lines('Content-Type: multipart/mixed', '', '--b', 'Content-Type: text/plain', '', '4111', '--b--'),
      '4111',
    ],
    [
      'a multipart with a boundary that is not there',
      lines('Content-Type: multipart/mixed; boundary=x', '', '4111'),
      '4111',
    ],
    [
      'two boundaries, the first',
      lines('Content-Type: multipart/mixed; boundary=a; boundary=b', '', '--a', '', '4111', '--a--'),
      '4111',
    ],
    [
      'two boundaries, the second',
      lines('Content-Type: multipart/mixed; boundary=a; boundary=b', '', '--b', '', '4111', '--b--'),
      '4111',
    ],
    [
      'the last of four boundaries',
      lines(
        'Content-Type: multipart/mixed; boundary=a; boundary=b; boundary=c; boundary=d',
        '',
        '--a',
        '',
        '--d',
        '',
        '4111',
      ),
      '4111',
    ],
    [
      'a delimiter line with other blanks behind it',
      lines('Content-Type: multipart/mixed; boundary=b', '', '--b\f', 'Content-Type: text/plain', '', '4111', '--b--'),
      '4111',
    ],
    ['two types, the second', lines('Content-Type: image/png', 'Content-Type: text/plain', '', '4111'), '4111'],
    [
      'text before the first part',
      lines('Content-Type: multipart/mixed; boundary=b', '', '4111', '--b', '', 'x', '--b--'),
      '4111',
    ],
    [
      'text behind the last part',
      lines('Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'x', '--b--', '4111'),
      '4111',
    ],
    [
      'a part behind the last part',
      lines('Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'x', '--b--', '--b', '', '4111'),
      '4111',
    ],
    ['an encoding with something behind it', lines('Content-Transfer-Encoding: base64 x', '', 'NDExMQ=='), '4111'],
    ['an encoding in quotes', lines('Content-Transfer-Encoding: "base64"', '', 'NDExMQ=='), '4111'],
    [
      'two encodings',
      lines('Content-Transfer-Encoding: 7bit', 'Content-Transfer-Encoding: base64', '', 'NDExMQ=='),
      '4111',
    ],
    [
      'the last of four encodings',
      lines(
        ...['7bit', '8bit', 'binary', 'base64'].map((encoding) => `Content-Transfer-Encoding: ${encoding}`),
        '',
        'NDExMQ==',
      ),
      '4111',
    ],
    [
      'a type without the semicolon behind it',
      lines('Content-Type: text/html charset=utf-8', '', '4<b></b>111'),
      '4111',
    ],
    ['a type with blanks in it', lines('Content-Type: text / html', '', '4<b></b>111'), '4111'],
    ['UTF-7 (RFC 2152)', lines('Content-Type: text/plain; charset=utf-7', '', '+ADQAMQAxADE-'), '4111'],
    ['a charset that not all readers know', lines('Content-Type: text/plain; charset=utf-7', '', '+4111-'), '4111'],
    ['a charset that only some readers believe', lines('Content-Type: text/plain; charset=utf-16', '', '4111'), '4111'],
    [
      'the mark of a charset in a text of another',
      lines('Content-Type: text/plain; charset=iso-8859-1', '', '\u00ff\u00fe4111'),
      '4111',
    ],
    [
      'the second of two charsets',
      lines('Content-Type: text/plain; charset=utf-16; charset=us-ascii', '', '4111'),
      '4111',
    ],
    [
      'a line end within a paragraph (RFC 3676 §4.1)',
      lines('Content-Type: text/plain; format=flowed', '', 'x 41 ', '11'),
      '41 11',
    ],
    [
      'a line end within a quoted paragraph (RFC 3676 §4.5)',
      lines('Content-Type: text/plain; format=flowed', '', '> x 41 ', '> 11'),
      '41 11',
    ],
    [
      'a line end within a word (RFC 3676 §4.1)',
      lines('Content-Type: text/plain; format=flowed; delsp=yes', '', 'x 41 ', '11'),
      'x 4111',
    ],
    [
      'writing backwards',
      lines('Content-Type: text/plain; charset=utf-8', '', Buffer.from('x \u202e1114 😀\u202c y').toString('latin1')),
      '4111',
    ],
    ['an encoding that is none', lines('Content-Transfer-Encoding: nonsense', '', '4111'), '4111'],
    ['base64 with garbage in it', lines('Content-Transfer-Encoding: base64', '', 'ND!Ex*MQ=='), '4111'],
    ['base64 that is none', lines('Content-Transfer-Encoding: base64', '', 'card: 4111!'), '4111'],
    ['base64 behind its end', lines('Content-Transfer-Encoding: base64', '', 'eA==NDExMQ=='), '4111'],
    ['quoted-printable with errors', lines('Content-Transfer-Encoding: quoted-printable', '', '=zz4=311=31='), '4111'],
    [
      'a multipart that is encoded',
      lines(
        'Content-Type: multipart/mixed; boundary=b',
        'Content-Transfer-Encoding: base64',
        '',
        Buffer.from(lines('--b', '', '4111', '--b--')).toString('base64'),
      ),
      '4111',
    ],
    ['line ends of Unix', 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\n4111\n--b--\n', '4111'],
    [
      'a boundary that another begins with',
      lines(
        'Content-Type: multipart/mixed; boundary=b',
        '',
        '--b',
        'Content-Type: multipart/mixed; boundary=bb',
        '',
        '--bb',
        '',
        '4111',
        '--bb--',
        '--b--',
      ),
      '4111',
    ],
    [
      'a text in a multipart/digest',
      lines('Content-Type: multipart/digest; boundary=b', '', '--b', 'Content-Type: text/plain', '', '4111', '--b--'),
      '4111',
    ],
    [
      'a folded field in the header',
      lines('Content-Type: multipart/mixed;', ' boundary="b"', '', '--b', '', '4111', '--b--'),
      '4111',
    ],
    ['a line of the header that is no field', lines('Subject: x', 'card 4111', 'To: y', '', 'x'), 'card 4111'],
    [
      'a line of the header that is no field, and encoded',
      lines('Content-Transfer-Encoding: base64', 'NDExMQ==', 'To: y', '', 'x'),
      '4111',
    ],
    [
      'a part that begins within the header',
      lines(
        'Content-Type: multipart/mixed; boundary=b',
        '--c',
        'Content-Type: text/plain',
        'Content-Transfer-Encoding: base64',
        '',
        'NDExMQ==',
        '--c--',
        '--b',
        '',
        'x',
        '--b--',
      ),
      '4111',
    ],
    [
      'a text of a type with its own way to write',
      lines('Content-Type: text/rtf', '', "{\\rtf1 \\'34\\'3111}"),
      '4111',
    ],
    ['a message all of which is header', 'Subject: x\r\n4111', '4111'],
  ] as const) {
    test(`${what} hides no text`, async () => {
      const { texts, attachments } = await look(message);
      const seen = [...texts, ...attachments].map(({ text }) => text).join('\n');
      assert.match(seen, new RegExp(sought));
    });
  }

  test('what mail stores put in front of the header is no text', async () => {
    for (const line of ['From a@b Mon Jan  1 00:00:00 2026', '>From a@b x'])
      assert.deepEqual(await textsOf(lines(line, 'Subject: x', '', 'words')), ['words']);
  });

  test('what cannot be divided is a failure', async () => {
    const { failure, texts } = await look(lines('Content-Type: multipart/mixed; boundary=x', '', 'words'));
    assert.match(failure ?? '', /without delimiter lines/);
    assert.equal(texts[0]?.text, 'words');
  });

  test('a file written by uuencode within the text is a file', async () => {
    const { attachments } = await look(lines('', 'see', 'begin 644 a.txt', '$-#$Q,0``', '`', 'end', ''));
    assert.deepEqual(
      attachments.map(({ name, text }) => [name, text]),
      [['a.txt', '4111']],
    );
  });
});
