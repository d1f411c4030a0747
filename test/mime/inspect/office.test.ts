import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';

import { compoundFile, lookAt, lookInto, zipOf, type ZipFile } from './looking.ts';

const TYPES =
  '<Types><Override PartName="/x" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>';

const office = (parts: Readonly<Record<string, string | Buffer>>): Buffer =>
  zipOf([{ name: '[Content_Types].xml', content: TYPES }, ...files(parts)]);
const files = (parts: Readonly<Record<string, string | Buffer>>): ZipFile[] =>
  Object.entries(parts).map(([name, content]) => ({ name, content }));

const word = (body: string): string =>
  `<?xml version="1.0"?><w:document xmlns:w="w"><w:body>${body}</w:body></w:document>`;

/** Cannot be packed much. */
const noise = Array.from({ length: 400 }, (_, index) => `<!-- ${(index * 7919).toString(36)} -->`).join('');

/** MS-XLSB 2.1.4: seven bits in each octet of type and length. */
function wideRecord(type: number, value: Buffer): Buffer {
  const types = type < 0x80 ? [type] : [type & 0xff, type >> 8];
  const lengths = value.length < 0x80 ? [value.length] : [(value.length & 0x7f) | 0x80, value.length >> 7];
  return Buffer.concat([Buffer.from([...types, ...lengths]), value]);
}

function count(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32LE(value);
  return octets;
}

function real(value: number): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeDoubleLE(value);
  return octets;
}

const wide = (text: string): Buffer => Buffer.concat([count(text.length), Buffer.from(text, 'utf16le')]);

