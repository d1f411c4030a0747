import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { Automaton } from '#rules/matching/automaton.ts';
import { CandidateSearch } from '#rules/matching/candidates.ts';
import { foldText } from '#rules/matching/folding.ts';
import type { Hit } from '#rules/matching/matcher.ts';
import { compilePattern, compilePatterns } from '#rules/matching/patterns.ts';
import { Scan } from '#rules/matching/scan.ts';
import { TextMemory } from '#rules/matching/text-memory.ts';
import { windowsOf } from '#rules/matching/windows.ts';

/** The engine alone, without anything of ours. */
function plainHits(pattern: string, text: string): Hit[] {
  const matcher = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE).matcher(text);
  const hits: Hit[] = [];
  while (matcher.find())
    hits.push({ value: pattern, offset: matcher.start(), length: matcher.end() - matcher.start() });
  return hits;
}

const repeated = fc.tuple(
  fc.constantFrom(
    'a',
    'b',
    '1',
    '-',
    'ab',
    'abc1',
    '[a-c]',
    '[^a]',
    '.',
    'b1-a',
    'secret',
    '123-45',
    'secret.+',
    'b1-a.*?',
  ),
  fc.constantFrom('', '', '', '?', '*', '+', '{2}', '{1,3}', '{2,}', '+?', '*?'),
);
const sequence = fc
  .array(repeated, { minLength: 1, maxLength: 5 })
  .map((parts) => parts.map(([piece, times]) => (times === '' ? piece : `(?:${piece})${times}`)).join(''));
const choice = fc.array(sequence, { minLength: 1, maxLength: 3 }).map((branches) => branches.join('|'));
const withEnds = fc
  .tuple(fc.constantFrom('', '', '\\A', '^'), choice, fc.constantFrom('', '', '\\z'))
  .map(([begin, inner, end]) => `${begin}(?:${inner})${end}`);
const ofAscii = fc
  .tuple(fc.constantFrom('\\b', '\\d', '\\w+ ', '\\s', ''), choice, fc.constantFrom('\\b', '\\d+', '\\W', ''))
  .map(([begin, inner, end]) => `${begin}(?:${inner})${end}`);
const words = ['secret', 'SECRET ', 'abc1', '123-45', 'b1-a', 'a', 'B', '1', '-', ' ', 'x', '\n'];
const asciiText = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((parts) => parts.join(''));
const anyText = fc
  .array(fc.constantFrom(...words, '\u212a', '\u017f', '\u0130', '\u00df', '\u{1f600}', '\u673a', '\u0000', '\ud83d'), {
    maxLength: 30,
  })
  .map((parts) => parts.join(''));
/** Far from one another, so that the engine looks at parts of the text only. */
const farApart = fc.array(asciiText, { maxLength: 6 }).map((parts) => parts.join(' '.repeat(1100)));

function compareWithEngine(pattern: fc.Arbitrary<string>, text: fc.Arbitrary<string>, numRuns: number): void {
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 6 }), text, (patterns, searched) => {
      const scan = new Scan();
      const matchers = patterns.map((each) => scan.patterns([each]));
      for (const [index, each] of patterns.entries()) {
        const expected = plainHits(each, searched);
        const inScan = matchers[index];
        const alone = compilePatterns([each]);
        assert.ok(inScan?.kind === 'compiled' && alone.kind === 'compiled');
        assert.deepEqual(inScan.matcher.find(searched), expected[0], each);
        assert.deepEqual(alone.matcher.find(searched), expected[0], each);
        assert.deepEqual(inScan.matcher.findAll(searched, 9999), expected, each);
      }
    }),
    { numRuns },
  );
}

test('many patterns in one pass find what the engine finds with each alone', () => {
  compareWithEngine(withEnds, anyText, 80);
});

test('classes and boundaries find in ASCII what the engine finds', () => {
  compareWithEngine(ofAscii, asciiText, 60);
});

test('around far candidates too, where only parts of the text are looked at', () => {
  compareWithEngine(fc.oneof(withEnds, ofAscii), farApart, 30);
});

test('a condition with several values answers with the first in the text, of one place with the first named', () => {
  const scan = new Scan();
  const matcher = scan.patterns(['b', 'a+', 'a']);
  assert.ok(matcher.kind === 'compiled');
  assert.deepEqual(matcher.matcher.find('xab'), { value: 'a+', offset: 1, length: 1 });
  assert.deepEqual(
    matcher.matcher.findAll('xab', 2).map(({ value }) => value),
    ['a+', 'a'],
  );
});

