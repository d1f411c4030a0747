import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';

import { assessRecords, recordText, usableRecords } from '#tls-policy/dane/records.ts';
import { ChainMaker, tlsaText } from '../../doubles/chains.ts';
import { HOST, judge, recordOf, shortly } from './cast.ts';

const chains = new ChainMaker();
const leaf = chains.make({ commonName: 'Leaf', names: [HOST] });
const other = chains.make({ commonName: 'Other' });
after(() => chains.remove());

type Digests = readonly ('sha512' | 'sha256')[];
const BOTH: Digests = ['sha512', 'sha256'];

const SHA256 = 'ab'.repeat(32);
const SHA512 = 'ab'.repeat(64);
const CERTIFICATE = leaf.x509.raw.toString('hex');
const KEY = leaf.x509.publicKey.export({ type: 'spki', format: 'der' }).toString('hex');
const PEM = Buffer.from(leaf.cert).toString('hex');

function reasons(texts: readonly string[], digests = BOTH): readonly string[] {
  return assessRecords(texts.map(recordOf), digests).map(({ reason }) => reason);
}

describe('a record by itself', () => {
  const cases: readonly (readonly [rule: string, record: string, reason: string])[] = [
    ['3 1 1 counts', `3 1 1 ${SHA256}`, ''],
    ['2 0 2 counts', `2 0 2 ${SHA512}`, ''],
    ['3 0 0 counts with a certificate', `3 0 0 ${CERTIFICATE}`, ''],
    ['2 0 0 counts with a certificate', `2 0 0 ${CERTIFICATE}`, ''],
    ['3 1 0 counts with a public key', `3 1 0 ${KEY}`, ''],
    ['2 1 0 counts with a public key', `2 1 0 ${KEY}`, ''],
    ['TLSA-06 PKIX-TA(0) is not for SMTP (RFC 7672 §3.1.3)', `0 0 1 ${SHA256}`, 'usage 0 is not for SMTP'],
    ['TLSA-06 PKIX-EE(1) is not for SMTP (RFC 7672 §3.1.3)', `1 1 1 ${SHA256}`, 'usage 1 is not for SMTP'],
    ['a usage beyond 3 is unknown', `4 1 1 ${SHA256}`, 'usage 4 is unknown'],
    ['a private usage is unknown', `255 1 1 ${SHA256}`, 'usage 255 is unknown'],
    ['a selector beyond 1 is unknown', `3 2 1 ${SHA256}`, 'selector 2 is unknown'],
    ['a private selector is unknown', `3 255 1 ${SHA256}`, 'selector 255 is unknown'],
    ['a matching type beyond 2 is unknown', `3 1 3 ${SHA256}`, 'matching type 3 is unknown'],
    ['TLSA-66 a private matching type is unknown', `3 1 255 ${SHA256}`, 'matching type 255 is unknown'],
    ['a SHA-256 that is too short is malformed', `3 1 1 ${'ab'.repeat(31)}`, '31 octets where 32 are due'],
    ['a SHA-256 that is too long is malformed', `3 1 1 ${'ab'.repeat(33)}`, '33 octets where 32 are due'],
    ['TLSA-65 a SHA-512 that is too short is malformed', `3 1 2 ${'ab'.repeat(10)}`, '10 octets where 64 are due'],
    ['a SHA-512 of the length of a SHA-256 is malformed', `2 0 2 ${SHA256}`, '32 octets where 64 are due'],
    ['a digest of no octets is malformed', '3 1 1 ', '0 octets where 32 are due'],
    ['TLSA-10 3 0 0 without DER is malformed', `3 0 0 ${SHA256}`, 'the data is no certificate'],
    ['TLSA-10 2 0 0 without DER is malformed', `2 0 0 ${SHA256}`, 'the data is no certificate'],
    ['TLSA-10 3 0 0 without data is malformed', '3 0 0 ', 'the data is no certificate'],
    [
      'TLSA-10 a certificate with an octet too many is malformed',
      `3 0 0 ${CERTIFICATE}00`,
      'the data is no certificate',
    ],
    [
      'TLSA-10 a certificate that is cut short is malformed',
      `2 0 0 ${CERTIFICATE.slice(0, -2)}`,
      'the data is no certificate',
    ],
    ['TLSA-10 a certificate as PEM is malformed', `3 0 0 ${PEM}`, 'the data is no certificate'],
    ['TLSA-10 a key where a certificate is due is malformed', `3 0 0 ${KEY}`, 'the data is no certificate'],
    ['TLSA-10 a certificate where a key is due is malformed', `3 1 0 ${CERTIFICATE}`, 'the data is no public key'],
    ['TLSA-10 a key with an octet too many is malformed', `2 1 0 ${KEY}00`, 'the data is no public key'],
    ['TLSA-10 a key that is cut short is malformed', `2 1 0 ${KEY.slice(0, -2)}`, 'the data is no public key'],
    ['TLSA-10 no data where a key is due is malformed', '2 1 0 ', 'the data is no public key'],
  ];
  for (const [rule, record, reason] of cases) {
    test(rule, () => assert.deepEqual(reasons([record]), [reason]));
  }
});

