import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diagnosticText } from '#mail/diagnosis.ts';
import { decideTls } from '#tls-policy/decide.ts';
import { demandsTls, demandText, type TlsDecision } from '#tls-policy/decision.ts';
import type { TlsFacts } from '#tls-policy/facts.ts';
import {
  bogus,
  connected,
  connector,
  daneSettings,
  facts,
  HOST,
  listed,
  override,
  PINNED,
  servfail,
  sts,
  unasked,
  unavailable,
  unlisted,
  unusable,
  usable,
} from './known-host.ts';

/** `dane mx1.dest.test (dane)`; several with `and`; or `skip` with status and source. */
function inShort(decision: TlsDecision): string {
  if (decision.kind === 'skip') {
    const [, status = ''] = diagnosticText('deferred', decision.diagnosis).split(' ');
    return `skip ${status} (${decision.by})${decision.ofMessage ? ' for this message' : ''}`;
  }
  return decision.requirements.map(({ demand, by }) => `${demandText(demand)} (${by})`).join(' and ');
}

type Row = readonly [rule: string, known: Partial<TlsFacts>, decision: string];
const rows = (title: string, table: readonly Row[]): unknown =>
  describe(title, () => {
    for (const [rule, known, decision] of table) {
      test(rule, () => assert.equal(inShort(decideTls(facts(known))), decision));
    }
  });

const HOST_BY_STS = `authenticate host ${HOST} (mta-sts)`;

rows('floor and connector', [
  ['nothing demanded: TLS if offered (RFC 7435 §3)', {}, 'prefer (floor)'],
  ['the floor may demand encryption', { floor: 'encrypted' }, 'encrypt (floor)'],
  ['the floor may demand the certificate of the host', { floor: 'authenticated' }, `authenticate host ${HOST} (floor)`],
  [
    'EncryptionOnly demands encryption below any floor',
    { connector: connector('EncryptionOnly') },
    'encrypt (connector)',
  ],
  [
    'EncryptionOnly does not lower the floor',
    { connector: connector('EncryptionOnly'), floor: 'authenticated' },
    `authenticate host ${HOST} (floor)`,
  ],
  [
    'CertificateValidation demands a chain and no name',
    { connector: connector('CertificateValidation'), floor: 'encrypted' },
    'authenticate (connector)',
  ],
  [
    'CertificateValidation does not lower the floor',
    { connector: connector('CertificateValidation'), floor: 'authenticated' },
    `authenticate host ${HOST} (floor)`,
  ],
  [
    'MIX-28 the stronger of two demands counts: a name of the connector fulfils the floor',
    { connector: PINNED, floor: 'authenticated' },
    'authenticate domain *.contoso.com (connector)',
  ],
  [
    'DomainValidation without a name demands the host',
    { connector: connector('DomainValidation', '') },
    `authenticate host ${HOST} (connector)`,
  ],
  [
    'of two alike the connector is named, since it is nearer',
    { connector: connector('EncryptionOnly'), floor: 'encrypted' },
    'encrypt (connector)',
  ],
  [
    'a password goes over TLS or not at all',
    { connector: { ...connector(undefined), hasCredentials: true } },
    'encrypt (connector)',
  ],
  [
    'a password does not lower what else is demanded',
    { connector: { ...connector(undefined), hasCredentials: true }, floor: 'authenticated' },
    `authenticate host ${HOST} (floor)`,
  ],
  [
    'nor does an override lower it',
    { connector: { ...connector(undefined), hasCredentials: true }, override: override('none') },
    'encrypt (connector)',
  ],
  ['a connector that leaves TLS alone leaves it to the floor', { connector: connector(undefined) }, 'prefer (floor)'],
]);

