/** What a judgement tells: reasons, warnings, strict dates; and that no chain, however odd, does harm. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';

import { matchDane, type DaneJudgement } from '#tls-policy/dane/match.ts';
import { ChainMaker, tlsaText, type ChainCertificate, type ChainCertificateOptions } from '../../doubles/chains.ts';
import { HOST, judge, recordOf, shortly, type Showing } from './cast.ts';

const chains = new ChainMaker();
after(() => chains.remove());

const EXPIRED = { notBefore: '20250101000000Z', notAfter: '20250201000000Z' };
const FUTURE = { notBefore: '20990101000000Z', notAfter: '20990201000000Z' };

const root = chains.make({ commonName: 'Root', isAuthority: true });
const intermediate = chains.make({ commonName: 'Intermediate', isAuthority: true, issuer: root });
const leafWith = (options: ChainCertificateOptions): ChainCertificate => {
  return chains.make({ commonName: 'Leaf', names: [HOST], issuer: intermediate, ...options });
};
const leaf = leafWith({});
const rsaLeaf = leafWith({ key: 'rsa2048' });
const expired = leafWith(EXPIRED);
const future = leafWith(FUTURE);
const other = leafWith({ names: ['other.test', 'another.test', 'third.test'] });
const weak = leafWith({ key: 'rsa1024', digest: 'sha1', extensions: { extendedKeyUsage: 'clientAuth' } });

const of = (parameters: string, certificate: ChainCertificate): readonly string[] => [
  tlsaText(parameters, certificate),
];

function reasonOf(judgement: DaneJudgement | 'unusable'): string {
  assert.ok(judgement !== 'unusable' && judgement.kind === 'unmatched');
  return judgement.reason;
}

function warningsOf(judgement: DaneJudgement | 'unusable'): readonly string[] {
  assert.ok(judgement !== 'unusable' && judgement.kind === 'matched');
  return judgement.warnings;
}

describe('the reason', () => {
  const WRONG = `3 1 1 ${'ab'.repeat(32)}`;
  const cases: readonly (readonly [rule: string, showing: Showing, reason: string])[] = [
    [
      'TLSA-27 names the type of the key that was seen, and its record',
      { chain: [leaf, intermediate], records: of('3 1 1', rsaLeaf) },
      `no TLSA record fits; the host showed a key of type ECDSA P-256: ${tlsaText('3 1 1', leaf)}`,
    ],
    [
      'TLSA-27 names an RSA key with its length',
      { chain: [rsaLeaf], records: of('3 1 1', leaf) },
      `no TLSA record fits; the host showed a key of type RSA 2048: ${tlsaText('3 1 1', rsaLeaf)}`,
    ],
    ['says that there was no certificate', { chain: [], records: [WRONG] }, 'the host showed no certificate'],
    [
      'says which names there are, and which there should be',
      { chain: [other, intermediate], records: of('2 0 1', intermediate), names: [HOST, 'dest.test'] },
      'the certificate names other.test and 2 more, not mx1.dest.test or dest.test',
    ],
    [
      'says when the certificate expired',
      { chain: [expired, intermediate], records: of('2 0 1', intermediate) },
      'the certificate expired on 2025-02-01',
    ],
    [
      'says from when the certificate is valid',
      { chain: [future, intermediate], records: of('2 0 1', intermediate) },
      'the certificate is not valid before 2099-01-01',
    ],
    [
      'TLSA-57 says what to publish instead',
      { chain: [leaf, intermediate], records: of('2 0 1', leaf) },
      'a record of usage 2 fits the own certificate of the host, which only usage 3 may',
    ],
    [
      'says that the anchor was sent in vain',
      { chain: [leaf, root], records: of('2 0 1', root) },
      'no path of signatures leads from the certificate to the trust anchor',
    ],
    [
      'is that of the record that came nearest to a match',
      { chain: [expired, intermediate], records: [WRONG, ...of('2 0 1', intermediate), ...of('2 1 1', root)] },
      'the certificate expired on 2025-02-01',
    ],
  ];
  for (const [rule, showing, reason] of cases) {
    test(rule, () => assert.equal(reasonOf(judge(showing)), reason));
  }

  test('is that of the path that came nearest to a match', () => {
    const key = chains.make({ commonName: 'Twice', isAuthority: true });
    const twice = { commonName: 'Twice', isAuthority: true, issuer: root, key };
    const none = chains.make({ ...twice, extensions: { basicConstraints: 'CA:false' } });
    const old = chains.make({ ...twice, ...EXPIRED });
    const chain = [chains.make({ names: [HOST], issuer: key }), none, old];
    const records = [...of('2 0 1', none), ...of('2 0 1', old)];
    assert.equal(reasonOf(judge({ chain, records })), 'the trust anchor expired on 2025-02-01');
    assert.equal(
      reasonOf(judge({ chain, records: records.slice(0, 1) })),
      'the trust anchor is no certificate authority',
    );
  });

  test('is one line of US-ASCII and of 200 characters at the most', () => {
    const names = Array.from({ length: 9 }, (_, at) => `${'a'.repeat(60)}.${at}.test`);
    const reason = reasonOf(judge({ chain: [other, intermediate], records: of('2 0 1', intermediate), names }));
    assert.match(reason, /^[\x20-\x7e]{200}$/);
  });
});

describe('strict dates', () => {
  const cases: readonly (readonly [rule: string, certificate: ChainCertificate, judgement: string])[] = [
    ['a certificate in order matches', leaf, '3 1 1 at 0'],
    ['an expired certificate does not match', expired, 'certificate-expired'],
    ['a certificate of the future does not match', future, 'certificate-not-yet-valid'],
    ['a certificate of another name does not match', other, 'certificate-host-mismatch'],
  ];
  for (const [rule, certificate, judgement] of cases) {
    test(`${rule} under DANE-EE(3)`, () => {
      const showing = { chain: [certificate], records: of('3 1 1', certificate) };
      assert.equal(shortly(judge({ ...showing, strictDates: true })), judgement);
      assert.equal(shortly(judge(showing)), '3 1 1 at 0');
    });
  }

  test('a key that does not fit is a validation failure, whatever the dates', () => {
    assert.equal(
      shortly(judge({ chain: [expired], records: of('3 1 1', leaf), strictDates: true })),
      'validation-failure',
    );
  });
});

test('the first and the last second of a certificate are its own (RFC 5280 §4.1.2.5)', () => {
  const showing = { chain: [expired, intermediate], records: of('2 1 0', root) };
  const at = (text: string): string => {
    const now = new Date(text);
    return shortly(judge({ ...showing, records: of('3 1 1', expired), strictDates: true, now }));
  };
  assert.equal(at('2024-12-31T23:59:59Z'), 'certificate-not-yet-valid');
  assert.equal(at('2025-01-01T00:00:00Z'), '3 1 1 at 0');
  assert.equal(at('2025-02-01T00:00:00Z'), '3 1 1 at 0');
  assert.equal(at('2025-02-01T00:00:01Z'), 'certificate-expired');
});

/** Of a certificate that a record of its own matches. */
function own(certificate: ChainCertificate): readonly string[] {
  return warningsOf(judge({ chain: [certificate], records: of('3 1 1', certificate) }));
}

