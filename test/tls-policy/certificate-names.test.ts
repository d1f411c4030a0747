import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { identifies, readNames } from '#tls-policy/certificate-names.ts';

describe('identifies', () => {
  const cases: [rule: string, san: string, identity: Parameters<typeof identifies>[1], matches: boolean][] = [
    ['a name is itself', 'DNS:mx.example.net', { kind: 'host', name: 'mx.example.net' }, true],
    ['case does not matter', 'DNS:MX.Example.Net', { kind: 'host', name: 'mx.EXAMPLE.net' }, true],
    ['a name is not its parent', 'DNS:example.net', { kind: 'host', name: 'mx.example.net' }, false],
    [
      'a wildcard covers one label (RFC 6125 §6.4.3)',
      'DNS:*.example.net',
      { kind: 'host', name: 'mx.example.net' },
      true,
    ],
    ['a wildcard covers no second label', 'DNS:*.example.net', { kind: 'host', name: 'a.mx.example.net' }, false],
    ['a wildcard does not cover its parent', 'DNS:*.example.net', { kind: 'host', name: 'example.net' }, false],
    ['a wildcard covers no part of a label', 'DNS:m*.example.net', { kind: 'host', name: 'mx.example.net' }, false],
    ['a wildcard stands only to the left', 'DNS:mx.*.net', { kind: 'host', name: 'mx.example.net' }, false],
    ['a wildcard below the root covers nobody', 'DNS:*.net', { kind: 'host', name: 'example.net' }, false],
    ['one of several is enough', 'DNS:a.test, DNS:mx.example.net', { kind: 'host', name: 'mx.example.net' }, true],
    ['no names match nothing', '', { kind: 'host', name: 'mx.example.net' }, false],
    ['an address is its own kind of name', 'IP Address:192.0.2.1', { kind: 'host', name: '192.0.2.1' }, true],
    ['an address written as a name is none', 'DNS:192.0.2.1', { kind: 'host', name: '192.0.2.2' }, false],
    ['IPv6 is compared by value', 'IP Address:2001:DB8:0:0:0:0:0:1', { kind: 'host', name: '2001:db8::1' }, true],
    ['a literal is its address', 'IP Address:2001:DB8:0:0:0:0:0:1', { kind: 'host', name: '[IPv6:2001:db8::1]' }, true],
    ['TlsDomain is a name', 'DNS:mail.contoso.com', { kind: 'domain', pattern: 'mail.contoso.com' }, true],
    ['TlsDomain is not another name', 'DNS:a.contoso.com', { kind: 'domain', pattern: 'mail.contoso.com' }, false],
    [
      'a certificate for all names covers it',
      'DNS:*.contoso.com',
      { kind: 'domain', pattern: 'mail.contoso.com' },
      true,
    ],
    ['*. stands for a name below', 'DNS:mail.contoso.com', { kind: 'domain', pattern: '*.contoso.com' }, true],
    ['*. stands for names at any depth', 'DNS:a.b.contoso.com', { kind: 'domain', pattern: '*.contoso.com' }, true],
    ['*. is matched by itself', 'DNS:*.contoso.com', { kind: 'domain', pattern: '*.contoso.com' }, true],
    ['*. does not stand for its parent', 'DNS:contoso.com', { kind: 'domain', pattern: '*.contoso.com' }, false],
    ['*. keeps its dot', 'DNS:mail.evilcontoso.com', { kind: 'domain', pattern: '*.contoso.com' }, false],
    ['anybody needs no name', '', { kind: 'any' }, true],
  ];
  for (const [rule, san, identity, matches] of cases) {
    test(rule, () => assert.equal(identifies(readNames(san), identity), matches));
  }
});

describe('readNames', () => {
  test('a name hidden in a quoted one is not read', () => {
    const { hosts } = readNames('URI:"http://a/, DNS:mx.example.net", DNS:b.test');
    assert.deepEqual(hosts, ['b.test']);
  });
  test('other kinds of names are passed over', () => {
    const names = readNames(
      'email:a@b.test, DNS:b.test, IP Address:192.0.2.1, othername:<unsupported>, Registered ID:1.2.3',
    );
    assert.deepEqual(names, { hosts: ['b.test'], addresses: ['192.0.2.1'] });
  });
  test('a text that cannot be read gives no names', () => {
    assert.deepEqual(readNames('DNS:mx.example.net, "'), { hosts: [], addresses: [] });
  });
  test('a certificate without the extension has no names', () => {
    assert.deepEqual(readNames(undefined), { hosts: [], addresses: [] });
  });
});
