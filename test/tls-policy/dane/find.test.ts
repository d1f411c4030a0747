/** Where TLSA records are looked for, and what each answer means, against a DNS server that says what it is told to say. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import * as packet from 'dns-packet';

import type { Resolver } from '#dns/resolver.ts';
import { readAddresses } from '#outbound/host-addresses.ts';
import { findTlsa } from '#tls-policy/dane/find.ts';
import type { TlsaFinding } from '#tls-policy/dane/finding.ts';
import { resolverFor } from '../../doubles/resolver.ts';
import { startZone, type Zone, type ZoneName } from '../../doubles/zone.ts';

const HASH = 'ab'.repeat(32);
const TLSA = [`3 1 1 ${HASH}`];
const S = { secure: true } as const;
const A = ['192.0.2.1'];
const AAAA = ['2001:db8::1'];
const MX1 = 'mx1.dest.test';
const AT_MX1 = `_25._tcp.${MX1}`;

/** As for a delivery: addresses of both families first, then TLSA. */
async function look(resolver: Resolver, name: string, port = 25): Promise<TlsaFinding | 'no address'> {
  const answers = await Promise.all([resolver.addresses(name, 'ipv4'), resolver.addresses(name, 'ipv6')]);
  const addresses = readAddresses(answers, () => 0);
  if (addresses.kind === 'none') return 'no address';
  const { secure: addressesSecure, canonicalName } = addresses;
  return findTlsa({ name, port, addressesSecure, canonicalName }, resolver, ['sha512', 'sha256']);
}

function shortly(finding: TlsaFinding | 'no address'): string {
  if (finding === 'no address') return finding;
  switch (finding.kind) {
    case 'records':
      return `records at ${finding.base}`;
    case 'none':
      return `none: ${finding.why}`;
    case 'failed':
      return `failed: ${finding.question}: ${finding.reason}`;
  }
}

/** All questions but those for addresses. */
const questionsOf = (zone: Zone): readonly string[] => [
  ...new Set(
    zone.queries.filter(({ type }) => !['A', 'AAAA'].includes(type)).map(({ name, type }) => `${name} ${type}`),
  ),
];

type Records = { readonly [name: string]: ZoneName };
type Case = {
  readonly rule: string;
  readonly records: Records;
  readonly host?: string;
  readonly finding: string;
  /** What was asked besides addresses, in this order. */
  readonly asked: readonly string[];
};

function check({ rule, records, host = MX1, finding, asked }: Case): void {
  test(rule, async () => {
    await using zone = await startZone({ records });
    assert.equal(shortly(await look(resolverFor(zone), host)), finding);
    assert.deepEqual(questionsOf(zone), asked);
  });
}