describe('inspect: documents of Office since 2007', () => {
  test('the type is the one that the document names', async () => {
    const file = await lookAt(office({ 'word/document.xml': word('') }), 'a.bin');
    assert.equal(file.detectedType, 'application/vnd.openxmlformats-officedocument.wordprocessingml.document');
  });

  for (const [what, parts, text] of [
    [
      'runs of a word belong together',
      {
        'word/document.xml': word('<w:p><w:r><w:t>41</w:t></w:r><w:r><w:t>11</w:t></w:r></w:p><w:p><w:t>x</w:t></w:p>'),
      },
      '4111\nx',
    ],
    [
      'tracked deletions and fields are read',
      { 'word/document.xml': word('<w:p><w:delText>41</w:delText><w:instrText>11</w:instrText></w:p>') },
      '4111',
    ],
    ['tabs set off', { 'word/document.xml': word('<w:p><w:t>a</w:t><w:tab/><w:t>b</w:t></w:p>') }, 'a\tb'],
    [
      'notes come behind the document',
      {
        'word/comments.xml': '<w:comment><w:p><w:t>note</w:t></w:p></w:comment>',
        'word/document.xml': word('<w:p><w:t>a</w:t></w:p>'),
      },
      'a\nnote',
    ],
    ['a part under any name is read', { 'x/y.xml': '<a>41</a>' }, '41'],
    [
      'slides are read in their order',
      { 'ppt/slides/slide10.xml': '<a:p><a:t>ten</a:t></a:p>', 'ppt/slides/slide2.xml': '<a:p><a:t>two</a:t></a:p>' },
      'two\nten',
    ],
    [
      'cells share texts',
      {
        'xl/sharedStrings.xml': '<sst><si><t>card</t><x>no</x></si><si><r><t>4</t></r><r><t>1</t></r></si></sst>',
        'xl/worksheets/sheet1.xml':
          '<sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c><v>4.111E+15</v></c><c t="inlineStr"><is><t>in</t></is></c></row></sheetData>',
      },
      'card\t41\n4111000000000000\tin',
    ],
  ] as const) {
    test(what, async () => assert.equal((await lookAt(office(parts), 'a.docx')).text, text));
  }

  test('properties are those of the document, of the program, and of the user', async () => {
    const { properties } = await lookAt(
      office({
        'word/document.xml': word(''),
        'docProps/core.xml':
          '<cp:coreProperties xmlns:dc="d"><dc:creator>Ann</dc:creator><dc:title>Plan</dc:title></cp:coreProperties>',
        'docProps/app.xml': '<Properties><Company>Ours</Company></Properties>',
        'docProps/custom.xml':
          '<Properties><property name="Department"><vt:lpwstr>Secret</vt:lpwstr></property><property name="__proto__"><vt:lpwstr>x</vt:lpwstr></property></Properties>',
      }),
      'a.docx',
    );
    assert.deepEqual(properties, {
      creator: 'Ann',
      Author: 'Ann',
      title: 'Plan',
      Title: 'Plan',
      Company: 'Ours',
      Department: 'Secret',
    });
  });

  test('embedded files are files, pictures are not', async () => {
    const found = await lookInto(
      office({
        'word/document.xml': word(''),
        'word/embeddings/a.xlsx': office({ 'xl/x.xml': '<a/>' }),
        'word/media/image1.png': 'x',
        'word/b.exe': 'x',
      }),
      'a.docx',
    );
    assert.deepEqual(
      found.map(({ path }) => path),
      ['a.docx', 'a.docx/word/b.exe', 'a.docx/word/embeddings/a.xlsx'],
    );
  });

  test('a part that is damaged makes it failed, and the rest is read', async () => {
    const damaged = zipOf([
      { name: '[Content_Types].xml', content: TYPES },
      { name: 'word/document.xml', content: word('<w:p><w:t>4111</w:t></w:p>') },
      { name: 'word/notes.xml', content: 'xyz'.repeat(50), stored: true, method: 8 },
    ]);
    const file = await lookAt(damaged, 'a.docx');
    assert.deepEqual([file.state, file.text], ['failed', '4111']);
  });

  test('a part that is cut makes it failed, and is read as far as it goes', async () => {
    const cut = deflateRawSync(word(`<w:p><w:t>4111</w:t></w:p>${noise}`)).subarray(0, -200);
    const damaged = zipOf([
      { name: '[Content_Types].xml', content: TYPES },
      { name: 'word/document.xml', content: cut, stored: true, method: 8 },
    ]);
    const file = await lookAt(damaged, 'a.docx');
    assert.deepEqual([file.state, file.text.slice(0, 4)], ['failed', '4111']);
  });

  test('how something looks is no text', async () => {
    const file = await lookAt(
      office({ 'word/styles.xml': '<a><w:t>style</w:t></a>', 'word/_rels/a.rels': '<a><w:t>b</w:t></a>' }),
      'a.docx',
    );
    assert.equal(file.text, '');
  });

  test('a label is a property', async () => {
    const { properties } = await lookAt(
      office({ 'docMetadata/LabelInfo.xml': '<clbl:labelList><clbl:label id="{1}"/></clbl:labelList>' }),
      'a.docx',
    );
    assert.deepEqual(properties, { 'Sensitivity label': '{1}' });
  });

  test('of properties there are not endlessly many', async () => {
    const many = Array.from(
      { length: 3000 },
      (_, index) => `<property name="p${index}"><vt:lpwstr>x</vt:lpwstr></property>`,
    ).join('');
    const { properties } = await lookAt(
      office({ 'docProps/custom.xml': `<Properties>${many}</Properties>` }),
      'a.docx',
    );
    assert.equal(Object.keys(properties).length, 1000);
  });

  test('cells of the binary form are read', async () => {
    const sheet = Buffer.concat([
      wideRecord(0, Buffer.alloc(17)),
      wideRecord(7, Buffer.concat([Buffer.alloc(8), count(1)])),
      wideRecord(18, Buffer.concat([Buffer.alloc(4), count(0)])),
      wideRecord(0, Buffer.alloc(17)),
      wideRecord(5, Buffer.concat([Buffer.alloc(8), real(4111111111111111)])),
      wideRecord(13, Buffer.concat([Buffer.alloc(4), count((59 << 2) | 2)])),
      wideRecord(6, Buffer.concat([Buffer.alloc(8), wide('own')])),
      wideRecord(62, Buffer.concat([Buffer.alloc(9), wide('rich')])),
      // As large as needs two octets for its length.
      wideRecord(6, Buffer.concat([Buffer.alloc(8), wide('x'.repeat(100))])),
      wideRecord(0x0195, Buffer.alloc(3)),
      wideRecord(6, Buffer.concat([Buffer.alloc(8), wide('last')])),
    ]);
    const strings = Buffer.concat(
      ['card', 'Łódź'].map((text) => wideRecord(19, Buffer.concat([Buffer.alloc(1), wide(text)]))),
    );
    const file = await lookAt(office({ 'xl/worksheets/sheet1.bin': sheet, 'xl/sharedStrings.bin': strings }), 'a.xlsb');
    assert.equal(file.text, `Łódź\tcard\n4111111111111111\t59\town\trich\t${'x'.repeat(100)}\tlast`);
  });

  test('entities of its own are not expanded', async () => {
    const bomb = `<!DOCTYPE a [<!ENTITY b "${'x'.repeat(100)}"><!ENTITY c "&b;&b;&b;">]>`;
    const file = await lookAt(office({ 'word/document.xml': `${bomb}<w:p><w:t>a &c;</w:t></w:p>` }), 'a.docx');
    assert.ok(file.text.length < 300);
  });
});

