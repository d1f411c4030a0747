import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ownEndpoints } from '#outbound/own-addresses.ts';

const interfaces = () => new Set(['192.0.2.1', '2001:db8::1']);

const cases: [rule: string, listening: [string, number], target: [string, number], expected: boolean][] = [
  ['the very endpoint is ours', ['127.0.0.1', 2525], ['127.0.0.1', 2525], true],
  ['another port is not', ['127.0.0.1', 2525], ['127.0.0.1', 25], false],
  ['another loopback address is not', ['127.0.0.1', 2525], ['127.0.0.2', 2525], false],
  ['a listener on all addresses has those of the machine', ['0.0.0.0', 25], ['192.0.2.1', 25], true],
  ['a listener on all addresses has IPv6 as well', ['::', 25], ['2001:db8::1', 25], true],
  ['a listener on all addresses has all of loopback', ['::', 25], ['127.0.0.9', 25], true],
  ["a listener on all addresses has nobody else's", ['0.0.0.0', 25], ['192.0.2.2', 25], false],
  ['an IPv4 address is the same in IPv6 clothes', ['127.0.0.1', 25], ['::ffff:127.0.0.1', 25], true],
  ['an IPv6 address is the same however it is spelled', ['::1', 25], ['0:0:0:0:0:0:0:1', 25], true],
  ['the unspecified address leads to loopback', ['127.0.0.1', 25], ['0.0.0.0', 25], true],
  ['the unspecified address of IPv6 leads to loopback', ['::1', 25], ['::', 25], true],
];
for (const [rule, [address, port], [ip, targetPort], expected] of cases) {
  test(rule, () => assert.equal(ownEndpoints([{ address, port }], interfaces)(ip, targetPort), expected));
}

test('the addresses of this machine include loopback', () => {
  assert.equal(ownEndpoints([{ address: '::', port: 25 }])('127.0.0.1', 25), true);
});
