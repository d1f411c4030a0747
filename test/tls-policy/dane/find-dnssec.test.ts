/** The same look-ups against zones that are really signed, by nsd, behind a resolver that really validates, unbound. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { Resolver } from '#dns/resolver.ts';
import { readAddresses } from '#outbound/host-addresses.ts';
import { findTlsa } from '#tls-policy/dane/find.ts';
import type { TlsaFinding } from '#tls-policy/dane/finding.ts';
import { recordText } from '#tls-policy/dane/records.ts';
import { resolverFor } from '../../doubles/resolver.ts';
import { startSignedZones, type SignedZones } from '../../doubles/signed-zone.ts';

const HASH = 'ab'.repeat(32);
/** As a person may write it. */
const BLANKS = HASH.toUpperCase().replaceAll(/(.{8})(?=.)/g, '$1 ');

let zones: SignedZones;
let resolver: Resolver;
before(async () => {
  zones = await startSignedZones({
    'dest.test': {
      state: 'signed',
      records: [
        'mx1 A 192.0.2.1',
        `_25._tcp.mx1 TLSA 3 1 1 ${HASH}`,
        `_25._tcp.mx1 TLSA 2 0 1 ${BLANKS}`,
        'mx2 A 192.0.2.2',
        'mx3 A 192.0.2.3',
        '_25._tcp.mx3 TXT "not a key"',
        'mx6 AAAA 2001:db8::6',
        `_25._tcp.mx6 TLSA 3 1 1 ${HASH}`,
        'wild A 192.0.2.4',
        `*._tcp.wild TLSA 3 0 1 ${HASH}`,
        // The records of this host are in a zone that is not signed.
        'delegating A 192.0.2.5',
        '_tcp.delegating NS ns',
        'sub NS ns',
        'bogus A 192.0.2.6',
        `_25._tcp.bogus TLSA 3 1 1 ${HASH}`,
        'alias CNAME mx1',
        'far CNAME mx1.other.test.',
        `_25._tcp.far TLSA 3 1 1 ${HASH}`,
        'chain CNAME between',
        'between CNAME end',
        'end A 192.0.2.7',
        `_25._tcp.between TLSA 3 1 1 ${HASH}`,
        'leaving CNAME mx1.plain.test.',
        `_25._tcp.leaving TLSA 3 1 1 ${HASH}`,
        'leaving-bare CNAME mx1.plain.test.',
        'badalias CNAME mx1.plain.test.',
        'to-bogus CNAME bogus',
        `_25._tcp.to-bogus TLSA 3 1 1 ${HASH}`,
        'keys-away A 192.0.2.8',
        '_25._tcp.keys-away CNAME _25._tcp.mx1.plain.test.',
        'keys-there A 192.0.2.9',
        '_25._tcp.keys-there CNAME _25._tcp.mx1',
      ],
      spoiled: ['_25._tcp.bogus TLSA'],
    },
    'other.test': { state: 'signed', records: ['mx1 A 192.0.2.11'] },
    'plain.test': { state: 'unsigned', records: ['mx1 A 192.0.2.21', `_25._tcp.mx1 TLSA 3 1 1 ${HASH}`] },
    '_tcp.delegating.dest.test': { state: 'unsigned', records: [`_25 TLSA 3 1 1 ${HASH}`] },
    'sub.dest.test': { state: 'unsigned', records: ['mx1 A 192.0.2.31', `_25._tcp.mx1 TLSA 3 1 1 ${HASH}`] },
    'stripped.test': { state: 'stripped', records: ['mx1 A 192.0.2.41'] },
  });
  resolver = resolverFor(zones);
});
after(() => zones.close());

async function look(name: string): Promise<TlsaFinding> {
  const answers = await Promise.all([resolver.addresses(name, 'ipv4'), resolver.addresses(name, 'ipv6')]);
  const addresses = readAddresses(answers, () => 0);
  assert.ok(addresses.kind === 'addresses', JSON.stringify(answers));
  const { secure: addressesSecure, canonicalName } = addresses;
  return findTlsa({ name, port: 25, addressesSecure, canonicalName }, resolver, ['sha512', 'sha256']);
}

function shortly(finding: TlsaFinding): string {
  switch (finding.kind) {
    case 'records':
      return `records at ${finding.base}`;
    case 'none':
      return `none: ${finding.why}`;
    case 'failed':
      return `${finding.bogus ? 'bogus' : 'failed'}: ${finding.question}`;
  }
}

