/** Certificates as they are read: against OpenSSL and Node where they tell the same, and odd ones written octet by octet. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';

import { readCertificate, readPublicKey, type Certificate } from '#tls-policy/dane/certificate.ts';
import { childrenOf, elementsOf, TAG } from '#tls-policy/dane/der.ts';
import { matchDane } from '#tls-policy/dane/match.ts';
import { keepsTo } from '#tls-policy/dane/name-constraints.ts';
import { ChainMaker, pemOf, tlsaText, type ChainCertificate, type KeyKind } from '../../doubles/chains.ts';
import { DaneOracle } from '../../doubles/dane-oracle.ts';
import { HOST, recordOf } from './cast.ts';

const chains = new ChainMaker();
const root = chains.make({ commonName: 'Root', isAuthority: true });
const rsa = chains.make({ commonName: 'Leaf', names: [HOST], issuer: root, key: 'rsa2048' });
after(() => chains.remove());

function read(certificate: Pick<ChainCertificate, 'x509'>): Certificate {
  const says = readCertificate(certificate.x509.raw);
  assert.ok(says !== undefined);
  return says;
}

describe('the public key', () => {
  const kinds: readonly KeyKind[] = ['p256', 'p384', 'ed25519', 'rsa2048', 'rsa-pss'];
  for (const kind of kinds) {
    test(`NOD-04 is what OpenSSL takes it to be: ${kind}`, () => {
      const { cert, x509 } = chains.make({ commonName: kind, key: kind });
      const pem = execFileSync('openssl', ['x509', '-noout', '-pubkey'], { input: cert, encoding: 'utf8' });
      const own = Buffer.from(pem.replaceAll(/-----.*-----|\n/g, ''), 'base64');
      assert.deepEqual(readPublicKey(x509.raw), own);
      assert.deepEqual(x509.publicKey.export({ type: 'spki', format: 'der' }), own);
    });
  }

  test('NOD-11 keeps its octets where Node would write others, as OpenSSL does (RFC 6698 §2.1.2)', async () => {
    const odd = withoutKeyParameters(rsa);
    const own = readPublicKey(odd.x509.raw);
    assert.ok(own !== undefined);
    const record = `3 1 1 ${createHash('sha256').update(own).digest('hex')}`;
    assert.notEqual(record, tlsaText('3 1 1', odd), 'Node keeps the octets now: then this proves nothing any more');
    const question = { chain: [odd.x509], names: [HOST], now: new Date(), strictDates: false };
    assert.equal(matchDane({ ...question, records: [recordOf(record)] }).kind, 'matched');
    assert.equal(matchDane({ ...question, records: [recordOf(tlsaText('3 1 1', odd))] }).kind, 'unmatched');
    await using oracle = await DaneOracle.show([odd]);
    assert.equal((await oracle.judge([record], HOST)).matched, true);
    assert.equal((await oracle.judge([tlsaText('3 1 1', odd)], HOST)).matched, false);
  });
});

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

/** The certificate with its key's algorithm written without the NULL that RFC 3279 §2.3.1 asks for. */
function withoutKeyParameters({ key, x509 }: ChainCertificate): ChainCertificate {
  const [body, ...rest] = elementsOf(elementsOf(x509.raw)[0]?.content ?? Buffer.alloc(0));
  assert.ok(body !== undefined);
  const parts = childrenOf(body).map((part, at) => {
    if (at !== 6) return part.whole;
    const [algorithm, bits] = childrenOf(part);
    const [oid] = algorithm === undefined ? [] : childrenOf(algorithm);
    return der(TAG.sequence, der(TAG.sequence, oid?.whole ?? Buffer.alloc(0)), bits?.whole ?? Buffer.alloc(0));
  });
  const cert = pemOf(der(TAG.sequence, der(TAG.sequence, ...parts), ...rest.map(({ whole }) => whole)));
  return { key, cert, x509: new X509Certificate(cert) };
}

test('dates, names and purposes are what Node and OpenSSL say', () => {
  const extensions = {
    keyUsage: 'critical,digitalSignature,keyAgreement',
    extendedKeyUsage: 'serverAuth,clientAuth',
    certificatePolicies: '1.2.3.4',
    '1.2.3.4.5': 'critical,DER:0500',
  };
  const names = ['MX1.dest.test', '*.dest.test', 'IP:192.0.2.1', 'email:a@dest.test'];
  const leaf = chains.make({ commonName: HOST, names, issuer: root, extensions, digest: 'sha1' });
  const says = read(leaf);
  const { x509 } = leaf;
  assert.deepEqual([says.notBefore, says.notAfter], [Date.parse(x509.validFrom), Date.parse(x509.validTo)]);
  assert.deepEqual(says.hosts, ['mx1.dest.test', '*.dest.test']);
  assert.deepEqual(says.extendedKeyUsage, x509.keyUsage);
  assert.deepEqual(says.keyUsage, { keyCertSign: false, tlsServer: true });
  assert.deepEqual(says.unknownCritical, ['1.2.3.4.5']);
  assert.equal(says.weakDigest, 'SHA-1');
  assert.deepEqual([says.version, says.isSelfIssued, says.basicConstraints], [3, false, undefined]);
});