describe('warnings', () => {
  test('there are none when all is well', () => assert.deepEqual(own(leaf), []));
  test('TLSA-24 TLSA-25 a short key, SHA-1 and the wrong purpose are told, and match', () => {
    assert.deepEqual(own(weak), [
      'the certificate is not for TLS servers',
      'the certificate is signed with SHA-1',
      'RSA 1024 is a short key',
    ]);
  });
  test('TLSA-16 dates that DANE-EE(3) passes over are told', () => {
    assert.deepEqual(own(expired), ['the certificate expired on 2025-02-01']);
    assert.deepEqual(own(future), ['the certificate is not valid before 2099-01-01']);
  });
  test('TLSA-17 a name that DANE-EE(3) passes over is told', () => {
    assert.deepEqual(own(other), ['the certificate names other.test and 2 more, not mx1.dest.test']);
  });
  test('a short key on the path to an anchor is told', () => {
    const short = leafWith({ key: 'rsa1024' });
    const judgement = judge({ chain: [short, intermediate], records: of('2 0 1', intermediate) });
    assert.deepEqual(warningsOf(judgement), ['RSA 1024 is a short key']);
  });
});

describe('octets', () => {
  const { association } = recordOf(tlsaText('3 1 1', leaf));
  const padded = Buffer.concat([Buffer.alloc(5), association, Buffer.alloc(5)]);
  const forms: readonly (readonly [form: string, association: Uint8Array])[] = [
    ['Buffer', Buffer.from(association)],
    ['Uint8Array', new Uint8Array(association)],
    ['part of a larger Buffer', padded.subarray(5, 5 + association.length)],
    ['Buffer that was kept as JSON', reviveBuffer(JSON.stringify(association))],
  ];
  const question = { chain: [leaf.x509], names: [HOST], now: new Date(), strictDates: false };
  for (const [form, octets] of forms) {
    test(`NOD-17 a ${form} matches`, () => {
      const records = [{ usage: 3, selector: 1, matchingType: 1, association: octets }];
      assert.equal(matchDane({ ...question, records }).kind, 'matched');
    });
  }

  test('NOD-18 data that is too short or too long does not match, and nothing is thrown', () => {
    for (const length of [0, 1, 31, 33, 64]) {
      const records = [2, 3].map((usage) => ({
        usage,
        selector: 1,
        matchingType: 1,
        association: Buffer.alloc(length),
      }));
      assert.equal(matchDane({ ...question, records }).kind, 'unmatched');
    }
    const longer = [{ usage: 3, selector: 1, matchingType: 1, association: Buffer.concat([association, association]) }];
    assert.equal(matchDane({ ...question, records: longer }).kind, 'unmatched');
  });
});