describe('inspect: OpenDocument', () => {
  const manifest = '<manifest:manifest/>';
  const openDocument = (content: string, more: Readonly<Record<string, string>> = {}): Buffer =>
    zipOf([
      { name: 'mimetype', content: 'application/vnd.oasis.opendocument.text', stored: true },
      ...files({
        'META-INF/manifest.xml': manifest,
        'content.xml': `<?xml version="1.0"?><office:document-content>${content}</office:document-content>`,
        ...more,
      }),
    ]);

  test('its text and its type are read', async () => {
    const file = await lookAt(openDocument('<text:p>41<text:span>11</text:span></text:p><text:h>x</text:h>'), 'a.odt');
    assert.deepEqual([file.detectedType, file.text], ['application/vnd.oasis.opendocument.text', '4111\nx']);
  });

  test('its properties are read', async () => {
    const meta =
      '<office:meta><dc:creator>Ann</dc:creator><meta:user-defined meta:name="Department">Secret</meta:user-defined></office:meta>';
    const { properties } = await lookAt(openDocument('', { 'meta.xml': meta }), 'a.odt');
    assert.equal(properties['Author'], 'Ann');
    assert.equal(properties['Department'], 'Secret');
  });

  test('a part that is cut makes it failed', async () => {
    const cut = deflateRawSync(`<?xml version="1.0"?><a><text:p>4111</text:p>${noise}</a>`).subarray(0, -200);
    const damaged = zipOf([
      ...files({ 'META-INF/manifest.xml': manifest }),
      { name: 'content.xml', content: cut, stored: true, method: 8 },
    ]);
    const file = await lookAt(damaged, 'a.odt');
    assert.deepEqual([file.state, file.text.slice(0, 4)], ['failed', '4111']);
  });

  test('embedded files are files, pictures and settings are nothing', async () => {
    const found = await lookInto(
      openDocument('<text:p>a</text:p>', {
        'Object 1/content.xml': '<a><text:p>b</text:p></a>',
        'Pictures/a.png': 'x',
        'x.exe': 'x',
        'settings.xml': '<a>c</a>',
      }),
      'a.odt',
    );
    assert.deepEqual(
      found.map(({ path, text }) => [path, text]),
      [
        ['a.odt', 'a\nb'],
        ['a.odt/x.exe', 'x'],
      ],
    );
  });

  test('a password keeps it shut', async () => {
    const file = await lookAt(
      openDocument('', {
        'META-INF/manifest.xml': '<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>',
      }),
      'a.odt',
    );
    assert.equal(file.state, 'encrypted');
  });

  test('as one XML file it is read', async () => {
    const flat =
      '<?xml version="1.0"?><office:document><office:meta><dc:title>T</dc:title></office:meta><text:p>41<text:span>11</text:span></text:p></office:document>';
    assert.equal((await lookAt(flat, 'a.fodt')).text, '4111');
  });
});

/** MS-DOC: a file information block, text in one octet a character and then in two, and the table of these pieces. */
function wordDocument(narrow: string, broad: string, flags = 0x0200): Readonly<Record<string, Buffer>> {
  const document = Buffer.alloc(6000);
  document.writeUInt16LE(0xa5ec, 0);
  document.writeUInt16LE(193, 2);
  document.writeUInt16LE(flags, 10);
  document.writeUInt32LE(4, 418);
  document.write(narrow, 2000, 'latin1');
  document.write(broad, 4000, 'utf16le');
  const pieces = Buffer.alloc(5 + 12 + 16);
  pieces.writeUInt8(2, 0);
  pieces.writeUInt32LE(28, 1);
  pieces.writeUInt32LE(narrow.length, 9);
  pieces.writeUInt32LE(narrow.length + broad.length, 13);
  pieces.writeUInt32LE(0x40000000 | (2000 * 2), 19);
  pieces.writeUInt32LE(4000, 27);
  document.writeUInt32LE(pieces.length, 422);
  return { WordDocument: document, '1Table': Buffer.concat([Buffer.alloc(4), pieces]) };
}

