/**
 * Our judgement against OpenSSL's: every chain of the cast, as a real server shows it, under the records that could be
 * published for it. Where we differ, and mean to, is written down in DEVIATIONS; what stands there has to differ.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { ChainMaker, tlsaText, type ChainCertificate } from '../../doubles/chains.ts';
import { DaneOracle, type OracleJudgement } from '../../doubles/dane-oracle.ts';
import { castFrom, HOST, judge, shortly } from './cast.ts';

type Deviation = { readonly chain: string; readonly records: RegExp; readonly ours: string; readonly theirs: string };

const DEVIATIONS: readonly Deviation[] = [
  // TLSA-57: no trust anchor stands above a certificate that has signed itself, a bare key no more than a certificate.
  { chain: 'self-signed', records: /^2 1 0$/, ours: 'validation-failure', theirs: 'matched' },
  {
    chain: 'an authority of the same name and key as the self-signed leaf',
    records: /^2 1 0$/,
    ours: 'validation-failure',
    theirs: 'matched',
  },
  // RFC 5280 §4.2.1.12: anyExtendedKeyUsage is any; it may be refused, and OpenSSL does.
  { chain: 'a leaf for everything', records: /^2/, ours: 'matched', theirs: 'validation-failure' },
  // TLSA-45: s_client has no flag against partial wildcards.
  { chain: 'a leaf with part of a wildcard', records: /^2/, ours: 'certificate-host-mismatch', theirs: 'matched' },
  // TLSA-36: OpenSSL looks at the dates of an anchor that is a root, and passes over those of any other.
  { chain: 'an expired authority', records: /^2 . .$/, ours: 'certificate-expired', theirs: 'matched' },
  { chain: 'an authority of the future', records: /^2 . .$/, ours: 'certificate-not-yet-valid', theirs: 'matched' },
  // TLSA-52: OpenSSL takes the right to sign for authority, in an anchor.
  { chain: 'an authority that does not say so', records: /^2/, ours: 'validation-failure', theirs: 'matched' },
  // What a renewal cures is told first.
  {
    chain: 'an expired leaf of another name',
    records: /^2/,
    ours: 'certificate-expired',
    theirs: 'certificate-host-mismatch',
  },
  // So is an extension that cannot be read, which OpenSSL comes to after the name.
  {
    chain: 'a malformed leaf',
    records: /^2 1 0$/,
    ours: 'validation-failure',
    theirs: 'certificate-host-mismatch',
  },
  // Two paths lead up from the leaf: OpenSSL goes the first one, we look for one that ends at an anchor.
  { chain: 'a cross-signed intermediate', records: /^2/, ours: 'matched', theirs: 'validation-failure' },
  {
    chain: 'the other side of a cross-signed intermediate',
    records: /2/,
    ours: 'matched',
    theirs: 'validation-failure',
  },
];

const CLASSES: { readonly [error in string]?: string } = {
  'hostname mismatch': 'certificate-host-mismatch',
  'certificate has expired': 'certificate-expired',
  'certificate is not yet valid': 'certificate-not-yet-valid',
};

const chains = new ChainMaker();
const cast = castFrom(chains);
after(() => chains.remove());

const seen = new Set<Deviation>();

type Question = { readonly chain: string; readonly records: readonly string[]; readonly name?: string };

/** What differs, or `undefined`; a deviation is put down as seen. */
async function difference(oracle: DaneOracle, { chain, records, name = HOST }: Question): Promise<string | undefined> {
  const ours = shortly(judge({ chain: cast.sent[chain] ?? [], records, names: [name] }));
  const judgement = await oracle.judge(records, name);
  const theirs = wordOf(judgement);
  if (ours === theirs) return undefined;
  const parameters = records.map((record) => record.slice(0, 5)).join();
  const deviation = DEVIATIONS.find(
    (row) =>
      row.chain === chain && row.records.test(parameters) && isLike(row.ours, ours) && isLike(row.theirs, theirs),
  );
  if (deviation === undefined) return `${name}, ${parameters}: ${ours}, OpenSSL: ${theirs}, ${judgement.error ?? ''}`;
  seen.add(deviation);
  return undefined;
}

function wordOf({ matched, parameters, depth, error = '' }: OracleJudgement): string {
  if (matched) return `${parameters ?? ''} at ${depth ?? ''}`;
  if (error === '') return 'unusable';
  return CLASSES[error] ?? 'validation-failure';
}

const isLike = (wanted: string, word: string): boolean =>
  wanted === 'matched' ? / at \d+$/.test(word) : wanted === word;

function of(certificate: ChainCertificate | undefined, ...all: readonly string[]): readonly (readonly string[])[] {
  return certificate === undefined ? [] : all.map((parameters) => [tlsaText(parameters, certificate)]);
}

