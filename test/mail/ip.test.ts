import assert from 'node:assert/strict';
import { SocketAddress } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';

import { canonicalIp, ipv6Groups, isIp } from '#mail/ip.ts';

const cases: [text: string, canonical: string][] = [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['2001:DB8::0:1', '2001:db8::1'],
  ['::ffff:0:0:1', '::ffff:0:0:1'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['mx.example.net', 'mx.example.net'],
];
for (const [text, canonical] of cases) {
  test(`${text} is ${canonical}`, () => assert.equal(canonicalIp(text), canonical));
}

test('however an IPv6 address is spelled, its groups and its canonical form are the same', () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const groups = ipv6Groups(text);
      const spelled = groups.map((group) => group.toString(16).padStart(4, '0')).join(':');
      assert.equal(canonicalIp(spelled), canonicalIp(text));
      assert.deepEqual(ipv6Groups(spelled), groups);
      // The C library spells addresses with a dotted quad inside (`::0.1.0.0`), which sockets hardly ever have.
      const { address } = new SocketAddress({ family: 'ipv6', address: text });
      if (!address.includes('.')) assert.equal(canonicalIp(text), address);
    }),
  );
});

test('a text with a port, a prefix or brackets is no address', () => {
  for (const text of ['', '192.0.2.1:25', '192.0.2.0/24', '[::1]', '1.2.3', '::1/128', ':::']) {
    assert.equal(isIp(text), false, text);
  }
});
