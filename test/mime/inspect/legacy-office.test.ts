import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { compoundFile, lookAt, lookInto, zipOf } from './looking.ts';
import { nativePackage } from './native-package.ts';

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

function real(value: number): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeDoubleLE(value);
  return octets;
}

describe('inspect: documents of Office before 2007', () => {
  test('Word: pieces of either width are read', async () => {
    const file = await lookAt(compoundFile(wordDocument('card 41', '11\u0007Łódź\r')), 'a.bin');
    assert.deepEqual([file.detectedType, file.state, file.text], ['application/msword', 'text', 'card 4111\nŁódź']);
  });

  test('Word: properties of paragraphs before the table are passed over', async () => {
    const { WordDocument = Buffer.alloc(0), '1Table': table = Buffer.alloc(0) } = wordDocument('card', '');
    const properties = Buffer.from('010300aabbcc', 'hex');
    WordDocument.writeUInt32LE(table.length - 4 + properties.length, 422);
    const moved = Buffer.concat([table.subarray(0, 4), properties, table.subarray(4)]);
    assert.equal((await lookAt(compoundFile({ WordDocument, '1Table': moved }), 'a.doc')).text, 'card');
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

  test('Excel: results of formulas are read, and workbooks of Excel 95', async () => {
    const result = Buffer.concat([real(59), Buffer.alloc(6)]);
    // Its result is a text, which follows.
    const textResult = Buffer.concat([Buffer.from('000000000000ffff', 'hex'), Buffer.alloc(6)]);
    const workbook = Buffer.concat([
      record(0x0809, Buffer.from('0005050000000000', 'hex')),
      record(0x06, cell(0, 0, result)),
      record(0x06, cell(0, 1, textResult)),
      record(0x207, Buffer.from('\u0006\0result', 'latin1')),
      record(0x204, cell(1, 0, Buffer.from('\u0003\0old', 'latin1'))),
      record(0xbd, cell(2, 0, Buffer.from('ee00000000000600000000', 'hex'))),
    ]);
    assert.equal((await lookAt(compoundFile({ Book: workbook }), 'a.xls')).text, '59\tresult\nold\n59\t1');
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
        'ObjectPool/_1/Package': zipOf([
          { name: '[Content_Types].xml', content: '<Types/>' },
          { name: 'x.xml', content: '<a>in</a>' },
        ]),
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