describe('behind a resolver that validates', () => {
  const cases: readonly (readonly [rule: string, host: string, finding: string])[] = [
    [
      'NOD-01 DNS-01 signed records are found by the AD bit (RFC 7672 §2.2)',
      'mx1.dest.test',
      'records at mx1.dest.test',
    ],
    ['DNS-02 NSEC3 proves that there is no such type (RFC 7672 §2.2)', 'mx3.dest.test', 'none: absent'],
    ['DNS-03 NSEC3 proves that there is no such name (RFC 7672 §2.1.1)', 'mx2.dest.test', 'none: absent'],
    [
      'DNS-05 records in an unsigned zone below the signed host are unsigned (RFC 7672 §2.2)',
      'delegating.dest.test',
      'none: insecure',
    ],
    [
      'DNS-06 NOD-01 a host in an unsigned zone has no DANE, whatever it publishes (RFC 7672 §2.2.2)',
      'mx1.plain.test',
      'none: addresses-insecure',
    ],
    ['a host in an unsigned zone below a signed one has no DANE', 'mx1.sub.dest.test', 'none: addresses-insecure'],
    ['DNS-66 a host with IPv6 addresses only has DANE as any other', 'mx6.dest.test', 'records at mx6.dest.test'],
    ['DNS-38 a wildcard stands for the port', 'wild.dest.test', 'records at wild.dest.test'],
    [
      'DNS-12 a signature that does not fit is no absence (RFC 7672 §2.1.2)',
      'bogus.dest.test',
      'bogus: _25._tcp.bogus.dest.test TLSA',
    ],
    ['a signed alias leads to the records of its end (RFC 7672 §2.2.3)', 'alias.dest.test', 'records at mx1.dest.test'],
    [
      'a signed alias into another signed zone without records has its own (RFC 7672 §2.2.3)',
      'far.dest.test',
      'records at far.dest.test',
    ],
    [
      'DNS-35 records in the middle of a chain of aliases do not count (RFC 7672 §2.2.3)',
      'chain.dest.test',
      'none: absent',
    ],
    [
      'a signed alias into an unsigned zone has its own records (RFC 7672 §2.2.2)',
      'leaving.dest.test',
      'records at leaving.dest.test',
    ],
    [
      'a signed alias into an unsigned zone has none of its end (RFC 7672 §2.2.2)',
      'leaving-bare.dest.test',
      'none: absent',
    ],
    [
      'DNS-32 records at the end that do not validate are the end (RFC 7672 §2.1.2)',
      'to-bogus.dest.test',
      'bogus: _25._tcp.bogus.dest.test TLSA',
    ],
    [
      'DNS-37 records behind an alias of their own into an unsigned zone are unsigned (RFC 7672 §2.2.3)',
      'keys-away.dest.test',
      'none: insecure',
    ],
    [
      'records behind a signed alias of their own are signed (RFC 7672 §2.2.3)',
      'keys-there.dest.test',
      'records at keys-there.dest.test',
    ],
  ];
  for (const [rule, host, finding] of cases) {
    test(rule, async () => assert.equal(shortly(await look(host)), finding));
  }

  test('DNS-04 an unsigned denial is an answer (RFC 7672 §2.1.1)', async () => {
    const host = { name: 'mx2.plain.test', port: 25, addressesSecure: true, canonicalName: 'mx2.plain.test' };
    assert.equal(shortly(await findTlsa(host, resolver, ['sha256'])), 'none: absent');
  });

  test('NOD-17 the octets of a record are those of its zone, however it was written there', async () => {
    const finding = await look('mx1.dest.test');
    assert.ok(finding.kind === 'records');
    const texts = finding.records.map(({ record }) => recordText(record));
    assert.deepEqual(texts.toSorted(), [`2 0 1 ${HASH}`, `3 1 1 ${HASH}`]);
  });

  test('records and signatures that somebody has stripped are no absence (RFC 7672 §2.1.2)', async () => {
    const host = { name: 'mx1.stripped.test', port: 25, addressesSecure: true, canonicalName: 'mx1.stripped.test' };
    assert.equal(shortly(await findTlsa(host, resolver, ['sha256'])), 'bogus: _25._tcp.mx1.stripped.test TLSA');
  });
});