/** For the plain chains all that can be published, for the others what may make a difference. */
function candidates(name: string, [leaf, ...issuers]: readonly ChainCertificate[]): readonly (readonly string[])[] {
  assert.ok(leaf !== undefined);
  if (PLAIN.includes(name)) {
    const anchors = [...new Set([...issuers, cast.root, cast.intermediate, leaf])];
    return [
      ...of(leaf, '3 0 0', '3 0 1', '3 0 2', '3 1 0', '3 1 1', '3 1 2'),
      ...anchors.flatMap((anchor) => of(anchor, '2 0 0', '2 0 1', '2 0 2', '2 1 0', '2 1 1', '2 1 2')),
      ...of(cast.intermediate, '3 1 1'),
      [tlsaText('3 1 1', cast.stranger), tlsaText('2 0 1', cast.root)],
    ];
  }
  const unsent = issuers.includes(cast.root) ? [] : of(cast.root, '2 0 0', '2 1 0');
  return [
    ...of(leaf, '3 1 1', '2 0 1'),
    ...issuers.flatMap((issuer) => of(issuer, '2 0 1')),
    ...of(issuers.at(-1), '2 1 0'),
    ...(issuers.includes(cast.intermediate) ? unsent : []),
  ];
}

const PLAIN = [
  'leaf, intermediate',
  'leaf, intermediate, root',
  'leaf, root, intermediate',
  'leaf alone',
  'self-signed',
];

const differing = (told: readonly (string | undefined)[]): readonly string[] =>
  told.filter((text) => text !== undefined);

describe('OpenSSL judges as we do', { concurrency: 3 }, () => {
  for (const [chain, sent] of Object.entries(cast.sent)) {
    test(chain, async () => {
      await using oracle = await DaneOracle.show(sent);
      const told: (string | undefined)[] = [];
      for (const records of candidates(chain, sent)) told.push(await difference(oracle, { chain, records }));
      assert.deepEqual(differing(told), []);
    });
  }

  for (const chain of [
    'leaf, intermediate',
    'a leaf of two names',
    'a wildcard leaf',
    'a wildcard leaf of the root',
    'a leaf with a wildcard inside',
    'a leaf with a common name only',
    'a leaf with a wildcard as common name',
    'a leaf with another DNS name',
    'a leaf without subject',
  ]) {
    test(`${chain}, under other names`, async () => {
      await using oracle = await DaneOracle.show(cast.sent[chain] ?? []);
      const told: (string | undefined)[] = [];
      for (const name of ['dest.test', 'other.test', 'mx2.dest.test', 'a.mx1.dest.test', 'mx1.dest.test.evil.test']) {
        for (const records of [[tlsaText('2 1 1', cast.intermediate)], [tlsaText('3 1 1', cast.leaf)]]) {
          told.push(await difference(oracle, { chain, records, name }));
        }
      }
      assert.deepEqual(differing(told), []);
    });
  }

  test('TLSA-61 TLSA-62 TLSA-64 two digests, right and wrong (RFC 7671 §9)', async () => {
    const chain = 'leaf, intermediate';
    await using oracle = await DaneOracle.show(cast.sent[chain] ?? []);
    const digests = ['3 1 1', '3 1 2', '3 0 1', '2 0 1', '2 0 2'].flatMap((parameters) => {
      const right = tlsaText(parameters, parameters.startsWith('3') ? cast.leaf : cast.intermediate);
      return [right, tlsaText(parameters, cast.stranger)];
    });
    const told: (string | undefined)[] = [];
    for (const [at, one] of digests.entries()) {
      for (const other of digests.slice(at + 1)) {
        // With two that match, either may be named.
        const bothMatch = at % 2 === 0 && digests.indexOf(other) % 2 === 0;
        if (!bothMatch) told.push(await difference(oracle, { chain, records: [one, other] }));
      }
    }
    assert.deepEqual(differing(told), []);
  });

  test('TLSA-10 TLSA-65 TLSA-66 what cannot be used, alone and beside what matches', async () => {
    const chain = 'leaf, intermediate';
    await using oracle = await DaneOracle.show(cast.sent[chain] ?? []);
    const right = tlsaText('3 1 1', cast.leaf);
    const told: (string | undefined)[] = [];
    for (const flawed of [
      '3 0 0 3003020101',
      '2 0 0 00',
      '3 1 0 3003020101',
      tlsaText('3 0 0', cast.leaf).replace('3 0 0', '3 1 0'),
      tlsaText('3 1 0', cast.leaf).replace('3 1 0', '3 0 0'),
      `${tlsaText('2 0 0', cast.intermediate)}00`,
      `${tlsaText('2 1 0', cast.intermediate)}00`,
      '3 1 1 ab',
      `${right}00`,
      `3 1 2 ${'ab'.repeat(32)}`,
      `3 1 255 ${'ab'.repeat(32)}`,
      `3 2 1 ${'ab'.repeat(32)}`,
      `4 1 1 ${'ab'.repeat(32)}`,
    ]) {
      told.push(await difference(oracle, { chain, records: [flawed] }));
      told.push(await difference(oracle, { chain, records: [flawed, right] }));
    }
    assert.deepEqual(differing(told), []);
  });
});

test('every deviation that is written down is one', () => {
  const unseen = DEVIATIONS.filter((deviation) => !seen.has(deviation));
  assert.deepEqual(unseen, []);
});
