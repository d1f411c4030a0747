/** What is said of each thing that can be wrong, each time beside a domain for which nothing is. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { compareRecords } from '#publishing/compare.ts';
import type { DnsFacts, HostFacts, ServedPolicy } from '#publishing/facts.ts';
import { lint } from '#publishing/lint/lint.ts';
import type { LintFacts, LintFinding } from '#publishing/lint/finding.ts';
import type { WantedRecords } from '#publishing/records.ts';
import type { PublishedDomain } from '#publishing/settings.ts';
import { assessRecords } from '#tls-policy/dane/records.ts';
import type { TlsaFinding } from '#tls-policy/dane/finding.ts';
import type { MailboxAnswer, TlsProbe } from '#tls-policy/host-probe.ts';
import { readPolicy, type StsMode } from '#tls-policy/mta-sts/policy.ts';
import { ChainMaker, daysFromNow, tlsaText, type ChainCertificate } from '../doubles/chains.ts';
import { bogus, dnsFacts, found, nodata, nxdomain, ownKeys, servfail, tlsa, wantedOf } from './published.ts';

const chains = new ChainMaker();
after(() => chains.remove());
const authority = chains.make({ commonName: 'Authority', isAuthority: true });
const names = ['mx.own.test', 'mta-sts.own.test'];
const good = chains.make({ issuer: authority, names });
const goodRsa = chains.make({ issuer: authority, names, key: 'rsa2048' });
const stranger = chains.make({ issuer: authority, names });

const NOW = new Date();
const DAY = 86_400_000;

function secured(shown: ChainCertificate, chainProblem?: string): TlsProbe {
  return { kind: 'secured', leaf: shown.x509, chain: [shown.x509, authority.x509], chainProblem };
}

function published(...texts: readonly string[]): TlsaFinding {
  return { kind: 'records', base: 'mx.own.test', records: assessRecords(texts.map(tlsa), ['sha512', 'sha256']) };
}

const EE = tlsaText('3 1 1', good);

function host(changes: Partial<HostFacts> = {}, probes: readonly TlsProbe[] = [secured(good)]): HostFacts {
  return {
    host: 'mx.own.test',
    port: 25,
    answers: [found(['192.0.2.1']), nodata],
    isAlias: false,
    tlsa: published(EE),
    addresses: [{ ip: '192.0.2.1', probes }],
    ...changes,
  };
}

const policyOf = (mode: StsMode, changes: object = {}): PublishedDomain['mtaSts'] => ({
  mode,
  maxAge: 7 * DAY,
  mx: [],
  ...changes,
});

type Changes = {
  readonly domain?: Partial<PublishedDomain>;
  readonly dns?: Partial<DnsFacts>;
  readonly served?: readonly ServedPolicy[];
  readonly facts?: Partial<LintFacts>;
};

function servedBy(wanted: WantedRecords): readonly ServedPolicy[] {
  if (wanted.sts === undefined) return [];
  return [{ address: '192.0.2.1', fetch: { kind: 'policy', policy: wanted.sts.policy, warnings: [] } }];
}

function findings({ domain = {}, dns = {}, served, facts = {} }: Changes): readonly LintFinding[] {
  const keys = [ownKeys(good)];
  const wanted = wantedOf({ mtaSts: policyOf('enforce'), ...domain }, { keys });
  const answers = dnsFacts(wanted, dns);
  const policies = served ?? servedBy(wanted);
  return lint({
    wanted,
    keys,
    dns: answers,
    records: compareRecords(wanted, answers, policies),
    served: policies,
    hosts: [host()],
    mailboxes: [{ address: 'tls@own.test', answer: { kind: 'accepted' } }],
    history: { testingSince: new Date(NOW.getTime() - 30 * DAY), enforcedSince: new Date(NOW.getTime() - DAY) },
    reportDays: undefined,
    now: NOW,
    ...facts,
  });
}

/** `error mx-not-listed mx2.own.test` */
const told = (changes: Changes): readonly string[] =>
  findings(changes).map(({ severity, code, subject }) => `${severity} ${code} ${subject}`);

const PLACE = 'mx.own.test [192.0.2.1]:25';
const MX2 = found([
  { preference: 10, exchange: 'mx.own.test' },
  { preference: 20, exchange: 'mx2.own.test' },
]);

const hostAt = (probes: readonly TlsProbe[], domain: Partial<PublishedDomain> = {}, changes: Partial<HostFacts> = {}) =>
  told({ domain, facts: { hosts: [host(changes, probes)] } });

