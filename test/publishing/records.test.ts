/** What is to be published follows from the settings and from our keys. The digests are taken by the openssl command. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, describe, test } from 'node:test';

import { readPolicyStrictly, writePolicy, type StsPolicy } from '#tls-policy/mta-sts/policy.ts';
import { readStsRecords } from '#tls-policy/mta-sts/record.ts';
import { policyId, policyOf, policyRecordText } from '#publishing/policy.ts';
import { keysOf, smtpPorts, type WantedTlsa } from '#publishing/records.ts';
import { quotedText, zoneLine } from '#publishing/zone-text.ts';
import { recordText } from '#tls-policy/dane/records.ts';
import { readTlsReportRecords } from '#reporting/tls-report/record.ts';
import { ChainMaker, type ChainCertificate } from '../doubles/chains.ts';
import { ownDomain, ownKeys, wantedOf } from './published.ts';

const chains = new ChainMaker();
after(() => chains.remove());
const names = ['mx.own.test'];
const rsa = chains.make({ names, key: 'rsa2048' });
const curve = chains.make({ names, key: 'p256' });
const next = chains.make({ names, key: 'p256' });
const elsewhere = chains.make({ names: ['mta-sts.own.test'], key: 'p256' });

/** `3 1 1` as openssl has it. */
function tlsaOf({ cert }: ChainCertificate): string {
  const key = execFileSync('openssl', ['x509', '-pubkey', '-noout'], { input: cert });
  const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'DER'], { input: key });
  const digest = execFileSync('openssl', ['dgst', '-sha256', '-r'], { input: der, encoding: 'utf8' });
  return `3 1 1 ${digest.slice(0, 64)}`;
}

const textsOf = (tlsa: readonly WantedTlsa[]): readonly string[] =>
  tlsa.flatMap(({ name, keys }) => keys.map(({ use, record }) => `${name} ${use} ${recordText(record)}`));

const listener = (address: string, port: number, mode = 'relay') => ({ address, port, mode });

function policy(changes: Parameters<typeof ownDomain>[0]): StsPolicy {
  const made = policyOf(ownDomain(changes));
  assert.ok(made !== undefined);
  return made;
}

