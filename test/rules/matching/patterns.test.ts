import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compilePatterns, PATTERN_LENGTH_LIMIT } from '#rules/matching/patterns.ts';
import type { PatternMatcher } from '#rules/matching/matcher.ts';

function compiled(...patterns: readonly string[]): PatternMatcher {
  const compilation = compilePatterns(patterns);
  assert.equal(compilation.kind, 'compiled');
  return compilation.matcher;
}

/** What of the text was found, in its order. */
function found(pattern: string, text: string): string[] {
  return compiled(pattern)
    .findAll(text, 100)
    .map(({ offset, length }) => text.slice(offset, offset + length));
}

type Case = readonly [rule: string, pattern: string, text: string, expected: readonly string[]];

const ENDS_AND_LINES: readonly Case[] = [
  ['\\A and ^ are the beginning of what is searched', '^ab|\\Acd', 'ab\nab cd', ['ab']],
  ['\\z is its end', 'ab\\z', 'ab ab', ['ab']],
  ['\\z is not before a line feed', 'ab\\z', 'ab\n', []],
  ['\\Z and $ are also before a line feed at its end', 'ab$', 'ab\nab\n', ['ab\n']],
  ['\\Z means what $ does', 'ab\\Z', 'ab\nab', ['ab']],
  ['under the flag m ^ and $ are those of lines', '(?m)^ab$', 'ab\nab\nabc', ['ab', 'ab']],
  ['a dot stops at a line feed', 'a.*', 'ab\nc', ['ab']],
  ['under the flag s it does not', '(?s)a.*', 'ab\nc', ['ab\nc']],
];

const CHARACTERS: readonly Case[] = [
  ['any case is meant', 'SeCrEt', 'sEcReT', ['sEcReT']],
  ['unless the pattern says otherwise', '(?-i)AB', 'ab AB', ['AB']],
  ['from where it says so', 'a(?-i:B)', 'AB Ab', ['AB']],
  ['digits are those of all scripts', '\\d{3}', '12 \u0661\u0662\u0663', ['\u0661\u0662\u0663']],
  ['what is no digit is not', '\\D+', '1ab\u06612', ['ab']],
  ['words are of all scripts', '\\w+', '\u0434\u043e\u043c_1 \u00e9', ['\u0434\u043e\u043c_1', '\u00e9']],
  ['what is no word is not', '\\W+', 'a--\u00e9', ['--']],
  ['space is of all kinds', 'a\\sb', 'a\u00a0b a\u2003b', ['a\u00a0b', 'a\u2003b']],
  ['what is no space is not', '\\S+', 'a\u00a0bc', ['a', 'bc']],
  ['in a class they mean the same', '[\\d\\s]+', 'a\u0661\u00a0b', ['\u0661\u00a0']],
  ['and so do their opposites', '[^\\W_]+[\\S]', 'a_\u00e9b', ['a_', '\u00e9b']],
  ['a property of characters', '\\p{Lu}(?-i:\\p{Ll})', 'Ab', ['Ab']],
  ['characters by number', '\\x41\\u0042\\060\\x{1F600}', 'ab0\u{1f600}', ['ab0\u{1f600}']],
  ['characters by name', 'a\\t\\r\\n\\e\\cAb', 'a\t\r\n\u001b\u0001b', ['a\t\r\n\u001b\u0001b']],
  ['signs behind a \\', '\\$\\^\\#\\-\\.', '$^#-.', ['$^#-.']],
  ['POSIX classes', '[[:alpha:]]+', 'ab1', ['ab']],
  ['a ] in first place', '[]a]+', 'a]b', ['a]']],
  ['a - at an end', '[a-]+', 'a-b', ['a-']],
  ['a backspace', '[\\b]', 'a\bb', ['\b']],
  ['beyond the basic plane', '[\u{1f600}-\u{1f60f}]x', '\u{1f601}x', ['\u{1f601}x']],
];

const GROUPS: readonly Case[] = [
  ['named groups', "(?<year>\\d{4})-(?'month'\\d\\d)", 'on 2026-11', ['2026-11']],
  ['comments', 'a(?#any b)b', 'ab', ['ab']],
  ['blanks and comments under the flag x', '(?x) a b # both\n c', 'abc', ['abc']],
  ['a group without a number', '(?:ab)+', 'abab', ['abab']],
  ['a choice of which one is empty', 'a(?:b|)c', 'ac abc', ['ac', 'abc']],
  ['the shorter first when it is asked for', 'a.+?b', 'axbxb', ['axb']],
  ['the first of a choice', 'ab|abc', 'abc', ['ab']],
  ['a brace that is no number', 'a{b}', 'a{b}', ['a{b}']],
];

const BOUNDARIES: readonly Case[] = [
  ['at both ends', '\\bab\\b', 'ab xab abx ab', ['ab', 'ab']],
  ['beside letters of other scripts', '\\bab\\b', '\u00e9ab ab\u00e9', []],
  ['one after the other', '\\bab\\b', 'ab ab,ab', ['ab', 'ab', 'ab']],
  ['right behind what the match before has taken', '\\bab\\W', 'ab-ab-ab.', ['ab-', 'ab-', 'ab.']],
  ['in a choice', '(?:\\bab|\\bcd)\\b', 'ab xcd cd', ['ab', 'cd']],
  ['within a pattern', 'a\\b.b', 'a b acb', ['a b']],
  ['none', 'a\\Bb', 'ab', ['ab']],
  ['where a sign stands', '\\b#', 'a# #', ['#']],
];

for (const [name, cases] of Object.entries({ ENDS_AND_LINES, CHARACTERS, GROUPS, BOUNDARIES }))
  describe(`patterns as .NET reads them: ${name.toLowerCase().replaceAll('_', ' ')}`, () => {
    for (const [rule, pattern, text, expected] of cases)
      test(rule, () => assert.deepEqual(found(pattern, text), expected));
  });