const daneAt = (tlsaFinding: TlsaFinding, probes: readonly TlsProbe[] = [secured(good)], dns: Partial<DnsFacts> = {}) =>
  told({ dns, facts: { hosts: [host({ tlsa: tlsaFinding }, probes)] } });

const endingIn = (days: number) =>
  secured(
    chains.make({ issuer: authority, names, notBefore: daysFromNow(-30), notAfter: daysFromNow(days) }),
    days < 0 ? 'CERT_HAS_EXPIRED' : undefined,
  );

const sinceDays = (testing: number | undefined, enforced: number | undefined): LintFacts['history'] => ({
  testingSince: testing === undefined ? undefined : new Date(NOW.getTime() - testing * DAY),
  enforcedSince: enforced === undefined ? undefined : new Date(NOW.getTime() - enforced * DAY),
});

const keysEndingIn = (days: number) => [
  ownKeys(
    chains.make({
      issuer: authority,
      names: ['mta-sts.own.test'],
      notBefore: daysFromNow(-30),
      notAfter: daysFromNow(days),
    }),
  ),
];

const asked = (answer: MailboxAnswer) => told({ facts: { mailboxes: [{ address: 'tls@own.test', answer }] } });

test('of a domain for which all is well there is nothing to say', () => {
  for (const mode of ['enforce', 'testing', 'none'] as const) {
    assert.deepEqual(told({ domain: { mtaSts: policyOf(mode) } }), [], mode);
  }
});

test('every finding says what is wrong, where, and what to do', () => {
  const all = findings({
    dns: { mx: MX2, sts: nxdomain },
    facts: {
      hosts: [
        host({ tlsa: published(tlsaText('3 1 1', stranger)) }, [{ kind: 'not-offered' }, secured(stranger, 'X')]),
      ],
    },
  });
  assert.ok(all.length > 3);
  for (const { text, remedy, subject, code } of all) {
    assert.ok(text.length > 10 && subject !== '' && remedy.endsWith('.'), code);
    assert.match(text + remedy, /^[\x20-\x7e]+$/, code);
  }
  const order = all.map(({ severity }) => ['error', 'warning', 'advice', 'note'].indexOf(severity));
  assert.deepEqual(
    order,
    order.toSorted((one, other) => one - other),
  );
});

describe('the policy and the MX records', () => {
  test('PUB-08 an MX that no pattern lists is an error when enforced, a warning in testing', () => {
    const own = (mode: StsMode) => told({ domain: { mtaSts: policyOf(mode) }, dns: { mx: MX2 } });
    assert.deepEqual(own('enforce'), ['error mx-not-listed mx2.own.test', 'note record-extra own.test MX']);
    assert.deepEqual(own('testing'), ['warning mx-not-listed mx2.own.test', 'note record-extra own.test MX']);
    assert.deepEqual(own('none'), ['note record-extra own.test MX']);
    const wildcard = policyOf('enforce', { mx: ['*.own.test'] });
    assert.deepEqual(told({ domain: { mtaSts: wildcard }, dns: { mx: MX2 } }), ['note record-extra own.test MX']);
  });

  test('PUB-09 a pattern that fits no MX is a warning', () => {
    const mtaSts = policyOf('enforce', { mx: ['mx.own.test', 'mx.old.test', '*.a.own.test'] });
    assert.deepEqual(told({ domain: { mtaSts } }), [
      'warning pattern-unused mx.old.test',
      'warning pattern-unused *.a.own.test',
    ]);
    assert.deepEqual(
      told({ domain: { mtaSts }, dns: { mx: servfail } }).filter((line) => line.includes('pattern')),
      [],
      'where DNS is silent there may be such an MX',
    );
  });

  test('PUB-14 enforced after less than seven days of testing is advised against, for two weeks', () => {
    const advice = ['advice enforced-early own.test'];
    for (const [history, expected] of [
      [sinceDays(7, 1), advice],
      [sinceDays(8, 1), []],
      [sinceDays(undefined, 1), advice],
      [sinceDays(undefined, 15), []],
      [sinceDays(3, 3), advice],
    ] as const) {
      assert.deepEqual(told({ facts: { history } }), expected);
    }
    for (const [reportDays, expected] of [
      [0, advice],
      [6, advice],
      [7, []],
    ] as const) {
      assert.deepEqual(
        told({ facts: { history: sinceDays(30, 1), reportDays } }),
        expected,
        `${reportDays} days of reports`,
      );
    }
    const testing = { mtaSts: policyOf('testing') };
    assert.deepEqual(told({ domain: testing, facts: { history: sinceDays(1, undefined) } }), []);
  });

  test('an enforced policy that is soon forgotten is advised against', () => {
    assert.deepEqual(told({ domain: { mtaSts: policyOf('enforce', { maxAge: DAY - 1000 }) } }), [
      'advice max-age-short own.test',
    ]);
    assert.deepEqual(told({ domain: { mtaSts: policyOf('enforce', { maxAge: DAY }) } }), []);
  });

  test('POL-11 POL-44 POL-46 what a lenient sender forgives in the text that is served is told (RFC 8461 §3.2)', () => {
    const lines = ['version: STSv1', 'mode: enforce', 'mx: mx.own.test', 'max_age: 604800'];
    for (const [text, expected] of [
      [['version: STSv1', '', ...lines.slice(1)], ['error']],
      [[...lines, 'mx: 192.0.2.1'], ['error']],
      [lines.map((line) => line.replace('own.test', 'own.test.')), ['warning']],
      [[...lines, '', ''], ['warning']],
      [lines, []],
    ] as const) {
      const reading = readPolicy(Buffer.from(text.map((line) => `${line}\r\n`).join('')));
      assert.ok(reading.kind === 'policy');
      assert.deepEqual(
        told({ served: [{ address: '192.0.2.1', fetch: reading }] }),
        expected.map((severity) => `${severity} policy-flaw 192.0.2.1`),
        text.join(),
      );
    }
  });

  test('the certificate of the policy host is seen to end', () => {
    assert.deepEqual(told({ facts: { keys: keysEndingIn(13) } }), ['warning certificate-ends mta-sts.own.test']);
    assert.deepEqual(told({ facts: { keys: keysEndingIn(-1) } }), ['error certificate-ends mta-sts.own.test']);
    assert.deepEqual(told({ facts: { keys: keysEndingIn(15) } }), []);
  });
});

