import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Scan } from '#rules/matching/scan.ts';
import { compileWords } from '#rules/matching/words.ts';

/** What of the text was found, in its order. */
function found(words: readonly string[], text: string): string[] {
  return compileWords(words)
    .findAll(text, 100)
    .map(({ offset, length }) => text.slice(offset, offset + length));
}

describe('words are whole', () => {
  const cases: readonly [rule: string, word: string, text: string, expected: readonly string[]][] = [
    ['not within a longer word', 'contoso', 'Acontoso contosos contoso', ['contoso']],
    ['beside digits they are not whole', 'tax', 'tax2 2tax tax', ['tax']],
    [
      'beside spaces and punctuation they are',
      'tax',
      '(tax) tax, "tax" tax/tax_tax',
      ['tax', 'tax', 'tax', 'tax', 'tax', 'tax'],
    ],
    ['at the ends of the text they are', 'tax', 'tax', ['tax']],
    ['an asterisk stands for itself', 'tax*', 'taxes tax*', ['tax*']],
    ['a word of signs needs nothing around it', 'C++', 'C++11', ['C++']],
    ['a part of an address is a word', '@contoso.com', 'ann@contoso.com', ['@contoso.com']],
    ['not before an accent that belongs to its letter', 'cafe', 'cafe\u0301 cafe', ['cafe']],
    ['letters beyond the basic plane are letters', 'a', 'a\u{10428} a', ['a']],
    ['a sign such as TM is no letter', 'contoso', 'contoso\u2122', ['contoso']],
    ['an apostrophe ends a word', 'company', "the company's", ['company']],
  ];
  for (const [rule, word, text, expected] of cases) test(rule, () => assert.deepEqual(found([word], text), expected));
});

describe('words in any case and form', () => {
  const cases: readonly [rule: string, word: string, text: string][] = [
    ['upper and lower case', 'Secret', 'SECRET'],
    ['Greek with a final sigma', '\u039f\u0394\u039f\u03a3', '\u03bf\u03b4\u03cc\u03c2'.replace('\u03cc', '\u03bf')],
    ['the Turkish dotted capital', 'gizli', 'G\u0130ZL\u0130'],
    ['the Turkish dotless small letter', 'KIRMIZI', 'k\u0131rm\u0131z\u0131'],
    ['a Turkish word in capitals, text without', 'G\u0130ZL\u0130', 'gizli'],
    ['sharp s in the word', 'stra\u00dfe', 'STRASSE'],
    ['sharp s in the text', 'strasse', 'Stra\u00dfe'],
    ['capital sharp s', 'stra\u00dfe', 'STRA\u1e9eE'],
    ['an accent composed in the word', 'caf\u00e9', 'cafe\u0301'],
    ['an accent composed in the text', 'cafe\u0301', 'CAF\u00c9'],
    ['Hangul in parts', '\ube44\ubc00', '\u1107\u1175\u1106\u1175\u11af'],
    ['wide letters', 'secret', '\uff33\uff25\uff23\uff32\uff25\uff34'],
    ['narrow Katakana', '\u30ac', '\uff76\uff9e'],
    ['ligatures', 'confidential of\ufb01ce', 'con\ufb01dential office'],
    ['mathematical letters', 'secret', '\u{1d42c}\u{1d41e}\u{1d41c}\u{1d42b}\u{1d41e}\u{1d42d}'],
    ['soft hyphens and zero width spaces', 'confidential', 'con\u00adfiden\u200btial'],
    ['a NUL', 'confidential', 'con\0fidential'],
    ['any white space in a phrase', 'top secret', 'top \t\r\n\u00a0secret'],
    ['white space around a word does not belong to it', ' top  secret ', 'a top secret.'],
    ['letters of the Kelvin sign and long s', 'k s', '\u212a \u017f'],
    ['letters beyond the basic plane', '\u{10400}', '\u{10428}'],
  ];
  for (const [rule, word, text] of cases) test(rule, () => assert.equal(compileWords([word]).find(text)?.value, word));
});

