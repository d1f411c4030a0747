import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closeness, matchesDomain, parseDomainPattern, parseDomainPatterns } from '#mail/domain-pattern.ts';

const cases: readonly (readonly [pattern: string, domain: string, matches: boolean])[] = [
  ['example.org', 'example.org', true],
  ['EXAMPLE.org.', 'example.org', true],
  ['example.org', 'mail.example.org', false],
  ['example.org', 'badexample.org', false],
  ['*.example.org', 'mail.example.org', true],
  ['*.example.org', 'a.b.example.org', true],
  ['*.example.org', 'example.org', false],
  ['*.example.org', 'badexample.org', false],
  ['*.example.org', '.example.org', false],
  ['*.bücher.example', 'mail.xn--bcher-kva.example', true],
  ['*', 'example.org', true],
  ['*', '', true],
  ['*', '[192.0.2.1]', true],
  ['example.org', '', false],
  ['*.example.org', '', false],
];

for (const [text, domain, matches] of cases) {
  test(`${text} ${matches ? 'holds' : 'does not hold'} ${domain === '' ? 'the null reverse-path' : domain}`, () => {
    const pattern = parseDomainPattern(text);
    assert.ok(pattern !== undefined);
    assert.equal(matchesDomain(pattern, domain), matches);
  });
}

for (const text of [
  '',
  '*.',
  '**',
  '*example.org',
  'mail.*.example.org',
  '*.*.example.org',
  'example.*',
  '@example.org',
  'a b',
]) {
  test(`${JSON.stringify(text)} is no pattern`, () => assert.equal(parseDomainPattern(text), undefined));
}

test('a list with a wrong pattern is refused as a whole and names it', () => {
  assert.throws(() => parseDomainPatterns(['example.org', 'a.*.b']), { name: 'RangeError', message: /a\.\*\.b/ });
});

test('an exact domain is closer than a long wildcard, that than a short one, that than a star', () => {
  const ranks = ['a.b.example.org', '*.b.example.org', '*.example.org', '*', 'example.org'].map((text) =>
    closeness(parseDomainPatterns([text]), 'a.b.example.org'),
  );
  assert.deepEqual(
    ranks,
    ranks.toSorted((a, b) => b - a),
  );
  assert.equal(new Set(ranks).size, ranks.length);
  assert.equal(ranks.at(-1), 0);
});

test('a wildcard holds exactly what ends in its suffix with at least one label before it', () => {
  fc.assert(
    fc.property(fc.domain(), fc.domain(), (base, other) => {
      const pattern = parseDomainPattern(`*.${base}`);
      if (pattern === undefined) return;
      assert.equal(matchesDomain(pattern, base.toLowerCase()), false);
      assert.equal(matchesDomain(pattern, `x.${base}`.toLowerCase()), true);
      const lower = other.toLowerCase();
      assert.equal(matchesDomain(pattern, lower), lower.endsWith(`.${base.toLowerCase()}`));
    }),
  );
});