describe('digest agility (RFC 7671 §9)', () => {
  const OUTDONE = 'a stronger digest counts';
  const cases: readonly (readonly [
    rule: string,
    records: readonly string[],
    reasons: readonly string[],
    digests?: Digests,
  ])[] = [
    ['SHA-512 outdoes SHA-256', [`3 1 1 ${SHA256}`, `3 1 2 ${SHA512}`], [OUTDONE, '']],
    ['another selector is not outdone', [`3 0 1 ${SHA256}`, `3 1 2 ${SHA512}`], ['', '']],
    ['another usage is not outdone', [`2 1 1 ${SHA256}`, `3 1 2 ${SHA512}`], ['', '']],
    ['several of the strongest count', [`3 1 2 ${SHA512}`, `3 1 1 ${SHA256}`, `3 1 2 ${SHA512}`], ['', OUTDONE, '']],
    [
      'Full is not outdone, and outdoes nothing',
      [`3 1 0 ${KEY}`, `3 1 1 ${SHA256}`, `3 1 2 ${SHA512}`],
      ['', OUTDONE, ''],
    ],
    ['the order of the setting decides', [`3 1 1 ${SHA256}`, `3 1 2 ${SHA512}`], ['', OUTDONE], ['sha256', 'sha512']],
    [
      'a digest that does not count outdoes nothing',
      [`3 1 1 ${SHA256}`, `3 1 2 ${SHA512}`],
      ['', 'sha512 does not count here'],
      ['sha256'],
    ],
    ['Full counts whatever digests do', [`3 1 0 ${KEY}`, `3 1 1 ${SHA256}`], ['', 'sha256 does not count here'], []],
  ];
  for (const [rule, records, expected, digests] of cases) {
    test(rule, () => assert.deepEqual(reasons(records, digests), expected));
  }
});

const right = (parameters: string): string => tlsaText(parameters, leaf);
const wrong = (parameters: string): string => tlsaText(parameters, other);

describe('what is left to match', () => {
  const cases: readonly (readonly [rule: string, records: readonly string[], judgement: string, digests?: Digests])[] =
    [
      [
        'TLSA-06 one usable record that does not fit fails, whatever the others (RFC 7672 §3.1.3)',
        [`0 0 1 ${SHA256}`, wrong('3 1 1')],
        'validation-failure',
      ],
      ['TLSA-10 3 0 0 without DER leaves nothing', [`3 0 0 ${SHA256}`], 'unusable'],
      [
        'TLSA-12 records of which none is usable leave nothing (RFC 7672 §2.2)',
        [`0 0 1 ${SHA256}`, `1 1 1 ${SHA256}`, '3 1 1 ab', `3 1 9 ${SHA256}`],
        'unusable',
      ],
      ['TLSA-61 a weaker digest that fits does not help', [wrong('3 1 2'), right('3 1 1')], 'validation-failure'],
      ['TLSA-62 a stronger digest that fits is enough', [right('3 1 2'), wrong('3 1 1')], '3 1 2 at 0'],
      ['TLSA-64 a stronger digest of another usage changes nothing', [wrong('2 1 2'), right('3 1 1')], '3 1 1 at 0'],
      ['a stronger digest of another selector changes nothing', [wrong('3 0 2'), right('3 1 1')], '3 1 1 at 0'],
      [
        'TLSA-65 a malformed stronger digest changes nothing',
        [`3 1 2 ${'ab'.repeat(10)}`, right('3 1 1')],
        '3 1 1 at 0',
      ],
      ['TLSA-66 an unknown matching type changes nothing', [`3 1 255 ${SHA512}`, right('3 1 1')], '3 1 1 at 0'],
      ['a wrong full key changes nothing', [wrong('3 1 0'), right('3 1 1')], '3 1 1 at 0'],
      ['a full key that fits is enough beside a wrong digest', [wrong('3 1 2'), right('3 1 0')], '3 1 0 at 0'],
      ['TLSA-69 with SHA-256 only, SHA-512 alone leaves nothing', [right('3 1 2')], 'unusable', ['sha256']],
      [
        'TLSA-69 with SHA-256 only, a wrong SHA-512 changes nothing',
        [wrong('3 1 2'), right('3 1 1')],
        '3 1 1 at 0',
        ['sha256'],
      ],
    ];
  for (const [rule, records, judgement, digests = BOTH] of cases) {
    test(rule, () => assert.equal(shortly(judge({ chain: [leaf], records, digests })), judgement));
  }
});

test('NOD-17 a record is written as in a zone file, whatever holds its octets (RFC 6698 §2.2)', () => {
  const octets = Buffer.from(`00${SHA256}00`, 'hex').subarray(1, 33);
  for (const association of [octets, new Uint8Array(octets)]) {
    assert.equal(recordText({ usage: 3, selector: 1, matchingType: 1, association }), `3 1 1 ${SHA256}`);
  }
});

test('whatever the records, each is assessed, and a reason stands where one is not usable', () => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.uint8Array({ minLength: 64, maxLength: 64 }),
    fc.constant(leaf.x509.raw),
  );
  const number = fc.oneof(fc.nat({ max: 4 }), fc.nat({ max: 255 }));
  const record = fc.record({ usage: number, selector: number, matchingType: number, association: octets });
  const digests = fc.uniqueArray(fc.constantFrom('sha512' as const, 'sha256' as const));
  fc.assert(
    fc.property(fc.array(record, { maxLength: 120 }), digests, (records, order) => {
      const assessments = assessRecords(records, order);
      assert.deepEqual(
        assessments.map((assessment) => assessment.record),
        records,
      );
      assert.ok(assessments.every(({ usable, reason }) => usable === (reason === '')));
      assert.ok(usableRecords(assessments).every(({ usage }) => usage === 2 || usage === 3));
      // Where something well-formed is published, something is left.
      const isSound = assessments.some(({ usable, reason }) => usable || reason === 'a stronger digest counts');
      assert.equal(usableRecords(assessments).length > 0, isSound);
    }),
  );
});