describe('TLSA', () => {
  test('PUB-17 keys of RSA and ECDSA that one host shows have a 3 1 1 each (RFC 7672 §3.1)', () => {
    const { tlsa } = wantedOf({}, { keys: [ownKeys(rsa), ownKeys(curve), ownKeys(elsewhere)] });
    assert.deepEqual(textsOf(tlsa), [
      `_25._tcp.mx.own.test current ${tlsaOf(rsa)}`,
      `_25._tcp.mx.own.test current ${tlsaOf(curve)}`,
    ]);
    assert.deepEqual(
      tlsa[0]?.keys.map(({ kind }) => kind),
      ['RSA 2048', 'ECDSA P-256'],
    );
  });

  test('PUB-18 the next key has its record beside the one of today (RFC 7671 §8.1)', () => {
    const { tlsa } = wantedOf({}, { keys: [ownKeys(rsa, next)] });
    assert.deepEqual(textsOf(tlsa), [
      `_25._tcp.mx.own.test current ${tlsaOf(rsa)}`,
      `_25._tcp.mx.own.test next ${tlsaOf(next)}`,
    ]);
  });

  test('PUB-20 a certificate that is renewed with its key leaves the record as it is', () => {
    for (const kind of [rsa, curve]) {
      const renewed = chains.make({ names, key: kind, notAfter: '20400101000000Z' });
      assert.notEqual(renewed.cert, kind.cert);
      assert.deepEqual(
        textsOf(wantedOf({}, { keys: [ownKeys(renewed)] }).tlsa),
        textsOf(wantedOf({}, { keys: [ownKeys(kind)] }).tlsa),
      );
    }
  });

  test('a key that two certificates share, or that is today’s and the next, is named once', () => {
    const other = chains.make({ names: ['mx.own.test', 'www.own.test'], key: curve });
    assert.equal(keysOf('mx.own.test', [ownKeys(curve), ownKeys(other)]).length, 1);
    assert.equal(keysOf('mx.own.test', [ownKeys(curve, curve)]).length, 1);
  });

  test('every port that others reach us at, and every host, has its records', () => {
    const both = chains.make({ names: ['*.own.test'], key: 'p256' });
    const { tlsa } = wantedOf({ mx: ['mx.own.test', 'mx2.own.test'] }, { keys: [ownKeys(both)], ports: [25, 2525] });
    assert.deepEqual(
      tlsa.map(({ name }) => name),
      ['_25._tcp.mx.own.test', '_2525._tcp.mx.own.test', '_25._tcp.mx2.own.test', '_2525._tcp.mx2.own.test'],
    );
  });

  test('a host that no certificate names is shown the default: DANE-EE asks for no name (RFC 7672 §3.1.1)', () => {
    const [only] = wantedOf({ mx: ['mx.other.test'] }, { keys: [ownKeys(rsa), ownKeys(elsewhere)] }).tlsa;
    assert.deepEqual(textsOf(only === undefined ? [] : [only]), [`_25._tcp.mx.other.test current ${tlsaOf(rsa)}`]);
  });

  test('hosts of others, and domains without DANE, have none of ours', () => {
    assert.deepEqual(wantedOf({ mx: [], otherMx: ['mx.backup.test'] }, { keys: [ownKeys(rsa)] }).tlsa, []);
    assert.deepEqual(wantedOf({ dane: false }, { keys: [ownKeys(rsa)] }).tlsa, []);
    assert.deepEqual(wantedOf().tlsa, [], 'no certificate, no key');
  });

  test('ports are those of the settings, else 25 and those of relay listeners that others can reach', () => {
    const listeners = [
      listener('0.0.0.0', 25),
      listener('::', 2525),
      listener('127.0.0.1', 2526),
      listener('::1', 2527),
      listener('0.0.0.0', 587, 'submission'),
      listener('0.0.0.0', 0),
    ];
    const https = { enabled: false, address: '0.0.0.0', port: 443, tlsReportPath: '' };
    const publishing = { domains: [], ports: [], https, lint: 'off' } as const;
    assert.deepEqual(smtpPorts({ publishing, listeners }), [25, 2525]);
    assert.deepEqual(smtpPorts({ publishing, listeners: [] }), [25]);
    assert.deepEqual(smtpPorts({ publishing: { ...publishing, ports: [26] }, listeners }), [26]);
  });
});

