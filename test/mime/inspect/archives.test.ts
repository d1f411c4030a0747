import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';

import { lookAt, lookInto, zipOf } from './looking.ts';

const CARD = 'card 4111';
const GIF = Buffer.from('GIF89a\u0001\0\u0001\0\0\0\0;', 'latin1');

/** Path, state and text of each. */
async function told(octets: Uint8Array, name: string): Promise<readonly (readonly [string, string, string])[]> {
  return (await lookInto(octets, name)).map(({ path, state, text }) => [path, state, text] as const);
}

const vector = (name: string): Buffer => readFileSync(new URL(`../../vectors/mime/${name}`, import.meta.url));

describe('inspect: ZIP', () => {
  test('members are files, whatever they are called', async () => {
    const zip = zipOf([
      { name: 'a/b.txt', content: CARD },
      { name: '../c.txt', content: 'x', stored: true },
      { name: 'd/', content: '' },
    ]);
    assert.deepEqual(await told(zip, 'a.bin'), [
      ['a.bin', 'none', ''],
      ['a.bin/a/b.txt', 'text', CARD],
      ['a.bin/c.txt', 'text', 'x'],
    ]);
  });

  test('archives in archives are opened', async () => {
    const zip = zipOf([{ name: 'b.zip', content: zipOf([{ name: 'c.txt', content: CARD }]) }]);
    const [, , inner] = await lookInto(zip, 'a.zip');
    assert.deepEqual([inner?.path, inner?.depth, inner?.extension], ['a.zip/b.zip/c.txt', 2, 'txt']);
  });

  for (const [what, entry] of [
    ['by the old cipher', { flags: 1 }],
    ['by AES', { flags: 1, method: 99 }],
    ['by strong encryption', { flags: 0x41 }],
  ] as const) {
    test(`a password keeps it shut ${what}`, async () => {
      const zip = zipOf([{ name: 'a.txt', content: CARD, ...entry }]);
      assert.deepEqual(await told(zip, 'a.zip'), [
        ['a.zip', 'encrypted', ''],
        ['a.zip/a.txt', 'encrypted', ''],
      ]);
    });
  }

  test('members that the directory leaves out are found', async () => {
    const zip = zipOf([
      { name: 'a.txt', content: 'x' },
      { name: 'b.txt', content: CARD, unlisted: true },
    ]);
    assert.deepEqual((await told(zip, 'a.zip')).at(-1), ['a.zip/b.txt', 'text', CARD]);
  });

  test('without a directory it is damaged, and read', async () => {
    const zip = zipOf([{ name: 'a.txt', content: CARD }], { directory: false });
    assert.deepEqual(await told(zip, 'a.zip'), [
      ['a.zip', 'failed', ''],
      ['a.zip/a.txt', 'text', CARD],
    ]);
  });

  test('a packed member that is damaged is failed', async () => {
    const zip = zipOf([{ name: 'a.txt', content: 'xyz'.repeat(100), stored: true, method: 8 }]);
    assert.equal((await told(zip, 'a.zip'))[1]?.[1], 'failed');
  });

  for (const [what, name] of [
    ['bzip2', 'bzip2.zip'],
    ['LZMA', 'lzma.zip'],
  ] as const) {
    test(`what ${what} packs is unpacked`, async () => {
      const [, file] = await lookInto(vector(name), 'a.zip');
      assert.deepEqual([file?.name, file?.state, file?.sizeBytes], ['g.txt', 'text', 3000]);
      assert.match(file?.text ?? '', /GNU GENERAL PUBLIC LICENSE/);
    });
  }

  test('a member packed in a way that is not known is unsupported', async () => {
    const zip = zipOf([{ name: 'a.txt', content: CARD, method: 98 }]);
    const [, member] = await lookInto(zip, 'a.zip');
    assert.deepEqual([member?.state, member?.reason], ['unsupported', 'packed with PPMd']);
  });

  test('an archive behind something else is opened', async () => {
    const both = Buffer.concat([GIF, zipOf([{ name: 'a.txt', content: CARD }])]);
    const files = await lookInto(both, 'a.gif');
    assert.deepEqual([files[0]?.detectedType, files[1]?.text], ['image/gif', CARD]);
  });

  test('an archive behind something else that a password keeps shut makes it shut', async () => {
    const archive = zipOf([{ name: 'a.txt', content: CARD, flags: 1 }]);
    assert.equal((await lookAt(Buffer.concat([GIF, archive]), 'a.gif')).state, 'encrypted');
  });

  test('members that were written in one go are found without a directory', async () => {
    const files = [
      { name: 'a.txt', content: CARD, streamed: true },
      { name: 'b.txt', content: 'x', streamed: true },
    ];
    const found = await told(zipOf(files, { directory: false }), 'a.zip');
    assert.deepEqual(found.slice(1), [
      ['a.zip/a.txt', 'text', CARD],
      ['a.zip/b.txt', 'text', 'x'],
    ]);
  });

  test('names that unpackers differ in are all told', async () => {
    const field = Buffer.concat([Buffer.from('757009000100000000', 'hex'), Buffer.from('b.js')]);
    const archive = zipOf([{ name: 'a.txt', content: 'x', extra: field }]);
    // The first of the two names is that of the member's own header.
    archive.write('c.vbs', archive.indexOf('a.txt'));
    const found = await lookInto(archive, 'a.zip');
    assert.deepEqual(
      found.map(({ path, extension }) => [path, extension]),
      [
        ['a.zip', 'zip'],
        ['a.zip/a.txt', 'txt'],
        ['a.zip/c.vbs', 'vbs'],
        ['a.zip/b.js', 'js'],
      ],
    );
  });

  test('extra fields are passed over', async () => {
    const extra = Buffer.from('feca0400aaaaaaaa', 'hex');
    const zip = zipOf([{ name: 'a.txt', content: CARD, stored: true, extra }]);
    assert.deepEqual((await told(zip, 'a.zip'))[1], ['a.zip/a.txt', 'text', CARD]);
  });

  test('an archive that lies in another as it is is told once', async () => {
    const tar = tarOf([{ name: 'b.zip', content: zipOf([{ name: 'c.txt', content: CARD }]).toString('latin1') }]);
    assert.deepEqual(
      (await told(tar, 'a.tar')).map(([path]) => path),
      ['a.tar', 'a.tar/b.zip', 'a.tar/b.zip/c.txt'],
    );
  });

  test('an archive right at the end of another is opened', async () => {
    const both = Buffer.concat([tarOf([{ name: 'a.txt', content: 'x' }]), zipOf([{ name: 'c.txt', content: CARD }])]);
    assert.deepEqual((await told(both, 'a.zip')).at(-1), ['a.zip/c.txt', 'text', CARD]);
  });

  test('names are read in UTF-8, said or not', async () => {
    assert.equal((await told(zipOf([{ name: 'ä.txt', content: '' }]), 'a.zip'))[1]?.[0], 'a.zip/ä.txt');
  });
});

