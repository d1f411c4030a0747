/** A text that is put into the HTML of others is seen by its readers, whatever the HTML is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';
import { Parser } from 'htmlparser2';

import { findHtmlPlaces } from '#mime/html-places.ts';

const withTexts = (html: string): string => {
  const { beginning, end } = findHtmlPlaces(html);
  return `${html.slice(0, beginning)}[A${html.slice(beginning, end)}Z]${html.slice(end)}`;
};

/** As another reader sees them. */
function tagsOf(html: string): readonly string[] {
  const tags: string[] = [];
  const parser = new Parser({ onopentagname: (name) => tags.push(name) });
  parser.end(html);
  return tags;
}

describe('places in HTML', () => {
  const cases: [what: string, html: string, withTexts: string][] = [
    [
      'within the body',
      '<!DOCTYPE html><html><head><title>x</title></head><body class="a">hi</body></html>',
      '<!DOCTYPE html><html><head><title>x</title></head><body class="a">[AhiZ]</body></html>',
    ],
    ['a fragment', '<p>hi</p>', '[A<p>hi</p>Z]'],
    ['nothing', '', '[AZ]'],
    ['no body, but html', '<HTML>hi</HTML>', '<HTML>[AhiZ]</HTML>'],
    ['no body, but a head', '<head></head><p>hi', '<head></head>[A<p>hiZ]'],
    ['behind a declaration, so that it stays in force', '<!DOCTYPE html><p>hi</p>', '<!DOCTYPE html>[A<p>hi</p>Z]'],
    [
      'the outer of two documents, as answers have them',
      '<html><body>a<html><body>b</body></html></body></html>',
      '<html><body>[Aa<html><body>b</body></html>Z]</body></html>',
    ],
    ['not the body of a comment', 'hi<!-- </body> --> <!-- <body> -->', '[Ahi<!-- </body> --> <!-- <body> -->Z]'],
    ['not the body of an attribute', '<p title="</body>">hi', '[A<p title="</body>">hiZ]'],
    ['not the body of a script', '<script>"</body>"</script>hi', '[A<script>"</body>"</script>hiZ]'],
    ['not a body in the middle', '<div style="display:none"><body>hi', '[A<div style="display:none"><body>hiZ]'],
    ['before a comment that never ends', 'hi<!-- ', '[AhiZ]<!-- '],
    ['before a comment that swallows the end of the body', 'hi<!-- </body>', '[AhiZ]<!-- </body>'],
    ['before a tag that never ends', 'hi <b class="', '[Ahi Z]<b class="'],
    ['before a closing tag that never ends', 'hi</b', '[AhiZ]</b'],
    ['before a script that never ends', 'hi<script>x', '[AhiZ]<script>x'],
    ['before a template that never ends', 'hi<template><p>x</p></body>', '[AhiZ]<template><p>x</p></body>'],
    ['behind a drawing that ends', 'hi<svg/><svg><svg></svg></svg>', '[Ahi<svg/><svg><svg></svg></svg>Z]'],
    ['before what never ends behind the body', '<body>hi</body><!--', '<body>[AhiZ]</body><!--'],
    ['behind a bracket that is none', 'a <', '[Aa <Z]'],
  ];
  for (const [what, html, expected] of cases) test(what, () => assert.equal(withTexts(html), expected));

  test('the texts are tags to a reader, whatever is around them', () => {
    const piece = fc.constantFrom(
      '<p>',
      '</p>',
      '<!--',
      '-->',
      '<script>',
      '</script>',
      '<body>',
      '</body>',
      '<b a="',
      '">',
      '<',
      '</',
      'x',
      '<template>',
      '<![CDATA[',
      '<?x',
      '<textarea>',
      '&am',
      "'",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const html = pieces.join('');
        const { beginning, end } = findHtmlPlaces(html);
        assert.ok(beginning >= 0 && beginning <= html.length && end >= 0 && end <= html.length);
        for (const place of [beginning, end])
          assert.ok(tagsOf(`${html.slice(0, place)}<mark>${html.slice(place)}`).includes('mark'), html);
      }),
      { numRuns: 1000 },
    );
  });
});
