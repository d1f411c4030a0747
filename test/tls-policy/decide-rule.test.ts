import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diagnosticText } from '#mail/diagnosis.ts';
import type { RuleTls } from '#mail/envelope.ts';
import { decideTls } from '#tls-policy/decide.ts';
import { demandText } from '#tls-policy/decision.ts';
import type { TlsFacts } from '#tls-policy/facts.ts';
import { connected, connector, facts, HOST, listed, override, PINNED, servfail, usable } from './known-host.ts';

const encrypted: RuleTls = { level: 'encrypted', rule: 'Cards' };
const authenticated: RuleTls = { level: 'authenticated', rule: 'Cards' };
const BY_RULE = `authenticate host ${HOST} (rule Cards)`;

function demands(known: Partial<TlsFacts>): string {
  const decision = decideTls(facts(known));
  if (decision.kind === 'skip') {
    const [, status = ''] = diagnosticText('deferred', decision.diagnosis).split(' ');
    return `skip ${status} ${decision.by}${decision.ofMessage ? ' of the message' : ''}`;
  }
  return decision.requirements
    .map(({ demand, by, name }) => `${demandText(demand)} (${`${by} ${name}`.trim()})`)
    .join(' and ');
}

describe('what a mail flow rule demands', () => {
  const unsigned = { mxSecure: false };
  const table: readonly (readonly [title: string, known: Partial<TlsFacts>, expected: string])[] = [
    ['TLS where nothing else does', { rule: encrypted }, 'encrypt (rule Cards)'],
    ['MIX-26 the name of a host that signed records vouch for', { rule: authenticated }, BY_RULE],
    [
      'MIX-26 a host that nothing vouches for is left alone, for this message only',
      { rule: authenticated, ...unsigned },
      'skip 4.4.317 rule of the message',
    ],
    [
      'MIX-26 the policy of the domain vouches for it',
      { rule: authenticated, sts: listed, ...unsigned },
      `authenticate host ${HOST} (mta-sts dest.test)`,
    ],
    [
      'MIX-26 so does one that is only tried out',
      { rule: authenticated, sts: listed, stsMode: 'report', ...unsigned },
      BY_RULE,
    ],
    [
      'an override that allows clear text lowers nothing',
      { rule: encrypted, override: override('none') },
      'encrypt (rule Cards)',
    ],
    ['nor does one that takes TLS as it comes', { rule: authenticated, override: override('may') }, BY_RULE],
    ['a floor that demands less gives way', { rule: authenticated, floor: 'encrypted' }, BY_RULE],
    [
      'a chain that proves no name is not enough',
      { rule: authenticated, connector: connector('CertificateValidation') },
      `${BY_RULE} and authenticate (connector partner)`,
    ],
    [
      'names that the operator wrote down count besides',
      { rule: authenticated, connector: PINNED },
      `${BY_RULE} and authenticate domain *.contoso.com (connector partner)`,
    ],
    ['TLSA records are enough', { rule: authenticated, dane: usable }, `dane ${HOST} (dane ${HOST})`],
    [
      'and are demanded where they are only told about',
      { rule: authenticated, dane: usable, override: override('may') },
      `dane ${HOST} (rule Cards)`,
    ],
    [
      'REQUIRETLS says as much',
      { rule: authenticated, wish: 'require-tls' },
      `authenticate host ${HOST} (requiretls ${HOST})`,
    ],
  ];
  for (const [title, known, expected] of table) test(title, () => assert.equal(demands(known), expected));

  test('a host that is to be left alone is left alone', () =>
    assert.equal(decideTls(facts({ rule: authenticated, dane: servfail })).kind, 'skip'));

  test('sessions that were made for less are not used', () => {
    const keys = [{}, { rule: encrypted }, { rule: authenticated }].map((known) => connected(known).key);
    assert.equal(new Set(keys).size, 3);
  });
});