function reviveBuffer(json: string): Buffer {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what JSON.stringify makes of a Buffer
  return Buffer.from((JSON.parse(json) as { readonly data: readonly number[] }).data);
}

describe('limits', () => {
  test('many authorities that have all signed each other come to an end, though there are 12! paths', () => {
    const first = chains.make({ commonName: 'Twin', isAuthority: true });
    const twins = [first];
    for (let made = 1; made < 12; made += 1) {
      twins.push(chains.make({ commonName: 'Twin', isAuthority: true, issuer: first, key: first }));
    }
    const below = chains.make({ commonName: 'Leaf', names: [HOST], issuer: first });
    assert.equal(shortly(judge({ chain: [below, ...twins], records: of('2 0 1', root) })), 'validation-failure');
    assert.equal(shortly(judge({ chain: [below, ...twins], records: of('2 0 1', first) })), '2 0 1 at 1');
  });

  test('TLSA-70 the last of a hundred bare keys is tried, at every depth', () => {
    const keys = Array.from({ length: 99 }, () => bareKey());
    for (const [signer, depth] of [
      [intermediate, 1],
      [root, 2],
    ] as const) {
      const chain = [leaf, intermediate].slice(0, depth);
      assert.equal(shortly(judge({ chain, records: [...keys, ...of('2 1 0', signer)] })), `2 1 0 at ${depth}`);
    }
  });

  test('of very many bare keys not all are tried', () => {
    const keys = Array.from({ length: 300 }, () => bareKey());
    const judgement = judge({ chain: [leaf], records: [...keys, ...of('2 1 0', intermediate)] });
    assert.equal(shortly(judgement), 'validation-failure');
  });

  test('a certificate that is sent many times is one, and leaves room for others', () => {
    const second = chains.make({ commonName: 'Second Root', isAuthority: true });
    const crossSigned = chains.make({
      commonName: 'Intermediate',
      isAuthority: true,
      issuer: second,
      key: intermediate,
    });
    const roots = Array.from({ length: 20 }, () => root);
    const chain = [leaf, intermediate, ...roots, crossSigned, second];
    assert.equal(shortly(judge({ chain, records: of('2 0 1', second) })), '2 0 1 at 2');
  });

  test('of a very long chain the first 64 certificates count', () => {
    const records = of('2 0 1', intermediate);
    const [most, more] = [62, 63].map((count) => [leaf, ...Array.from({ length: count }, () => root), intermediate]);
    assert.equal(shortly(judge({ chain: most ?? [], records })), '2 0 1 at 1');
    assert.equal(shortly(judge({ chain: more ?? [], records })), 'validation-failure');
  });
});

