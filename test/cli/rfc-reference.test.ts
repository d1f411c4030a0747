/** References to RFCs have one form, from which docs/reference/rfc.md is read. That the page is fresh: `program.test.ts`. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** Each other way to write one. Replies are US-ASCII: there the sign is left out, in brackets. */
const WRONG = [
  // RFC822; is a type of address (RFC 3461 §4.2).
  /RFC-?\d(?!22;)/g,
  /RFC \d{3,4}(?:§|,? (?:§§|[Ss]ection|[Aa]ppendix))/g,
  /RFC \d{3,4} \d[\d.]*(?![\d.)])/g,
  /(?<!RFC \d{3,4} )§\d/g,
];

const malformed = (text: string): readonly string[] =>
  WRONG.flatMap((form) => [...text.matchAll(form)].map(({ index }) => text.slice(Math.max(0, index - 30), index + 30)));

test('every reference has the form RFC 5321 §4.5.2', () => {
  const files = globSync('{src,test,bench,docs}/**/*.{ts,mjs,md,smtp,yaml}', { cwd: root });
  assert.ok(files.length > 300, `${files.length} files`);
  const found = files
    .filter((file) => !file.endsWith('rfc-reference.test.ts') && !file.startsWith('docs/reference/'))
    .flatMap((file) => malformed(readFileSync(join(root, file), 'utf8')).map((text) => `${file}: ${text}`));
  assert.deepEqual(found, []);
});

test('other forms are noticed', () => {
  const others = [
    'RFC5321 §4',
    'RFC 5321 4.5.2',
    'RFC 5321, §4.5.2',
    'RFC 5321 section 4',
    'see §4.5.2',
    'RFC 5321§4',
    'RFC 5321 §4, §5',
  ];
  for (const text of others) assert.equal(malformed(text).length > 0, true, text);
  for (const text of ['RFC 5321', '(RFC 5321 §4.5.2)', 'RFC 1034 §3.6.2, RFC 2181.']) {
    assert.deepEqual(malformed(text), [], text);
  }
});
