import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { lookAt } from './looking.ts';

type Tag = { readonly tag: number; readonly type: number; readonly value: Buffer };

/** TIFF of one directory; values stand behind it, short ones within it. */
function tiffOf(tags: readonly Tag[], order: 'II' | 'MM' = 'II', next = 0): Buffer {
  const isLittle = order === 'II';
  const number = (value: number, octets: 2 | 4): Buffer => {
    const written = Buffer.alloc(octets);
    if (isLittle) written.writeUIntLE(value, 0, octets);
    else written.writeUIntBE(value, 0, octets);
    return written;
  };
  const values: Buffer[] = [];
  let at = 8 + 2 + tags.length * 12 + 4;
  const entries = tags.map(({ tag, type, value }) => {
    const isShort = value.length <= 4;
    const place = isShort ? Buffer.concat([value, Buffer.alloc(4 - value.length)]) : number(at, 4);
    if (!isShort) {
      values.push(value);
      at += value.length;
    }
    return Buffer.concat([number(tag, 2), number(type, 2), number(value.length, 4), place]);
  });
  return Buffer.concat([
    Buffer.from(order),
    number(42, 2),
    number(8, 4),
    number(tags.length, 2),
    ...entries,
    number(next, 4),
    ...values,
  ]);
}

const segment = (mark: number, ...body: readonly Buffer[]): Buffer => {
  const octets = Buffer.concat(body);
  return Buffer.concat([Buffer.of(0xff, mark, (octets.length + 2) >> 8, (octets.length + 2) & 0xff), octets]);
};
const jpegOf = (...segments: readonly Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.of(0xff, 0xd8),
    segment(0xe0, Buffer.from('JFIF\0\u0001\u0001\0\0\u0001\0\u0001\0\0', 'latin1')),
    ...segments,
    segment(0xda),
    Buffer.alloc(20),
  ]);

const description = { tag: 0x010e, type: 2, value: Buffer.from('card 4111\0') };

describe('inspect: what is written about pictures', () => {
  for (const order of ['II', 'MM'] as const) {
    test(`tags of TIFF are properties and text, in the order ${order}`, async () => {
      const file = await lookAt(
        tiffOf([description, { tag: 0x9c9d, type: 1, value: Buffer.from('Ann\0', 'utf16le') }], order),
        'a.tif',
      );
      assert.deepEqual([file.state, file.properties], ['text', { Description: 'card 4111', Author: 'Ann' }]);
      assert.equal(file.text, 'card 4111\nAnn');
    });
  }

  test('Exif of JPEG is read', async () => {
    const file = await lookAt(jpegOf(segment(0xe1, Buffer.from('Exif\0\0', 'latin1'), tiffOf([description]))), 'a.jpg');
    assert.deepEqual([file.detectedType, file.properties], ['image/jpeg', { Description: 'card 4111' }]);
  });

  test('comments of JPEG and XMP are text', async () => {
    const xmp = Buffer.from(
      'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:li>41<b/></rdf:li><rdf:li>two</rdf:li></x:xmpmeta>',
      'latin1',
    );
    const { text } = await lookAt(jpegOf(segment(0xfe, Buffer.from('remark')), segment(0xe1, xmp)), 'a.jpg');
    assert.match(text, /^remark\n41\s+two$/);
  });

  test('a comment of the user is in the charset that it names', async () => {
    const value = Buffer.concat([Buffer.from('UNICODE\0'), Buffer.from('Łódź', 'utf16le')]);
    const { properties } = await lookAt(tiffOf([{ tag: 0x9286, type: 7, value }]), 'a.tif');
    assert.deepEqual(properties, { Comments: 'Łódź' });
  });

  test('a picture about which nothing is written holds no text', async () => {
    assert.equal((await lookAt(jpegOf(), 'a.jpg')).state, 'none');
  });

  test('directories that go in a circle end', async () => {
    assert.equal((await lookAt(tiffOf([description], 'II', 8), 'a.tif')).text, 'card 4111');
  });
});