test('an authority is read with its path length, and a root is self-issued', () => {
  const extensions = { basicConstraints: 'critical,CA:true,pathlen:3' };
  const says = read(chains.make({ commonName: 'Bounded', isAuthority: true, extensions }));
  assert.deepEqual(says.basicConstraints, { isAuthority: true, pathLength: 3 });
  assert.deepEqual([says.isSelfIssued, says.keyUsage?.keyCertSign, says.weakDigest], [true, true, undefined]);
});

describe('signatures of RSASSA-PSS', () => {
  for (const [digest, weak] of [
    ['sha1', 'SHA-1'],
    ['sha256', undefined],
    ['sha512', undefined],
  ] as const) {
    test(`with ${digest} are ${weak === undefined ? 'fine' : 'weak'} (RFC 4055 §3.1)`, () => {
      assert.equal(read(chains.make({ commonName: digest, key: 'rsa-pss', digest })).weakDigest, weak);
    });
  }
});

// Certificates that no tool would make: the parts that are not looked at are left empty.
const EMPTY = der(TAG.sequence);
const oid = (text: string): Buffer => der(TAG.oid, Buffer.from(text, 'hex'));
const SHA256_RSA = der(TAG.sequence, oid('2a864886f70d01010b'));
const date = (text: string, tag: number = TAG.utcTime): Buffer => der(tag, Buffer.from(text));
const VALIDITY = der(TAG.sequence, date('260101000000Z'), date('270101000000Z'));
const TRUE = der(TAG.boolean, Buffer.from([0xff]));

type Parts = { readonly subject?: Buffer; readonly validity?: Buffer; readonly extensions?: readonly Buffer[] };

function written({ subject = EMPTY, validity = VALIDITY, extensions = [] }: Parts): Certificate | undefined {
  const version = der(0xa0, der(TAG.integer, Buffer.from([2])));
  const serial = der(TAG.integer, Buffer.from([1]));
  const parts = [version, serial, SHA256_RSA, EMPTY, validity, subject, EMPTY];
  const tail = extensions.length > 0 ? [der(0xa3, der(TAG.sequence, ...extensions))] : [];
  return readCertificate(der(TAG.sequence, der(TAG.sequence, ...parts, ...tail), SHA256_RSA, der(TAG.bitString)));
}

const extension = (id: string, value: Buffer, ...critical: readonly Buffer[]): Buffer =>
  der(TAG.sequence, oid(id), ...critical, der(TAG.octetString, value));
const BASIC_CONSTRAINTS = '551d13';
const ALTERNATIVE_NAME = '551d11';
const NAME_CONSTRAINTS = '551d1e';
const dns = (name: string): Buffer => der(0x82, Buffer.from(name));
const attribute = (id: string, tag: number, value: Buffer): Buffer =>
  der(TAG.set, der(TAG.sequence, oid(id), der(tag, value)));
const COMMON_NAME = '550403';
const ORGANIZATION = '55040a';

describe('a certificate is malformed', () => {
  const authority = der(TAG.sequence, TRUE);
  const minusOne = der(TAG.integer, Buffer.from([0xff]));
  const zero = der(TAG.integer, Buffer.from([0]));
  const subtree = (...parts: readonly Buffer[]): Buffer => der(TAG.sequence, der(0xa0, der(TAG.sequence, ...parts)));
  const cases: readonly (readonly [what: string, extensions: readonly Buffer[]])[] = [
    ['an extension stands twice', [extension(BASIC_CONSTRAINTS, authority), extension(BASIC_CONSTRAINTS, EMPTY)]],
    ['a path length is negative', [extension(BASIC_CONSTRAINTS, der(TAG.sequence, TRUE, minusOne))]],
    ['an extension is followed by something', [extension(BASIC_CONSTRAINTS, Buffer.concat([authority, EMPTY]))]],
    ['an extension is of another type', [extension(ALTERNATIVE_NAME, der(TAG.set))]],
    ['a name is of no form that there is', [extension(ALTERNATIVE_NAME, der(TAG.sequence, der(0x8f)))]],
    [
      'a name constraint has a minimum',
      [extension(NAME_CONSTRAINTS, subtree(dns('dest.test'), der(0x80, Buffer.from([0]))))],
    ],
    ['a network has no mask', [extension(NAME_CONSTRAINTS, subtree(der(0x87, Buffer.from([192, 0, 2, 0]))))]],
    [
      'an extension has a part too many',
      [der(TAG.sequence, oid(BASIC_CONSTRAINTS), der(TAG.octetString, authority), EMPTY)],
    ],
    ['the criticality is no truth value', [extension(BASIC_CONSTRAINTS, authority, der(TAG.boolean))]],
  ];
  for (const [what, extensions] of cases) {
    test(`when ${what}`, () => assert.equal(written({ extensions }), undefined));
  }
  test('but not without any of this', () => {
    const says = written({ extensions: [extension(BASIC_CONSTRAINTS, authority, TRUE)] });
    assert.deepEqual(says?.basicConstraints, { isAuthority: true, pathLength: undefined });
  });
  test('nor for a path length without authority, which says nothing', () => {
    const says = written({ extensions: [extension(BASIC_CONSTRAINTS, der(TAG.sequence, zero))] });
    assert.deepEqual(says?.basicConstraints, { isAuthority: false, pathLength: 0 });
  });
});

