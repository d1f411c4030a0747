import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';

import { lookAt, lookInto, zipOf, type ZipFile } from './looking.ts';

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

const strings = (text: string): string => `<sst><si><t>${text}</t></si></sst>`;
const wide = (text: string): Buffer => Buffer.concat([count(text.length), Buffer.from(text, 'utf16le')]);

describe('inspect: documents of Office since 2007', () => {
  test('the type is the one that the document names', async () => {
    const file = await lookAt(office({ 'word/document.xml': word('') }), 'a.bin');
    assert.equal(file.detectedType, 'application/vnd.openxmlformats-officedocument.wordprocessingml.document');
  });

  test('the type of one part counts more than that of all of an extension', async () => {
    const types =
      '<Types><Default Extension="bin" ContentType="a/b.main"/><Override PartName="/x" ContentType="a/c.main+xml"/></Types>';
    assert.equal((await lookAt(zipOf([{ name: '[Content_Types].xml', content: types }]))).detectedType, 'a/c');
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
    test(what, async () => {
      const file = await lookAt(office(parts), 'a.docx');
      assert.deepEqual([file.state, file.text], ['text', text]);
    });
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
      office({
        'word/styles.xml': '<w:styles><w:style w:name="red">x</w:style></w:styles>',
        'word/_rels/a.rels': '<Relationships><Relationship Target="media/a.png"/></Relationships>',
      }),
      'a.docx',
    );
    assert.equal(file.text, '');
  });

  test('a text that stands where only looks should is read', async () => {
    for (const name of ['word/theme1.xml', 'x/styles.xml', 'word/settings.xml', 'word/a.rels', 'word/a.png']) {
      const file = await lookAt(office({ [name]: word('<w:p><w:t>41</w:t><w:t>11</w:t></w:p>') }), 'a.docx');
      assert.equal(file.text, '4111', name);
    }
  });

  test('text that is art, and what is told of pictures, is read', async () => {
    const body = '<w:p><v:textpath string="4111"/><wp:docPr title="1111"/></w:p>';
    assert.equal((await lookAt(office({ 'word/document.xml': word(body) }), 'a.docx')).text, '4111 1111');
  });

  test('numbers are read as they are shown, however they are written', async () => {
    const cells = ['4.111E+3', '4111.0', '41.11E2', '0.5', '4.111'].map((value) => `<c><v>${value}</v></c>`).join('');
    const sheet = { 'xl/worksheets/sheet1.xml': `<worksheet><row>${cells}</row></worksheet>` };
    assert.equal((await lookAt(office(sheet), 'a.xlsx')).text, '4111\t4111\t4111\t0.5\t4.111');
  });

  test('where links lead is read', async () => {
    const relation = '<Relationship TargetMode="External" Target="https://x.example/4111"/>';
    const file = await lookAt(office({ 'word/_rels/a.rels': `<Relationships>${relation}</Relationships>` }), 'a.docx');
    assert.equal(file.text, 'https://x.example/4111');
  });

  test('texts that cells share are read, also where no cell is known that shows them', async () => {
    const sheet = '<worksheet><row><c t="s"><v>0</v></c></row></worksheet>';
    const elsewhere = await lookAt(office({ 'xl/x/a.xml': sheet, 'xl/sharedStrings.xml': strings('4111') }), 'a.xlsx');
    assert.match(elsewhere.text, /4111/);
    const twice = await lookAt(
      office({
        'a/sharedStrings.xml': strings('x'),
        'xl/sharedStrings.xml': strings('4111'),
        'xl/worksheets/sheet1.xml': sheet,
      }),
      'a.xlsx',
    );
    assert.equal(twice.text, 'x\n4111');
  });

  test('a program that is called a picture is a file', async () => {
    const program = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(100)]);
    const found = await lookInto(office({ 'word/media/a.png': program, 'word/media/b.png': 'x' }), 'a.docx');
    assert.deepEqual(
      found.map(({ path, executable }) => [path, executable]),
      [
        ['a.docx', false],
        ['a.docx/word/media/a.png', true],
      ],
    );
  });

  test('a text that is too long is cut and says so', async () => {
    const long = office({
      'word/document.xml': word(`<w:p><w:t>${'x'.repeat(60)}</w:t><w:t>${'y'.repeat(60)}</w:t></w:p>`),
    });
    const cut = await lookAt(long, 'a.docx', { textCharacters: 100 });
    assert.deepEqual([cut.state, cut.text], ['limit', 'x'.repeat(60) + 'y'.repeat(40)]);
    const whole = await lookAt(long, 'a.docx', { textCharacters: 120 });
    assert.deepEqual([whole.state, whole.text.length], ['text', 120]);
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
    const shared = Buffer.concat(
      ['card', 'Łódź'].map((text) => wideRecord(19, Buffer.concat([Buffer.alloc(1), wide(text)]))),
    );
    const file = await lookAt(office({ 'xl/worksheets/sheet1.bin': sheet, 'xl/sharedStrings.bin': shared }), 'a.xlsb');
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
    assert.deepEqual([file.detectedType, file.state], ['application/vnd.oasis.opendocument.text', 'text']);
    assert.equal(file.text, '4111\nx');
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

  test('headers and footers, which stand among the styles, are read', async () => {
    const styles = '<a><office:master-styles><text:p>4111</text:p></office:master-styles></a>';
    assert.equal((await lookAt(openDocument('', { 'styles.xml': styles }), 'a.odt')).text, '4111');
  });

  test('an archive that only has its manifest is none', async () => {
    const file = await lookAt(zipOf(files({ 'META-INF/manifest.xml': manifest, 'a.txt': 'x' })), 'a.zip');
    assert.equal(file.detectedType, 'application/zip');
  });

  test('as one XML file it is read', async () => {
    const flat =
      '<?xml version="1.0"?><office:document><office:meta><dc:title>T</dc:title></office:meta><text:p>41<text:span>11</text:span></text:p></office:document>';
    assert.equal((await lookAt(flat, 'a.fodt')).text, '4111');
  });
});
