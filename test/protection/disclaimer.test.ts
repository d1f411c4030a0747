/** A disclaimer stands where a reader sees it, and nothing else of the message is another octet. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Person } from '#rules/people.ts';
import { crlf, disclaimed, HTML, make, disclaimer, octetsOf, parse, PLAIN } from './changing.ts';

const HEADER = ['From: a@s.test', 'MIME-Version: 1.0'];
const page = (...lines: string[]): Buffer => crlf(...HEADER, 'Content-Type: text/html', '', ...lines);
const flowed = (...lines: string[]): Buffer => crlf(...HEADER, 'Content-Type: text/plain; format=flowed', '', ...lines);
const plain = (...lines: string[]): Buffer => crlf(...HEADER, 'Content-Type: text/plain', '', ...lines);

const person = (attributes: Person['attributes']): Person => ({
  address: 'alice@s.test',
  attributes,
  groups: new Set(),
});

const written = async (html: string, sender: Person | undefined, type = 'text/html'): Promise<string> =>
  (
    await octetsOf(await make(crlf(...HEADER, `Content-Type: ${type}`, '', 'Hi'), [disclaimer({ html })], { sender }))
  ).toString();

const part = (type: string, text: string): string[] => [`Content-Type: ${type}`, '', text];

const multi = (type: string, boundary: string, ...parts: string[][]): string[] => [
  `Content-Type: multipart/${type}; boundary="${boundary}"`,
  '',
  ...parts.flatMap((one) => [`--${boundary}`, ...one]),
  `--${boundary}--`,
];

const FILE = ['Content-Type: text/plain; name="notes.txt"', '', 'Notes'];

const message = (type: string, encoding: string, ...lines: string[]): Buffer =>
  Buffer.from(
    [...HEADER, `Content-Type: ${type}`, `Content-Transfer-Encoding: ${encoding}`, '', ...lines, ''].join('\r\n'),
    'latin1',
  );

const quoted = (...lines: string[]): Buffer => message('text/html; charset=utf-8', 'quoted-printable', ...lines);

describe('applyHtmlDisclaimer in text alone', () => {
  test('applyHtmlDisclaimerLocation append puts it behind the text, as plain text', async () => {
    assert.equal(await disclaimed(plain('Hi', 'there')), plain('Hi', 'there', '', PLAIN).toString());
  });

  test('applyHtmlDisclaimerLocation prepend puts it in front', async () => {
    assert.equal(await disclaimed(plain('Hi'), { location: 'prepend' }), plain(PLAIN, '', 'Hi').toString());
  });

  test('applyHtmlDisclaimerText goes into a message without any text or MIME field', async () => {
    assert.equal(await disclaimed(crlf('From: a@s.test', '')), crlf('From: a@s.test', '', PLAIN).toString());
  });

  test('applyHtmlDisclaimerText in HTML stands before the end of the body, or behind its beginning', async () => {
    assert.equal(
      await disclaimed(page('<html><body bgcolor=red>Hi</body></html>')),
      page('<html><body bgcolor=red>Hi', HTML, '</body></html>').toString(),
    );
    assert.equal(
      await disclaimed(page('<html><body bgcolor=red>Hi</body></html>'), { location: 'prepend' }),
      page('<html><body bgcolor=red>', HTML, 'Hi</body></html>').toString(),
    );
  });

  test('applyHtmlDisclaimerText is added again by every rule, as in Exchange', async () => {
    const made = await make(plain('Hi'), [disclaimer(), disclaimer({ html: 'Second' })]);
    assert.equal((await octetsOf(made)).toString(), plain('Hi', '', PLAIN, '', 'Second').toString());
  });

  test('flowed text keeps its paragraphs (RFC 3676 §4.4)', async () => {
    assert.equal(
      await disclaimed(flowed('Hi ', 'there '), { html: '<p>From us</p><p>&gt; all</p>' }),
      flowed('Hi ', 'there ', '', ' From us', '', ' > all').toString(),
    );
  });
});

describe('applyHtmlDisclaimerText and its tokens', () => {
  test('tokens stand for attributes of the sender, in any case of letters', async () => {
    const sender = person({ displayName: 'Alice', customAttribute10: 'ten' });
    assert.match(
      await written('%%DisplayName%% %%CUSTOMATTRIBUTE10%% %%Email%%', sender),
      /\r\nAlice ten alice@s\.test\r\n/,
    );
  });

  test('what the sender has not, or is nobody here, is empty; what is no token stays', async () => {
    assert.match(await written('[%%City%%] 100%% %%Other%%', person({})), /\r\n\[\] 100%% %%Other%%\r\n/);
    assert.match(await written('[%%Email%%]', undefined), /\r\n\[\]\r\n/);
  });

  test('no attribute becomes markup or a line', async () => {
    const sender = person({ title: '<script>alert("1")</script> & \r\n--b\r\nÉ\0' });
    const html = await written('<i title="%%Title%%">', sender);
    assert.match(html, /<i title="&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt; &amp; \r\n--b\r\n&#201;">/);
    assert.match(
      await written('<p>%%Title%%</p>', sender, 'text/plain'),
      /\r\n<script>alert\("1"\)<\/script> & --b É|=C3=89/,
    );
  });
});

describe('applyHtmlDisclaimer in the right part', () => {
  const HELLO = part('text/plain', 'Hello');
  const PAGE = part('text/html', '<p>Hello</p>');
  const PICTURE = ['Content-Type: image/png', 'Content-ID: <p>', 'Content-Transfer-Encoding: base64', '', 'AAAA'];
  const added = part('text/plain', `Hello\r\n\r\n${PLAIN}\r\n`);
  const addedPage = part('text/html', `<p>Hello</p>\r\n${HTML}\r\n`);

  const cases: [what: string, before: string[], after: string[]][] = [
    ['both alternatives', multi('alternative', 'b', HELLO, PAGE), multi('alternative', 'b', added, addedPage)],
    [
      'the first of alternatives of one form',
      multi('alternative', 'b', HELLO, HELLO, PAGE, PAGE),
      multi('alternative', 'b', added, HELLO, addedPage, PAGE),
    ],
    ['the text, not the attachments behind it', multi('mixed', 'b', HELLO, FILE), multi('mixed', 'b', added, FILE)],
    [
      'the text, not one that has a name',
      multi('mixed', 'b', ['Content-Disposition: inline; filename="notes.txt"', '', 'Notes'], HELLO),
      multi('mixed', 'b', ['Content-Disposition: inline; filename="notes.txt"', '', 'Notes'], added),
    ],
    ['the text behind an attachment', multi('mixed', 'b', FILE, HELLO), multi('mixed', 'b', FILE, added)],
    [
      'alternatives with attachments',
      multi('mixed', 'b', multi('alternative', 'c', HELLO, PAGE), PICTURE),
      multi('mixed', 'b', multi('alternative', 'c', added, addedPage), PICTURE),
    ],
    [
      'the page with its pictures',
      multi('alternative', 'b', HELLO, multi('related', 'c', PAGE, PICTURE)),
      multi('alternative', 'b', added, multi('related', 'c', addedPage, PICTURE)),
    ],
    [
      'the root that is named (RFC 2387 §3.2)',
      multi('related; start="<r>"', 'b', PICTURE, ['Content-ID: <r>', ...PAGE]),
      multi('related; start="<r>"', 'b', PICTURE, ['Content-ID: <r>', ...addedPage]),
    ],
    [
      'the first text of several',
      multi('mixed', 'b', PAGE, PICTURE, PAGE),
      multi('mixed', 'b', addedPage, PICTURE, PAGE),
    ],
    [
      'not an attached message',
      multi('mixed', 'b', HELLO, part('message/rfc822', 'Subject: x\r\n\r\nHello')),
      multi('mixed', 'b', added, part('message/rfc822', 'Subject: x\r\n\r\nHello')),
    ],
    [
      'a part without a header',
      multi('mixed', 'b', ['', 'Hello']),
      multi('mixed', 'b', ['', `Hello\r\n\r\n${PLAIN}\r\n`]),
    ],
    [
      'an invitation, but not its calendar',
      multi('alternative', 'b', HELLO, part('text/calendar', 'BEGIN:VCALENDAR')),
      multi('alternative', 'b', added, part('text/calendar', 'BEGIN:VCALENDAR')),
    ],
  ];
  for (const [what, before, after] of cases) {
    test(`applyHtmlDisclaimer: ${what}`, async () =>
      assert.equal(await disclaimed(crlf(...HEADER, ...before)), crlf(...HEADER, ...after).toString()));
  }

  test('applyHtmlDisclaimer makes a part of its own where there are only attachments', async () => {
    const octets = crlf(...HEADER, ...multi('mixed', 'b', PICTURE));
    const result = await disclaimed(octets);
    const mail = await parse(result);
    assert.equal(mail.text?.trim(), PLAIN);
    assert.ok((mail.html || '').includes(HTML));
    assert.deepEqual(
      mail.attachments.map(({ contentType }) => contentType),
      ['image/png'],
    );
    assert.ok(result.endsWith(octets.toString().slice(octets.indexOf('--b\r\n'))));
  });

  test('a line of the disclaimer that looks like a delimiter is none (RFC 2046 §5.1.1)', async () => {
    for (const body of [HELLO, PAGE]) {
      const octets = crlf(...HEADER, ...multi('mixed', '-x', body, PICTURE));
      const mail = await parse(await disclaimed(octets, { html: '<p>a</p>\n---x\n<p>b</p>' }));
      assert.equal(mail.attachments.length, 1);
      assert.match(`${mail.text ?? ''}${mail.html || ''}`, /---x/);
    }
  });

  test('a line that had another beginning is no delimiter behind the disclaimer either', async () => {
    const octets = crlf(...HEADER, ...multi('mixed', 'x', part('text/html', '<body>--x--'), PICTURE));
    const mail = await parse(await disclaimed(octets, { location: 'prepend' }));
    assert.equal(mail.attachments.length, 1);
    assert.equal(mail.html || '', `<body>\n${HTML}\n--x--`);
  });
});

describe('applyHtmlDisclaimer and encodings', () => {
  test('quoted-printable stays what it is, around the addition (RFC 2045 §6.7)', async () => {
    assert.equal(
      await disclaimed(quoted('<p>Gr=c3=bc=', '=DFe =3d</p>=', '</body>')),
      quoted('<p>Gr=c3=bc=', '=DFe =3d</p>=', '', HTML, '</body>').toString(),
    );
  });

  test('blanks behind a soft line break count for nothing (RFC 2045 §6.7)', async () => {
    assert.equal(
      await disclaimed(quoted('<p>a</p>= \t', '</body>')),
      quoted('<p>a</p>= \t', '', HTML, '</body>').toString(),
    );
  });

  test('a blank before the addition stays', async () => {
    const result = await disclaimed(message('text/html', 'quoted-printable', '<body> </body>'));
    assert.match(result, /<body> =\r\n\r\n<p>/);
  });

  test('base64 is written anew', async () => {
    const octets = message('text/plain; charset=utf-8', 'base64', Buffer.from('Grüße\r\n').toString('base64'));
    const result = await disclaimed(octets);
    assert.match(result, /\r\nContent-Transfer-Encoding: base64\r\n\r\n[\w+/=\r\n]+\r\n$/);
    assert.equal((await parse(result)).text, `Grüße\r\n\r\n${PLAIN}\r\n`.replaceAll('\r\n', '\n'));
  });

  test('lines that are too long are quoted (RFC 5322 §2.1.1)', async () => {
    const html = `<p title="${'x'.repeat(2000)}">a</p>`;
    const result = await disclaimed(message('text/html', '7bit', '<p>Hi</p>'), { html });
    assert.ok(result.split('\r\n').every((line) => line.length <= 998));
    assert.match(result, /Content-Transfer-Encoding: quoted-printable/);
    assert.ok(((await parse(result)).html || '').includes(html));
  });

  const ACCENTS = { html: '<p>Vertraulich: Ärger</p>' };
  const read = async (octets: Buffer): Promise<readonly [text: string, header: string]> => {
    const result = await disclaimed(octets, ACCENTS);
    return [(await parse(result)).text?.trim() ?? '', result.slice(0, result.indexOf('\r\n\r\n'))];
  };
  const BOTH = 'Größe\n\nVertraulich: Ärger';

  test('HTML takes any character in any charset, as a reference', async () => {
    for (const charset of ['us-ascii', 'iso-8859-5', 'shift_jis', 'utf-8', 'cp437']) {
      const result = await disclaimed(message(`text/html; charset=${charset}`, '7bit', '<p>Hi</p>'), ACCENTS);
      assert.match(result, new RegExp(`charset=${charset}\\r\\n`));
      assert.match(result, /<p>Vertraulich: &#196;rger<\/p>/);
    }
  });

  test('plain text in a charset that has the characters keeps it', async () => {
    for (const charset of ['iso-8859-1', 'Windows-1252', 'ISO-8859-15']) {
      const [text, header] = await read(message(`text/plain; charset=${charset}`, '8bit', 'Gr\xf6\xdfe'));
      assert.equal(text, BOTH);
      assert.match(header, new RegExp(`charset=${charset}\\r\\nContent-Transfer-Encoding: 8bit$`));
    }
  });

  test('a character that readers of one charset take for another is none of it', async () => {
    for (const [charset, kept] of [
      ['iso-8859-1', 'utf-8'],
      ['windows-1252', 'windows-1252'],
    ] as const) {
      const result = await disclaimed(message(`text/plain; charset=${charset}`, '8bit', 'Hi'), { html: '10 €' });
      assert.match(result, new RegExp(`charset=${kept}\\r\\n`));
      assert.equal((await parse(result)).text, 'Hi\n\n10 €\n');
    }
  });

  test('plain text in one that has not is converted to UTF-8, and that part alone', async () => {
    const cyrillic = message('text/plain; charset="koi8-r"; format=fixed', '8bit', '\xf0\xd2\xc9\xd7\xc5\xd4');
    const [text, header] = await read(cyrillic);
    assert.equal(text, 'Привет\n\nVertraulich: Ärger');
    assert.match(
      header,
      /text\/plain; charset=utf-8; format=fixed\r\nContent-Transfer-Encoding: (?:quoted-printable|base64)$/,
    );
  });

  test('of a message of several parts only the one that is converted gets other fields', async () => {
    const cyrillic = ['Content-Type: text/plain; charset=koi8-r', '', 'Hi'];
    const result = await disclaimed(crlf(...HEADER, ...multi('mixed', 'b', cyrillic, FILE)), ACCENTS);
    assert.equal(
      result,
      crlf(
        ...HEADER,
        ...multi(
          'mixed',
          'b',
          [
            'Content-Type: text/plain; charset=utf-8',
            'Content-Transfer-Encoding: quoted-printable',
            '',
            'Hi',
            '',
            'Vertraulich: =C3=84rger',
            '',
          ],
          FILE,
        ),
      ).toString(),
    );
  });

  test('7-bit text gets an encoding with its first character beyond it', async () => {
    const [text, header] = await read(message('text/plain; charset=utf-8', '7bit', 'Groesse'));
    assert.equal(text, 'Groesse\n\nVertraulich: Ärger');
    assert.match(header, /charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable$/);
  });

  test('text without a charset gets one, and MIME-Version when there is none (RFC 2045 §4)', async () => {
    const [text, header] = await read(crlf('From: a@s.test', '', 'Hi'));
    assert.equal(text, 'Hi\n\nVertraulich: Ärger');
    assert.equal(
      header,
      [
        'From: a@s.test',
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: quoted-printable',
      ].join('\r\n'),
    );
    assert.match(
      (await read(crlf(...HEADER, 'Content-Type: text/plain (old); format=fixed', '', 'Hi')))[1],
      /Content-Type: text\/plain;\r\n charset=utf-8 \(old\); format=fixed/,
    );
  });

  test('a byte order mark counts for more than what is declared', async () => {
    const wide = Buffer.from('\ufeffGröße\r\n', 'utf16le').toString('base64');
    assert.equal((await read(message('text/plain; charset=utf-8', 'base64', wide)))[0].replace('\ufeff', ''), BOTH);
  });

  test('what is US-ASCII is UTF-8 as it stands', async () => {
    const result = await disclaimed(message('text/plain', 'quoted-printable', 'a=3db'), ACCENTS);
    assert.match(result, /charset=utf-8[^]*\r\n\r\na=3db\r\n\r\nVertraulich: =C3=84rger\r\n$/);
  });

  test('charsets with states or wider units are converted as a whole', async () => {
    const wide = Buffer.from('Größe\r\n', 'utf16le').toString('base64');
    assert.deepEqual((await read(message('text/plain; charset=utf-16le', 'base64', wide)))[0], BOTH);
    const japanese = message('text/plain; charset=iso-2022-jp', '7bit', '\x1b$B$3$s\x1b(B');
    assert.equal((await read(japanese))[0], 'こん\n\nVertraulich: Ärger');
  });

  test('a byte order mark stays in front', async () => {
    const result = await disclaimed(message('text/plain; charset=utf-8', '8bit', '\xef\xbb\xbfHi'), {
      location: 'prepend',
    });
    assert.match(result, /\r\n\r\n\xef\xbb\xbfConfidential/);
  });
});
