import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { canonicalName, isHostName, reverseName } from '#dns/name.ts';

describe('canonicalName', () => {
  const long = `${'a'.repeat(63)}.`.repeat(3);
  for (const [text, expected] of [
    ['MX1.Dest.Test.', 'mx1.dest.test'],
    ['_25._tcp.mx.test', '_25._tcp.mx.test'],
    ['mx', 'mx'],
    [`${long}${'a'.repeat(61)}`, `${long}${'a'.repeat(61)}`],
    [`${long}${'a'.repeat(62)}`, undefined],
    [`${'a'.repeat(64)}.test`, undefined],
    ['a..b', undefined],
    ['.test', undefined],
    ['', undefined],
    ['.', undefined],
    ['-a.test', undefined],
    ['a-.test', undefined],
    ['a b.test', undefined],
    ['a\u0000.test', undefined],
    ['ä.test', undefined],
  ] as const) {
    test(`${JSON.stringify(text.slice(0, 20))} of ${text.length} is ${expected === undefined ? 'refused' : 'kept'}`, () =>
      assert.equal(canonicalName(text), expected));
  }
});

test('an address is no host name', () => assert.equal(isHostName('192.0.2.1'), false));
test('a name in lower case is a host name', () => assert.equal(isHostName('mx_1.dest.test'), true));
test('the null MX is no host name', () => assert.equal(isHostName(''), false));

test('reverse names are those of RFC 1035 §3.5 and RFC 3596 §2.5', () => {
  assert.equal(reverseName('192.0.2.7'), '7.2.0.192.in-addr.arpa');
  const zeros = '0.'.repeat(20);
  assert.equal(reverseName('2001:db8::4321'), `1.2.3.4.${zeros}8.b.d.0.1.0.0.2.ip6.arpa`);
});
