import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import { domainOf, needsSmtpUtf8, parseAddress } from '#mail/address.ts';

describe('parseAddress', () => {
  const good: [text: string, canonical: string][] = [
    ['bob@example.org', 'bob@example.org'],
    ['Bob.Tag+x@EXAMPLE.org', 'Bob.Tag+x@example.org'],
    ['u@xn--bcher-kva.example', 'u@xn--bcher-kva.example'],
    ['u@bücher.example', 'u@xn--bcher-kva.example'],
    ['"john doe"@example.org', '"john doe"@example.org'],
    ['"plain"@example.org', 'plain@example.org'],
    [String.raw`"a\"b"@example.org`, String.raw`"a\"b"@example.org`],
    ['"a@b"@example.org', '"a@b"@example.org'],
    ['postmaster@[192.0.2.1]', 'postmaster@[192.0.2.1]'],
    ['postmaster@[IPv6:2001:DB8::1]', 'postmaster@[IPv6:2001:db8::1]'],
    ['grüße@example.org', 'grüße@example.org'],
    ['a@under_score.example', 'a@under_score.example'],
    ['a@example.org.', 'a@example.org'],
  ];
  for (const [text, canonical] of good) {
    test(`${text} is an address (RFC 5321 §4.1.2)`, () => assert.equal(parseAddress(text)?.text, canonical));
  }

  const bad = [
    '',
    '@example.org',
    'bob',
    'bob@',
    'a b@example.org',
    'a..b@example.org',
    '.a@example.org',
    'a.@example.org',
    'a@b@example.org',
    'a@-x.example',
    'a@x..example',
    'a@[300.1.1.1]',
    'a@[IPv6:zz]',
    'a@[example.org]',
    'a\r\n@example.org',
    '"a\r\nb"@example.org',
    'a\0@example.org',
    `${'x'.repeat(65)}@example.org`,
    `x@${'y'.repeat(60)}.${'y'.repeat(60)}.${'y'.repeat(60)}.${'y'.repeat(63)}.example`,
  ];
  for (const text of bad) {
    test(`${JSON.stringify(text).slice(0, 40)} is none`, () => assert.equal(parseAddress(text), undefined));
  }

  test('what it returns is a fixed point and holds no control character', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.emailAddress(),
          fc.string().map((s) => `"${s}"@example.org`),
        ),
        (text) => {
          const address = parseAddress(text);
          if (address === undefined) return;
          assert.equal(parseAddress(address.text)?.text, address.text);
          // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
          assert.doesNotMatch(address.text, /[\x00-\x1f\x7f]/);
          assert.equal(domainOf(address.text), address.domain);
        },
      ),
    );
  });
});

test('only addresses beyond ASCII need SMTPUTF8 (RFC 6531 §3.3)', () => {
  assert.equal(needsSmtpUtf8('bob@example.org'), false);
  assert.equal(needsSmtpUtf8('grüße@example.org'), true);
});

test('the null reverse-path has no domain', () => assert.equal(domainOf(''), ''));