const record = (type: number, value: Buffer): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(type, 0);
  header.writeUInt16LE(value.length, 2);
  return Buffer.concat([header, value]);
};

/** MS-XLS: a row, a column, a format, and the value. */
const cell = (row: number, column: number, value: Buffer): Buffer => {
  const header = Buffer.alloc(6);
  header.writeUInt16LE(row, 0);
  header.writeUInt16LE(column, 2);
  return Buffer.concat([header, value]);
};

const BEGIN = record(0x0809, Buffer.from('0006050000000000', 'hex'));

/** MS-PPT. */
const atom = (type: number, value: Buffer, version = 0): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(version, 0);
  header.writeUInt16LE(type, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
};

/** MS-OLEPS, of one set. */
function propertySet(identifier: string, values: readonly (readonly [id: number, value: Buffer])[]): Buffer {
  const header = Buffer.alloc(48);
  header.writeUInt16LE(0xfffe, 0);
  header.writeUInt32LE(1, 24);
  Buffer.from(identifier, 'hex').copy(header, 28);
  header.writeUInt32LE(48, 44);
  const list = Buffer.alloc(8 + values.length * 8);
  list.writeUInt32LE(values.length, 4);
  let at = list.length;
  values.forEach(([id, value], index) => {
    list.writeUInt32LE(id, 8 + index * 8);
    list.writeUInt32LE(at, 12 + index * 8);
    at += value.length;
  });
  return Buffer.concat([header, list, ...values.map(([, value]) => value)]);
}

const textProperty = (text: string): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(30, 0);
  header.writeUInt32LE(text.length + 1, 4);
  return Buffer.concat([header, Buffer.from(`${text}\0`.padEnd(Math.ceil((text.length + 1) / 4) * 4, '\0'), 'latin1')]);
};

/** A package of Windows' shell. */
function nativePackage(name: string, content: string): Buffer {
  const octets = Buffer.from(content);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(octets.length);
  const head = Buffer.concat([
    Buffer.from('\u0002\0', 'latin1'),
    Buffer.from(`${name}\0C:\\${name}\0`),
    Buffer.from('00000300', 'hex'),
    Buffer.from('02000000', 'hex'),
    Buffer.from('t\0'),
    size,
    octets,
  ]);
  const total = Buffer.alloc(4);
  total.writeUInt32LE(head.length);
  return Buffer.concat([total, head]);
}