describe('a host by its own name', () => {
  const host = { [MX1]: { A, ...S } };
  const one = [`${AT_MX1} TLSA`];
  const cases: readonly Case[] = [
    {
      rule: 'DNS-01 signed records are found (RFC 7672 §2.2)',
      records: { ...host, [AT_MX1]: { TLSA, ...S } },
      finding: `records at ${MX1}`,
      asked: one,
    },
    {
      rule: 'DNS-02 a signed denial of the type is no DANE (RFC 7672 §2.2)',
      records: { ...host, [AT_MX1]: { ...S } },
      finding: 'none: absent',
      asked: one,
    },
    {
      rule: 'DNS-03 a signed denial of the name is no DANE (RFC 7672 §2.1.1)',
      records: host,
      finding: 'none: absent',
      asked: one,
    },
    {
      rule: 'DNS-04 an unsigned denial of the type is an answer as well (RFC 7672 §2.1.1)',
      records: { ...host, [AT_MX1]: {} },
      finding: 'none: absent',
      asked: one,
    },
    {
      rule: 'DNS-04 an unsigned denial of the name is an answer as well (RFC 7672 §2.1.1)',
      records: { ...host, [`_tcp.${MX1}`]: {} },
      finding: 'none: absent',
      asked: one,
    },
    {
      rule: 'DNS-05 unsigned records are no DANE (RFC 7672 §2.2)',
      records: { ...host, [AT_MX1]: { TLSA } },
      finding: 'none: insecure',
      asked: one,
    },
    {
      rule: 'DNS-06 behind unsigned addresses nothing is asked (RFC 7672 §2.2.2)',
      records: { [MX1]: { A }, [AT_MX1]: { TLSA, ...S, fault: 'servfail' } },
      finding: 'none: addresses-insecure',
      asked: [],
    },
    {
      rule: 'DNS-07 a host with IPv6 addresses only is asked for (RFC 7672 §2.2.2)',
      records: { [MX1]: { AAAA, ...S }, [AT_MX1]: { TLSA, ...S } },
      finding: `records at ${MX1}`,
      asked: one,
    },
    {
      rule: 'DNS-08 a host without addresses is not asked for (RFC 7672 §2.2.2)',
      records: { [MX1]: { ...S }, [AT_MX1]: { TLSA, ...S } },
      finding: 'no address',
      asked: [],
    },
    {
      rule: 'DNS-10 one question serves all addresses of the host',
      records: { [MX1]: { A: [...A, '192.0.2.2'], AAAA, ...S }, [AT_MX1]: { TLSA, ...S } },
      finding: `records at ${MX1}`,
      asked: one,
    },
    {
      rule: 'DNS-11 when one family fails, the signed other one is enough',
      records: { [MX1]: { A, ...S, fault: { AAAA: 'servfail' } }, [AT_MX1]: { TLSA, ...S } },
      finding: `records at ${MX1}`,
      asked: one,
    },
    {
      rule: 'DNS-66 a host with IPv6 addresses only, whose IPv4 look-up fails, is asked for',
      records: { [MX1]: { AAAA, ...S, fault: { A: 'servfail' } }, [AT_MX1]: { TLSA, ...S } },
      finding: `records at ${MX1}`,
      asked: one,
    },
    {
      rule: 'DNS-12 SERVFAIL is no absence (RFC 7672 §2.1.2)',
      records: { ...host, [AT_MX1]: { TLSA, ...S, fault: 'servfail' } },
      finding: `failed: ${AT_MX1} TLSA: servfail`,
      asked: one,
    },
    {
      rule: 'DNS-12 what does not validate is no absence (RFC 7672 §2.1.2)',
      records: { ...host, [AT_MX1]: { TLSA, ...S, fault: 'bogus' } },
      finding: `failed: ${AT_MX1} TLSA: DNSSEC validation failed (6)`,
      asked: one,
    },
    {
      rule: 'DNS-13 silence is no absence (RFC 7672 §2.1.2)',
      records: { ...host, [AT_MX1]: { TLSA, ...S, fault: 'silence' } },
      finding: `failed: ${AT_MX1} TLSA: timeout`,
      asked: one,
    },
    {
      rule: 'DNS-14 REFUSED is no absence (RFC 7672 §2.1.2)',
      records: { ...host, [AT_MX1]: { TLSA, ...S, fault: 'refused' } },
      finding: `failed: ${AT_MX1} TLSA: refused`,
      asked: one,
    },
    {
      rule: 'DNS-14 FORMERR is no absence (RFC 7672 §2.1.2)',
      records: { ...host, [AT_MX1]: { TLSA, ...S, fault: 'formerr' } },
      finding: `failed: ${AT_MX1} TLSA: rcode`,
      asked: one,
    },
    {
      rule: 'DNS-51 an answer that comes over TCP only is one',
      records: { ...host, [AT_MX1]: { TLSA, ...S, fault: 'truncated-udp' } },
      finding: `records at ${MX1}`,
      asked: one,
    },
    {
      rule: 'DNS-51 an answer that comes neither over UDP nor TCP is no absence',
      records: { ...host, [AT_MX1]: { TLSA, ...S, fault: 'truncated' } },
      finding: `failed: ${AT_MX1} TLSA: unreachable`,
      asked: one,
    },
    {
      rule: 'DNS-56 case and a final dot do not matter',
      records: { ...host, [AT_MX1]: { TLSA, ...S } },
      host: 'MX1.Dest.Test.',
      finding: `records at ${MX1}`,
      asked: one,
    },
    {
      rule: 'DNS-59 a name of one label is asked for as it stands',
      records: { mx: { A, ...S }, 'mx.dest.test': { A, ...S }, '_25._tcp.mx.dest.test': { TLSA, ...S } },
      host: 'mx',
      finding: 'none: absent',
      asked: ['_25._tcp.mx TLSA'],
    },
    {
      rule: 'records of which none is usable are records all the same (RFC 7672 §2.2)',
      records: { ...host, [AT_MX1]: { TLSA: [`0 0 1 ${HASH}`, '3 1 1 ab'], ...S } },
      finding: `records at ${MX1}`,
      asked: one,
    },
  ];
  for (const each of cases) check(each);
});