describe('records', () => {
  test('PUB-13 an announcement without id, twice, or of another version is an error (RFC 8461 §3.1)', () => {
    for (const texts of [['v=STSv1;'], ['v=STSv1; id=1;', 'v=STSv1; id=2;'], ['v=STSv2; id=1;']]) {
      const [first] = told({ dns: { sts: found(texts) } });
      assert.match(first ?? '', /^error record-(?:wrong|missing) _mta-sts\.own\.test TXT$/);
    }
  });

  test('what is missing is an error, what nobody answers for a warning', () => {
    assert.deepEqual(told({ dns: { reports: nodata } }), ['error record-missing _smtp._tls.own.test TXT']);
    assert.deepEqual(told({ dns: { reports: bogus } }), ['warning record-unknown _smtp._tls.own.test TXT']);
    assert.deepEqual(told({ served: [] }), ['error record-wrong _mta-sts.own.test TXT']);
    assert.deepEqual(told({ served: [], dns: { sts: nxdomain } }), ['warning record-waits _mta-sts.own.test TXT']);
  });

  test('TXT-06 TXT-07 RPTR-07 RPTR-08 RPTR-25 text that some senders do not read is a warning, though we do', () => {
    const id = wantedOf({ mtaSts: policyOf('enforce') }).sts?.id ?? '';
    for (const text of [`v=STSv1 ; id=${id}`, `v=STSv1; id=${id} `]) {
      assert.deepEqual(told({ dns: { sts: found([text]) } }), ['warning record-lenient _mta-sts.own.test TXT']);
    }
    for (const text of [
      'v=TLSRPTv1 ; rua=mailto:tls@own.test',
      'v=TLSRPTv1; rua=mailto:tls@own.test\t',
      'v=TLSRPTv1; rua=mailto:tls@own.test?subject=hi',
    ]) {
      assert.deepEqual(
        told({ dns: { reports: found([text]) } }),
        ['warning record-lenient _smtp._tls.own.test TXT'],
        text,
      );
    }
    const two = {
      tlsReports: [
        { kind: 'mailto', address: 'a@own.test' },
        { kind: 'mailto', address: 'b@own.test' },
      ],
    } as const;
    const text = 'v=TLSRPTv1; rua=mailto:a@own.test; rua=mailto:b@own.test';
    assert.deepEqual(told({ domain: two, dns: { reports: found([text]) } }), [
      'warning record-lenient _smtp._tls.own.test TXT',
    ]);
  });

  test('text that nobody reads is wrong, and nothing more is said of it', () => {
    assert.deepEqual(told({ dns: { sts: found(['v=STSv1 ; id= ']) } }), ['error record-wrong _mta-sts.own.test TXT']);
  });

  test('RPTR-18 RPTR-19 a place that no report can go to is a warning, with the reason', () => {
    const reports = found(['v=TLSRPTv1; rua=mailto:tls@own.test,ftp://own.test/r,mailto:tls@own.test!10m']);
    assert.deepEqual(
      findings({ dns: { reports } })
        .filter(({ code }) => code === 'rua-unusable')
        .map(({ text }) => text),
      [
        'no report can go to ftp://own.test/r: neither mailto: nor https:',
        'no report can go to mailto:tls@own.test!10m: "!" must be written as %21',
      ],
    );
  });

  test('PUB-32 a mailbox for reports that refuses is a warning, one that is not ready for strangers is none', () => {
    const refused = (reply: string, weight: 'transient' | 'permanent') => asked({ kind: 'refused', reply, weight });
    const warning = ['warning rua-refused tls@own.test'];
    assert.deepEqual(refused('mx.own.test: 550 5.1.1 No such user', 'permanent'), warning);
    assert.deepEqual(refused('mx.own.test: 552 5.2.2 Over quota', 'permanent'), warning);
    assert.deepEqual(refused('mx.own.test: 452 4.2.2 Over quota', 'transient'), warning);
    assert.deepEqual(refused('mx.own.test: 450 4.2.2 Over quota', 'transient'), warning);
    assert.deepEqual(refused('mx.own.test: 451 4.7.1 Come back later', 'transient'), []);
    assert.deepEqual(asked({ kind: 'unknown', reason: 'no answer' }), []);
  });
});