describe('inspect: documents of Office before 2007', () => {
  test('Word: pieces of either width are read', async () => {
    const file = await lookAt(compoundFile(wordDocument('card 41', '11\u0007Łódź\r')), 'a.bin');
    assert.deepEqual([file.detectedType, file.state, file.text], ['application/msword', 'text', 'card 4111\nŁódź']);
  });

  test('Word: a password keeps it shut', async () => {
    assert.equal((await lookAt(compoundFile(wordDocument('', '', 0x0300)), 'a.doc')).state, 'encrypted');
  });

  test('Word: without its table it is failed', async () => {
    const { WordDocument = Buffer.alloc(0) } = wordDocument('x', '');
    assert.equal((await lookAt(compoundFile({ WordDocument }), 'a.doc')).state, 'failed');
  });

  test('Excel: cells of all kinds are read', async () => {
    const strings = Buffer.concat([Buffer.alloc(8), Buffer.from('040000', 'hex'), Buffer.from('card')]);
    const long = Buffer.concat([Buffer.from('060001', 'hex'), Buffer.from('Łód', 'utf16le')]);
    const workbook = Buffer.concat([
      BEGIN,
      record(0x85, Buffer.concat([Buffer.alloc(6), Buffer.from('0300', 'hex'), Buffer.from('One')])),
      record(0xfc, Buffer.concat([strings, long])),
      // The second half has one octet for each character.
      record(0x3c, Buffer.concat([Buffer.from('00', 'hex'), Buffer.from('xyz')])),
      record(0xfd, cell(0, 0, Buffer.from('00000000', 'hex'))),
      record(0xfd, cell(0, 1, Buffer.from('01000000', 'hex'))),
      record(0x203, cell(1, 0, real(4111111111111111))),
      record(0x204, cell(1, 1, Buffer.concat([Buffer.from('020000', 'hex'), Buffer.from('ab')]))),
      record(0x27e, cell(2, 0, Buffer.from('ee000000', 'hex'))),
    ]);
    const file = await lookAt(compoundFile({ Workbook: workbook }), 'a.xls');
    assert.deepEqual(
      [file.detectedType, file.text],
      ['application/vnd.ms-excel', 'One\ncard\tŁódxyz\n4111111111111111\tab\n59'],
    );
  });

  test('Excel: a password keeps it shut', async () => {
    const workbook = Buffer.concat([BEGIN, record(0x2f, Buffer.alloc(6))]);
    assert.equal((await lookAt(compoundFile({ Workbook: workbook }), 'a.xls')).state, 'encrypted');
  });

  test('PowerPoint: texts within containers are read', async () => {
    const inner = Buffer.concat([atom(4000, Buffer.from('card\r4111', 'utf16le')), atom(4008, Buffer.from('next'))]);
    const file = await lookAt(compoundFile({ 'PowerPoint Document': atom(1000, inner, 0x0f) }), 'a.ppt');
    assert.deepEqual([file.detectedType, file.text], ['application/vnd.ms-powerpoint', 'card\n4111\nnext']);
  });

  test('PowerPoint: a password keeps it shut', async () => {
    const user = Buffer.alloc(20);
    user.writeUInt32LE(0xf3d1c4df, 12);
    const file = await lookAt(compoundFile({ 'PowerPoint Document': Buffer.alloc(10), 'Current User': user }), 'a.ppt');
    assert.equal(file.state, 'encrypted');
  });

  test('a document of today that a password shut is shut', async () => {
    const file = await lookAt(
      compoundFile({ EncryptionInfo: Buffer.alloc(100), EncryptedPackage: Buffer.alloc(5000) }),
      'a.docx',
    );
    assert.equal(file.state, 'encrypted');
  });

  test('properties are read, those of the user by their names', async () => {
    const dictionary = Buffer.concat([
      Buffer.from('0100000002000000', 'hex'),
      Buffer.from('0b000000', 'hex'),
      Buffer.from('Department\0\0\0'),
    ]);
    const { properties } = await lookAt(
      compoundFile({
        ...wordDocument('x', ''),
        '\u0005SummaryInformation': propertySet('e0859ff2f94f6810ab9108002b27b3d9', [[4, textProperty('Ann')]]),
        '\u0005DocumentSummaryInformation': propertySet('05d5cdd59c2e1b10939708002b2cf9ae', [
          [0, dictionary],
          [2, textProperty('Secret')],
        ]),
      }),
      'a.doc',
    );
    assert.deepEqual(properties, { Author: 'Ann', Department: 'Secret' });
  });

  test('files put into a document are files', async () => {
    const found = await lookInto(
      compoundFile({
        ...wordDocument('x', ''),
        'ObjectPool/_1/\u0001Ole10Native': nativePackage('a.txt', 'card 4111'),
      }),
      'a.doc',
    );
    assert.deepEqual([found[1]?.path, found[1]?.text], ['a.doc/a.txt', 'card 4111']);
  });

  test('documents of today within one of then are files', async () => {
    const found = await lookInto(
      compoundFile({
        ...wordDocument('x', ''),
        'ObjectPool/_1/Package': office({ 'x.xml': '<a>in</a>' }),
        'ObjectPool/_2/CONTENTS': Buffer.from('whole'),
        CONTENTS: Buffer.from('own'),
      }),
      'a.doc',
    );
    assert.deepEqual(
      found.map(({ text }) => text),
      ['x', 'in', 'whole'],
    );
  });

  test('documents within a document are read', async () => {
    const inner = Object.fromEntries(
      Object.entries(wordDocument('inner', '')).map(([name, octets]) => [`ObjectPool/_1/${name}`, octets]),
    );
    assert.equal(
      (await lookAt(compoundFile({ ...wordDocument('outer', ''), ...inner }), 'a.doc')).text,
      'outer\ninner',
    );
  });

  test('an item of Outlook is read, and what is attached to it', async () => {
    const found = await lookInto(
      compoundFile({
        '__properties_version1.0': Buffer.alloc(40),
        '__substg1.0_0037001F': Buffer.from('Subject', 'utf16le'),
        '__substg1.0_1000001F': Buffer.from('card 4111', 'utf16le'),
        '__attach_version1.0_#00000000/__substg1.0_3707001F': Buffer.from('a.txt', 'utf16le'),
        '__attach_version1.0_#00000000/__substg1.0_37010102': Buffer.from('in it'),
      }),
      'a.msg',
    );
    assert.deepEqual(
      found.map(({ path, text }) => [path, text]),
      [
        ['a.msg', 'Subject\ncard 4111'],
        ['a.msg/a.txt', 'in it'],
      ],
    );
  });

  test('files of other programs are unsupported', async () => {
    assert.equal((await lookAt(compoundFile({ VisioDocument: Buffer.alloc(100) }), 'a.vsd')).state, 'unsupported');
  });

  test('chains that go in a circle end', async () => {
    const file = compoundFile({ ...wordDocument('x', '') });
    const table = file.readUInt32LE(76);
    // Every sector leads to the first.
    for (let at = (table + 1) * 512; at < (table + 2) * 512; at += 4) file.writeUInt32LE(0, at);
    assert.equal((await lookAt(file, 'a.doc')).detectedType, 'application/msword');
  });
});

