import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { decideTls, decisionKey, demandsTls, type TlsDecision } from '#tls-policy/decide.ts';
import type { ConnectorDemand, TlsFacts } from '#tls-policy/facts.ts';

const HOST = 'mx1.example.net';
const host: TlsDecision = { kind: 'authenticate', identity: { kind: 'host', name: HOST } };
const anybody: TlsDecision = { kind: 'authenticate', identity: { kind: 'any' } };
const domain = (pattern: string): TlsDecision => ({ kind: 'authenticate', identity: { kind: 'domain', pattern } });

/** A host of which nothing special is known; each test states only the fact it is about. */
const facts = (known: Partial<TlsFacts>): TlsFacts => ({
  host: HOST,
  floor: 'opportunistic',
  connector: undefined,
  ...known,
});
const only: ConnectorDemand = { tlsSettings: 'EncryptionOnly' };
const chain: ConnectorDemand = { tlsSettings: 'CertificateValidation' };
const named: ConnectorDemand = { tlsSettings: 'DomainValidation', tlsDomain: '*.Contoso.com' };

describe('decideTls', () => {
  const cases: [rule: string, known: Partial<TlsFacts>, decision: TlsDecision][] = [
    ['nothing demanded: TLS if offered (RFC 7435 §3)', {}, { kind: 'prefer' }],
    ['the floor may demand encryption', { floor: 'encrypted' }, { kind: 'encrypt' }],
    ['the floor may demand the certificate of the host', { floor: 'authenticated' }, host],
    ['EncryptionOnly demands encryption below any floor', { connector: only }, { kind: 'encrypt' }],
    ['EncryptionOnly does not lower the floor', { connector: only, floor: 'authenticated' }, host],
    ['CertificateValidation demands a chain and no name', { connector: chain }, anybody],
    ['CertificateValidation is more than encryption', { connector: chain, floor: 'encrypted' }, anybody],
    ['CertificateValidation does not lower the floor', { connector: chain, floor: 'authenticated' }, host],
    ['DomainValidation demands the name of the connector', { connector: named }, domain('*.contoso.com')],
    [
      'a name of the connector fulfils the floor',
      { connector: named, floor: 'authenticated' },
      domain('*.contoso.com'),
    ],
    ['DomainValidation without a name demands the host', { connector: { tlsSettings: 'DomainValidation' } }, host],
    ['an empty name is none', { connector: { tlsSettings: 'DomainValidation', tlsDomain: '' } }, host],
  ];
  for (const [rule, known, decision] of cases) {
    test(rule, () => assert.deepEqual(decideTls(facts(known)), decision));
  }
});

test('only a preference lets mail go in clear', () => {
  assert.equal(demandsTls({ kind: 'prefer' }), false);
  for (const decision of [{ kind: 'encrypt' } as const, anybody, host]) assert.equal(demandsTls(decision), true);
});

test('every decision has a key of its own', () => {
  const decisions: TlsDecision[] = [
    { kind: 'prefer' },
    { kind: 'encrypt' },
    anybody,
    host,
    domain(HOST),
    domain('x.test'),
  ];
  assert.equal(new Set(decisions.map(decisionKey)).size, decisions.length);
});
