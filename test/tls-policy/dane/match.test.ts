/** The judgement over real chains, case by case. `oracle.test.ts` holds it against OpenSSL's. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { readNames, standsForHost } from '#mail/certificate-names.ts';
import { ChainMaker, tlsaText, type ChainCertificate } from '../../doubles/chains.ts';
import { castFrom, HOST, judge, shortly, type Showing } from './cast.ts';

const chains = new ChainMaker();
const cast = castFrom(chains);
const { root, intermediate, leaf, selfSigned, stranger } = cast;
after(() => chains.remove());

const WRONG = { 1: 'ab'.repeat(32), 2: 'ab'.repeat(64) };
const of = (certificate: ChainCertificate, ...parameters: readonly string[]): readonly string[] =>
  parameters.map((each) => tlsaText(each, certificate));

function sent(name: string): readonly ChainCertificate[] {
  const chain = cast.sent[name];
  assert.ok(chain !== undefined, name);
  return chain;
}
const leafOf = (name: string): ChainCertificate => sent(name)[0] ?? leaf;
/** The certificate above the host's own. */
const issuerOf = (name: string): ChainCertificate => sent(name)[1] ?? leaf;

const plain = sent('leaf, intermediate');
const renewed = chains.make({ commonName: 'Leaf', names: [HOST], issuer: intermediate, key: leaf });

type Case = readonly [rule: string, showing: Showing, judgement: string];

describe('DANE-EE(3)', () => {
  const cases: readonly Case[] = [
    [
      '3 1 1 and the key of the host match (RFC 7672 §3.1.1)',
      { chain: plain, records: of(leaf, '3 1 1') },
      '3 1 1 at 0',
    ],
    ...['3 0 0', '3 0 1', '3 0 2', '3 1 0', '3 1 2'].map((parameters): Case => [
      `${parameters} and the certificate of the host match (RFC 7671 §5.1)`,
      { chain: plain, records: of(leaf, parameters) },
      `${parameters} at 0`,
    ]),
    ...['an RSA leaf', 'an RSA-PSS leaf', 'a P-384 leaf', 'an Ed25519 leaf'].flatMap((name): Case[] => [
      [`the key of ${name} matches`, { chain: sent(name), records: of(leafOf(name), '3 1 1') }, '3 1 1 at 0'],
      [`the issuer of ${name} matches`, { chain: sent(name), records: of(intermediate, '2 1 1') }, '2 1 1 at 1'],
    ]),
    [
      'TLSA-16 a certificate that is not yet valid matches (RFC 7672 §3.1.1)',
      { chain: sent('a leaf of the future'), records: of(leafOf('a leaf of the future'), '3 1 1') },
      '3 1 1 at 0',
    ],
    [
      'TLSA-16 an expired certificate matches (RFC 7672 §3.1.1)',
      { chain: sent('an expired leaf'), records: of(leafOf('an expired leaf'), '3 1 1') },
      '3 1 1 at 0',
    ],
    [
      'TLSA-17 a certificate of another name matches (RFC 7672 §3.2.1)',
      { chain: sent('a leaf of another name'), records: of(leafOf('a leaf of another name'), '3 1 1') },
      '3 1 1 at 0',
    ],
    [
      'TLSA-18 a certificate without any name matches (RFC 7672 §3.2.1)',
      { chain: sent('a leaf without subject'), records: of(leafOf('a leaf without subject'), '3 1 1') },
      '3 1 1 at 0',
    ],
    [
      'TLSA-19 a self-signed certificate matches (RFC 7672 §3.1.1)',
      { chain: [selfSigned], records: of(selfSigned, '3 1 1') },
      '3 1 1 at 0',
    ],
    [
      'TLSA-20 a missing intermediate does not matter (RFC 7672 §3.1.1)',
      { chain: [leaf], records: of(leaf, '3 0 1') },
      '3 0 1 at 0',
    ],
    [
      'TLSA-21 the key of the issuer is not that of the host (RFC 7672 §3.1.1)',
      { chain: plain, records: of(intermediate, '3 1 1') },
      'validation-failure',
    ],
    [
      'TLSA-23 a renewed certificate with the same key matches 3 1 1',
      { chain: [renewed, intermediate], records: of(leaf, '3 1 1') },
      '3 1 1 at 0',
    ],
    [
      'TLSA-23 a renewed certificate does not match 3 0 1',
      { chain: [renewed, intermediate], records: of(leaf, '3 0 1') },
      'validation-failure',
    ],
    [
      'TLSA-24 a certificate for TLS clients matches (RFC 7671 §5.1)',
      { chain: sent('a leaf for clients'), records: of(leafOf('a leaf for clients'), '3 1 1') },
      '3 1 1 at 0',
    ],
    [
      'TLSA-25 a key of RSA 1024 matches',
      { chain: sent('an RSA-1024 leaf'), records: of(leafOf('an RSA-1024 leaf'), '3 1 1') },
      '3 1 1 at 0',
    ],
    [
      'TLSA-25 a certificate signed with SHA-1 matches',
      { chain: sent('a leaf signed with SHA-1'), records: of(leafOf('a leaf signed with SHA-1'), '3 1 1') },
      '3 1 1 at 0',
    ],
    [
      'a critical extension that is unknown does not matter',
      {
        chain: sent('a leaf with an unknown critical extension'),
        records: of(leafOf('a leaf with an unknown critical extension'), '3 1 1'),
      },
      '3 1 1 at 0',
    ],
    [
      'TLSA-26 one of two records matches, the next key too',
      { chain: plain, records: [...of(stranger, '3 1 1'), ...of(leaf, '3 1 1')] },
      '3 1 1 at 0',
    ],
    [
      'TLSA-60 a record that does not fit is a validation failure (RFC 7672 §2.2)',
      { chain: plain, records: [`3 1 1 ${WRONG[1]}`] },
      'validation-failure',
    ],
    ['NOD-09 no certificate at all is no match', { chain: [], records: of(leaf, '3 1 1') }, 'validation-failure'],
    [
      'TLSA-70 the last of 20 records matches',
      {
        chain: plain,
        records: [
          ...Array.from({ length: 19 }, (_, at) => `3 1 1 ${String(at).padStart(64, '0')}`),
          ...of(leaf, '3 1 1'),
        ],
      },
      '3 1 1 at 0',
    ],
    [
      'TLSA-70 the last of 100 records matches, as a trust anchor too',
      {
        chain: plain,
        records: [
          ...Array.from({ length: 99 }, (_, at) => `2 0 1 ${String(at).padStart(64, '0')}`),
          ...of(intermediate, '2 0 1'),
        ],
      },
      '2 0 1 at 1',
    ],
  ];
  for (const [rule, showing, judgement] of cases) {
    test(rule, () => assert.equal(shortly(judge(showing)), judgement));
  }
});