test('dates that cannot be read leave the rest as it is', () => {
  const says = written({ validity: der(TAG.sequence, date('today'), date('99991231235959Z', TAG.generalizedTime)) });
  assert.deepEqual([says?.notBefore, says?.notAfter], [undefined, Date.UTC(9999, 11, 31, 23, 59, 59)]);
});

test('a common name is read in every type of text, and with an octet of 0 it is no name', () => {
  const wide = Buffer.from(HOST, 'utf16le').swap16();
  for (const [tag, value, hosts] of [
    [TAG.utf8String, Buffer.from(HOST), [HOST]],
    [0x13, Buffer.from(HOST), [HOST]],
    [0x16, Buffer.from(HOST), [HOST]],
    [TAG.bmpString, wide, [HOST]],
    [TAG.utf8String, Buffer.from(`${HOST}\0.evil.test`), []],
    [TAG.octetString, Buffer.from(HOST), []],
  ] as const) {
    const subject = der(TAG.sequence, attribute(COMMON_NAME, tag, value));
    assert.deepEqual(written({ subject })?.hosts, hosts, `${tag}`);
  }
});

test('a DNS name with an octet of 0 is no name, and hides the common name', () => {
  const subject = der(TAG.sequence, attribute(COMMON_NAME, TAG.utf8String, Buffer.from(HOST)));
  const extensions = [extension(ALTERNATIVE_NAME, der(TAG.sequence, dns(`${HOST}\0.evil.test`)))];
  assert.deepEqual(written({ subject, extensions })?.hosts, []);
});

