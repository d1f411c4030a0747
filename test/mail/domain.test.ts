import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { parseDomain } from '#mail/domain.ts';

for (const [text, domain] of [
  ['Example.ORG', 'example.org'],
  ['example.org.', 'example.org'],
  ['_dmarc.example.org', '_dmarc.example.org'],
  ['zürich.example', 'xn--zrich-kva.example'],
  ['ZÜRICH.Example.', 'xn--zrich-kva.example'],
  ['xn--zrich-kva.example', 'xn--zrich-kva.example'],
  ['例え。テスト', 'xn--r8jz45g.xn--zckzah'],
  ['ｅｘａｍｐｌｅ．org', 'example.org'],
  ['l·l.example', 'xn--ll-0ea.example'],
] as const) {
  test(`${text} is ${domain}`, () => assert.equal(parseDomain(text), domain));
}

describe('no domain name is', () => {
  for (const text of [
    '',
    '.',
    'a..b',
    '-a.example',
    'ex%61mple.com',
    'example%2ecom',
    'exa\tmple.com',
    'exa\nmple.com',
    ' example.com',
    'exa mple.com',
    'example.com/x',
    'example.com:25',
    'user@example.com',
    'zürich%2eexample',
    'zü\trich.example',
    'zürich.example/x',
    '127.1',
    '0x7f.0.0.1',
    '１２７.１',
    'ex\u00adample.com',
    'exam\u200bple.com',
    'z\u00adürich.example',
    'xn--ZRICH-kva-.example',
    `${'a'.repeat(64)}.example`,
    'a.'.repeat(128),
  ]) {
    test(JSON.stringify(text), () => assert.equal(parseDomain(text), undefined));
  }
});

/** Text that looks like a name, with what URLs read in their own way strewn in. */
const nameLike = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'a',
        'Z',
        '7',
        '0x',
        '.',
        '-',
        '_',
        'xn--',
        '%61',
        '%2e',
        '\t',
        '。',
        '．',
        'ü',
        'ß',
        '\u00ad',
        '８',
      ),
      fc.string({ unit: 'grapheme', maxLength: 2 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

test('whatever is accepted is a fixed point', () => {
  fc.assert(
    fc.property(nameLike, (text) => {
      const domain = parseDomain(text);
      if (domain !== undefined) assert.equal(parseDomain(domain), domain);
    }),
    { numRuns: 5000 },
  );
});

test('ASCII becomes nothing but its own lower case without the last dot', () => {
  const ascii = fc.array(fc.constantFrom('a', 'B', '1', '0x', '.', '-', '_', 'xn--', '%61', '%', '\t', '\n', '/', ':'));
  fc.assert(
    fc.property(
      ascii.map((pieces) => pieces.join('')),
      (text) => {
        const domain = parseDomain(text);
        if (domain !== undefined) assert.equal(domain, text.toLowerCase().replace(/\.$/, ''));
      },
    ),
    { numRuns: 5000 },
  );
});