describe('DANE-TA(2): the anchor', () => {
  const cases: readonly Case[] = [
    ...['2 0 1', '2 1 1', '2 0 2', '2 1 2', '2 0 0', '2 1 0'].map((parameters): Case => [
      `TLSA-03 ${parameters} of the intermediate matches (RFC 7671 §5.2)`,
      { chain: plain, records: of(intermediate, parameters) },
      `${parameters} at 1`,
    ]),
    [
      'TLSA-28 a root that was sent is an anchor (RFC 7672 §3.1.2)',
      { chain: sent('leaf, intermediate, root'), records: of(root, '2 0 1') },
      '2 0 1 at 2',
    ],
    [
      'TLSA-29 a root that was not sent is none (RFC 7672 §3.1.2)',
      { chain: plain, records: of(root, '2 0 1') },
      'validation-failure',
    ],
    [
      'a root that was not sent is none by the digest of its key either',
      { chain: plain, records: of(root, '2 1 1') },
      'validation-failure',
    ],
    ['2 0 0 holds an anchor that was not sent', { chain: plain, records: of(root, '2 0 0') }, '2 0 0 at 2'],
    [
      '2 0 0 of another authority does not match',
      { chain: plain, records: of(stranger, '2 0 0') },
      'validation-failure',
    ],
    [
      'TLSA-31 a bare key is the anchor of what it has signed',
      { chain: plain, records: of(root, '2 1 0') },
      '2 1 0 at 2',
    ],
    [
      'TLSA-31 a bare key may have signed the certificate of the host itself',
      { chain: [leaf], records: of(intermediate, '2 1 0') },
      '2 1 0 at 1',
    ],
    [
      'a bare key that has signed nothing does not match',
      { chain: plain, records: of(stranger, '2 1 0') },
      'validation-failure',
    ],
    [
      'a bare key whose certificate was sent under another name has signed all the same',
      {
        chain: sent('an authority of the same key under another name'),
        records: of(intermediate, '2 1 0'),
      },
      '2 1 0 at 1',
    ],
    [
      'a bare key whose certificate was sent is judged by that certificate',
      {
        chain: sent('an authority that may not sign'),
        records: of(issuerOf('an authority that may not sign'), '2 1 0'),
      },
      'validation-failure',
    ],
    [
      'TLSA-55 the order of what was sent does not matter',
      { chain: sent('leaf, root, intermediate'), records: of(root, '2 0 1') },
      '2 0 1 at 2',
    ],
    [
      'what belongs to nothing is passed over',
      { chain: sent('leaf, stranger, intermediate'), records: of(intermediate, '2 0 1') },
      '2 0 1 at 1',
    ],
    [
      'NOD-06 an anchor that was sent and has signed nothing does not match',
      { chain: [leaf, stranger, intermediate], records: of(stranger, '2 0 1') },
      'validation-failure',
    ],
    [
      'NOD-06 an anchor whose name and no more fits does not match',
      {
        chain: sent('an impostor instead of the intermediate'),
        records: of(issuerOf('an impostor instead of the intermediate'), '2 0 1'),
      },
      'validation-failure',
    ],
    [
      'an impostor beside the issuer does no harm',
      { chain: sent('an impostor before the intermediate'), records: of(root, '2 0 1') },
      '2 0 1 at 2',
    ],
    [
      'TLSA-57 a self-signed certificate is not its own anchor',
      { chain: [selfSigned], records: of(selfSigned, '2 0 1') },
      'validation-failure',
    ],
    ...['2 1 1', '2 0 0', '2 1 0'].map((parameters): Case => [
      `TLSA-57 a self-signed certificate is not its own anchor by ${parameters} either`,
      { chain: [selfSigned, root], records: of(selfSigned, parameters) },
      'validation-failure',
    ]),
    [
      'the own certificate of the host is no anchor, whoever has signed it',
      { chain: plain, records: of(leaf, '2 0 1') },
      'validation-failure',
    ],
    [
      'the host may send its own certificate twice',
      { chain: sent('leaf, leaf, intermediate'), records: of(leaf, '2 0 1') },
      'validation-failure',
    ],
    [
      'either path of a cross-signed authority is good: to one root',
      { chain: sent('a cross-signed intermediate'), records: of(stranger, '2 0 1') },
      '2 0 1 at 2',
    ],
    [
      'either path of a cross-signed authority is good: to the other',
      { chain: sent('the other side of a cross-signed intermediate'), records: of(root, '2 0 1') },
      '2 0 1 at 2',
    ],
    [
      'TLSA-59 a wrong anchor beside the key of the host does no harm (RFC 7672 §3.2)',
      {
        chain: sent('a leaf of another name'),
        records: [...of(leafOf('a leaf of another name'), '3 1 1'), `2 0 1 ${WRONG[1]}`],
      },
      '3 1 1 at 0',
    ],
    [
      'a wrong key of the host beside an anchor does no harm',
      { chain: plain, records: [`3 1 1 ${WRONG[1]}`, ...of(intermediate, '2 0 1')] },
      '2 0 1 at 1',
    ],
  ];
  for (const [rule, showing, judgement] of cases) {
    test(rule, () => assert.equal(shortly(judge(showing)), judgement));
  }
});

