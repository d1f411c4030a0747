import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { deflateSync } from 'node:zlib';

import { lookAt, lookInto } from './looking.ts';

const vector = (name: string): Buffer => readFileSync(new URL(`../../vectors/mime/${name}`, import.meta.url));

/** Without a table of places: readers make one themselves. */
function pdfOf(page: Buffer, filter = '', more: readonly string[] = []): Buffer {
  const objects = [
    '1 0 obj <</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a.txt) 7 0 R]>>>>>> endobj',
    '2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj',
    '3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Annots[6 0 R 9 0 R]/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>> endobj',
    '5 0 obj <</Title(Plan)/Author(Ann)/Department(Secret)>> endobj',
    '6 0 obj <</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(note 4111)>> endobj',
    '7 0 obj <</Type/Filespec/F(a.txt)/EF<</F 8 0 R>>>> endobj',
    '8 0 obj <</Type/EmbeddedFile/Length 5>>\nstream\nin it\nendstream endobj',
    ...more,
  ];
  return Buffer.concat([
    Buffer.from(`%PDF-1.4\n${objects.join('\n')}\n4 0 obj <</Length ${page.length}${filter}>>\nstream\n`),
    page,
    Buffer.from('\nendstream endobj\ntrailer <</Root 1 0 R/Info 5 0 R/Size 9>>\n'),
  ]);
}

const PAGE = Buffer.from('BT /F1 12 Tf 20 200 Td (card 41) Tj (11) Tj 0 -20 Td (next) Tj ET');

describe('inspect: PDF', () => {
  test('text, notes, properties and files are found', async () => {
    const [document, file] = await lookInto(pdfOf(PAGE), 'a.pdf');
    assert.equal(document?.text, 'card 4111\nnext\nnote 4111');
    assert.equal(document.properties['Author'], 'Ann');
    assert.equal(document.properties['Department'], 'Secret');
    assert.deepEqual([file?.path, file?.text], ['a.pdf/a.txt', 'in it']);
  });

  test('a file that is pinned to a page is a file', async () => {
    const pinned = [
      '9 0 obj <</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS 10 0 R>> endobj',
      '10 0 obj <</Type/Filespec/F(run.exe)/EF<</F 11 0 R>>>> endobj',
      `11 0 obj <</Type/EmbeddedFile/Length 64>>\nstream\nMZ${'\0'.repeat(62)}\nendstream endobj`,
    ];
    const found = await lookInto(pdfOf(PAGE, '', pinned), 'a.pdf');
    assert.deepEqual(
      found.map(({ path, executable }) => [path, executable]),
      [
        ['a.pdf', false],
        ['a.pdf/a.txt', false],
        ['a.pdf/run.exe', true],
      ],
    );
  });

  test('it is known behind something else', async () => {
    const file = await lookAt(Buffer.concat([Buffer.from('garbage\n'), pdfOf(PAGE)]), 'a.bin');
    assert.deepEqual([file.detectedType, file.state], ['application/pdf', 'text']);
  });

  test('a password that is needed to read it keeps it shut', async () => {
    assert.equal((await lookAt(vector('password.pdf'), 'a.pdf')).state, 'encrypted');
  });

  test('a password that is needed only to change it does not', async () => {
    const file = await lookAt(vector('owner-password.pdf'), 'a.pdf');
    assert.deepEqual([file.state, file.text], ['text', 'card 4111 1111\nnext line']);
  });

  test('packed text is read', async () => {
    assert.match((await lookAt(pdfOf(deflateSync(PAGE), '/Filter/FlateDecode'), 'a.pdf')).text, /card 4111/);
  });

  test('a stream made to become endless is refused before it is read', async () => {
    const bomb = pdfOf(deflateSync(Buffer.alloc(5_000_000, 32)), '/Filter/FlateDecode');
    const file = await lookAt(bomb, 'a.pdf', { unpackedBytes: 1_000_000 });
    assert.deepEqual([file.state, file.text], ['limit', '']);
  });

  test('a stream that is packed many times is refused', async () => {
    const filter = '/Filter[/FlateDecode/FlateDecode/FlateDecode]';
    const file = await lookAt(pdfOf(deflateSync(deflateSync(deflateSync(PAGE))), filter), 'a.pdf');
    assert.equal(file.state, 'limit');
  });

  test('the word that begins a stream, written where none begins, hides no stream', async () => {
    const decoy = '% stream\n';
    const bomb = pdfOf(deflateSync(Buffer.alloc(5_000_000, 32)), '/Filter/FlateDecode', [decoy]);
    assert.equal((await lookAt(bomb, 'a.pdf', { unpackedBytes: 1_000_000 })).state, 'limit');
  });

  test('what only begins like one is failed', async () => {
    assert.equal((await lookAt('%PDF-1.4\nnothing', 'a.pdf')).state, 'failed');
  });
});
