import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { parseCertificateName, readHost, readNames, standsForDomain, standsForHost } from '#mail/certificate-names.ts';

describe('standsForHost', () => {
  const cases: [rule: string, san: string, host: string, stands: boolean][] = [
    ['a name is itself', 'DNS:mx.example.net', 'mx.example.net', true],
    ['case does not matter', 'DNS:MX.Example.Net', 'mx.EXAMPLE.net', true],
    ['a name is not its parent', 'DNS:example.net', 'mx.example.net', false],
    ['a wildcard covers one label (RFC 6125 §6.4.3)', 'DNS:*.example.net', 'mx.example.net', true],
    ['a wildcard covers no second label', 'DNS:*.example.net', 'a.mx.example.net', false],
    ['a wildcard does not cover its parent', 'DNS:*.example.net', 'example.net', false],
    ['a wildcard covers no part of a label', 'DNS:m*.example.net', 'mx.example.net', false],
    ['a wildcard stands only to the left', 'DNS:mx.*.net', 'mx.example.net', false],
    ['a wildcard below the root covers nobody', 'DNS:*.net', 'example.net', false],
    ['one of several is enough', 'DNS:a.test, DNS:mx.example.net', 'mx.example.net', true],
    ['no names match nothing', '', 'mx.example.net', false],
    ['an address is its own kind of name', 'IP Address:192.0.2.1', '192.0.2.1', true],
    ['an address written as a name is none', 'DNS:192.0.2.1', '192.0.2.2', false],
    ['IPv6 is compared by value', 'IP Address:2001:DB8:0:0:0:0:0:1', '2001:db8::1', true],
    ['a literal is its address', 'IP Address:2001:DB8:0:0:0:0:0:1', '[IPv6:2001:db8::1]', true],
  ];
  for (const [rule, san, host, stands] of cases) {
    test(rule, () => assert.equal(standsForHost(readNames(san), host), stands));
  }
});

describe('standsForDomain', () => {
  const cases: [wanted: string, shown: string, stands: boolean][] = [
    ['mail.contoso.com', 'mail.contoso.com', true],
    ['mail.contoso.com', 'MAIL.contoso.com', true],
    ['MAIL.contoso.com', 'mail.contoso.com', true],
    ['mail.contoso.com', 'contoso.com', false],
    ['mail.contoso.com', 'a.mail.contoso.com', false],
    ['mail.contoso.com', '*.contoso.com', true],
    ['a.mail.contoso.com', '*.contoso.com', false],
    ['contoso.com', '*.contoso.com', false],
    ['contoso.com', '*.com', false],
    ['mail.contoso.com', '*', false],
    ['mail.contoso.com', '*.com', false],
    ['mail.contoso.com', 'm*.contoso.com', false],
    ['mail.contoso.com', 'mail.contoso.com.evil.example', false],
    ['*.contoso.com', '*.contoso.com', true],
    ['*.contoso.com', 'mail.contoso.com', true],
    ['*.contoso.com', 'a.mail.contoso.com', true],
    ['*.contoso.com', 'contoso.com', false],
    ['*.contoso.com', 'evilcontoso.com', false],
    ['*.contoso.com', '*.com', false],
    ['*.contoso.com', '*', false],
    ['*.contoso.com', '', false],
    ['*.contoso.com', 'a b.contoso.com', false],
    ['*.contoso.com', '.contoso.com', false],
    ['mail.contoso.com', 'a.contoso.com', false],
    ['*.contoso.com', 'a.b.contoso.com', true],
  ];
  for (const [wanted, shown, stands] of cases) {
    test(`a certificate for "${shown}" ${stands ? 'stands' : 'does not stand'} for ${wanted} (RFC 9525 §6.3)`, () => {
      const hosts = ['other.example', shown].flatMap(readHost);
      assert.equal(standsForDomain({ hosts }, parseCertificateName(wanted) ?? ''), stands);
    });
  }

  test('a certificate without names stands for nobody', () => {
    assert.equal(standsForDomain({ hosts: [] }, '*.contoso.com'), false);
  });
});

test('what is neither a domain nor a wildcard below one is no name to ask for', () => {
  for (const text of ['', '*', '*.', 'a.*.b', 'CN=mail.contoso.com'])
    assert.equal(parseCertificateName(text), undefined);
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