rows('DANE', [
  [
    'DNS-01 usable records demand a certificate that they name (RFC 7672 §2.2)',
    { dane: usable },
    `dane ${HOST} (dane)`,
  ],
  ['DNS-02 DNS-03 no TLSA records: as without DANE (RFC 7672 §2.2)', {}, 'prefer (floor)'],
  ['DNS-04 an insecure denial is an answer', { dane: { kind: 'none', why: 'insecure' } }, 'prefer (floor)'],
  ['DNS-12 no answer: the host is not used (RFC 7672 §2.1.2)', { dane: servfail }, 'skip 4.7.5 (dane)'],
  ['QUE-02 a bogus answer has the code of its own', { dane: bogus }, 'skip 4.7.324 (dane)'],
  ['an answer that fails is not rescued by MTA-STS', { dane: servfail, sts: listed }, 'skip 4.7.5 (dane)'],
  [
    'TLSA-12 MIX-09 records of no use still demand TLS (RFC 7672 §2.2)',
    { dane: unusable, sts: sts('testing', HOST) },
    'encrypt (dane)',
  ],
  [
    'records of no use do not lower the floor',
    { dane: unusable, floor: 'authenticated' },
    `authenticate host ${HOST} (floor)`,
  ],
  ['DANE fulfils the floor', { dane: usable, floor: 'authenticated' }, `dane ${HOST} (dane)`],
  [
    'DANE fulfils a demand for a certificate',
    { dane: usable, connector: connector('CertificateValidation') },
    `dane ${HOST} (dane)`,
  ],
  [
    'a name of the connector is demanded besides',
    { dane: usable, connector: PINNED },
    `dane ${HOST} (dane) and authenticate domain *.contoso.com (connector)`,
  ],
  [
    'DNS-19 behind insecure MX records DANE counts by default (RFC 7672 §2.2.1)',
    { dane: usable, mxSecure: false },
    `dane ${HOST} (dane)`,
  ],
  [
    'insecureMx: encrypt wants TLS, whoever the host is',
    { dane: usable, mxSecure: false, daneSettings: { ...daneSettings, insecureMx: 'encrypt' } },
    'encrypt (dane)',
  ],
  [
    'insecureMx: encrypt leaves the certificate to MTA-STS',
    { dane: usable, mxSecure: false, daneSettings: { ...daneSettings, insecureMx: 'encrypt' }, sts: listed },
    HOST_BY_STS,
  ],
  [
    'DNS-22 insecureMx: may goes as without DANE',
    { dane: usable, mxSecure: false, daneSettings: { ...daneSettings, insecureMx: 'may' } },
    'prefer (floor)',
  ],
  [
    'TLSA-75 in report mode nothing is enforced',
    { dane: usable, daneSettings: { ...daneSettings, mode: 'report' } },
    'prefer (floor)',
  ],
  [
    'in report mode no answer is no obstacle',
    { dane: servfail, daneSettings: { ...daneSettings, mode: 'report' } },
    'prefer (floor)',
  ],
]);

rows('DANE that is mandatory', [
  [
    'DNS-21 behind insecure MX records mail waits',
    { dane: usable, mxSecure: false, daneIsMandatory: true },
    'skip 4.7.323 (connector)',
  ],
  ['DNS-62 without TLSA records mail waits', { daneIsMandatory: true }, 'skip 4.7.323 (connector)'],
  ['DNS-63 with records of no use mail waits', { dane: unusable, daneIsMandatory: true }, 'skip 4.7.323 (connector)'],
  ['with usable records it goes', { dane: usable, daneIsMandatory: true }, `dane ${HOST} (dane)`],
  [
    'it counts although DANE is only reported elsewhere',
    { dane: usable, daneIsMandatory: true, daneSettings: { ...daneSettings, mode: 'report' } },
    `dane ${HOST} (dane)`,
  ],
]);

rows('MTA-STS', [
  ['an enforced policy demands the certificate of the host (RFC 8461 §4.2)', { sts: listed }, HOST_BY_STS],
  [
    'STS-02 MXM-26 QUE-03 a host that is not listed is not used (RFC 8461 §5)',
    { sts: unlisted },
    'skip 4.4.8 (mta-sts)',
  ],
  ['STS-07 STS-08 testing demands nothing', { sts: sts('testing', HOST) }, 'prefer (floor)'],
  ['STS-09 testing uses a host that is not listed', { sts: sts('testing', 'mx9.dest.test') }, 'prefer (floor)'],
  ['testing does not lower the floor', { sts: sts('testing', HOST), floor: 'encrypted' }, 'encrypt (floor)'],
  ['mode none is as no policy', { sts: sts('none') }, 'prefer (floor)'],
  [
    'STS-45 STS-46 STS-47 a policy that cannot be had demands nothing (RFC 8461 §3.3)',
    { sts: unavailable },
    'prefer (floor)',
  ],
  ['TXT-53 while DNS does not say whether there is one, mail waits', { sts: unasked }, 'skip 4.7.5 (mta-sts)'],
  ['TXT-53 but not for ever', { sts: unasked, stsGraceIsOver: true }, 'prefer (floor)'],
  ['in report mode nothing is enforced', { sts: unlisted, stsMode: 'report' }, 'prefer (floor)'],
  ['in report mode nobody waits for DNS', { sts: unasked, stsMode: 'report' }, 'prefer (floor)'],
  ['a policy fulfils the floor', { sts: listed, floor: 'authenticated' }, HOST_BY_STS],
  [
    'a name of the connector is demanded besides',
    { sts: listed, connector: PINNED },
    `${HOST_BY_STS} and authenticate domain *.contoso.com (connector)`,
  ],
]);

