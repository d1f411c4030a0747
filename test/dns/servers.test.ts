import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { nameserversOf, parseServer, serversOf } from '#dns/servers.ts';

describe('parseServer', () => {
  for (const [text, expected] of [
    ['192.0.2.53', { ip: '192.0.2.53', port: 53 }],
    ['192.0.2.53:5353', { ip: '192.0.2.53', port: 5353 }],
    // The configuration takes it too; a resolver that is passed over in silence would be another one's question.
    ['[192.0.2.53]:5353', { ip: '192.0.2.53', port: 5353 }],
    ['2001:db8::53', { ip: '2001:db8::53', port: 53 }],
    ['[2001:db8::53]', { ip: '2001:db8::53', port: 53 }],
    ['[2001:db8::53]:5353', { ip: '2001:db8::53', port: 5353 }],
    ['fe80::1%eth0', { ip: 'fe80::1%eth0', port: 53 }],
    ['192.0.2.53:0', undefined],
    ['192.0.2.53:65536', undefined],
    ['dns.example.org', undefined],
    ['', undefined],
  ] as const) {
    test(`"${text}" is ${expected === undefined ? 'no resolver' : 'a resolver'}`, () =>
      assert.deepEqual(parseServer(text), expected));
  }
});

test('nameserver lines are read, comments and other lines are not', () => {
  const text = '# nameserver 192.0.2.1\nnameserver 192.0.2.2\n search example.org\n\tnameserver  2001:db8::1 # two\n';
  assert.deepEqual(nameserversOf(text), ['192.0.2.2', '2001:db8::1']);
});

const trustOf = (resolvers: string[], trustedResolvers: string[]): boolean[] =>
  serversOf({ resolvers, trustedResolvers }, '').map(({ trusted }) => trusted);

describe('serversOf', () => {
  test('DNS-45 AD is believed from loopback and listed resolvers only (RFC 4035 §4.9.3)', () => {
    const resolvers = ['127.0.0.53', '[::1]:53', '192.0.2.53', '198.51.100.1'];
    assert.deepEqual(trustOf(resolvers, ['192.0.2.0/24']), [true, true, true, false]);
  });

  test('the resolvers of the system are asked when the settings name none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-resolv-'));
    const file = join(folder, 'resolv.conf');
    writeFileSync(file, 'nameserver 192.0.2.1\n');
    const servers = serversOf({ resolvers: [], trustedResolvers: [] }, file);
    rmSync(folder, { recursive: true });
    assert.deepEqual(servers, [{ ip: '192.0.2.1', port: 53, trusted: false }]);
  });

  test('without any the resolver is on loopback (resolv.conf(5))', () => {
    const servers = serversOf({ resolvers: [], trustedResolvers: [] }, '/nonexistent/resolv.conf');
    assert.deepEqual(servers, [{ ip: '127.0.0.1', port: 53, trusted: true }]);
  });
});
