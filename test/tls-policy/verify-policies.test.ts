/** Verdicts on what destinations publish: DANE with real chains, MTA-STS, REQUIRETLS; statuses, evidence and results. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { readNames } from '#mail/certificate-names.ts';
import { diagnosticText } from '#mail/diagnosis.ts';
import type { TlsaRecord } from '#dns/answer.ts';
import type { DaneTerms, Demand, Published } from '#tls-policy/decision.ts';
import { verifyTls, type Handshake, type TlsResult, type Verdict } from '#tls-policy/verify.ts';
import { ChainMaker, daysFromNow, tlsaText, type ChainCertificate } from '../doubles/chains.ts';
import { decisionFor, type DecisionOptions } from '../doubles/decisions.ts';

const PEER = { host: 'mx1.dest.test', ip: '192.0.2.7', port: 25 };
const NOW = new Date();

const maker = new ChainMaker();
after(() => maker.remove());
const root = maker.make({ commonName: 'Root', isAuthority: true });
const leaf = maker.make({ commonName: 'leaf', names: ['mx1.dest.test'], issuer: root });
const elsewhere = maker.make({ names: ['mx.other.test'], issuer: root });
const expired = maker.make({
  names: ['mx1.dest.test'],
  issuer: root,
  notBefore: daysFromNow(-9),
  notAfter: daysFromNow(-1),
});

function recordOf(text: string): TlsaRecord {
  const [usage, selector, matchingType, hex = ''] = text.split(' ');
  return {
    usage: Number(usage),
    selector: Number(selector),
    matchingType: Number(matchingType),
    association: Buffer.from(hex, 'hex'),
  };
}

const dane = (text: string, terms: Partial<DaneTerms> = {}): Demand => ({
  kind: 'dane',
  base: 'mx1.dest.test',
  port: 25,
  names: ['mx1.dest.test', 'dest.test'],
  records: [{ record: recordOf(text), usable: true, reason: '' }],
  strictDates: false,
  nameIsSecure: true,
  ...terms,
});
const host: Demand = { kind: 'authenticate', identity: { kind: 'host', name: 'mx1.dest.test' } };

function shown(chain: readonly ChainCertificate[], chainProblem?: string): TlsResult {
  const [first] = chain;
  const certificate = first && {
    subject: first.x509.subject,
    names: readNames(first.x509.subjectAltName),
    fingerprint: first.x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    thumbprint: first.x509.fingerprint.replaceAll(':', ''),
    validTo: first.x509.validToDate,
  };
  const handshake: Handshake = {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    chainProblem,
    certificate,
    chain: chain.map(({ x509 }) => x509),
  };
  return { kind: 'secured', handshake };
}

const UNTRUSTED = 'SELF_SIGNED_CERT_IN_CHAIN';
const notOffered: TlsResult = { kind: 'not-offered' };
const handshakeFailed: TlsResult = { kind: 'failed', reason: 'handshake failure' };

const verdictOf = (demand: Demand, result: TlsResult, options: DecisionOptions): Verdict =>
  verifyTls(decisionFor(demand, options), result, PEER, NOW);

/** `met`, or the status with the words behind it. */
function inShort(verdict: Verdict): string {
  if (verdict.kind === 'met') return 'met';
  const [, status = ''] = diagnosticText('deferred', verdict.diagnosis).split(' ');
  return `${status} ${verdict.lasting ? 'lasting' : ''}${verdict.ofMessage ? ' for this message' : ''}`.trim();
}

const byDane = { by: 'dane', name: 'mx1.dest.test' } as const;
const bySts = { by: 'mta-sts', name: 'dest.test' } as const;