rows('both', [
  ['MIX-03 DANE decides where it applies (RFC 8461 §2)', { dane: usable, sts: listed }, `dane ${HOST} (dane)`],
  [
    'MIX-04 DANE decides for a host that the policy does not list',
    { dane: usable, sts: unlisted },
    `dane ${HOST} (dane)`,
  ],
  ['DANE does not wait for MTA-STS', { dane: usable, sts: unasked }, `dane ${HOST} (dane)`],
  ['STS-13 testing does not lower DANE', { dane: usable, sts: sts('testing', HOST) }, `dane ${HOST} (dane)`],
  [
    'MIX-08 records of no use and a policy: TLS with the certificate of the host',
    { dane: unusable, sts: listed },
    HOST_BY_STS,
  ],
  [
    'records of no use and a policy that does not list the host',
    { dane: unusable, sts: unlisted },
    'skip 4.4.8 (mta-sts)',
  ],
  [
    'MIX-03 behind insecure MX records DANE proves no host: the policy must be met besides (RFC 8461 §5)',
    { dane: usable, sts: listed, mxSecure: false },
    `${HOST_BY_STS} and dane ${HOST} (dane)`,
  ],
  [
    'MIX-04 behind insecure MX records a host that the policy does not list is not used, whatever its records say',
    { dane: usable, sts: unlisted, mxSecure: false },
    'skip 4.4.8 (mta-sts)',
  ],
  [
    'behind insecure MX records DANE is no reason not to wait for MTA-STS',
    { dane: usable, sts: unasked, mxSecure: false },
    'skip 4.7.5 (mta-sts)',
  ],
  [
    'behind insecure MX records no answer is not rescued by MTA-STS either',
    { dane: servfail, sts: listed, mxSecure: false },
    'skip 4.7.5 (dane)',
  ],
  [
    'behind insecure MX records testing does not lower DANE',
    { dane: usable, sts: sts('testing', 'mx9.dest.test'), mxSecure: false },
    `dane ${HOST} (dane)`,
  ],
  [
    'MIX-13 MIX-14 without DANE the policy decides alone',
    { dane: { kind: 'off', why: 'settings' }, sts: listed },
    HOST_BY_STS,
  ],
]);

rows('overrides', [
  [
    'MIX-15 none goes in clear, whatever is published',
    { override: override('none'), dane: usable, sts: listed, floor: 'authenticated' },
    'clear (override)',
  ],
  ['may takes what TLS there is', { override: override('may'), dane: servfail, sts: unlisted }, 'prefer (override)'],
  [
    'MIX-17 encrypt wants TLS and no more',
    { override: override('encrypt'), sts: sts('testing', HOST) },
    'encrypt (override)',
  ],
  [
    'MIX-18 authenticated wants the host',
    { override: override('authenticated'), dane: usable },
    `authenticate host ${HOST} (override)`,
  ],
  [
    'MIX-18 authenticated wants one of the names of the match list',
    { override: override('authenticated', ['mail.other.test', '*.provider.test']) },
    'authenticate domain mail.other.test or *.provider.test (override)',
  ],
  ['MIX-19 dane wants DANE', { override: override('dane'), dane: usable, sts: listed }, `dane ${HOST} (dane)`],
  ['MIX-19 dane or nothing', { override: override('dane'), sts: listed }, 'skip 4.7.323 (override)'],
  [
    'report leaves it to the floor',
    { override: override('report'), dane: servfail, sts: unlisted, floor: 'encrypted' },
    'encrypt (floor)',
  ],
  [
    'TLSA-76 an override is over a connector too',
    { override: override('may'), connector: PINNED },
    'prefer (override)',
  ],
]);