/** Of somebody who has signed nothing here. */
function bareKey(): string {
  const { publicKey } = generateKeyPairSync('ed25519');
  return `2 1 0 ${publicKey.export({ type: 'spki', format: 'der' }).toString('hex')}`;
}

describe('a chain that was tampered with', () => {
  const question = { names: [HOST], now: new Date(), strictDates: false };
  const records = [
    recordOf(tlsaText('2 0 1', root)),
    recordOf(tlsaText('2 1 0', root)),
    recordOf(tlsaText('3 1 1', rsaLeaf)),
  ];
  const certificates = [leaf, intermediate, root].map(({ x509 }) => x509);

  test('TLSA-56 never matches by a certificate of which an octet is changed, and nothing is thrown', () => {
    let parsed = 0;
    fc.assert(
      fc.property(fc.constantFrom(0, 1), fc.nat(), fc.integer({ min: 1, max: 255 }), (at, position, change) => {
        const chain = certificates.map((x509, index) => (index === at ? changed(x509, position, change) : x509));
        const sent = chain.filter((x509) => x509 !== undefined);
        if (sent.length < chain.length) return;
        parsed += 1;
        assert.equal(matchDane({ ...question, chain: sent, records }).kind, 'unmatched');
      }),
      { numRuns: 2000 },
    );
    assert.ok(parsed > 200, `only ${parsed} could be parsed at all`);
  });

  test('TLSA-56 matches when what cannot be read is not on its path', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (position, change) => {
        const junk = changed(other.x509, position, change);
        if (junk === undefined) return;
        const chain = [leaf.x509, junk, intermediate.x509, junk, root.x509];
        assert.equal(matchDane({ ...question, chain, records }).kind, 'matched');
      }),
      { numRuns: 500 },
    );
  });

  test('nothing is thrown for whatever chain and records', () => {
    const pool = [leaf, rsaLeaf, expired, weak, intermediate, root].map(({ x509 }) => x509);
    const certificate = fc
      .tuple(fc.constantFrom(...pool), fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([x509, position, change]) => changed(x509, position, change) ?? x509);
    const record = fc.record({
      usage: fc.nat({ max: 4 }),
      selector: fc.nat({ max: 2 }),
      matchingType: fc.nat({ max: 3 }),
      association: fc.oneof(
        fc.uint8Array({ maxLength: 70 }),
        fc.constantFrom(...pool).map(({ raw }) => raw),
        fc.constantFrom(...pool).map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'der' })),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(certificate, { maxLength: 6 }),
        fc.array(record, { maxLength: 6 }),
        fc.boolean(),
        (chain, some, strictDates) => {
          const judgement = matchDane({ ...question, chain, records: some, strictDates });
          assert.ok(judgement.kind === 'matched' || /^[\x20-\x7e]{1,200}$/.test(judgement.reason));
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** `undefined` when not even OpenSSL can parse what has become of it. */
function changed(x509: X509Certificate, position: number, change: number): X509Certificate | undefined {
  const der = Buffer.from(x509.raw);
  const at = position % der.length;
  der.writeUInt8(der.readUInt8(at) ^ change, at);
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}