describe('DANE-TA(2): the path', () => {
  /** By a digest of the issuer of the host's certificate. */
  const issuer = (id: string, name: string, judgement = 'validation-failure'): Case => [
    `${id}${name}: ${judgement}`,
    { chain: sent(name), records: of(issuerOf(name), '2 0 1') },
    judgement,
  ];
  /** By a digest of the one at the end. */
  const top = (id: string, name: string, judgement = 'validation-failure'): Case => [
    `${id}${name}, from the top: ${judgement}`,
    { chain: sent(name), records: of(sent(name).at(-1) ?? leaf, '2 0 1') },
    judgement,
  ];
  const cases: readonly Case[] = [
    issuer('TLSA-34 ', 'an expired leaf', 'certificate-expired'),
    issuer('', 'a leaf of the future', 'certificate-not-yet-valid'),
    issuer('TLSA-36 ', 'an expired authority', 'certificate-expired'),
    top('TLSA-36 ', 'an expired root', 'certificate-expired'),
    top('', 'an expired authority', 'certificate-expired'),
    issuer('', 'an authority of the future', 'certificate-not-yet-valid'),
    issuer('TLSA-51 ', 'a leaf with a broken signature'),
    top('TLSA-51 ', 'a broken signature of an authority'),
    issuer('the own signature of an anchor proves nothing, so ', 'a broken signature of an authority', '2 0 1 at 1'),
    issuer('TLSA-52 ', 'an authority that is none'),
    issuer('TLSA-52 ', 'an authority that does not say so'),
    issuer('TLSA-52 ', 'an authority without both extensions'),
    issuer('TLSA-52 ', 'an authority that may not sign'),
    top('TLSA-52 ', 'an authority that is none'),
    issuer('', 'a root of version 3 that says nothing'),
    issuer('', 'a self-issued leaf under a path length of 0', '2 0 1 at 1'),
    issuer('', 'a self-issued leaf under other names'),
    top('', 'a self-issued authority under a path length of 0', '2 0 1 at 2'),
    issuer('', 'an RSA-512 authority'),
    issuer('', 'an RSA-1024 authority', '2 0 1 at 1'),
    issuer('', 'a malformed leaf'),
    issuer('', 'an authority without key usage', '2 0 1 at 1'),
    top('', 'an authority of version 1 at the top', '2 0 1 at 1'),
    top('', 'a path length that is kept', '2 0 1 at 2'),
    top('', 'a path length that is exceeded'),
    top('', 'a path length of 0 above the leaf', '2 0 1 at 2'),
    top('a self-issued authority counts in no path length: ', 'a self-issued authority between', '2 0 1 at 2'),
    issuer('', 'a leaf for clients'),
    issuer('', 'a leaf without EKU', '2 0 1 at 1'),
    issuer('', 'a leaf for everything', '2 0 1 at 1'),
    issuer('', 'a leaf for servers and clients', '2 0 1 at 1'),
    issuer('', 'an authority for clients'),
    issuer('', 'an authority for servers', '2 0 1 at 1'),
    issuer('', 'a leaf whose key signs mail'),
    issuer('', 'a leaf whose key signs', '2 0 1 at 1'),
    issuer('', 'a leaf with an unknown critical extension'),
    issuer('', 'a leaf with an unknown extension', '2 0 1 at 1'),
    issuer('', 'a leaf with critical policies', '2 0 1 at 1'),
    issuer('', 'an authority with an unknown critical extension'),
    issuer('', 'names permitted', '2 0 1 at 1'),
    issuer('', 'names permitted with a dot', '2 0 1 at 1'),
    issuer('the other name lies below it: ', 'the very name permitted', '2 0 1 at 1'),
    issuer('', 'other names permitted'),
    issuer('', 'names like the end permitted'),
    issuer('', 'one of two permitted', '2 0 1 at 1'),
    issuer('', 'names excluded'),
    issuer('', 'other names excluded', '2 0 1 at 1'),
    issuer('', 'the network permitted', '2 0 1 at 1'),
    issuer('', 'another network permitted'),
    issuer('', 'all networks excluded'),
    issuer('', 'IPv6 excluded', '2 0 1 at 1'),
    issuer('', 'mailboxes permitted', '2 0 1 at 1'),
    issuer('', 'a leaf signed with SHA-1'),
    top('', 'an authority signed with SHA-1'),
    issuer('the own signature of an anchor proves nothing, so ', 'an authority signed with SHA-1', '2 0 1 at 1'),
    issuer('', 'an RSA-1024 leaf', '2 0 1 at 1'),
    issuer('NOD-06 ', 'an authority of the same key under another name'),
    issuer('TLSA-57 ', 'an authority of the same name and key as the self-signed leaf'),
    top('', 'authorities in a circle', '2 0 1 at 2'),
    [
      'authorities in a circle without an anchor come to an end',
      { chain: sent('authorities in a circle'), records: of(root, '2 0 1') },
      'validation-failure',
    ],
    top('', 'a longer chain', '2 0 1 at 6'),
  ];
  for (const [rule, showing, judgement] of cases) {
    test(rule, () => assert.equal(shortly(judge(showing)), judgement));
  }
});