describe('hosts', () => {
  const noDane: Partial<HostFacts> = { tlsa: { kind: 'none', why: 'absent' } };
  const withoutSts = { mtaSts: undefined, dane: false };

  test('PUB-10 a certificate that does not name the MX is an error under a policy, and advice without one', () => {
    const other = secured(chains.make({ issuer: authority, names: ['www.own.test', '*.mx.own.test'] }));
    for (const mode of ['enforce', 'testing'] as const) {
      assert.deepEqual(hostAt([other], { mtaSts: policyOf(mode), dane: false }, noDane), [
        `error certificate-name ${PLACE}`,
      ]);
    }
    assert.deepEqual(hostAt([other], withoutSts, noDane), [`advice certificate-name ${PLACE}`]);
    const wildcard = secured(chains.make({ issuer: authority, names: ['*.own.test'] }));
    assert.deepEqual(hostAt([wildcard], { dane: false }, noDane), []);
  });

  test('PUB-10 a certificate that ends within 14 days is a warning, one that has ended an error', () => {
    assert.deepEqual(hostAt([endingIn(13)], { dane: false }, noDane), [`warning certificate-ends ${PLACE}`]);
    assert.deepEqual(hostAt([endingIn(15)], { dane: false }, noDane), []);
    assert.deepEqual(hostAt([endingIn(-1)], { dane: false }, noDane), [`error certificate-ended ${PLACE}`]);
  });

  test('a certificate of an unknown authority is an error under a policy', () => {
    assert.deepEqual(hostAt([secured(good, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY')]), [
      `error certificate-untrusted ${PLACE}`,
    ]);
    assert.deepEqual(hostAt([secured(good, 'SELF_SIGNED_CERT_IN_CHAIN')], withoutSts, noDane), [
      `advice certificate-untrusted ${PLACE}`,
    ]);
  });

  test('a certificate is asked of a host that the policy lists, and is said once however often it is seen', () => {
    const other = secured(chains.make({ issuer: authority, names: ['www.own.test'] }));
    const mtaSts = policyOf('enforce', { mx: ['mx2.own.test'] });
    const lines = hostAt([other, other], { mtaSts, dane: false }, noDane);
    assert.deepEqual(
      lines.filter((line) => line.includes('certificate')),
      [`advice certificate-name ${PLACE}`],
    );
  });

  test('PUB-11 no STARTTLS is an error before the policy is enforced, not only after', () => {
    for (const mode of ['enforce', 'testing'] as const) {
      assert.deepEqual(hostAt([{ kind: 'not-offered' }], { mtaSts: policyOf(mode), dane: false }, noDane), [
        `error no-starttls ${PLACE}`,
      ]);
    }
    assert.deepEqual(hostAt([{ kind: 'not-offered' }], { mtaSts: undefined }), [`error no-starttls ${PLACE}`], 'DANE');
    assert.deepEqual(hostAt([{ kind: 'not-offered' }], withoutSts, noDane), [`warning no-starttls ${PLACE}`]);
  });

  test('PUB-30 STARTTLS that is refused, or fails, at any address of any MX is an error', () => {
    const refused: TlsProbe = { kind: 'refused', reply: '454 4.7.0 TLS not available' };
    assert.deepEqual(hostAt([refused], withoutSts, noDane), [`error starttls-refused ${PLACE}`]);
    assert.deepEqual(hostAt([{ kind: 'failed', reason: 'ECONNRESET' }], withoutSts, noDane), [
      `error handshake-failed ${PLACE}`,
    ]);
    const two = host({
      addresses: [
        { ip: '192.0.2.1', probes: [secured(good)] },
        { ip: '2001:db8::1', probes: [refused] },
      ],
    });
    assert.deepEqual(told({ facts: { hosts: [two] } }), ['error starttls-refused mx.own.test [2001:db8::1]:25']);
  });

  test('a host that cannot be looked at from here is a warning', () => {
    assert.deepEqual(hostAt([{ kind: 'unreachable', reason: 'ENETUNREACH' }]), [`warning unreachable ${PLACE}`]);
    assert.deepEqual(hostAt([{ kind: 'not-asked', reason: 'no authorities' }]), [`warning unreachable ${PLACE}`]);
  });

  test('an MX without address, or behind an alias, is told', () => {
    const nowhere = { answers: [nodata, nodata], addresses: [] };
    assert.deepEqual(hostAt([], {}, nowhere), ['error no-address mx.own.test']);
    assert.deepEqual(hostAt([], {}, { ...nowhere, answers: [servfail, nodata] }), [
      'error address-unknown mx.own.test',
    ]);
    assert.deepEqual(hostAt([secured(good)], {}, { isAlias: true }), ['warning mx-alias mx.own.test']);
  });
});

describe('DANE', () => {
  const NAME = '_25._tcp.mx.own.test';

  test('PUB-21 every key that a host shows must fit: a mismatch is an error that says which key was seen', () => {
    assert.deepEqual(daneAt(published(EE), [secured(good), secured(goodRsa)]), [`error tlsa-mismatch ${PLACE}`]);
    const [finding] = findings({ facts: { hosts: [host({}, [secured(goodRsa)])] } });
    assert.match(finding?.text ?? '', /a key of type RSA 2048: 3 1 1 [0-9a-f]{64}$/);
    assert.deepEqual(daneAt(published(EE, tlsaText('3 1 1', goodRsa)), [secured(good), secured(goodRsa)]), []);
    assert.deepEqual(daneAt(published(tlsaText('2 0 1', authority)), [secured(good)]), []);
  });

  test('PUB-21 each address is judged on its own', () => {
    const two = host({
      addresses: [
        { ip: '192.0.2.1', probes: [secured(good)] },
        { ip: '192.0.2.2', probes: [secured(stranger)] },
      ],
    });
    assert.deepEqual(told({ facts: { hosts: [two] } }), ['error tlsa-mismatch mx.own.test [192.0.2.2]:25']);
  });

  test('PUB-22 records in an unsigned zone are useless', () => {
    const useless = `error zone-unsigned ${NAME}`;
    assert.deepEqual(daneAt({ kind: 'none', why: 'insecure' }), [useless]);
    assert.deepEqual(daneAt({ kind: 'none', why: 'addresses-insecure' }), [useless]);
    const absent = { tlsa: new Map([[NAME, nodata]]) };
    assert.deepEqual(daneAt({ kind: 'none', why: 'addresses-insecure' }, [secured(good)], absent), [
      `error record-missing ${NAME} TLSA`,
    ]);
    const [finding] = findings({ facts: { hosts: [host({ tlsa: { kind: 'none', why: 'insecure' } })] } });
    assert.match(finding?.text ?? '', /useless: zone not signed/);
  });

  test('records that nobody can look up stop mail: an error', () => {
    const failed: TlsaFinding = { kind: 'failed', question: `${NAME} TLSA`, reason: 'servfail', bogus: false };
    assert.deepEqual(daneAt(failed), ['error tlsa-unknown mx.own.test']);
  });

  test('PUB-23 keys with different sets of digests are a warning (RFC 7671 §9)', () => {
    const rsa = tlsaText('3 1 1', goodRsa);
    assert.ok(daneAt(published(EE, rsa, tlsaText('3 1 2', good))).includes(`warning digests-differ ${NAME}`));
    const all = [EE, rsa, tlsaText('3 1 2', good), tlsaText('3 1 2', goodRsa)];
    assert.deepEqual(daneAt(published(...all)), []);
    assert.deepEqual(daneAt(published(EE, tlsaText('2 0 2', authority))), [], 'usages do not compete');
    const whole = [tlsaText('3 1 0', good), tlsaText('3 1 0', goodRsa)];
    assert.deepEqual(daneAt(published(EE, ...whole)), [], 'whole keys do not compete');
  });

  test('records that count for nothing are warnings; when none counts it is an error', () => {
    const warning = `warning tlsa-unusable ${NAME}`;
    assert.deepEqual(daneAt(published(EE, `1 1 1 ${'a'.repeat(64)}`)), [warning]);
    assert.deepEqual(daneAt(published(`3 1 1 ${'a'.repeat(20)}`)), [`error tlsa-none-usable ${NAME}`, warning]);
  });

  test('the name of the domain is one that a certificate may have, where its MX records are signed (RFC 7672 §3.2.2)', () => {
    const shown = secured(chains.make({ issuer: authority, names: ['own.test'] }));
    const anchor = published(tlsaText('2 0 1', authority));
    const mismatch = (changes: Partial<DnsFacts>) =>
      daneAt(anchor, [shown], changes).filter((line) => line.includes('tlsa-mismatch'));
    assert.deepEqual(mismatch({}), []);
    const mx = found([{ preference: 10, exchange: 'mx.own.test' }], false);
    assert.deepEqual(mismatch({ mx }), [`error tlsa-mismatch ${PLACE}`]);
  });

  test('TLSA-57 a record of usage 2 for the own certificate is a mismatch that says why', () => {
    const self = chains.make({ names });
    const [finding] = findings({
      facts: { hosts: [host({ tlsa: published(tlsaText('2 0 1', self)) }, [secured(self)])] },
    });
    assert.match(finding?.text ?? '', /which only usage 3 may/);
  });

  test('MX records that are not signed before hosts that are, are a warning', () => {
    const mx = found([{ preference: 10, exchange: 'mx.own.test' }], false);
    assert.deepEqual(daneAt(published(EE), [secured(good)], { mx }), ['warning mx-unsigned own.test']);
  });

  test('what DANE-EE passes over is a note (RFC 7672 §3.1.1)', () => {
    const ended = chains.make({
      issuer: authority,
      names: ['x.test'],
      notBefore: daysFromNow(-9),
      notAfter: daysFromNow(-1),
    });
    const probes = [secured(ended, 'CERT_HAS_EXPIRED')];
    const domain = { mtaSts: undefined };
    assert.deepEqual(
      told({ domain, facts: { hosts: [host({ tlsa: published(tlsaText('3 1 1', ended)) }, probes)] } }),
      [
        `advice certificate-name ${PLACE}`,
        `advice certificate-ended ${PLACE}`,
        `note dane-passes-over ${PLACE}`,
        `note dane-passes-over ${PLACE}`,
      ],
    );
  });

  test('PUB-27 hosts that only one of policy and TLSA records covers are a note', () => {
    const second = host({ host: 'mx2.own.test', tlsa: { kind: 'none', why: 'absent' } }, []);
    const domain = { otherMx: ['mx2.own.test'] };
    const both = told({ domain, facts: { hosts: [host(), second] } });
    assert.deepEqual(both, ['note dane-and-mta-sts-differ own.test']);
    const covered = { ...second, tlsa: published(EE) };
    assert.deepEqual(told({ domain, facts: { hosts: [host(), covered] } }), []);
    const listed = { ...domain, mtaSts: policyOf('enforce', { mx: ['mx.own.test'] }) };
    const [finding] = findings({ domain: listed, facts: { hosts: [host(), covered] } }).filter(
      ({ severity }) => severity === 'note',
    );
    assert.match(finding?.text ?? '', /with TLSA records and not in its policy: mx2\.own\.test$/);
    assert.deepEqual(told({ domain: { ...domain, mtaSts: undefined }, facts: { hosts: [host(), second] } }), []);
  });
});