describe('status by what was missing', () => {
  const good = tlsaText('3 1 1', leaf);
  const anchor = tlsaText('2 0 1', root);
  const cases: readonly (readonly [
    rule: string,
    demand: Demand,
    result: TlsResult,
    options: DecisionOptions,
    short: string,
  ])[] = [
    [
      'TLSA-19 a key that the records name is met without a trusted root',
      dane(good),
      shown([leaf], UNTRUSTED),
      byDane,
      'met',
    ],
    ['TLSA-60 another key has 4.7.323', dane(good), shown([elsewhere], UNTRUSTED), byDane, '4.7.323'],
    ['TLSA-71 no STARTTLS has 4.7.321', dane(good), notOffered, byDane, '4.7.321'],
    ['TLSA-72 a failed handshake has 4.7.321', dane(good), handshakeFailed, byDane, '4.7.321'],
    [
      'TLSA-34 DANE-TA: an expired certificate has 4.7.322',
      dane(anchor),
      shown([expired, root], UNTRUSTED),
      byDane,
      '4.7.322',
    ],
    ['TLSA-37 DANE-TA: another name has 4.7.325', dane(anchor), shown([elsewhere, root], UNTRUSTED), byDane, '4.7.325'],
    ['TLSA-28 DANE-TA: chain, name and dates are met', dane(anchor), shown([leaf, root], UNTRUSTED), byDane, 'met'],
    ['NOD-09 a session that shows no certificate is never met', dane(good), shown([]), byDane, '4.7.323'],
    ['records of no use want TLS', { kind: 'encrypt' }, notOffered, byDane, '4.7.321'],
    ['STS-01 QUE-01 MTA-STS: no STARTTLS has 4.7.4', host, notOffered, bySts, '4.7.4'],
    ['MXM-38 MTA-STS: a failed handshake has 4.7.4', host, handshakeFailed, bySts, '4.7.4'],
    ['MXM-32 MTA-STS: an unknown root has 4.7.5', host, shown([leaf], UNTRUSTED), bySts, '4.7.5'],
    ['MXM-27 QUE-04 MTA-STS: another name has 4.7.5', host, shown([elsewhere]), bySts, '4.7.5'],
    ['MXM-23 MTA-STS: a trusted chain and the name of the MX host are met', host, shown([leaf]), bySts, 'met'],
    ['MTA-STS: no certificate has 4.7.5', host, shown([]), bySts, '4.7.5'],
    ['a connector has 4.4.317', host, notOffered, { by: 'connector', name: 'partner' }, '4.4.317'],
    ['an override has 4.4.317', host, shown([leaf], UNTRUSTED), { by: 'override', name: 'ticket' }, '4.4.317'],
    [
      'REQ-35 REQUIRETLS: no STARTTLS has 4.7.10 and lasts',
      host,
      notOffered,
      { by: 'requiretls', requireTls: true },
      '4.7.10 lasting for this message',
    ],
    [
      'REQ-38 REQUIRETLS: a certificate that fails has 4.7.10 and lasts',
      dane(good),
      shown([elsewhere]),
      { ...byDane, requireTls: true },
      '4.7.10 lasting for this message',
    ],
    [
      'REQUIRETLS: a failed handshake may be different another time',
      host,
      handshakeFailed,
      { ...bySts, requireTls: true },
      '4.7.10  for this message',
    ],
  ];
  for (const [rule, demand, result, options, short] of cases) {
    test(rule, () =>
      assert.equal(inShort(verdictOf(demand, result, options)).replace('  ', ' '), short.replace('  ', ' ')),
    );
  }
});

test('DSNG-49 a DANE diagnosis names the host, the records and what the host showed', () => {
  const verdict = verdictOf(dane(tlsaText('3 1 1', leaf)), shown([elsewhere]), byDane);
  assert.ok(verdict.kind === 'unmet');
  const { text, policy } = verdict.diagnosis;
  assert.match(
    text,
    /^tlsa-invalid: The domain failed DANE validation\. \[Message=.+\] \[LastAttemptedServerName=mx1\.dest\.test\]/,
  );
  assert.equal(policy?.kind, 'dane');
  assert.equal(policy?.domain, 'mx1.dest.test');
  const seen = tlsaText('3 1 1', elsewhere).slice('3 1 1 '.length);
  assert.ok(policy?.detail.includes(`TLSA _25._tcp.mx1.dest.test ${tlsaText('3 1 1', leaf)}`), policy?.detail);
  assert.ok(policy?.detail.includes(seen), policy?.detail);
});