describe('name constraints (RFC 5280 §4.2.1.10)', () => {
  const directory = (...names: readonly Buffer[]): Buffer => der(0xa4, der(TAG.sequence, ...names));
  const organization = (name: string, tag: number = TAG.utf8String): Buffer =>
    attribute(ORGANIZATION, tag, Buffer.from(name));
  const common = (name: string): Buffer => attribute(COMMON_NAME, TAG.utf8String, Buffer.from(name));
  const subjectOf = (...names: readonly Buffer[]): Parts => ({ subject: der(TAG.sequence, ...names) });
  const named = (...names: readonly Buffer[]): Parts => ({
    extensions: [extension(ALTERNATIVE_NAME, der(TAG.sequence, ...names))],
  });
  const address = (...octets: readonly number[]): Buffer => der(0x87, Buffer.from(octets));
  const uri = der(0x86, Buffer.from('https://dest.test/'));
  const mailbox = der(0x81, Buffer.from('a@dest.test'));
  const email = attribute('2a864886f70d010901', 0x16, Buffer.from('a@dest.test'));

  const cases: readonly (readonly [
    rule: string,
    kind: 'permitted' | 'excluded',
    base: Buffer,
    names: Parts,
    keeps: boolean,
  ])[] = [
    ['a name is below itself', 'permitted', dns('mx1.dest.test'), named(dns('mx1.dest.test')), true],
    ['any number of labels may stand before', 'permitted', dns('dest.test'), named(dns('a.b.dest.test')), true],
    ['labels count as a whole', 'permitted', dns('dest.test'), named(dns('evildest.test')), false],
    [
      'with a dot in front it takes one label at the least',
      'permitted',
      dns('.dest.test'),
      named(dns('dest.test')),
      false,
    ],
    ['no name at all is everybody', 'permitted', dns(''), named(dns('a.test')), true],
    ['every name has to be below', 'permitted', dns('dest.test'), named(dns('dest.test'), dns('a.test')), false],
    ['case does not matter', 'excluded', dns('DEST.test'), named(dns('mx1.dest.TEST')), false],
    ['a final dot does not lead out', 'excluded', dns('dest.test'), named(dns('mx1.dest.test.')), false],
    ['a wildcard below is below', 'permitted', dns('dest.test'), named(dns('*.dest.test')), true],
    ['a wildcard reaches further than one name', 'permitted', dns('mx1.dest.test'), named(dns('*.dest.test')), false],
    ['a wildcard may stand for what is excluded', 'excluded', dns('mx1.dest.test'), named(dns('*.dest.test')), false],
    [
      'a wildcard that cannot reach what is excluded is fine',
      'excluded',
      dns('a.mx1.dest.test'),
      named(dns('*.dest.test')),
      true,
    ],
    [
      'a common name that stands for a host is bound',
      'permitted',
      dns('dest.test'),
      subjectOf(common('mx1.other.test')),
      false,
    ],
    ['a common name that is no host is not bound', 'permitted', dns('dest.test'), subjectOf(common('Mail Host')), true],
    ['names of other forms are not bound', 'permitted', dns('dest.test'), named(address(192, 0, 2, 1), uri), true],
    [
      'an address within the network',
      'permitted',
      address(192, 0, 2, 0, 255, 255, 255, 0),
      named(address(192, 0, 2, 7)),
      true,
    ],
    [
      'an address outside of it',
      'permitted',
      address(192, 0, 2, 0, 255, 255, 255, 0),
      named(address(192, 0, 3, 7)),
      false,
    ],
    ['an address that is excluded', 'excluded', address(0, 0, 0, 0, 0, 0, 0, 0), named(address(192, 0, 3, 7)), false],
    [
      'an address of the other family',
      'excluded',
      address(0, 0, 0, 0, 0, 0, 0, 0),
      named(address(...Buffer.alloc(16, 1))),
      true,
    ],
    [
      'a directory name below',
      'permitted',
      directory(organization('Dest')),
      subjectOf(organization('Dest'), common('Mail')),
      true,
    ],
    ['a directory name beside', 'permitted', directory(organization('Dest')), subjectOf(organization('Other')), false],
    [
      'a directory name above',
      'permitted',
      directory(organization('Dest'), common('Mail')),
      subjectOf(organization('Dest')),
      false,
    ],
    [
      'a directory name in another type of text, other case and spaces',
      'excluded',
      directory(organization('Dest  Mail')),
      subjectOf(organization(' dest mail', 0x13)),
      false,
    ],
    [
      'a certificate without subject has no directory name',
      'permitted',
      directory(organization('Dest')),
      named(dns('dest.test')),
      true,
    ],
    ['a form that is not understood binds names of that form', 'permitted', uri, named(uri), false],
    ['a form that is not understood excludes names of that form', 'excluded', uri, named(uri), false],
    ['a form that is not understood binds no others', 'permitted', uri, named(dns('dest.test')), true],
    ['forms that are not understood are told apart', 'permitted', uri, named(mailbox), true],
    ['a mailbox in the subject is one', 'permitted', der(0x81, Buffer.from('dest.test')), subjectOf(email), false],
  ];
  for (const [rule, kind, base, parts, keeps] of cases) {
    test(`${kind}: ${rule}`, () => {
      const subtrees = der(kind === 'permitted' ? 0xa0 : 0xa1, der(TAG.sequence, base));
      const constraints = written({ extensions: [extension(NAME_CONSTRAINTS, der(TAG.sequence, subtrees))] });
      const certificate = written(parts);
      assert.ok(constraints?.nameConstraints !== undefined && certificate !== undefined);
      assert.equal(keepsTo(constraints.nameConstraints, certificate.names), keeps);
    });
  }

  test('more comparisons than anybody needs are not made, and the path fails', () => {
    const many = Array.from({ length: 300 }, (_, at) => ({ kind: 'dns', name: `${at}.dest.test` }) as const);
    const permitted = [{ kind: 'dns', name: 'dest.test' } as const];
    assert.equal(keepsTo({ permitted, excluded: [] }, many), true);
    assert.equal(
      keepsTo({ permitted, excluded: many.map(({ name }) => ({ kind: 'dns', name: `x${name}` })) }, many),
      false,
    );
  });
});

test('whatever the octets, a certificate is read or it is not', () => {
  const { raw } = chains.make({ commonName: HOST, names: [HOST], issuer: root }).x509;
  const changed = fc.tuple(fc.nat({ max: raw.length - 1 }), fc.nat({ max: 255 })).map(([at, octet]) => {
    const octets = Buffer.from(raw);
    octets.writeUInt8(octet, at);
    return octets;
  });
  const random = fc.uint8Array({ maxLength: 500 }).map((octets) => Buffer.from(octets));
  fc.assert(
    fc.property(fc.oneof(changed, random), (octets) => {
      const says = readCertificate(octets);
      assert.ok(says === undefined || Array.isArray(says.hosts));
      assert.ok(readPublicKey(octets) === undefined || octets.includes(readPublicKey(octets) ?? Buffer.alloc(1)));
    }),
    { numRuns: 2000 },
  );
});
