import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { readableText } from '#mime/readable-html.ts';

describe('HTML as plain text', () => {
  const cases: [what: string, html: string, text: string][] = [
    ['words', 'a  b\n c', 'a b c'],
    ['paragraphs', '<p>a</p>\n<p>b</p>', 'a\n\nb'],
    ['lines', '<div>a</div><div>b<br>c</div>', 'a\nb\nc'],
    ['two line breaks', 'a<br><br>b', 'a\n\nb'],
    ['inline elements', '<b>a</b>b <i> c</i>', 'ab c'],
    ['a heading', '<h1>a</h1>b', 'a\n\nb'],
    ['a list', '<ul><li>a</li><li>b</li></ul>c', '- a\n- b\n\nc'],
    ['a table', '<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>', 'a b\nc'],
    ['a rule', 'a<hr>b', `a\n\n${'-'.repeat(40)}\n\nb`],
    ['a link', '<a href="https://s.test/x">here</a>.', 'here <https://s.test/x>.'],
    ['a link that says where it goes', '<a href="mailto:a@s.test">a@s.test</a>', 'a@s.test'],
    ['a script in a link', '<a href="javascript:x">a</a>', 'a'],
    ['a picture', '<img alt="Logo" src="x">', 'Logo'],
    ['entities', '&copy; A&nbsp;B &lt;x&gt; &eacute;', '© A B <x> é'],
    [
      'what is not shown',
      '<html><head><title>t</title><style>p{}</style></head><body>a<script>x</script></body></html>',
      'a',
    ],
    ['nothing', '', ''],
    ['no tags that end', '<p><b>a<p>b', 'a\n\nb'],
  ];
  for (const [what, html, text] of cases) test(what, () => assert.equal(readableText(html), text));

  test('whatever it is, no line ends in a blank and there are no two empty lines', () => {
    const piece = fc.constantFrom(
      '<p>',
      '</p>',
      '<br>',
      ' ',
      'a',
      '<li>',
      '<hr>',
      '<td>',
      '<a href="https://x">',
      '</a>',
      '\n',
      '&nbsp;',
      '<',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
        const text = readableText(pieces.join(''));
        assert.ok(!/ $/m.test(text) && !text.includes('\n\n\n') && text === text.trim());
      }),
      { numRuns: 500 },
    );
  });
});