test('conditions that are compiled after a text was searched are found in it as well', () => {
  const scan = new Scan();
  const first = scan.words(['one']);
  assert.equal(first.find('one two 33')?.value, 'one');
  const second = scan.words(['two']);
  const third = scan.patterns(['\\d\\d']);
  assert.equal(second.find('one two 33')?.value, 'two');
  assert.equal(third.kind === 'compiled' && third.matcher.find('one two 33')?.offset, 8);
  const fourth = scan.patterns(['two']);
  assert.equal(fourth.kind === 'compiled' && fourth.matcher.find('one two 33')?.offset, 4);
});

test('all patterns of a condition that are refused are named', () => {
  const scan = new Scan();
  const refused = scan.patterns(['(', 'fine', '\\1']);
  assert.ok(refused.kind === 'refused');
  assert.deepEqual(
    refused.problems.map(({ pattern }) => pattern),
    ['(', '\\1'],
  );
});

test('a match is found as far from its candidate as the pattern reaches', () => {
  const pattern = 'a{0,20}b{0,20}c{0,20}d{0,20}secret[0-9]{0,20}e{0,20}f{0,20}';
  const value = ['a', 'b', 'c', 'd', 'secret', '0', 'e', 'f']
    .map((piece) => piece.repeat(piece === 'secret' ? 1 : 20))
    .join('');
  const text = `${' '.repeat(2000)}${value}${' '.repeat(2000)}${value}`;
  const matcher = compilePatterns([pattern]);
  assert.ok(matcher.kind === 'compiled');
  assert.deepEqual(
    matcher.matcher.findAll(text, 9).map(({ offset, length }) => [offset, length]),
    [
      [2000, value.length],
      [4000 + value.length, value.length],
    ],
  );
});

test('and twice as far over characters of two units', () => {
  const matcher = compilePatterns(['[\u{1f600}]{0,40}secret']);
  assert.ok(matcher.kind === 'compiled');
  const hit = matcher.matcher.find(`${' '.repeat(2000)}${'\u{1f600}'.repeat(40)}secret`);
  assert.deepEqual([hit?.offset, hit?.length], [2000, 86]);
});

test('sequences that do not fit into one machine word are found as well', () => {
  const samples = ['12-=34', '123-456-7890', '1234/5678/9012', '12:34:56:78', '12345+678901', '1234=5678=9012'];
  const scan = new Scan();
  const matchers = samples.map((sample) => scan.patterns([sample.replaceAll(/\d/g, '\\d').replace('+', '\\+')]));
  for (const [index, sample] of samples.entries()) {
    const found = matchers.map(
      (each) => each.kind === 'compiled' && each.matcher.find(`.. ${sample} ..`)?.offset === 3,
    );
    assert.deepEqual(
      found,
      samples.map((_, at) => at === index),
    );
  }
});

const ofTwoLetters = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 6 });
const units = (text: string): Uint16Array => Uint16Array.from(text, (each) => each.charCodeAt(0));

test('the automaton finds every term wherever it ends', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(ofTwoLetters, { maxLength: 8 }),
      fc.array(ofTwoLetters, { maxLength: 8 }),
      (terms, parts) => {
        const text = parts.join('');
        const found: string[] = [];
        new Automaton(terms.map(units)).search(units(text), text.length, (term, end) => {
          found.push(`${terms[term]} ${end}`);
          return false;
        });
        const expected = Array.from({ length: text.length }, (_, index) => index + 1).flatMap((end) =>
          terms.filter((term) => text.slice(0, end).endsWith(term)).map((term) => `${term} ${end}`),
        );
        assert.deepEqual(found.toSorted(), expected.toSorted());
      },
    ),
  );
});

test('each character of a text is read once, whatever the words and the text', () => {
  const terms = ['a', 'aa', 'aaa', 'aab', 'ba', `${'a'.repeat(60)}b`].map(units);
  const text = units('aaab'.repeat(5_000) + 'a'.repeat(20_000));
  let read = 0;
  const counted = new Proxy(text, {
    get(target, name) {
      read += 1;
      return Reflect.get(target, name, target) as unknown;
    },
  });
  let ends = 0;
  new Automaton(terms).search(counted, text.length, () => {
    ends += 1;
    return false;
  });
  assert.equal(read, text.length);
  assert.ok(ends <= text.length * terms.length);
});