/** USTAR, by hand. */
function tarOf(files: readonly { name: string; content: string; type?: string; mark?: string }[]): Buffer {
  const blocks = files.map(({ name, content, type = '0', mark = 'ustar\u000000' }) => {
    const header = Buffer.alloc(512);
    header.write(name.slice(0, 100), 'utf8');
    header.write(`${Buffer.byteLength(content, 'latin1').toString(8).padStart(11, '0')} `, 124, 'latin1');
    header.write('        ', 148, 'latin1');
    header.write(type, 156, 'latin1');
    header.write(mark, 257, 'latin1');
    const sum = header.reduce((total, octet) => total + octet, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return Buffer.concat([
      header,
      Buffer.from(content, 'latin1'),
      Buffer.alloc((512 - (Buffer.byteLength(content, 'latin1') % 512)) % 512),
    ]);
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

describe('inspect: TAR and what packs one file', () => {
  test('members of TAR are files', async () => {
    const tar = tarOf([
      { name: 'd/', content: '', type: '5' },
      { name: 'd/a.txt', content: CARD },
      { name: 'empty.txt', content: '' },
    ]);
    assert.deepEqual(await told(tar, 'a.tar'), [
      ['a.tar', 'none', ''],
      ['a.tar/d/a.txt', 'text', CARD],
      ['a.tar/empty.txt', 'text', ''],
    ]);
  });

  test('the oldest form, which has no mark, is known', async () => {
    assert.equal((await lookAt(tarOf([{ name: 'a.txt', content: CARD, mark: '' }]))).detectedType, 'application/x-tar');
  });

  for (const [what, header] of [
    ['GNU', { name: '././@LongLink', content: `${'x'.repeat(150)}.exe\0`, type: 'L' }],
    ['pax', { name: 'p', content: `168 path=${'x'.repeat(150)}.exe\n`, type: 'x' }],
  ] as const) {
    test(`long names as ${what} writes them are read`, async () => {
      const [, member] = await lookInto(tarOf([header, { name: 'short.txt', content: 'x' }]), 'a.tar');
      assert.equal(member?.extension, 'exe');
    });
  }

  test('a TAR archive that is cut is damaged, and read', async () => {
    const tar = tarOf([{ name: 'a.txt', content: CARD.repeat(200) }]).subarray(0, 1000);
    const [, member] = await lookInto(tar, 'a.tar');
    assert.deepEqual([member?.state, member?.text.slice(0, 9)], ['failed', CARD]);
  });

  test('gzip holds a file, also an archive', async () => {
    assert.deepEqual(await told(gzipSync(tarOf([{ name: 'a.txt', content: CARD }])), 'all.tgz'), [
      ['all.tgz', 'none', ''],
      ['all.tgz/all.tar', 'none', ''],
      ['all.tgz/all.tar/a.txt', 'text', CARD],
    ]);
  });

  test('gzip tells the name of its file behind what else it tells (RFC 1952 §2.3)', async () => {
    const packed = gzipSync(CARD);
    const header = Buffer.concat([Buffer.from('1f8b080c0000000000030300aabbcc', 'hex'), Buffer.from('b.txt\0')]);
    assert.deepEqual((await told(Buffer.concat([header, packed.subarray(10)]), 'a.gz'))[1], [
      'a.gz/b.txt',
      'text',
      CARD,
    ]);
  });

  test('gzip that is cut is damaged, and read', async () => {
    const text = Array.from({ length: 5000 }, (_, index) => `${index} ${CARD}`).join('\n');
    const packed = gzipSync(text);
    const [, member] = await lookInto(packed.subarray(0, packed.length - 2000), 'a.gz');
    assert.equal(member?.state, 'failed');
    assert.match(member.text, /^0 card 4111\n/);
  });

  test('zstd holds a file', async () => {
    assert.deepEqual((await told(zstdCompressSync(CARD), 'a.txt.zst'))[1], ['a.txt.zst/a.txt', 'text', CARD]);
  });

  test('bzip2 holds a file, in any number of blocks', async () => {
    const [, whole] = await lookInto(vector('blocks.bz2'), 'a.txt.bz2');
    assert.deepEqual([whole?.path, whole?.state, whole?.sizeBytes], ['a.txt.bz2/a.txt', 'text', 150_030]);
    assert.match(whole?.text ?? '', /^0 card 4111\nA{100000}\n/);
    assert.match(whole?.text ?? '', /B{50000}\nend of it\n$/);
  });

  test('bzip2 that is cut is damaged, and read as far as it goes', async () => {
    const octets = vector('blocks.bz2');
    const [, cut] = await lookInto(octets.subarray(0, octets.length - 30), 'a.txt.bz2');
    assert.deepEqual([cut?.state, cut?.text.slice(0, 11)], ['failed', '0 card 4111']);
  });

  test('bzip2 that becomes too large is not unpacked further', async () => {
    const [, file] = await lookInto(vector('blocks.bz2'), 'a.txt.bz2', { unpackedBytes: 50_000 });
    assert.equal(file, undefined);
    const archive = await lookAt(vector('blocks.bz2'), 'a.txt.bz2', { unpackedBytes: 50_000 });
    assert.equal(archive.state, 'limit');
  });

  test('what only begins like bzip2 is failed', async () => {
    assert.equal((await lookAt(Buffer.from('425a6839314159265359', 'hex'), 'a.bz2')).state, 'failed');
  });
});

describe('inspect: 7z', () => {
  for (const way of ['lzma', 'lzma2', 'deflate', 'bzip2']) {
    test(`what ${way} packs is unpacked`, async () => {
      const files = await lookInto(vector(`${way}.7z`), 'a.7z');
      const [archive, ...members] = files.map(({ path, state }) => `${path} ${state}`);
      assert.equal(archive, 'a.7z none');
      assert.deepEqual(members.toSorted(), ['a.7z/c.txt text', 'a.7z/g.txt text', 'a.7z/s.txt text']);
      assert.equal(files.find(({ name }) => name === 'c.txt')?.text.trim(), 'card 4111 1111 1111 1111');
      const long = files.find(({ name }) => name === 'g.txt')?.text ?? '';
      assert.ok(long.length === 3000 && long.includes('GNU GENERAL PUBLIC LICENSE'));
    });
  }

  test('what is packed another way is unsupported, with its name', async () => {
    const [, member] = await lookInto(vector('ppmd.7z'), 'a.7z');
    assert.deepEqual([member?.extension, member?.state], ['txt', 'unsupported']);
  });

  test('a password keeps members shut', async () => {
    const [archive, member] = await lookInto(vector('password.7z'), 'a.7z');
    assert.deepEqual([archive?.state, member?.state, member?.extension], ['encrypted', 'encrypted', 'txt']);
  });

  test('a password keeps even the names shut', async () => {
    assert.deepEqual(await told(vector('names.7z'), 'a.7z'), [['a.7z', 'encrypted', '']]);
  });

  test('a damaged one is failed', async () => {
    const octets = vector('lzma2.7z');
    assert.equal((await lookAt(octets.subarray(0, 200), 'a.7z')).state, 'failed');
  });
});

const rar4Header = (type: number, headerFlags: number, rest: Buffer): Buffer => {
  const octets = Buffer.concat([Buffer.alloc(7), rest]);
  octets.writeUInt8(type, 2);
  octets.writeUInt16LE(headerFlags, 3);
  octets.writeUInt16LE(octets.length, 5);
  return octets;
};

/** Of version 4: a mark, the archive's header, and one for each file. */
function rar4(
  flags: number,
  files: readonly { name: string; content: string; flags?: number; method?: number }[],
): Buffer {
  const entries = files.map(({ name, content, flags: fileFlags = 0, method = 0x30 }) => {
    const rest = Buffer.alloc(25);
    rest.writeUInt32LE(content.length, 0);
    rest.writeUInt32LE(content.length, 4);
    rest.writeUInt8(method, 18);
    rest.writeUInt16LE(name.length, 19);
    return Buffer.concat([
      rar4Header(0x74, 0x8000 | fileFlags, Buffer.concat([rest, Buffer.from(name, 'latin1')])),
      Buffer.from(content),
    ]);
  });
  return Buffer.concat([
    Buffer.from('Rar!\u001a\u0007\0', 'latin1'),
    rar4Header(0x73, flags, Buffer.alloc(6)),
    ...entries,
  ]);
}

/** Of version 5: sizes are numbers below 128 here. */
function rar5(
  blocks: readonly { fields: readonly number[]; name?: string; extra?: readonly number[]; content?: string }[],
): Buffer {
  const written = blocks.map(({ fields, name = '', extra = [], content = '' }) => {
    const body = Buffer.concat([Buffer.from(fields), Buffer.from(name), Buffer.from(extra)]);
    return Buffer.concat([Buffer.alloc(4), Buffer.of(body.length), body, Buffer.from(content)]);
  });
  return Buffer.concat([Buffer.from('Rar!\u001a\u0007\u0001\0', 'latin1'), ...written]);
}

/** The method stands above seven bits. */
const method7 = (method: number): readonly number[] => [0x80, method];

const rar5File = (name: string, content: string, method: number, extra: readonly number[] = []) => ({
  fields: [
    2,
    extra.length > 0 ? 3 : 2,
    ...(extra.length > 0 ? [extra.length] : []),
    content.length,
    0,
    content.length,
    0,
    ...method7(method),
    0,
    name.length,
  ],
  name,
  content,
  extra,
});

describe('inspect: RAR', () => {
  test('of version 4: what is not packed is read, what is packed is named', async () => {
    const rar = rar4(0, [
      { name: 'd\\a.txt', content: CARD },
      { name: 'b.exe', content: 'xx', method: 0x33 },
    ]);
    assert.deepEqual(await told(rar, 'a.rar'), [
      ['a.rar', 'none', ''],
      ['a.rar/d/a.txt', 'text', CARD],
      ['a.rar/b.exe', 'unsupported', ''],
    ]);
  });

  test('of version 4: a name outside of one octet for each character is read', async () => {
    // Cyrillic ie stands between Latin letters.
    const name = 'a.txt\0\u0004\u0010a\u0035.e\0xe';
    const [, member] = await lookInto(rar4(0, [{ name, content: 'x', flags: 0x0200 }]), 'a.rar');
    assert.equal(member?.name, 'a\u0435.exe');
  });

  test('of version 4: a name may repeat what stands before it', async () => {
    // Two letters as they stand there, then two with another high octet and moved by one.
    const name = 'abcd\0\u0004\u00f0\u0000\u0080\u0001';
    const [, member] = await lookInto(rar4(0, [{ name, content: 'x', flags: 0x0200 }]), 'a.rar');
    assert.equal(member?.name, 'ab\u0464\u0465');
  });

  test('of version 4: directories are no files', async () => {
    const rar = rar4(0, [
      { name: 'd', content: '', flags: 0x00e0 },
      { name: 'd\\a.txt', content: CARD },
    ]);
    assert.deepEqual(
      (await told(rar, 'a.rar')).map(([path]) => path),
      ['a.rar', 'a.rar/d/a.txt'],
    );
  });

  test('of version 4: a password keeps members shut', async () => {
    assert.deepEqual(await told(rar4(0, [{ name: 'a.txt', content: 'x', flags: 4 }]), 'a.rar'), [
      ['a.rar', 'encrypted', ''],
      ['a.rar/a.txt', 'encrypted', ''],
    ]);
  });

  test('of version 4: a password keeps even the names shut', async () => {
    assert.deepEqual(await told(rar4(0x80, []), 'a.rar'), [['a.rar', 'encrypted', '']]);
  });

  test('of version 5: what is not packed is read, what is packed is named', async () => {
    const rar = rar5([
      { fields: [1, 0, 0] },
      rar5File('d/a.txt', CARD, 0),
      rar5File('b.exe', 'xx', 3),
      { fields: [5, 0, 0] },
    ]);
    assert.deepEqual(await told(rar, 'a.rar'), [
      ['a.rar', 'none', ''],
      ['a.rar/d/a.txt', 'text', CARD],
      ['a.rar/b.exe', 'unsupported', ''],
    ]);
  });

  test('of version 5: a password keeps members shut', async () => {
    const rar = rar5([{ fields: [1, 0, 0] }, rar5File('a.txt', 'x', 0, [2, 1, 0])]);
    assert.deepEqual(
      (await told(rar, 'a.rar')).map(([, state]) => state),
      ['encrypted', 'encrypted'],
    );
  });

  test('of version 5: a password keeps even the names shut', async () => {
    assert.deepEqual(await told(rar5([{ fields: [4, 0, 0] }]), 'a.rar'), [['a.rar', 'encrypted', '']]);
  });

  test('a damaged one is failed', async () => {
    assert.equal((await lookAt(rar4(0, [{ name: 'a.txt', content: 'x' }]).subarray(0, 25), 'a.rar')).state, 'failed');
  });
});

type CabinetSettings = {
  /** One for each block, which points back into the one before. */
  readonly blocks: readonly string[];
  readonly compression: number;
  /** Octets that whoever made it keeps in the header, in folders, and in blocks. */
  readonly reserved?: number;
};

/** One folder; files begin at an offset of the blocks put together. */
function cabinetOf(
  { blocks, compression, reserved = 0 }: CabinetSettings,
  files: readonly (readonly [name: string, start: number, size: number])[],
): Buffer {
  const own = Buffer.alloc(reserved, 0xaa);
  const header = Buffer.alloc(36);
  header.write('MSCF', 'latin1');
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(files.length, 28);
  header.writeUInt16LE(reserved === 0 ? 0 : 4, 30);
  const reserve = reserved === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.of(reserved, 0, reserved, reserved), own]);
  const entries = files.map(([name, start, size]) => {
    const entry = Buffer.alloc(16);
    entry.writeUInt32LE(size, 0);
    entry.writeUInt32LE(start, 4);
    return Buffer.concat([entry, Buffer.from(`${name}\0`)]);
  });
  const filesStart = header.length + reserve.length + 8 + reserved;
  header.writeUInt32LE(filesStart, 16);
  const folder = Buffer.alloc(8);
  folder.writeUInt32LE(filesStart + entries.reduce((sum, entry) => sum + entry.length, 0), 0);
  folder.writeUInt16LE(blocks.length, 4);
  folder.writeUInt16LE(compression, 6);
  const written = blocks.map((content, index) => {
    const dictionary = Buffer.from(blocks[index - 1] ?? '');
    const packed = deflateRawSync(content, dictionary.length === 0 ? {} : { dictionary });
    const data = compression === 1 ? Buffer.concat([Buffer.from('CK'), packed]) : Buffer.from(content);
    const start = Buffer.alloc(8);
    start.writeUInt16LE(data.length, 4);
    start.writeUInt16LE(content.length, 6);
    return Buffer.concat([start, own, data]);
  });
  return Buffer.concat([header, reserve, folder, own, ...entries, ...written]);
}

describe('inspect: cabinets', () => {
  for (const [what, settings] of [
    ['stored', { compression: 0 }],
    ['packed as MSZIP', { compression: 1 }],
    ['packed, with octets of their maker', { compression: 1, reserved: 6 }],
  ] as const) {
    test(`members that are ${what} are read, whichever blocks they lie in`, async () => {
      const cabinet = cabinetOf({ ...settings, blocks: ['first card', ' 4111 first card'] }, [
        ['a.txt', 0, 5],
        ['d\\b.txt', 6, 9],
      ]);
      assert.deepEqual(await told(cabinet, 'a.cab'), [
        ['a.cab', 'none', ''],
        ['a.cab/a.txt', 'text', 'first'],
        ['a.cab/d/b.txt', 'text', CARD],
      ]);
    });
  }

  test('members that are packed as LZX are named', async () => {
    const cabinet = cabinetOf({ compression: 3, blocks: ['xx'] }, [['b.exe', 0, 2]]);
    assert.deepEqual((await told(cabinet, 'a.cab'))[1], ['a.cab/b.exe', 'unsupported', '']);
  });

  test('members that reach beyond the end are failed', async () => {
    const cabinet = cabinetOf({ compression: 0, blocks: ['xx'] }, [['b.txt', 1, 5]]);
    assert.deepEqual((await told(cabinet, 'a.cab'))[1], ['a.cab/b.txt', 'failed', 'x']);
  });

  test('a damaged one is failed', async () => {
    const cabinet = cabinetOf({ compression: 0, blocks: ['xx'] }, [['b.exe', 0, 2]]);
    assert.equal((await lookAt(cabinet.subarray(0, 50), 'a.cab')).state, 'failed');
  });
});