describe('the policy', () => {
  test('PUB-04 what is served is read by our own strict parser (RFC 8461 §3.2)', () => {
    for (const mode of ['testing', 'enforce', 'none'] as const) {
      const text = writePolicy(policy({ mtaSts: { mode, maxAge: 604_800_000, mx: ['*.own.test', 'mx.other.test'] } }));
      assert.deepEqual(readPolicyStrictly(Buffer.from(text)), {
        kind: 'policy',
        policy: { mode, mx: ['*.own.test', 'mx.other.test'], maxAgeS: 604_800 },
        warnings: [],
      });
    }
  });

  test('it lists all hosts of the domain unless the settings say which', () => {
    assert.deepEqual(policy({ otherMx: ['mx.backup.test'] }).mx, ['mx.own.test', 'mx.backup.test']);
    assert.deepEqual(policy({ mtaSts: { mode: 'enforce', maxAge: 60_000, mx: ['*.own.test'] } }).mx, ['*.own.test']);
    assert.equal(policyOf(ownDomain({ mtaSts: undefined })), undefined);
  });

  const ages = [60_000, 86_400_000, 604_800_000];
  const lists = [['mx.own.test'], ['*.own.test'], ['mx.own.test', 'mx2.own.test'], ['mx2.own.test', 'mx.own.test']];

  test('PUB-05 another content has another id, of 1 to 32 letters and digits (RFC 8461 §3.1)', () => {
    const ids = ages.flatMap((maxAge) =>
      lists.flatMap((mx) =>
        (['testing', 'enforce', 'none'] as const).map((mode) => policyId(policy({ mtaSts: { mode, maxAge, mx } }))),
      ),
    );
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) {
      assert.match(id, /^[A-Za-z0-9]{1,32}$/);
      assert.deepEqual(readStsRecords([policyRecordText(id)]), { kind: 'record', id });
    }
  });

  test('PUB-05 what is no part of the policy changes no id', () => {
    const id = policyId(policy({}));
    for (const changes of [
      { tlsReports: [] },
      { dane: false },
      { mtaSts: { mode: 'testing', maxAge: 86_400_999, mx: [] } },
      { mtaSts: { mode: 'testing', maxAge: 86_400_000, mx: ['mx.own.test'] } },
      { mx: ['mx.own.test', 'mx.own.test'] },
    ] as const) {
      assert.equal(policyId(policy(changes)), id, JSON.stringify(changes));
    }
  });

  test('PUB-06 the same content has the same id at another time and in another process', () => {
    const script = `
      import { policyId } from '${new URL('../../src/publishing/policy.ts', import.meta.url).href}';
      process.stdout.write(policyId({ mode: 'testing', mx: ['mx.own.test'], maxAgeS: 86400 }));`;
    const options = { encoding: 'utf8', cwd: new URL('../..', import.meta.url).pathname } as const;
    const other = execFileSync(process.execPath, ['--input-type=module', '--eval', script], options);
    assert.equal(other, policyId(policy({})));
    // It stands in DNS of those who have published it: another way to compute it would change it for everybody.
    assert.equal(policyId(policy({})), '8414e0174b08de27bd059cf6a18f1d5c');
  });
});

test('PUB-31 what is special in the address of reports is escaped in the record (RFC 8460 §3)', () => {
  const address = '"a,b!c;d"@own.test';
  const { reports } = wantedOf({
    tlsReports: [
      { kind: 'mailto', address },
      { kind: 'https', url: 'https://r.test/a,b;c!' },
    ],
  });
  assert.equal(reports?.text, 'v=TLSRPTv1; rua=mailto:%22a%2Cb%21c%3Bd%22@own.test,https://r.test/a%2Cb%3Bc%21');
  const reading = readTlsReportRecords([reports?.text ?? '']);
  assert.ok(reading.kind === 'record');
  assert.deepEqual(reading.destinations[0], { kind: 'mailto', address });
});

test('the DKIM record is wanted by the domain that it is for, and by no other', () => {
  const dkim = { name: 'postern._domainkey.own.test', text: 'v=DKIM1; k=rsa; p=AAAA' };
  assert.deepEqual(wantedOf({}, { dkim }).dkim, dkim);
  assert.equal(wantedOf({ domain: 'other.test' }, { dkim }).dkim, undefined);
  assert.equal(wantedOf({ domain: 'wn.test' }, { dkim }).dkim, undefined);
});

describe('zone text', () => {
  test('a line has name, TTL, class, type and content (RFC 1035 §5.1)', () => {
    const line = zoneLine({ name: '_mta-sts.own.test', type: 'TXT', content: '"v=STSv1; id=1;"' });
    assert.equal(line, '_mta-sts.own.test. 3600 IN TXT "v=STSv1; id=1;"');
  });

  test('what is special is escaped, and long text becomes strings of 255 octets (RFC 1035 §3.3.14)', () => {
    assert.equal(quotedText('a"b\\c\té'), String.raw`"a\"b\\c\009\195\169"`);
    assert.equal(quotedText(''), '""');
    assert.equal(quotedText('x'.repeat(600)), `"${'x'.repeat(255)}" "${'x'.repeat(255)}" "${'x'.repeat(90)}"`);
  });
});