describe('a host behind an alias', () => {
  const EXPANDED = 'real.test';
  const AT_EXPANDED = `_25._tcp.${EXPANDED}`;
  const both = [`${AT_EXPANDED} TLSA`, `${AT_MX1} TLSA`];
  const secure = { [MX1]: { CNAME: EXPANDED, ...S }, [EXPANDED]: { A, ...S } };
  const leaving = { [MX1]: { CNAME: EXPANDED, ...S }, [EXPANDED]: { A } };
  const cases: readonly Case[] = [
    {
      rule: 'records at the expanded name come first (RFC 7672 §2.2.3)',
      records: { ...secure, [AT_EXPANDED]: { TLSA, ...S }, [AT_MX1]: { TLSA, ...S } },
      finding: `records at ${EXPANDED}`,
      asked: both.slice(0, 1),
    },
    {
      rule: 'then those at the original name (RFC 7672 §2.2.3)',
      records: { ...secure, [AT_MX1]: { TLSA, ...S } },
      finding: `records at ${MX1}`,
      asked: both,
    },
    {
      rule: 'without records at either there is no DANE (RFC 7672 §2.2.3)',
      records: secure,
      finding: 'none: absent',
      asked: both,
    },
    {
      rule: 'DNS-31 unsigned records at the expanded name leave the original one (RFC 7672 §2.2.3)',
      records: { ...secure, [AT_EXPANDED]: { TLSA }, [AT_MX1]: { TLSA, ...S } },
      finding: `records at ${MX1}`,
      asked: both,
    },
    {
      rule: 'unsigned records at either are no DANE',
      records: { ...secure, [AT_EXPANDED]: { TLSA }, [AT_MX1]: {} },
      finding: 'none: insecure',
      asked: both,
    },
    {
      rule: 'records at the expanded name that are not usable hide the original one (RFC 7672 §2.2.3)',
      records: { ...secure, [AT_EXPANDED]: { TLSA: [`0 0 1 ${HASH}`], ...S }, [AT_MX1]: { TLSA, ...S } },
      finding: `records at ${EXPANDED}`,
      asked: both.slice(0, 1),
    },
    ...(['servfail', 'bogus', 'refused', 'formerr', 'silence'] as const).map((fault) => ({
      rule: `DNS-32 ${fault} at the expanded name is the end: the original one is not tried (RFC 7672 §2.1.2)`,
      records: { ...secure, [AT_EXPANDED]: { ...S, fault }, [AT_MX1]: { TLSA, ...S } },
      finding: `failed: ${AT_EXPANDED} TLSA: ${
        {
          servfail: 'servfail',
          bogus: 'DNSSEC validation failed (6)',
          refused: 'refused',
          formerr: 'rcode',
          silence: 'timeout',
        }[fault]
      }`,
      asked: both.slice(0, 1),
    })),
    {
      rule: 'a failure at the original name is no absence either (RFC 7672 §2.1.2)',
      records: { ...secure, [AT_MX1]: { ...S, fault: 'servfail' } },
      finding: `failed: ${AT_MX1} TLSA: servfail`,
      asked: both,
    },
    {
      rule: 'DNS-35 names between the first and the last are never asked for (RFC 7672 §2.2.3)',
      records: {
        [MX1]: { CNAME: 'between.test', ...S },
        'between.test': { CNAME: EXPANDED, ...S },
        [EXPANDED]: { A, ...S },
        '_25._tcp.between.test': { TLSA, ...S },
      },
      finding: 'none: absent',
      asked: both,
    },
    {
      rule: 'a signed alias into an unsigned zone has records at the original name only (RFC 7672 §2.2.2)',
      records: { ...leaving, [AT_MX1]: { TLSA, ...S }, [AT_EXPANDED]: { TLSA, ...S } },
      finding: `records at ${MX1}`,
      asked: [`${MX1} CNAME`, `${AT_MX1} TLSA`],
    },
    {
      rule: 'a signed alias into an unsigned zone without records has no DANE (RFC 7672 §2.2.2)',
      records: leaving,
      finding: 'none: absent',
      asked: [`${MX1} CNAME`, `${AT_MX1} TLSA`],
    },
    {
      rule: 'an unsigned alias has no DANE, and its host is not asked for TLSA (RFC 7672 §2.2.2)',
      records: { [MX1]: { CNAME: EXPANDED }, [EXPANDED]: { A, ...S }, [AT_MX1]: { TLSA, ...S } },
      finding: 'none: addresses-insecure',
      asked: [`${MX1} CNAME`],
    },
    {
      rule: 'DNS-27 behind signed, unsigned and signed aliases the original name counts (RFC 7672 §2.1.3)',
      records: {
        [MX1]: { CNAME: 'between.test', ...S },
        'between.test': { CNAME: EXPANDED },
        [EXPANDED]: { A, ...S },
        [AT_EXPANDED]: { TLSA, ...S },
        [AT_MX1]: { TLSA, ...S },
      },
      finding: `records at ${MX1}`,
      asked: [`${MX1} CNAME`, `${AT_MX1} TLSA`],
    },
    {
      rule: 'an alias of which is not known whether it is signed is no absence (RFC 7672 §2.1.2)',
      records: { ...leaving, [MX1]: { CNAME: EXPANDED, ...S, fault: { CNAME: 'servfail' } } },
      finding: `failed: ${MX1} CNAME: servfail`,
      asked: [`${MX1} CNAME`],
    },
    {
      rule: 'an alias that does not validate is no absence (RFC 7672 §2.1.2)',
      records: { ...leaving, [MX1]: { CNAME: EXPANDED, ...S, fault: { CNAME: 'bogus' } } },
      finding: `failed: ${MX1} CNAME: DNSSEC validation failed (6)`,
      asked: [`${MX1} CNAME`],
    },
    {
      rule: 'DNS-37 records behind an alias of their own into an unsigned zone are unsigned (RFC 7672 §2.2.3)',
      records: {
        ...secure,
        [AT_EXPANDED]: { CNAME: 'keys.unsigned.test', ...S },
        'keys.unsigned.test': { TLSA },
        [AT_MX1]: { TLSA, ...S },
      },
      finding: `records at ${MX1}`,
      asked: both,
    },
    {
      rule: 'records behind a signed alias of their own have the base that was asked for (RFC 7672 §2.2.3)',
      records: { ...secure, [AT_EXPANDED]: { CNAME: 'keys.test', ...S }, 'keys.test': { TLSA, ...S } },
      finding: `records at ${EXPANDED}`,
      asked: both.slice(0, 1),
    },
  ];
  for (const each of cases) check(each);
});

