import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';

import { inspect } from '#mime/inspect.ts';

import {
  compoundFile,
  lines,
  LIMITS,
  look,
  lookAt,
  lookInto,
  messageWith,
  zipEntry,
  zipOf,
  type ZipFile,
} from './looking.ts';

describe('inspect: limits', () => {
  test('10,000 parts are too many: those that are allowed are read', async () => {
    const parts = Array.from({ length: 10_000 }, (_, index) => lines('--b', '', `text ${index}`));
    const { texts, limits } = await look(lines('Content-Type: multipart/mixed; boundary=b', '', ...parts, '--b--'));
    assert.deepEqual(limits, ['more than 1000 parts']);
    assert.equal(texts[0]?.text, 'text 0');
    assert.ok(texts.length <= LIMITS.parts);
  });

  test('multiparts within one another are followed only so deep', async () => {
    const levels = Array.from({ length: 2000 }, (_, level) =>
      lines(`Content-Type: multipart/mixed; boundary=b${level}`, '', `--b${level}`),
    );
    const { limits, texts } = await look(lines(...levels, '', 'deep'), { parts: 100_000 });
    assert.deepEqual(limits, ['parts within more than 100 others']);
    assert.ok(texts.length < 10);
  });

  test('messages within messages are followed only so deep', async () => {
    const message = `${'Content-Type: message/rfc822\r\n\r\n'.repeat(50)}Subject: x\r\n\r\nx`;
    const { attachments, limits } = await look(message);
    assert.deepEqual(limits, ['deeper than 5']);
    assert.deepEqual(
      attachments.map(({ depth }) => depth),
      [0, 1, 2, 3, 4, 5],
    );
    assert.equal(attachments.at(-1)?.state, 'limit');
  });

  test('a header of megabytes is read as far as any reader would', async () => {
    const header = Array.from({ length: 200_000 }, (_, index) => `X-${index}: value`);
    const { limits, texts } = await look(lines(header.join('\r\n'), '', 'body'));
    assert.deepEqual(limits, ['a header of more than 1048576 octets']);
    assert.equal(texts[0]?.text, 'body');
  });

  test('one field of megabytes is no more than a field', async () => {
    const { texts } = await look(lines(`Content-Type: text/plain${'; a=b'.repeat(500_000)}`, '', 'body'));
    assert.equal(texts[0]?.text, 'body');
  });

  test('HTML of five megabytes of tags within one another is read in one pass', async () => {
    const html = `${'<div>'.repeat(1_000_000)}4111`;
    const { texts, limits } = await look(lines('Content-Type: text/html', '', html));
    assert.equal(texts[0]?.text, '4111');
    assert.deepEqual(limits, []);
  });

  test('HTML that never ends a tag, a comment or an entity is read in one pass', async () => {
    for (const piece of ['<a ', '<!--', '<!--[if x]>', '&#x', '<![CDATA[', '<a b="', '</', '<script>', '<title>']) {
      const { limits } = await look(lines('Content-Type: text/html', '', piece.repeat(200_000)), {
        milliseconds: 20_000,
        textCharacters: 2_000_000,
      });
      assert.deepEqual(limits, [], piece);
    }
  });

  test('comments without number before a tag are passed over once', async () => {
    const comments = '<!-- -->'.repeat(900);
    assert.equal((await lookAt(`${comments}text`)).detectedType, 'text/plain');
    assert.equal((await lookAt(`<?xml version="1.0"?>${comments}<html>a`)).detectedType, 'text/html');
  });

  test('what nobody has thought of is a failure, with what was found until then', async () => {
    let asked = 0;
    const { failure, texts } = await inspect(
      Buffer.from(lines('Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'first', '--b', '', 'x', '--b--')),
      LIMITS,
      () => {
        asked += 1;
        if (asked === 5) throw new RangeError('too deep');
        return 0;
      },
    );
    assert.deepEqual([failure, texts.map(({ text }) => text)], ['it cannot be taken apart', ['first']]);
  });

  test('time that is over ends it, with what was found until then', async () => {
    let now = 0;
    const clock = (): number => {
      now += 100;
      return now;
    };
    const parts = Array.from({ length: 100 }, (_, index) => lines('--b', '', `text ${index}`));
    const message = lines('Content-Type: multipart/mixed; boundary=b', '', ...parts, '--b--');
    const { texts, limits } = await inspect(Buffer.from(message), { ...LIMITS, milliseconds: 2000 }, clock);
    assert.deepEqual(limits, ['more than 2000 ms']);
    assert.ok(texts.length > 0 && texts.length < 20);
  });

  test('files that there was no time for are told, with their names', async () => {
    const message = messageWith(zipOf([{ name: 'a.txt', content: 'x' }]), 'a.zip');
    let now = 0;
    const clock = (): number => {
      now += 1;
      return now;
    };
    const { attachments } = await inspect(Buffer.from(message), { ...LIMITS, milliseconds: 2 }, clock);
    assert.deepEqual(
      attachments.map(({ name, state }) => [name, state]),
      [['a.zip', 'limit']],
    );
  });

  test('all texts together have a limit', async () => {
    const parts = Array.from({ length: 100 }, () => lines('--b', '', 'x'.repeat(1000)));
    const { texts, limits } = await look(lines('Content-Type: multipart/mixed; boundary=b', '', ...parts, '--b--'), {
      textCharacters: 1000,
    });
    assert.deepEqual(limits, ['a text of more than 1000 characters', 'too much text']);
    assert.equal(
      texts.reduce((sum, { text }) => sum + text.length, 0),
      32_000,
    );
  });
});

describe('inspect: bombs', () => {
  const zeros = Buffer.alloc(10_000_000);

  test('a member that becomes too large is not unpacked further', async () => {
    const files = await lookInto(zipOf([{ name: 'a.txt', content: zeros }]), 'a.zip', { unpackedBytes: 1_000_000 });
    assert.deepEqual(
      files.map(({ state }) => state),
      ['none', 'limit'],
    );
  });

  test('what a member claims of its size is not believed', async () => {
    const files = await lookInto(zipOf([{ name: 'a.txt', content: zeros, claimedBytes: 10 }]), 'a.zip', {
      unpackedBytes: 1_000_000,
    });
    assert.equal(files[1]?.state, 'limit');
  });

  test('many members count together', async () => {
    const content = Buffer.alloc(300_000, 65);
    const files = Array.from({ length: 10 }, (_, index) => ({ name: `${index}.txt`, content }));
    const found = await lookInto(zipOf(files), 'a.zip', { unpackedBytes: 1_000_000 });
    assert.deepEqual(
      found.slice(1, 5).map(({ state }) => state),
      ['text', 'text', 'text', 'limit'],
    );
    assert.ok(found.slice(5).every(({ state }) => state === 'limit'));
  });

  test('members that share their octets are not unpacked', async () => {
    const { local } = zipEntry({ name: 'a', content: zeros.subarray(0, 100_000) }, 0);
    const entries = Array.from(
      { length: 50 },
      () => zipEntry({ name: 'a', content: zeros.subarray(0, 100_000) }, 0).central,
    );
    const directory = Buffer.concat(entries);
    const end = Buffer.alloc(22);
    end.write('PK\u0005\u0006', 'latin1');
    end.writeUInt16LE(50, 8);
    end.writeUInt16LE(50, 10);
    end.writeUInt32LE(directory.length, 12);
    end.writeUInt32LE(local.length, 16);
    const [file] = await lookInto(Buffer.concat([local, directory, end]), 'a.zip');
    assert.deepEqual([file?.state, file?.reason], ['limit', 'its members share their octets']);
  });

  test('archives within archives within archives end at the depth (the shape of 42.zip)', async () => {
    let content: Buffer = Buffer.from('x');
    for (let level = 0; level < 8; level += 1) {
      const packed = content;
      content = zipOf(Array.from({ length: 3 }, (_, index): ZipFile => ({ name: `${index}.zip`, content: packed })));
    }
    const { limits, attachments } = await look(messageWith(content, 'a.zip'));
    assert.ok(limits.some((limit) => limit === 'deeper than 5' || limit === 'more than 1000 parts'));
    assert.ok(attachments.length <= LIMITS.parts + 1);
  });

  test('gzip within gzip within gzip ends at the depth', async () => {
    let content: Buffer = Buffer.from('x');
    for (let level = 0; level < 20; level += 1) content = gzipSync(content);
    const files = await lookInto(content, 'a.gz');
    assert.deepEqual([files.length, files.at(-1)?.state], [6, 'limit']);
  });

  test('an archive of more members than are allowed says so', async () => {
    const files = Array.from({ length: 2000 }, (_, index) => ({ name: `${index}.txt`, content: '', stored: true }));
    const [archive] = await lookInto(zipOf(files), 'a.zip');
    assert.deepEqual([archive?.state, archive?.reason], ['limit', 'more than 1000 parts']);
  });

  test('a document whose parts become too large keeps what was read', async () => {
    const document = zipOf([
      { name: '[Content_Types].xml', content: '<Types/>' },
      { name: 'word/document.xml', content: '<?xml version="1.0"?><w:p><w:t>4111</w:t></w:p>' },
      { name: 'word/notes.xml', content: zeros },
    ]);
    const file = await lookAt(document, 'a.docx', { unpackedBytes: 1_000_000 });
    assert.deepEqual([file.state, file.text], ['limit', '4111']);
  });
});

const isWhole = async (message: Uint8Array): Promise<void> => {
  const inspection = await inspect(message, { ...LIMITS, parts: 50, unpackedBytes: 1_000_000 });
  assert.ok(inspection.attachments.every(({ text }) => text.length <= LIMITS.textCharacters));
};

describe('inspect: whatever the octets', () => {
  test('octets of any kind are looked into', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), isWhole), { numRuns: 200 });
  });

  test('messages made of the pieces of messages are looked into', async () => {
    const piece = fc.constantFrom(
      'Content-Type: multipart/mixed; boundary=b',
      'Content-Type: text/html; charset=utf-7',
      'Content-Type: message/rfc822',
      'Content-Type: application/pkcs7-mime',
      'Content-Transfer-Encoding: base64',
      'Content-Transfer-Encoding: quoted-printable',
      'Content-Disposition: attachment; filename*0*=a',
      '--b',
      '--b--',
      '',
      'MIAGCSqGSIb3DQEHAqCA',
      '=41=',
      '<a href="',
      '&#',
      '\ud800',
      'begin 644 a',
      ' folded',
      ':',
      '+ADQ-',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), (pieces) => isWhole(Buffer.from(lines(...pieces)))),
      { numRuns: 300 },
    );
  });

  /** Whole files in which octets are others, and which are cut. */
  const samples: readonly (readonly [name: string, octets: Buffer])[] = [
    ['ZIP', zipOf([{ name: 'a.txt', content: 'x'.repeat(100) }])],
    [
      'OOXML',
      zipOf([
        { name: '[Content_Types].xml', content: '<Types/>' },
        { name: 'xl/worksheets/sheet1.bin', content: Buffer.from('0000050c000000000000000000000000', 'hex') },
      ]),
    ],
    [
      'a compound file',
      compoundFile({
        WordDocument: Buffer.alloc(5000, 0xa5),
        Workbook: Buffer.from('09080600000600050000', 'hex'),
        'PowerPoint Document': Buffer.alloc(64, 15),
        '\u0005SummaryInformation': Buffer.alloc(100, 1),
      }),
    ],
    ['RTF', Buffer.from("{\\rtf1{\\*\\objdata 0105000002}\\u8364?\\'e4\\bin5 xxxxx}")],
    [
      '7z',
      Buffer.concat([
        Buffer.from('377abcaf271c0004000000000000000000000000200000000000000000000000', 'hex'),
        Buffer.from('01040600010920000709', 'hex'),
        Buffer.alloc(30, 1),
      ]),
    ],
    ['RAR', Buffer.concat([Buffer.from('526172211a0701000000000005020200', 'hex'), Buffer.alloc(50, 7)])],
    ['a cabinet', Buffer.concat([Buffer.from('MSCF\0\0\0\0', 'latin1'), Buffer.alloc(28, 1), Buffer.alloc(60)])],
    [
      'PE',
      Buffer.concat([
        Buffer.from('4d5a00', 'hex'),
        Buffer.alloc(57),
        Buffer.from('40000000504500004c010100', 'hex'),
        Buffer.alloc(100),
      ]),
    ],
    ['gzip', gzipSync('x'.repeat(100))],
  ];
  for (const [name, octets] of samples) {
    test(`${name} that is damaged in any way is looked into`, async () => {
      const damage = fc.array(fc.tuple(fc.nat(octets.length - 1), fc.nat(255)), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(damage, fc.nat(octets.length), async (changes, cut) => {
          const damaged = Buffer.from(octets);
          for (const [at, octet] of changes) damaged[at] = octet;
          await isWhole(Buffer.from(messageWith(damaged.subarray(0, cut < 20 ? undefined : cut), 'a')));
        }),
        { numRuns: 100 },
      );
    });
  }
});
