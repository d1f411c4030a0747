import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCertificateName } from '#inbound/certificate-name.ts';

const cases: readonly (readonly [asked: string, shown: string, matches: boolean])[] = [
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
];

for (const [asked, shown, matches] of cases) {
  test(`a certificate for "${shown}" ${matches ? 'stands' : 'does not stand'} for ${asked} (RFC 9525 §6.3)`, () => {
    assert.equal(parseCertificateName(asked).matches(['other.example', shown]), matches);
  });
}

test('a certificate without names stands for nobody', () => {
  assert.equal(parseCertificateName('*.contoso.com').matches([]), false);
});

test('what is neither a domain nor a wildcard below one is refused', () => {
  for (const text of ['', '*', '*.', 'a.*.b', 'CN=mail.contoso.com']) {
    assert.throws(() => parseCertificateName(text), RangeError);
  }
});