test("DSNG-48 an MTA-STS diagnosis has Microsoft's words and the reason", () => {
  const verdict = verdictOf(host, shown([leaf], 'CERT_HAS_EXPIRED'), bySts);
  assert.ok(verdict.kind === 'unmet');
  assert.match(verdict.diagnosis.text, /^Remote certificate failed MTA-STS validation\. Reason: CertificateExpired \[/);
  assert.deepEqual([verdict.diagnosis.policy?.kind, verdict.diagnosis.policy?.domain], ['mta-sts', 'dest.test']);
  assert.equal(verdict.diagnosis.policy?.detail, 'mx1.dest.test: a certificate of its chain has expired');
});

test('DSNG-48 the diagnosis of an expired certificate tells the day', () => {
  const verdict = verdictOf(host, shown([expired], 'CERT_HAS_EXPIRED'), bySts);
  assert.ok(verdict.kind === 'unmet');
  const day = expired.x509.validToDate.toISOString().slice(0, 10);
  assert.equal(verdict.diagnosis.policy?.detail, `mx1.dest.test: the certificate expired on ${day}`);
});

test('a record that holds a whole certificate is told in short', () => {
  const verdict = verdictOf(dane(tlsaText('3 0 0', leaf)), shown([leaf], UNTRUSTED), byDane);
  assert.ok(verdict.kind === 'met');
  assert.match(verdict.evidence?.matched ?? '', /^_25\._tcp\.mx1\.dest\.test 3 0 0 [0-9a-f]+\.\.\.$/);
  assert.equal(verdict.evidence?.matched?.length, 200);
});

describe('evidence', () => {
  test('tells the record that matched and the certificates', () => {
    const text = tlsaText('3 1 1', leaf);
    const verdict = verdictOf(dane(text), shown([leaf, root], UNTRUSTED), byDane);
    assert.ok(verdict.kind === 'met');
    const { authenticated, by, policy, matched, chain } = verdict.evidence ?? {};
    assert.deepEqual([authenticated, by, policy], [true, 'dane', 'mx1.dest.test']);
    assert.equal(matched, `_25._tcp.mx1.dest.test ${text}`);
    const digests = [leaf, root].map(({ x509 }) => x509.fingerprint256.replaceAll(':', '').toLowerCase());
    assert.deepEqual(chain, digests);
  });

  test('tells the policy that was in force', () => {
    const decision = decisionFor(host, bySts);
    const requirements = [{ ...decision.requirements[0], record: '_mta-sts.dest.test id=1' }] as const;
    const verdict = verifyTls({ ...decision, requirements }, shown([leaf]), PEER, NOW);
    assert.ok(verdict.kind === 'met');
    const { by, policy, matched } = verdict.evidence ?? {};
    assert.deepEqual([by, policy, matched], ['mta-sts', 'dest.test', '_mta-sts.dest.test id=1']);
  });

  test('DNS-19 behind insecure MX records a match does not authenticate (RFC 7672 §2.2.1)', () => {
    const demand = dane(tlsaText('3 1 1', leaf), { nameIsSecure: false });
    const verdict = verdictOf(demand, shown([leaf]), byDane);
    assert.ok(verdict.kind === 'met');
    assert.deepEqual([verdict.evidence?.authenticated, verdict.evidence?.by], [false, 'dane']);
  });

  test('a certificate that another demand did not take authenticates nobody', () => {
    const verdict = verdictOf(dane(tlsaText('3 1 1', elsewhere)), shown([leaf]), byDane);
    assert.ok(verdict.kind === 'unmet');
    assert.equal(verdict.diagnosis.tls?.authenticated, false);
  });

  test('a certificate that nobody asked for is told as what it is', () => {
    const verdict = verdictOf({ kind: 'encrypt' }, shown([leaf]), {});
    assert.ok(verdict.kind === 'met');
    assert.deepEqual([verdict.evidence?.authenticated, verdict.evidence?.by], [true, undefined]);
  });
});

test('every demand must be met', () => {
  const good = dane(tlsaText('3 1 1', leaf));
  const pinned: Demand = { kind: 'authenticate', identity: { kind: 'domains', patterns: ['*.contoso.test'] } };
  const decision = decisionFor(good, byDane);
  const both = {
    ...decision,
    requirements: [...decision.requirements, { demand: pinned, by: 'connector', name: 'partner' }] as const,
  };
  const verdict = verifyTls(both, shown([leaf]), PEER, NOW);
  assert.equal(inShort(verdict), '4.4.317');
});

const of = (demand: Demand, policy: Published['policy']): Published => ({
  policy,
  enforced: true,
  demand,
  failure: undefined,
  key: '',
});

const typesOf = (result: TlsResult, published: readonly Published[]): readonly string[] =>
  verdictOf({ kind: 'prefer' }, result, { published }).results.map(({ failure }) => failure?.type ?? 'success');

describe('results for TLS reports (RFC 8460 §4.3)', () => {
  const tlsa = { type: 'tlsa', domain: 'mx1.dest.test', strings: [], mxPatterns: [] } as const;
  const sts = { type: 'sts', domain: 'dest.test', strings: [], mxPatterns: [] } as const;
  const good = dane(tlsaText('3 1 1', leaf));

  test('RPTB-06 both policies are judged, each for itself', () => {
    assert.deepEqual(typesOf(shown([leaf], UNTRUSTED), [of(good, tlsa), of(host, sts)]), [
      'success',
      'certificate-not-trusted',
    ]);
  });
  test('RPTB-01 RPTB-02 a good session is a success', () => {
    assert.deepEqual(typesOf(shown([leaf]), [of(good, tlsa), of(host, sts)]), ['success', 'success']);
  });
  test('RPTB-22 an expired certificate', () => {
    assert.deepEqual(typesOf(shown([leaf], 'CERT_HAS_EXPIRED'), [of(host, sts)]), ['certificate-expired']);
  });
  test('RPTB-23 another name', () =>
    assert.deepEqual(typesOf(shown([elsewhere]), [of(host, sts)]), ['certificate-host-mismatch']));
  test('RPTB-29 records that do not match', () => {
    assert.deepEqual(typesOf(shown([elsewhere]), [of(good, tlsa)]), ['validation-failure']);
  });
  test('RPTB-29 a name that DANE-TA misses', () => {
    const anchored = dane(tlsaText('2 0 1', root));
    assert.deepEqual(typesOf(shown([elsewhere, root]), [of(anchored, tlsa)]), ['certificate-host-mismatch']);
  });
  test('STS-08 no STARTTLS', () => assert.deepEqual(typesOf(notOffered, [of(host, sts)]), ['starttls-not-supported']));
  test('STS-10 a failed handshake', () =>
    assert.deepEqual(typesOf(handshakeFailed, [of(host, sts)]), ['validation-failure']));
  test('RPTB-26 what is known before the session stays', () => {
    const failure = { type: 'tlsa-invalid', reason: 'usage 1' } as const;
    assert.deepEqual(typesOf(shown([leaf]), [{ ...of({ kind: 'encrypt' }, tlsa), failure }]), ['tlsa-invalid']);
  });
  test('RPTB-35 a reason is one short line of US-ASCII, with the addresses of the session', () => {
    const strange = maker.make({ subject: '/CN=\u00e9 a/O=b', names: ['x.test'], issuer: root });
    const [result] = verdictOf({ kind: 'prefer' }, shown([strange]), { published: [of(host, sts)] }).results;
    assert.match(result?.failure?.reason ?? '', /^[\x20-\x7e]{1,200}$/);
    assert.deepEqual([result?.failure?.mxHost, result?.failure?.ip], ['mx1.dest.test', '192.0.2.7']);
  });
});
