import assert from 'node:assert/strict';
import { test } from 'node:test';

import { visible } from '#mime/visible.ts';

for (const [what, text, shown] of [
  ['plain text stays', 'a b\tc\r\nd', 'a b\tc\r\nd'],
  ['zero-width spaces and soft hyphens show nothing', '41\u200b1\u00ad1\u2060', '4111'],
  ['marks of direction show nothing', 'a\u202eb\u200f', 'ab'],
  ['joiners between Latin letters show nothing', '41\u200d11', '4111'],
  ['joiners are part of the spelling in Persian', 'می\u200cخواهم', 'می\u200cخواهم'],
  ['controls show nothing', 'a\u0000\u0008b', 'ab'],
  ['spaces of other widths are spaces', 'a\u00a0b\u2003c', 'a b c'],
  ['hyphens that do not break are hyphens', 'a\u2011b', 'a-b'],
] as const) {
  test(`visible: ${what}`, () => assert.equal(visible(text), shown));
}
