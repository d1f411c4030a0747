import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exactness, parseDestinationPattern, type RoutedTo } from '#mail/destination-pattern.ts';

describe('destination patterns', () => {
  const forms: readonly (readonly [text: string, canonical: string | undefined])[] = [
    ['Dest.Test', 'dest.test'],
    ['dest.test:587', 'dest.test:587'],
    ['*.dest.test', '*.dest.test'],
    ['*', '*'],
    ['bücher.test', 'xn--bcher-kva.test'],
    ['[Relay.Test]', '[relay.test]'],
    ['[relay.test]:0587', '[relay.test]:587'],
    ['[192.0.2.7]:25', '[192.0.2.7]:25'],
    ['[2001:DB8::7]', '[2001:db8::7]'],
    ['[2001:db8:0:0::7]', '[2001:db8::7]'],
    ['[::ffff:192.0.2.7]', '[192.0.2.7]'],
    ['[*.relay.test]', undefined],
    ['dest.test:0', undefined],
    ['dest.test:65536', undefined],
    ['dest.test:', undefined],
    ['[]', undefined],
    ['', undefined],
    ['a b', undefined],
  ];
  for (const [text, canonical] of forms) {
    test(`${text} is ${canonical ?? 'no pattern'}`, () => assert.equal(parseDestinationPattern(text), canonical));
  }

  const dest: RoutedTo = { kind: 'domain', name: 'a.dest.test', port: 25 };
  const host: RoutedTo = { kind: 'host', name: 'relay.test', port: 587 };
  // From the most exact to the least.
  const orders: readonly (readonly [RoutedTo, readonly string[]])[] = [
    [dest, ['a.dest.test:25', 'a.dest.test', '*.dest.test:25', '*.dest.test', '*.test', '*']],
    [host, ['[relay.test]:587', '[relay.test]']],
  ];
  for (const [place, patterns] of orders) {
    test(patterns.join(' before '), () => {
      const ranks = patterns.map((pattern) => exactness(pattern, place));
      assert.deepEqual(
        ranks,
        ranks.toSorted((one, two) => two - one),
      );
      assert.equal(new Set(ranks).size, patterns.length);
      assert.ok(ranks.every((rank) => rank > 0));
    });
  }

  test('an address is the same however it is written', () => {
    for (const name of ['2001:db8::7', '2001:DB8:0:0:0:0:0:7']) {
      assert.ok(exactness('[2001:db8::7]', { kind: 'host', name, port: 25 }) > 0, name);
    }
  });

  test('what names another place is not exact at all', () => {
    for (const pattern of ['dest.test', '*.a.dest.test', 'a.dest.test:587', '[a.dest.test]']) {
      assert.equal(exactness(pattern, dest), 0, pattern);
    }
    for (const pattern of ['relay.test', '[relay.test]:25', '*']) assert.equal(exactness(pattern, host), 0, pattern);
  });
});