describe('a pattern is refused in words that help', () => {
  const cases: readonly [what: string, pattern: string, message: RegExp][] = [
    ['look-ahead', 'foo(?=bar)', /at character 4 .*look-ahead.*linear time\. Write what must follow as a part/],
    ['negative look-ahead', 'foo(?!bar)', /negative look-ahead.*exception of the rule/],
    ['look-behind', '(?<=a)b', /at character 1 .*look-behind.*go before as a part/],
    ['negative look-behind', '(?<!a)b', /negative look-behind.*exception of the rule/],
    ['back-reference by number', '(a)\\1', /at character 4 "\\1" refers back.*"\(\?:aa\|bb\)"/],
    ['back-reference by name', '(?<n>a)\\k<n>', /"\\k" refers back/],
    ['atomic group', '(?>a)', /atomic group.*Write "\(\?:" instead/],
    ['condition', '(?(1)a|b)', /condition on a group.*alternatives/],
    ['balancing group', '(?<a-b>x)', /balancing group/],
    ['group without a name', '(?<>x)', /"\(\?<name>\.\.\.\)"/],
    ['continuation', '\\Gx', /"\\G".*Write "\\A"/],
    ['subtraction of classes', '[a-z-[aeiou]]', /subtracted.*as ranges/],
    ['block of .NET', '\\p{IsGreek}', /block of \.NET; write the script, such as "\\p\{Greek\}"/],
    ['unknown property', '\\p{Foo}', /"\\p\{Foo\}", a property of characters that is unknown/],
    ['property without braces', '\\pL', /"\\p\{Name\}"/],
    ['unknown POSIX class', '[[:foo:]]', /"\[:foo:\]".*alnum/],
    ['unknown escape', '\\y', /"\\y", which is unknown/],
    ['unknown flag', '(?q)a', /flags are i, m, n, s and x/],
    ['no character', '\\x{110000}', /which is no character/],
    ['repetition of nothing', '*a', /"\*" with nothing before it; write "\\\*"/],
    ['repetition of a repetition', 'a**', /at character 3 a repetition of a repetition/],
    ['too many times', 'a{1001}', /more than 1000 times/],
    ['times in the wrong order', 'a{3,2}', /wrong order/],
    ['range in the wrong order', '[z-a]', /wrong order/],
    ['times in times', '(a{500}){500}', /too large once its repetitions are written out/],
    ['bracket that stays open', '(a', /"\(" without its "\)"/],
    ['bracket that was not open', 'a)', /at character 2 "\)" without its "\("/],
    ['class that stays open', 'x[a', /at character 2 "\[" without its "\]"/],
    ['comment that stays open', '(?#abc', /comment .* without its "\)"/],
    ['\\ at the end', 'a\\', /at its end; write "\\\\"/],
  ];
  for (const [what, pattern, message] of cases)
    test(what, () => {
      const compilation = compilePatterns(['fine', pattern]);
      assert.equal(compilation.kind, 'refused');
      assert.deepEqual(
        compilation.problems.map((problem) => problem.pattern),
        [pattern],
      );
      assert.match(compilation.problems[0]?.message ?? '', message);
    });
});

test('a pattern has at most 1024 characters', () => {
  assert.equal(compilePatterns(['a'.repeat(PATTERN_LENGTH_LIMIT)]).kind, 'compiled');
  const compilation = compilePatterns(['a'.repeat(PATTERN_LENGTH_LIMIT + 1)]);
  assert.equal(compilation.kind, 'refused');
  assert.match(compilation.problems[0]?.message ?? '', /longer than 1024 characters/);
});

test('what was found is told by the pattern, its place and its length in the text', () => {
  const matcher = compiled('b+', 'a');
  assert.deepEqual(matcher.find('\u{1f600} xbb'), { value: 'b+', offset: 4, length: 2 });
  assert.deepEqual(matcher.find('bba'), { value: 'b+', offset: 0, length: 2 });
  assert.equal(matcher.find('c'), undefined);
  assert.equal(compiled('ab', 'a').find('ab')?.value, 'ab');
  assert.equal(compiled('a', 'ab').find('ab')?.value, 'a');
});

test('at most as many hits as asked for, and none of a pattern over another of the same', () => {
  assert.equal(compiled('a').findAll('a a a a', 3).length, 3);
  assert.equal(compiled('a').findAll('a', 0).length, 0);
  assert.equal(compiled('aa').findAll('aaaaa', 9).length, 2);
  assert.equal(compiled('b*').findAll('aab', 9).length, 4);
});

test('whatever is written as a pattern is compiled or refused, and finds nothing beyond the text', () => {
  const signs = fc.constantFrom(...'ab1\u00e9\u{1f600} \n.*+?{},()[]^$|\\-:<>!=#'.match(/./gsu)!);
  const pieces = fc.constantFrom(
    '\\d',
    '\\w',
    '\\b',
    '\\B',
    '\\Z',
    '(?i',
    '(?:',
    '(?<n>',
    '{2,3}',
    '[^',
    '\\p{L}',
    '|',
  );
  const pattern = fc.array(fc.oneof(signs, pieces), { maxLength: 14 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(pattern, fc.string({ unit: signs, maxLength: 40 }), (value, text) => {
      const compilation = compilePatterns([value]);
      if (compilation.kind === 'refused') {
        assert.ok((compilation.problems[0]?.message ?? '').length > 10);
        return;
      }
      for (const { offset, length } of compilation.matcher.findAll(text, 50))
        assert.ok(offset >= 0 && length >= 0 && offset + length <= text.length);
    }),
  );
});