/** With its length before it (MS-OLEDS 2.1.4). */
const sizedName = (text: string): Buffer => {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length + 1);
  return Buffer.concat([size, Buffer.from(`${text}\0`)]);
};

describe('inspect: RTF', () => {
  for (const [what, rtf, text] of [
    ['formatting within a word leaves no trace', '{\\rtf1 card 41{\\b 11}\\par x}', 'card 4111\nx'],
    ['octets are those of the code page', "{\\rtf1\\ansicpg1251 \\'cf\\'f0}", 'Пр'],
    ['octets are those of the font', "{\\rtf1\\ansicpg1252{\\fonttbl{\\f1\\fcharset204 A;}}\\f1\\'cf\\'f0}", 'Пр'],
    ['octets of one character belong together', "{\\rtf1\\ansicpg932 \\'82\\'a0}", 'あ'],
    ['numbers are characters, what stands for them is not', "{\\rtf1 a\\u8364?b{\\uc2\\u8364\\'80\\'80}c}", 'a€b€c'],
    ['digits may be octets', "{\\rtf1 \\'34\\'31\\'31\\'31}", '4111'],
    [
      'tables of fonts and pictures are no text',
      '{\\rtf1{\\fonttbl{\\f0 Arial;}}{\\*\\generator W;}{\\pict 0102}a}',
      'a',
    ],
    [
      'where fields lead is read',
      '{\\rtf1{\\field{\\*\\fldinst HYPERLINK "http://x.example"}{\\fldrslt here}}}',
      'HYPERLINK "http://x.example" here',
    ],
    ['octets of something else are passed over', '{\\rtf1 a{\\pict\\bin3 }}}}b}', 'ab'],
    ['signs stand for themselves', '{\\rtf1 \\{a\\}\\~b\\\\}', '{a} b\\'],
  ] as const) {
    test(what, async () => assert.equal((await lookAt(rtf, 'a.doc')).text, text));
  }

  test('properties are read', async () => {
    const rtf =
      '{\\rtf1{\\info{\\author Ann}}{\\*\\userprops{\\propname Department}\\proptype30{\\staticval Secret}}x}';
    const { properties, text } = await lookAt(rtf, 'a.rtf');
    assert.deepEqual([properties, text], [{ Author: 'Ann', Department: 'Secret' }, 'x']);
  });

  test('objects are files', async () => {
    const native = nativePackage('a.txt', 'card 4111');
    const object = Buffer.concat([
      Buffer.from('0105000002000000', 'hex'),
      sizedName('Package'),
      Buffer.alloc(8),
      native,
    ]);
    const rtf = `{\\rtf1{\\object{\\*\\objdata ${object.toString('hex').replaceAll(/(.{64})/g, '$1\r\n')}}}}`;
    const [, file] = await lookInto(rtf, 'a.rtf');
    assert.deepEqual([file?.path, file?.text], ['a.rtf/a.txt', 'card 4111']);
  });

  test('groups without end are failed', async () => {
    assert.equal((await lookAt(`{\\rtf1 ${'{'.repeat(100_000)}`, 'a.rtf')).state, 'failed');
  });
});