function named(rule: string, chain: string, names: readonly string[], judgement = '2 0 1 at 1'): Case {
  return [rule, { chain: sent(chain), records: of(intermediate, '2 0 1'), names }, judgement];
}

describe('DANE-TA(2): the names', () => {
  const MISMATCH = 'certificate-host-mismatch';
  const NAMES = [HOST, 'dest.test', 'real.test'];
  const cases: readonly Case[] = [
    named('TLSA-37 another name is a mismatch (RFC 7672 §3.2.2)', 'a leaf of another name', NAMES, MISMATCH),
    named('the name of the nexthop will do (RFC 7672 §3.2.2)', 'a leaf of the nexthop', NAMES),
    named(
      'TLSA-39 the expanded name of the nexthop will do (RFC 7672 §3.2.2)',
      'a leaf of the expanded nexthop',
      NAMES,
    ),
    named(
      'TLSA-40 behind unsigned MX records the nexthop does not count (RFC 7672 §3.2.2)',
      'a leaf of the nexthop',
      [HOST],
      MISMATCH,
    ),
    named(
      'TLSA-41 the TLSA base counts, not the name that led to it (RFC 7672 §3.2.2)',
      'leaf, intermediate',
      ['real.dest.test'],
      MISMATCH,
    ),
    named('the second name of a certificate will do', 'a leaf of two names', [HOST]),
    named('case does not matter', 'a leaf in capitals', [HOST]),
    named('TLSA-43 a wildcard stands for the first label (RFC 7672 §3.2.3)', 'a wildcard leaf', [HOST]),
    named(
      'TLSA-44 a wildcard stands for one label (RFC 7672 §3.2.3)',
      'a wildcard leaf',
      ['a.mx.dest.test', 'other.test'],
      MISMATCH,
    ),
    named('a wildcard does not stand for what it is below', 'a wildcard leaf', ['dest.test'], MISMATCH),
    named('a wildcard right below the root stands for nobody', 'a wildcard leaf of the root', ['dest.test'], MISMATCH),
    named(
      'TLSA-45 NOD-14 a wildcard stands for no part of a label (RFC 7672 §3.2.3)',
      'a leaf with part of a wildcard',
      [HOST],
      MISMATCH,
    ),
    named('a wildcard stands to the left only', 'a leaf with a wildcard inside', [HOST], MISMATCH),
    named(
      'TLSA-46 NOD-13 without a DNS name the common name counts (RFC 7672 §3.2.3)',
      'a leaf with a common name only',
      [HOST],
    ),
    named('a common name may be a wildcard', 'a leaf with a wildcard as common name', [HOST]),
    named(
      'TLSA-47 beside a DNS name the common name does not count (RFC 7672 §3.2.3)',
      'a leaf with another DNS name',
      [HOST],
      MISMATCH,
    ),
    named(
      'TLSA-48 names of other kinds do not hide the common name (RFC 7672 §3.2.3)',
      'a leaf with names of other kinds',
      [HOST],
    ),
    named('a certificate without names is nobody', 'a leaf without names', NAMES, MISMATCH),
    named('a certificate without subject is nobody', 'a leaf without subject', NAMES, MISMATCH),
    named('without reference names nobody is expected', 'leaf, intermediate', [], MISMATCH),
    named(
      'an expired certificate of another name is expired',
      'an expired leaf of another name',
      NAMES,
      'certificate-expired',
    ),
  ];
  for (const [rule, showing, judgement] of cases) {
    test(rule, () => assert.equal(shortly(judge(showing)), judgement));
  }

  test('NOD-13 MTA-STS takes no common name where DANE-TA does', () => {
    const [{ x509 } = leaf] = sent('a leaf with a common name only');
    assert.equal(standsForHost(readNames(x509.subjectAltName), HOST), false);
  });

  test('a DNS name that cannot be read hides the common name all the same', () => {
    const odd = chains.make({ commonName: HOST, names: ['not a host!'], issuer: intermediate });
    assert.equal(shortly(judge({ chain: [odd, intermediate], records: of(intermediate, '2 0 1') })), MISMATCH);
  });
});