test('DNS-23 without MX the domain itself is the host (RFC 7672 §2.2.2)', async () => {
  const records = { 'dest.test': { A, ...S }, '_25._tcp.dest.test': { TLSA, ...S } };
  await using zone = await startZone({ records });
  assert.equal(shortly(await look(resolverFor(zone), 'dest.test')), 'records at dest.test');
});

test('the port is that of the connection (RFC 6698 §3)', async () => {
  const records = {
    [MX1]: { A, ...S },
    [AT_MX1]: { TLSA, ...S },
    [`_465._tcp.${MX1}`]: { TLSA: [`2 0 1 ${HASH}`], ...S },
  };
  await using zone = await startZone({ records });
  const resolver = resolverFor(zone);
  const finding = await look(resolver, MX1, 465);
  assert.ok(finding !== 'no address' && finding.kind === 'records');
  assert.equal(finding.records[0]?.record.usage, 2);
  assert.equal(shortly(await look(resolver, MX1, 587)), 'none: absent');
  assert.deepEqual(questionsOf(zone), [`_465._tcp.${MX1} TLSA`, `_587._tcp.${MX1} TLSA`]);
});

test('DNS-41 an address is not looked up', async () => {
  await using zone = await startZone({ records: {} });
  const literal = { name: '192.0.2.1', port: 25, addressesSecure: false, canonicalName: '192.0.2.1' };
  assert.equal(shortly(await findTlsa(literal, resolverFor(zone), ['sha256'])), 'none: addresses-insecure');
  assert.deepEqual(zone.queries, []);
});

test('DNS-60 answers of either kind are kept, and a failure does not turn into an absence', async () => {
  const records = {
    [MX1]: { A, ...S },
    [AT_MX1]: { TLSA, ...S },
    'mx2.dest.test': { A, ...S },
    'mx3.dest.test': { A, ...S },
    '_25._tcp.mx3.dest.test': { ...S, fault: 'servfail' },
  } as const;
  await using zone = await startZone({ records });
  const resolver = resolverFor(zone);
  for (const [host, finding, question] of [
    [MX1, `records at ${MX1}`, AT_MX1],
    ['mx2.dest.test', 'none: absent', '_25._tcp.mx2.dest.test'],
    ['mx3.dest.test', 'failed: _25._tcp.mx3.dest.test TLSA: servfail', '_25._tcp.mx3.dest.test'],
  ] as const) {
    for (let time = 0; time < 3; time += 1) assert.equal(shortly(await look(resolver, host)), finding);
    assert.equal(zone.asked(question, 'TLSA'), 1);
  }
});