test('what the engine reads of a text is never more than the text', () => {
  const order = fc.array(fc.nat(5000), { maxLength: 300 }).map((ends) => ends.toSorted((one, other) => one - other));
  fc.assert(
    fc.property(order, fc.nat(600), (ends, reach) => {
      const text = 'x'.repeat(5000);
      const windows = windowsOf(text, ends, reach);
      assert.ok(windows.reduce((sum, { start, end }) => sum + end - start, 0) <= text.length);
      for (const end of ends) assert.ok(windows.some((window) => window.start <= end && end <= window.end));
    }),
  );
});

test('of a text full of beginnings few candidates are kept, then the whole text is one', () => {
  const pattern = compilePattern('secret \\d{3}');
  assert.ok(pattern.kind === 'compiled');
  const search = new CandidateSearch([pattern.pattern]);
  assert.deepEqual(search.search('secret '.repeat(10_000)), ['everywhere']);
  assert.deepEqual(search.search('nothing of it'), [[]]);
  assert.equal(search.search('secret 123 secret 12x secret 456 ')[0]?.length, 2);
});

test('what stands between the characters of a factor parts them', () => {
  const pattern = compilePattern('\\d{3}-\\d{2}-\\d{4}');
  assert.ok(pattern.kind === 'compiled');
  const search = new CandidateSearch([pattern.pattern]);
  assert.deepEqual(search.search('123x-45-6789 123-4x5-6789 12-34-5678'), [[]]);
  assert.equal(search.search('x 123-45-6789').flat().length, 1);
});

test('where what must stand beside a telling part does not, there is no candidate', () => {
  const patterns = ['[A-Z]{2}\\d{6,40}', '\\d{6,40}[A-Z]{2}', 'invoice[-_ ]?#?16\\d{3}'].map(compilePattern);
  const compiled = patterns.flatMap((each) => (each.kind === 'compiled' ? [each.pattern] : []));
  const search = new CandidateSearch(compiled);
  assert.deepEqual(search.search('call 30 1234567, the invoice is attached: no 16123'), [[], [], []]);
  const found = search.search('AB1234567 1234567AB invoice #16123');
  assert.deepEqual(
    found.map((candidates) => candidates !== 'everywhere' && candidates.length > 0),
    [true, true, true],
  );
});

test('what must stand beside a telling part is read in its order, in characters of one and of two units', () => {
  const cases: readonly [pattern: string, found: string, missed: string][] = [
    ['[a-m][n-z]\\d{6,40}', 'BY123456', 'YB123456'],
    ['\\d{6,40}[a-m][n-z]', '123456BY', '123456YB'],
    ['[a-z][^1]\\d{6}', 'a\u{1f600}123456', '-\u{1f600}123456'],
    ['\\d{6}[^1][a-z]', '123456\u{1f600}a', '123456\u{1f600}-'],
    ['[a-z]\\d{3}[\u{1f600}-\u{1f60f}]\\d{3}', 'a123\u{1f601}456', '-123\u{1f601}456'],
  ];
  for (const [value, found, missed] of cases) {
    const pattern = compilePattern(value);
    assert.ok(pattern.kind === 'compiled');
    const search = new CandidateSearch([pattern.pattern]);
    assert.deepEqual(search.search(missed), [[]], value);
    assert.equal(search.search(`.. ${found} ..`)[0]?.length, 1, value);
  }
});

test('a text that is folded is at most three times as long', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0x10ffff), { maxLength: 200 }), (codePoints) => {
      const text = String.fromCodePoint(...codePoints);
      assert.ok(foldText(text).length <= 3 * text.length);
    }),
  );
});

test('of the texts that were searched the last are remembered, and no more than a few megabytes', () => {
  const memory = new TextMemory<number>();
  let made = 0;
  const ask = (text: string): number => memory.of(text, () => (made += 1));
  ask('one');
  ask('one');
  assert.equal(made, 1);
  for (let index = 0; index < 3000; index += 1) ask(`other ${index}`);
  ask('other 2999');
  assert.equal(made, 3001);
  ask('one');
  assert.equal(made, 3002);
  const large = 'x'.repeat(5_000_000);
  ask(large);
  ask(large);
  assert.equal(made, 3003);
  // The two that were asked about last stay at hand, however large one is.
  ask('one');
  assert.equal(made, 3003);
  ask('two');
  ask('three');
  ask('one');
  assert.equal(made, 3006);
});
