import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { diagnosticText } from '#mail/diagnosis.ts';
import type { Connect, Identity } from '#tls-policy/decision.ts';
import { verifyTls, type Handshake, type TlsResult } from '#tls-policy/verify.ts';
import { decisionFor } from '../doubles/decisions.ts';

const peer = { host: 'mx.example.net', ip: '192.0.2.7', port: 25 };
const TAIL = '[LastAttemptedServerName=mx.example.net] [LastAttemptedIP=192.0.2.7:25]';
const certificate = {
  subject: 'CN=mail.other.example',
  names: { hosts: ['mx.example.net'], addresses: [] },
  fingerprint: 'ab'.repeat(32),
  thumbprint: 'CD'.repeat(20),
  validTo: new Date('2999-01-01'),
};
const good: Handshake = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  chainProblem: undefined,
  certificate,
  chain: [],
};
const secured = (change: Partial<Handshake> = {}): TlsResult => ({
  kind: 'secured',
  handshake: { ...good, ...change },
});
const NOW = new Date();
const prefer = decisionFor({ kind: 'prefer' });
const encrypt = decisionFor({ kind: 'encrypt' });
const authenticate = (identity: Identity): Connect => decisionFor({ kind: 'authenticate', identity });
const named = authenticate({ kind: 'host', name: 'mx.example.net' });
const other = { ...certificate, names: { hosts: ['mx.other.example'], addresses: [] } };

function messageOf(decision: Connect, result: TlsResult): string {
  const verdict = verifyTls(decision, result, peer, NOW);
  return verdict.kind === 'met' ? 'met' : diagnosticText('deferred', verdict.diagnosis);
}
const refusal = (message: string): string => `450 4.4.317 Cannot connect to remote server [Message=${message}] ${TAIL}`;
const mismatch = (expected: string): string =>
  refusal(
    `SubjectMismatch Expected Subject: ${expected}. Presented Subject: CN=mail.other.example. Thumbprint:${'CD'.repeat(20)}`,
  );

describe('verifyTls', () => {
  const chainless = { chainProblem: 'SELF_SIGNED_CERT_IN_CHAIN' };
  const noOffer = refusal('451 5.7.3 STARTTLS is required to send mail');
  const failed: TlsResult = { kind: 'failed', reason: 'wrong version number' };
  const cases: [rule: string, decision: Connect, result: TlsResult, words: string][] = [
    ['a preference is met in clear', prefer, { kind: 'not-offered' }, 'met'],
    ['a preference is met by a failed handshake', prefer, failed, 'met'],
    ['a preference judges no certificate', prefer, secured(chainless), 'met'],
    ['encryption needs STARTTLS', encrypt, { kind: 'not-offered' }, noOffer],
    ['authentication needs STARTTLS', named, { kind: 'not-offered' }, noOffer],
    ['encryption needs a handshake', encrypt, failed, refusal('TlsNegotiationFailed wrong version number')],
    ['encryption takes a self-signed certificate', encrypt, secured(chainless), 'met'],
    ['a chain and a name that match are met', named, secured(), 'met'],
    ['an unknown root is not met', named, secured(chainless), refusal('UntrustedRoot')],
    ['the chain alone is judged', authenticate({ kind: 'any' }), secured({ certificate: other }), 'met'],
    ['the chain alone must hold', authenticate({ kind: 'any' }), secured(chainless), refusal('UntrustedRoot')],
    ['another host is not met', named, secured({ certificate: other }), mismatch('mx.example.net')],
    [
      'another domain is not met',
      authenticate({ kind: 'domains', patterns: ['*.contoso.com'] }),
      secured(),
      mismatch('*.contoso.com'),
    ],
    [
      'no certificate authenticates nobody',
      authenticate({ kind: 'any' }),
      secured({ certificate: undefined }),
      refusal('NoCertificate'),
    ],
    ['an expired one is named', named, secured({ chainProblem: 'CERT_HAS_EXPIRED' }), refusal('CertificateExpired')],
    ['a revoked one is named', named, secured({ chainProblem: 'CERT_REVOKED' }), refusal('CertificateRevoked')],
    [
      'a problem without a word keeps its own',
      named,
      secured({ chainProblem: 'PATH_LENGTH_EXCEEDED' }),
      refusal('ChainInvalid PATH_LENGTH_EXCEEDED'),
    ],
  ];
  for (const [rule, decision, result, words] of cases) {
    test(rule, () => assert.equal(messageOf(decision, result), words));
  }
});

const evidence = (decision: Connect, change: Partial<Handshake>) => {
  const verdict = verifyTls(decision, secured(change), peer, NOW);
  return verdict.kind === 'met' ? verdict.evidence?.authenticated : verdict.diagnosis.tls?.authenticated;
};

test('evidence says authenticated only when chain and name hold', () => {
  assert.equal(evidence(named, {}), true);
  assert.equal(evidence(encrypt, {}), true);
  assert.equal(evidence(encrypt, { chainProblem: 'CERT_HAS_EXPIRED' }), false);
  assert.equal(evidence(prefer, { certificate: other }), false);
  assert.equal(evidence(prefer, { certificate: undefined }), false);
  assert.equal(evidence(named, { chainProblem: 'CERT_HAS_EXPIRED' }), false);
});

test('evidence says authenticated of no host whose name nobody has compared (CertificateValidation)', () => {
  const anybody = authenticate({ kind: 'any' });
  assert.equal(evidence(anybody, { certificate: other }), false);
  assert.equal(evidence(anybody, {}), true);
});

test('the text of a certificate cannot break a diagnosis apart', () => {
  const verdict = verifyTls(named, secured({ certificate: { ...other, subject: 'CN=a\r\nX: \u00e9' } }), peer, NOW);
  assert.ok(verdict.kind === 'unmet');
  assert.match(verdict.diagnosis.text, /^[\x20-\x7e]+$/);
});