const tagged = { wish: 'require-tls' } as const;
rows('REQUIRETLS (RFC 8689 §4.2.1)', [
  ['REQ-21 DANE proves the host', { ...tagged, dane: usable }, `dane ${HOST} (dane)`],
  ['REQ-22 an enforced policy proves the host', { ...tagged, mxSecure: false, sts: listed }, HOST_BY_STS],
  ['REQ-23 signed MX records and its certificate prove the host', tagged, `authenticate host ${HOST} (requiretls)`],
  [
    'REQ-26 testing proves nothing',
    { ...tagged, mxSecure: false, sts: sts('testing', HOST) },
    'skip 4.7.10 (requiretls) for this message',
  ],
  [
    'REQ-27 mode none proves nothing',
    { ...tagged, mxSecure: false, sts: sts('none') },
    'skip 4.7.10 (requiretls) for this message',
  ],
  [
    'REQ-28 a host that is not listed is not used',
    { ...tagged, mxSecure: false, sts: unlisted },
    'skip 4.4.8 (mta-sts)',
  ],
  [
    'REQ-30 records of no use prove nothing',
    { ...tagged, dane: unusable },
    'skip 4.7.10 (requiretls) for this message',
  ],
  ['records of no use do not harm a policy', { ...tagged, dane: unusable, sts: listed }, HOST_BY_STS],
  [
    'behind insecure MX records DANE proves nothing',
    { ...tagged, dane: usable, mxSecure: false },
    'skip 4.7.10 (requiretls) for this message',
  ],
  ['no answer: the host is not used', { ...tagged, dane: servfail }, 'skip 4.7.5 (dane)'],
  [
    'no answer: where DANE is only reported, other mail may go',
    { ...tagged, dane: servfail, daneSettings: { ...daneSettings, mode: 'report' } },
    'skip 4.7.5 (dane) for this message',
  ],
  [
    'REQ-43 where the domain is its own host, nobody named another one',
    { ...tagged, host: 'dest.test', mxSecure: false },
    'authenticate host dest.test (requiretls)',
  ],
  [
    'MIX-25 an override does not lower it',
    { ...tagged, override: override('none'), dane: usable },
    `dane ${HOST} (requiretls)`,
  ],
  [
    'MIX-25 an override that wants the host of an insecure MX record does not say that it is the right one',
    { ...tagged, mxSecure: false, override: override('authenticated') },
    'skip 4.7.10 (requiretls) for this message',
  ],
  [
    'an override that names the certificate does',
    { ...tagged, mxSecure: false, override: override('authenticated', ['mail.other.test']) },
    'authenticate domain mail.other.test (override)',
  ],
  [
    'an override that wants the host of a signed MX record says enough',
    { ...tagged, override: override('authenticated') },
    `authenticate host ${HOST} (override)`,
  ],
  [
    'what is only reported proves the host all the same',
    { ...tagged, mxSecure: false, sts: listed, stsMode: 'report' },
    `authenticate host ${HOST} (requiretls)`,
  ],
  [
    'a name of the connector is demanded besides',
    { ...tagged, connector: PINNED },
    `authenticate host ${HOST} (requiretls) and authenticate domain *.contoso.com (connector)`,
  ],
]);

rows('TLS-Required: No (RFC 8689 §4.2.2)', [
  ['TRN-02 the policy is not looked at', { wish: 'tls-not-required', sts: unlisted }, 'prefer (floor)'],
  ['TRN-03 nor DANE', { wish: 'tls-not-required', dane: usable }, 'prefer (floor)'],
  ['TRN-04 nor an answer that fails', { wish: 'tls-not-required', dane: servfail }, 'prefer (floor)'],
  ['TRN-21 what the operator demands stays', { wish: 'tls-not-required', floor: 'encrypted' }, 'encrypt (floor)'],
  [
    'TRN-21 DANE that the operator demands stays',
    { wish: 'tls-not-required', daneIsMandatory: true },
    'skip 4.7.323 (connector)',
  ],
]);

rows('TLS reports (RFC 8460 §3)', [
  [
    'RPTS-07 go whatever there is',
    { wish: 'deliver-anyway', dane: servfail, sts: unlisted, floor: 'authenticated' },
    'prefer (tls-report)',
  ],
  [
    'RPTS-07 whatever the connector says',
    { wish: 'deliver-anyway', connector: PINNED, daneIsMandatory: true },
    'prefer (tls-report)',
  ],
]);

test('only clear and prefer let mail go in clear', () => {
  for (const known of [{}, { override: override('none') }]) assert.equal(demandsTls(connected(known)), false);
  const others = [{ floor: 'encrypted' }, { sts: listed }, { dane: usable }, { dane: unusable }] as const;
  for (const known of others) assert.equal(demandsTls(connected(known)), true);
});

const namesOf = (known: Partial<TlsFacts>): readonly string[] => {
  const [{ demand }] = connected({ dane: usable, ...known }).requirements;
  return demand.kind === 'dane' ? demand.names : [];
};

test('TLSA-38 reference names: the base, and the nexthop before and after CNAMEs where the way is secure (RFC 7672 §3.2.2)', () => {
  assert.deepEqual(namesOf({}), [HOST, 'dest.test', 'real.test']);
  assert.deepEqual(namesOf({ mxSecure: false }), [HOST]);
});

test('the server name is the TLSA base, also where DANE is only reported (RFC 7672 §8.1)', () => {
  const elsewhere = { ...usable, base: 'mx.provider.test' };
  assert.equal(connected({ dane: elsewhere }).serverName, 'mx.provider.test');
  const report = { ...daneSettings, mode: 'report' } as const;
  assert.equal(connected({ dane: elsewhere, daneSettings: report }).serverName, 'mx.provider.test');
  assert.equal(connected({}).serverName, undefined);
});