describe('names that leave no room for what stands before them', () => {
  const label = 'a'.repeat(63);
  const long = `${label}.${label}.${label}.${'a'.repeat(52)}.test`;
  const asked = { port: 25, addressesSecure: true };

  test('have no records', async () => {
    await using zone = await startZone({ records: {} });
    assert.equal(long.length, 249);
    const finding = await findTlsa({ ...asked, name: long, canonicalName: long }, resolverFor(zone), ['sha256']);
    assert.equal(shortly(finding), 'none: absent');
    assert.deepEqual(zone.queries, []);
  });

  test('are passed over as the end of an alias', async () => {
    await using zone = await startZone({ records: { [AT_MX1]: { TLSA, ...S } } });
    const finding = await findTlsa({ ...asked, name: MX1, canonicalName: long }, resolverFor(zone), ['sha256']);
    assert.equal(shortly(finding), `records at ${MX1}`);
  });

  test('are told from names that cannot be asked for', async () => {
    await using zone = await startZone({ records: { [AT_MX1]: { TLSA, ...S } } });
    const finding = await findTlsa({ ...asked, name: MX1, canonicalName: 'a b.test' }, resolverFor(zone), ['sha256']);
    assert.equal(shortly(finding), 'failed: _25._tcp.a b.test TLSA: name-invalid');
  });
});

test('DNS-56 the base domain is in lower case and without a final dot', async () => {
  await using zone = await startZone({ records: { [AT_MX1]: { TLSA, ...S } } });
  const host = { name: 'MX1.Dest.Test.', port: 25, addressesSecure: true, canonicalName: 'MX1.DEST.test' };
  assert.equal(shortly(await findTlsa(host, resolverFor(zone), ['sha256'])), `records at ${MX1}`);
});

test('an answer that is kept is assessed anew under other digests', async () => {
  await using zone = await startZone({ records: { [AT_MX1]: { TLSA, ...S } } });
  const resolver = resolverFor(zone);
  const host = { name: MX1, port: 25, addressesSecure: true, canonicalName: MX1 };
  for (const [digests, usable] of [
    [['sha256'], true],
    [['sha512'], false],
  ] as const) {
    const finding = await findTlsa(host, resolver, digests);
    assert.ok(finding.kind === 'records');
    assert.equal(finding.records[0]?.usable, usable);
  }
  assert.equal(zone.asked(AT_MX1, 'TLSA'), 1);
});

test('a digest that does not count makes no record usable', async () => {
  await using zone = await startZone({ records: { [AT_MX1]: { TLSA, ...S } } });
  const host = { name: MX1, port: 25, addressesSecure: true, canonicalName: MX1 };
  const finding = await findTlsa(host, resolverFor(zone), ['sha512']);
  assert.ok(finding.kind === 'records');
  assert.deepEqual(
    finding.records.map(({ usable, reason }) => [usable, reason]),
    [[false, 'sha256 does not count here']],
  );
});

const record = (name: string, octet: number): packet.Answer => ({
  type: 'TLSA',
  name,
  ttl: 300,
  data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, octet) },
});

test('DNS-54 records of other owners in the same answer do not count', async () => {
  const server = createSocket('udp4');
  server.on('message', (bytes, { port, address }) => {
    const { id = 0, questions = [] } = packet.decode(bytes);
    const flags = packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | packet.AUTHENTIC_DATA;
    const answers = [record('_25._tcp.evil.test', 1), record(AT_MX1, 2), record(`x.${AT_MX1}`, 3)];
    server.send(packet.encode({ type: 'response', id, flags, questions, answers }), port, address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const resolver = resolverFor({ resolver: `127.0.0.1:${server.address().port}` });
  const finding = await findTlsa({ name: MX1, port: 25, addressesSecure: true, canonicalName: MX1 }, resolver, [
    'sha256',
  ]);
  server.close();
  assert.ok(finding.kind === 'records');
  assert.deepEqual(
    finding.records.map(({ record: { association } }) => association[0]),
    [2],
  );
});
