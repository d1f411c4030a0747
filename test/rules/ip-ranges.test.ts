import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInRanges, parseIpRange } from '#rules/ip-ranges.ts';

const isIn = (range: string, ip: string): boolean => {
  const parsed = parseIpRange(range);
  assert.ok(parsed !== undefined, range);
  return isInRanges([parsed], ip);
};

const INSIDE: readonly (readonly [range: string, ip: string])[] = [
  ['192.0.2.7', '192.0.2.7'],
  ['192.0.2.0/24', '192.0.2.255'],
  ['192.0.2.1-192.0.2.9', '192.0.2.1'],
  ['192.0.2.1 - 192.0.2.9', '192.0.2.9'],
  ['192.0.2.1-192.0.2.9', '192.0.2.5'],
  ['9.255.255.255-128.0.0.1', '10.0.0.0'],
  ['192.0.2.7-192.0.2.7', '192.0.2.7'],
  ['2001:db8::1-2001:db8:0:1::', '2001:db8::ffff:ffff:ffff:ffff'],
  ['2001:db8::/32', '2001:DB8:1::'],
];
const OUTSIDE: readonly (readonly [range: string, ip: string])[] = [
  ['192.0.2.7', '192.0.2.8'],
  ['192.0.2.0/25', '192.0.2.128'],
  ['192.0.2.1-192.0.2.9', '192.0.2.0'],
  ['192.0.2.1-192.0.2.9', '192.0.2.10'],
  ['2001:db8::1-2001:db8::9', '192.0.2.1'],
  ['192.0.2.1-192.0.2.9', '2001:db8::1'],
  ['192.0.2.1-192.0.2.9', 'nowhere'],
];
const NONE = [
  '',
  '192.0.2',
  '192.0.2.9-192.0.2.1',
  '192.0.2.1-2001:db8::1',
  '192.0.2.1-2-3',
  '192.0.2.0/24-192.0.2.9',
  '-',
  'a-b',
];

for (const [range, ip] of INSIDE) test(`${range} holds ${ip}`, () => assert.equal(isIn(range, ip), true));
for (const [range, ip] of OUTSIDE) test(`${range} does not hold ${ip}`, () => assert.equal(isIn(range, ip), false));
for (const text of NONE) test(`"${text}" is no range`, () => assert.equal(parseIpRange(text), undefined));
