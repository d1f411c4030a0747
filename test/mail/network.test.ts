import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { isInNetworks, parseNetwork, parseNetworks, siteOf } from '#mail/network.ts';

const cases: readonly (readonly [network: string, ip: string, inside: boolean])[] = [
  ['192.0.2.0/24', '192.0.2.255', true],
  ['192.0.2.0/24', '192.0.3.0', false],
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['192.0.2.200/25', '192.0.2.130', true],
  ['192.0.2.200/25', '192.0.2.127', false],
  ['0.0.0.0/0', '255.255.255.255', true],
  ['128.0.0.0/1', '127.255.255.255', false],
  ['192.0.2.0/31', '192.0.2.1', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['::/0', '2001:db8::1', true],
  ['::/0', '192.0.2.1', false],
  ['::/0', '::ffff:192.0.2.1', false],
  ['192.0.2.0/24', '::ffff:192.0.2.7', true],
  ['192.0.2.0/24', '::ffff:c000:207', true],
  ['::ffff:192.0.2.0/120', '192.0.2.7', true],
  ['::ffff:192.0.2.0/120', '192.0.3.7', false],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['2001:db8::/33', '2001:db8:8000::1', false],
  ['2001:DB8::1', '2001:db8:0:0:0:0:0:1', true],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['::1', '::1', true],
  ['::1', '0.0.0.1', false],
  ['64:ff9b::192.0.2.1', '64:ff9b::c000:201', true],
];

for (const [network, ip, inside] of cases) {
  test(`${ip} is ${inside ? 'in' : 'not in'} ${network}`, () => {
    assert.equal(isInNetworks(parseNetworks([network]), ip), inside);
  });
}

for (const text of [
  '',
  '*',
  'localhost',
  '192.0.2.0/33',
  '192.0.2.0/-1',
  '192.0.2.0/',
  '192.0.2.0/08',
  '192.0.2.0/24/24',
  '192.0.2',
  '010.0.0.1',
  '192.0.2.0-9',
  '2001:db8::/129',
  '2001:db8::/1e1',
  '::ffff:192.0.2.0/95',
  '1::2::3',
  'fe80::1%eth0',
  ' 192.0.2.1',
  '192.0.2.1\n',
]) {
  test(`${JSON.stringify(text)} is no network`, () => assert.equal(parseNetwork(text), undefined));
}

test('a list with a wrong entry is refused as a whole and names it', () => {
  assert.throws(() => parseNetworks(['192.0.2.0/24', '10.0.0.0/40']), {
    name: 'RangeError',
    message: /10\.0\.0\.0\/40/,
  });
});

test('no network holds what is no address', () => {
  for (const ip of ['', 'unknown', '192.0.2', '1.2.3.4.5']) {
    assert.equal(isInNetworks(parseNetworks(['0.0.0.0/0', '::/0']), ip), false);
  }
});

const ipv6 = fc.ipV6().filter((ip) => isIP(ip) === 6 && !ip.toLowerCase().includes('::ffff:'));

test('IPv4 networks agree with the operating system library', () => {
  fc.assert(
    fc.property(
      fc.ipV4(),
      fc.integer({ min: 0, max: 32 }),
      fc.ipV4(),
      fc.integer({ min: 0, max: 32 }),
      (net, bits, ip, near) => {
        const oracle = new BlockList();
        oracle.addSubnet(net, bits, 'ipv4');
        // Random addresses seldom share a prefix, so the network's own bits are mixed in.
        const mixed = mix(net, ip, near);
        assert.equal(isInNetworks(parseNetworks([`${net}/${bits}`]), mixed), oracle.check(mixed, 'ipv4'));
      },
    ),
  );
});

test('IPv6 networks agree with the operating system library', () => {
  fc.assert(
    fc.property(ipv6, fc.integer({ min: 0, max: 128 }), ipv6, fc.boolean(), (net, bits, other, same) => {
      const ip = same ? net : other;
      const oracle = new BlockList();
      oracle.addSubnet(net, bits === 0 ? 1 : bits, 'ipv6');
      assert.equal(isInNetworks(parseNetworks([`${net}/${bits === 0 ? 1 : bits}`]), ip), oracle.check(ip, 'ipv6'));
    }),
  );
});

const word = (text: string): number => text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);

function mix(net: string, ip: string, bits: number): string {
  const high = bits === 0 ? 0 : 2 ** 32 - 2 ** (32 - bits);
  const mixed = ((word(net) & high) | (word(ip) & ~high)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (mixed >>> shift) & 255).join('.');
}

for (const [one, other, same] of [
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '::ffff:192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['2001:db8:0:1::1', '2001:db8:0:1:ffff::9', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
  ['fe80::1%eth0', 'fe80::2%eth1', true],
  ['::192.0.2.1', '192.0.2.1', false],
] as const) {
  test(`${one} and ${other} are ${same ? 'one site' : 'two sites'} (RFC 6177 §2)`, () => {
    assert.equal(siteOf(one) === siteOf(other), same);
  });
}
