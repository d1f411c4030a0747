import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseHostAndPort } from '#mail/host-and-port.ts';

const cases: [text: string, host: string, port: number | undefined][] = [
  ['relay.example.org', 'relay.example.org', undefined],
  ['relay.example.org:587', 'relay.example.org', 587],
  ['192.0.2.7', '192.0.2.7', undefined],
  ['192.0.2.7:5353', '192.0.2.7', 5353],
  ['[192.0.2.7]:26', '192.0.2.7', 26],
  ['2001:db8::7', '2001:db8::7', undefined],
  ['[2001:db8::7]', '2001:db8::7', undefined],
  ['[IPv6:2001:db8::7]:25', '2001:db8::7', 25],
  ['fe80::1%eth0', 'fe80::1%eth0', undefined],
  ['[fe80::1%eth0]:53', 'fe80::1%eth0', 53],
];
for (const [text, host, port] of cases) {
  test(`${text} is ${host} and ${port ?? 'no port'}`, () => assert.deepEqual(parseHostAndPort(text), { host, port }));
}

test('what has another form is refused', () => {
  const texts = ['', ':25', 'a:0', 'a:65536', 'a:b', 'a:25:26', '[a.example]', '[::1', '::1]:25', '[::1]25', '[]:25'];
  for (const text of texts) assert.equal(parseHostAndPort(text), undefined, text);
});