describe('scripts without spaces', () => {
  const cases: readonly [script: string, word: string, text: string, expected: number][] = [
    ['Chinese', '\u673a\u5bc6', '\u8fd9\u662f\u673a\u5bc6\u6587\u4ef6', 1],
    ['Japanese', '\u6a5f\u5bc6', '\u3053\u306e\u6a5f\u5bc6\u6587\u66f8\u306f', 1],
    ['Thai', '\u0e25\u0e31\u0e1a', '\u0e40\u0e2d\u0e01\u0e2a\u0e32\u0e23\u0e25\u0e31\u0e1a\u0e21\u0e32\u0e01', 1],
    ['Korean with a particle', '\ube44\ubc00', '\ube44\ubc00\uc744', 1],
    ['Latin beside Chinese', 'abc', '\u673aabc\u5bc6 xabc', 1],
    ['Thai cut before a vowel of its last letter', '\u0e25', '\u0e25\u0e31\u0e1a', 0],
    ['Cyrillic has spaces', '\u0434\u043e\u043c', '\u0434\u043e\u043c\u0430', 0],
    ['Arabic has spaces', '\u0633\u0631', '\u0633\u0631\u064a', 0],
  ];
  for (const [script, word, text, expected] of cases)
    test(script, () => assert.equal(found([word], text).length, expected));
});

test('what was found is told by the word, its place and its length in the text', () => {
  const matcher = compileWords(['top secret', 'TOP']);
  assert.deepEqual(matcher.find('a ﬁne  top\n secret'), { value: 'top secret', offset: 7, length: 11 });
  assert.deepEqual(matcher.find('a top'), { value: 'TOP', offset: 2, length: 3 });
  assert.deepEqual(matcher.find('Straße top'), { value: 'TOP', offset: 7, length: 3 });
  assert.equal(matcher.find('nothing'), undefined);
});

test('of two words at one place the first of the rule is named, of two places the first of the text', () => {
  assert.equal(compileWords(['b c', 'b', 'a']).find('x b c a')?.value, 'b c');
  assert.equal(compileWords(['b', 'b c', 'a']).find('x b c a')?.value, 'b');
  assert.equal(compileWords(['b', 'a']).find('a b')?.value, 'a');
});

test('at most as many hits as asked for, and none of a word over another of the same', () => {
  assert.equal(compileWords(['a']).findAll('a a a a', 3).length, 3);
  assert.equal(compileWords(['a']).findAll('a a', 0).length, 0);
  assert.equal(compileWords(['a a']).findAll('a a a a', 9).length, 2);
});

test('words of which nothing is left are never found', () => {
  assert.equal(compileWords(['', '  ', '\u200b']).find('a \u200b  b'), undefined);
  assert.equal(compileWords([]).find('a'), undefined);
});

test('text that grows when it is folded is found to its end', () => {
  const text = `${'\u00df'.repeat(1000)} ${'\ufb01'.repeat(1000)} end`;
  assert.deepEqual(compileWords(['end']).find(text), { value: 'end', offset: 2002, length: 3 });
});

test('a letter with a thousand accents is one word with them, and costs no more than its length', () => {
  assert.deepEqual(found(['b'], `a${'\u0301\u0323'.repeat(50_000)} b`), ['b']);
});

/** What a word is, said once more in another way: for letters of ASCII. */
function plainFind(word: string, text: string): number {
  const letters = /[0-9a-z]/i;
  const [low, searched] = [word.toLowerCase(), text.toLowerCase()];
  for (let at = searched.indexOf(low); at !== -1; at = searched.indexOf(low, at + 1)) {
    const [before, after] = [searched[at - 1] ?? ' ', searched[at + low.length] ?? ' '];
    const isWhole =
      !(letters.test(before) && letters.test(low[0] ?? '')) && !(letters.test(after) && letters.test(low.at(-1) ?? ''));
    if (isWhole) return at;
  }
  return -1;
}

const asciiWord = fc.string({ unit: fc.constantFrom('a', 'b', 'B', '1', '-', '.'), minLength: 1, maxLength: 4 });
const asciiText = fc
  .string({ unit: fc.constantFrom('a', 'A', 'b', '1', '-', '.', ' '), maxLength: 40 })
  .map((text) => text.replaceAll(/ +/g, ' '));

test('many words in one pass find what each finds alone, and what a plain search finds', () => {
  fc.assert(
    fc.property(fc.array(asciiWord, { minLength: 1, maxLength: 8 }), asciiText, (words, text) => {
      const scan = new Scan();
      const finders = words.map((word) => scan.words([word]));
      for (const [index, word] of words.entries()) {
        const expected = plainFind(word, text);
        const hit = finders[index]?.find(text);
        assert.equal(hit?.offset ?? -1, expected, `${word} in ${text}`);
        assert.deepEqual(compileWords([word]).find(text), hit);
      }
    }),
  );
});

test('whatever the words and the text, the search ends with hits within the text', () => {
  const text = fc.array(fc.nat(0x10ffff), { maxLength: 60 }).map((codePoints) => String.fromCodePoint(...codePoints));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 3 }), text, (words, searched) => {
      for (const { offset, length } of compileWords(words).findAll(searched, 20))
        assert.ok(offset >= 0 && length > 0 && offset + length <= searched.length);
    }),
  );
});
