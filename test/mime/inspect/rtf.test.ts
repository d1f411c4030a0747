import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { lookAt, lookInto } from './looking.ts';
import { nativePackage } from './native-package.ts';

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
    ['what stands there for readers of Unicode is read', '{\\rtf1{\\upr{a}{\\*\\ud{4111}}}}', 'a 4111'],
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
    const digits = object.toString('hex').replaceAll(/(.{64})/g, '$1\r\n');
    const octets = `\\bin${object.length} ${object.toString('latin1')}`;
    for (const written of [digits, octets]) {
      const rtf = Buffer.from(`{\\rtf1{\\object{\\*\\objdata ${written}}}}`, 'latin1');
      const [, file] = await lookInto(rtf, 'a.rtf');
      assert.deepEqual([file?.path, file?.text], ['a.rtf/a.txt', 'card 4111']);
    }
  });

  test('groups without end are failed', async () => {
    assert.equal((await lookAt(`{\\rtf1 ${'{'.repeat(100_000)}`, 'a.rtf')).state, 'failed');
  });
});
