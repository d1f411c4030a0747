/** What is said of each record, for every way in which DNS can differ from what is wanted. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { compareRecords } from '#publishing/compare.ts';
import type { ComparedRecord, RecordState } from '#publishing/compared-record.ts';
import type { DnsFacts, ServedPolicy } from '#publishing/facts.ts';
import type { WantedRecords } from '#publishing/records.ts';
import { ChainMaker, tlsaText } from '../doubles/chains.ts';
import { bogus, dnsFacts, found, nodata, nxdomain, ownKeys, servfail, tlsa, wantedOf } from './published.ts';

const chains = new ChainMaker();
after(() => chains.remove());
const current = chains.make({ names: ['mx.own.test'], key: 'p256' });
const next = chains.make({ names: ['mx.own.test'], key: 'rsa2048' });
const stranger = chains.make({ names: ['mx.own.test'] });

function served(wanted: WantedRecords, ...addresses: readonly string[]): readonly ServedPolicy[] {
  if (wanted.sts === undefined) return [];
  const { policy } = wanted.sts;
  return addresses.map((address) => ({ address, fetch: { kind: 'policy', policy, warnings: [] } }));
}

function compare(wanted: WantedRecords, changes: Partial<DnsFacts> = {}): readonly ComparedRecord[] {
  return compareRecords(wanted, dnsFacts(wanted, changes), served(wanted, '192.0.2.1'));
}

/** State and reason of the rows of one type and name. */
function rowsAt(rows: readonly ComparedRecord[], name: string, type: string): readonly [RecordState, string][] {
  return rows.filter((row) => row.name === name && row.type === type).map(({ state, reason }) => [state, reason]);
}

test('a domain for which everything stands as it should is ok in every row', () => {
  const dkim = { name: 'postern._domainkey.own.test', text: 'v=DKIM1; k=rsa; s=email:tlsrpt; p=AAAA' };
  const rows = compare(wantedOf({ otherMx: ['mx.backup.test'] }, { keys: [ownKeys(current, next)], dkim }));
  assert.deepEqual(
    rows.map(({ state, type, name }) => `${state} ${name} ${type}`),
    [
      'ok own.test MX',
      'ok own.test MX',
      'ok mta-sts.own.test A/AAAA',
      'ok _mta-sts.own.test TXT',
      'ok _smtp._tls.own.test TXT',
      'ok postern._domainkey.own.test TXT',
      'ok _25._tcp.mx.own.test TLSA',
      'ok _25._tcp.mx.own.test TLSA',
    ],
  );
  assert.deepEqual(
    rows.map(({ content }) => content.slice(0, 30)),
    [
      '10 mx.own.test.',
      '11 mx.backup.test.',
      '192.0.2.1',
      `"v=STSv1; id=${wantedOf({ otherMx: ['mx.backup.test'] }).sts?.id ?? ''};"`.slice(0, 30),
      '"v=TLSRPTv1; rua=mailto:tls@own.test"'.slice(0, 30),
      '"v=DKIM1; k=rsa; s=email:tlsrpt; p=AAAA"'.slice(0, 30),
      tlsaText('3 1 1', current).slice(0, 30),
      tlsaText('3 1 1', next).slice(0, 30),
    ],
  );
});

test('a domain that publishes nothing but its MX wants nothing but its MX', () => {
  const wanted = wantedOf({ mtaSts: undefined, tlsReports: [], dane: false });
  assert.deepEqual(
    compare(wanted).map(({ type }) => type),
    ['MX'],
  );
});

describe('a look-up that failed', () => {
  for (const [what, answer, reason] of [
    ['SERVFAIL', servfail, 'DNS gave no answer (servfail)'],
    ['bogus', bogus, 'DNSSEC validation failed (7): the signatures are broken or old'],
  ] as const) {
    test(`${what} makes every row unknown, and none missing`, () => {
      const wanted = wantedOf({}, { keys: [ownKeys(current)], dkim: { name: 'k._domainkey.own.test', text: 'p=A' } });
      const name = wanted.tlsa[0]?.name ?? '';
      const rows = compare(wanted, {
        mx: answer,
        sts: answer,
        reports: answer,
        dkim: answer,
        policyHost: [answer, answer],
        tlsa: new Map([[name, answer]]),
      });
      assert.deepEqual(
        rows.map(({ state }) => state),
        ['unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
      );
      for (const row of rows) assert.equal(row.reason, reason, row.name);
    });
  }
});

describe('MX', () => {
  const wanted = wantedOf({ mx: ['mx.own.test', 'mx2.own.test'] });
  const at = (changes: Partial<DnsFacts>) => rowsAt(compare(wanted, changes), 'own.test', 'MX');

  test('a host of the settings that is not there is missing, one that is there and unknown is extra', () => {
    const mx = found([
      { preference: 10, exchange: 'mx.own.test' },
      { preference: 20, exchange: 'mx.old.test' },
    ]);
    assert.deepEqual(at({ mx }), [
      ['ok', ''],
      ['missing', 'the settings name this host, and mail does not come to it'],
      ['extra', 'mail comes here too, and the settings name it neither in mx nor in otherMx'],
    ]);
  });

  test('it is never written for the operator', () => {
    assert.deepEqual(
      compare(wanted, { mx: nodata })
        .filter(({ type }) => type === 'MX')
        .map(({ publish }) => publish),
      [false, false],
    );
  });

  test('the null MX is wrong (RFC 7505)', () => {
    const [, , last] = at({ mx: found([{ preference: 0, exchange: '' }]) });
    assert.deepEqual(last, ['wrong', 'the null MX says that the domain takes no mail (RFC 7505)']);
  });
});

describe('_mta-sts', () => {
  const wanted = wantedOf();
  const id = wanted.sts?.id ?? '';
  const at = (changes: Partial<DnsFacts>, policies = served(wanted, '192.0.2.1')) =>
    rowsAt(compareRecords(wanted, dnsFacts(wanted, changes), policies), '_mta-sts.own.test', 'TXT');

  for (const [what, texts, state, reason] of [
    ['no id', ['v=STSv1;'], 'wrong', 'the TXT record has no id'],
    ['two records', [`v=STSv1; id=${id};`, 'v=STSv1; id=2;'], 'wrong', '2 TXT records begin with v=STSv1;'],
    [
      'the very same record twice',
      [`v=STSv1; id=${id};`, `v=STSv1; id=${id};`],
      'wrong',
      '2 TXT records begin with v=STSv1;',
    ],
    ['a wrong version', ['v=STSv2; id=1;'], 'missing', 'no TXT record begins with v=STSv1;'],
    [
      'an id with other characters',
      ['v=STSv1; id=a_b;'],
      'wrong',
      'the id of the TXT record is not 1 to 32 letters and digits',
    ],
    ['another record', ['v=spf1 -all'], 'missing', 'no TXT record begins with v=STSv1;'],
  ] as const) {
    test(`PUB-13 ${what} is ${state} (RFC 8461 §3.1)`, () => {
      assert.deepEqual(at({ sts: found(texts) }), [[state, reason]]);
    });
  }

  test('a name that does not exist, and one without the record, are told apart', () => {
    assert.deepEqual(at({ sts: nxdomain }), [['missing', 'there is no such name']]);
    assert.deepEqual(at({ sts: nodata }), [['missing', 'there is no such record']]);
  });

  test('PUB-05 the id of another policy is wrong', () => {
    const reason = 'it announces 1: senders that have seen that id keep the policy that it came with';
    assert.deepEqual(at({ sts: found(['v=STSv1; id=1;']) }), [['wrong', reason]]);
  });

  test('PUB-07 no new id is shown before the policy is served by every address (RFC 8461 §8.1)', () => {
    const [good] = served(wanted, '192.0.2.1');
    assert.ok(good !== undefined);
    const failed: ServedPolicy = {
      address: '192.0.2.2',
      fetch: { kind: 'failed', reason: 'it answers with status 404' },
    };
    const older = { mode: 'none', mx: [], maxAgeS: 86_400 } as const;
    const other: ServedPolicy = { address: '2001:db8::2', fetch: { kind: 'policy', policy: older, warnings: [] } };
    for (const [policies, policyHost, reason] of [
      [[good, failed], undefined, '192.0.2.2 does not serve the policy yet: it answers with status 404'],
      [[good, other], undefined, '2001:db8::2 serves another policy than the settings have'],
      [[], [nodata, nodata], 'mta-sts.own.test has no address, so nobody can fetch the policy'],
      [[good], [found(['192.0.2.1']), servfail], 'not all addresses of mta-sts.own.test are known'],
    ] as const) {
      for (const sts of [nxdomain, found(['v=STSv1; id=1;'])]) {
        const facts = dnsFacts(wanted, { sts, ...(policyHost === undefined ? {} : { policyHost }) });
        const [row] = compareRecords(wanted, facts, policies).filter(({ name }) => name.startsWith('_mta-sts'));
        assert.deepEqual([row?.state, row?.reason, row?.publish], ['waits', reason, false]);
        assert.ok(row?.content.includes(id) === false);
      }
    }
    const [row] = compare(wanted, { sts: nxdomain }).filter(({ name }) => name.startsWith('_mta-sts'));
    assert.deepEqual([row?.state, row?.publish, row?.content], ['missing', true, `"v=STSv1; id=${id};"`]);
  });

  test('an id that is announced, with a policy that is not served, is wrong', () => {
    const [row] = at({}, [{ address: '192.0.2.1', fetch: { kind: 'failed', reason: 'no answer' } }]);
    assert.deepEqual(row, [
      'wrong',
      'it is announced, but the policy is not there: 192.0.2.1 does not serve the policy yet: no answer',
    ]);
  });

  test('an announcement without a policy in the settings is extra', () => {
    const without = wantedOf({ mtaSts: undefined });
    const rows = compareRecords(without, dnsFacts(without, { sts: found(['v=STSv1; id=1;', 'v=spf1 -all']) }), []);
    assert.deepEqual(rowsAt(rows, '_mta-sts.own.test', 'TXT'), [
      ['extra', 'a policy is announced, and the settings have none (mtaSts): senders will not find it'],
    ]);
  });
});

describe('_smtp._tls', () => {
  const wanted = wantedOf({
    tlsReports: [
      { kind: 'mailto', address: 'tls@own.test' },
      { kind: 'https', url: 'https://reports.own.test/r' },
    ],
  });
  const at = (changes: Partial<DnsFacts>) => rowsAt(compare(wanted, changes), '_smtp._tls.own.test', 'TXT');

  test('the same places in another order and form are fine', () => {
    const text = 'v=TLSRPTv1;rua=https://reports.own.test/r , mailto:%74ls@own.test;';
    assert.deepEqual(at({ reports: found([text, 'v=spf1 -all']) }), [['ok', '']]);
  });

  for (const [texts, state, reason] of [
    [['v=TLSRPTv1; rua=mailto:tls@own.test'], 'wrong', 'reports go to tls@own.test'],
    [['v=TLSRPTv1; rua=mailto:tls@own.test!10m'], 'wrong', 'reports go to mailto:tls@own.test!10m'],
    [['v=TLSRPTv1;'], 'wrong', 'the TXT record has no rua'],
    [
      ['v=TLSRPTv1; rua=mailto:a@b.test', 'v=TLSRPTv1; rua=mailto:a@b.test'],
      'wrong',
      '2 TXT records begin with v=TLSRPTv1;',
    ],
    [['v=TLSRPTv2; rua=mailto:tls@own.test'], 'missing', 'no TXT record begins with v=TLSRPTv1;'],
  ] as const) {
    test(`${texts.join(' and ')} is ${state}`, () =>
      assert.deepEqual(at({ reports: found(texts) }), [[state, reason]]));
  }

  test('a wish for reports that the settings do not have is extra', () => {
    const without = wantedOf({ tlsReports: [] });
    const rows = compare(without, { reports: found(['v=TLSRPTv1; rua=mailto:old@own.test']) });
    assert.deepEqual(rowsAt(rows, '_smtp._tls.own.test', 'TXT')[0]?.[0], 'extra');
  });
});

describe('DKIM', () => {
  const dkim = { name: 'postern._domainkey.own.test', text: 'v=DKIM1; k=rsa; s=email:tlsrpt; p=AAAA' };
  const wanted = wantedOf({}, { dkim });
  const at = (texts: readonly string[]) => rowsAt(compare(wanted, { dkim: found(texts) }), dkim.name, 'TXT');

  for (const [texts, state, reason] of [
    [['v=DKIM1; p=AA AA'], 'ok', ''],
    [['k=rsa; s=*; p=AAAA;'], 'ok', ''],
    [['v=DKIM1; p=BBBB'], 'wrong', 'it holds another key: what the relay signs would not be believed'],
    [['v=DKIM1; p='], 'wrong', 'it holds another key: what the relay signs would not be believed'],
    [
      ['v=DKIM1; s=email; p=AAAA'],
      'wrong',
      'its services (s=) leave tlsrpt out: receivers pass over reports (RFC 8460 §3)',
    ],
    [['v=DKIM1; p=AAAA', 'v=DKIM1; p=BBBB'], 'wrong', 'there are 2 records'],
  ] as const) {
    test(`${texts.join(' and ')} is ${state}`, () => assert.deepEqual(at(texts), [[state, reason]]));
  }

  test('no record is missing', () => {
    assert.deepEqual(rowsAt(compare(wanted, { dkim: nxdomain }), dkim.name, 'TXT'), [
      ['missing', 'there is no such name'],
    ]);
  });
});

describe('TLSA', () => {
  const name = '_25._tcp.mx.own.test';
  const wanted = wantedOf({}, { keys: [ownKeys(current, next)] });
  const at = (texts: readonly string[], secure = true) =>
    rowsAt(compare(wanted, { tlsa: new Map([[name, found(texts.map(tlsa), secure)]]) }), name, 'TLSA');
  const both = [tlsaText('3 1 1', current), tlsaText('3 1 1', next)];

  test('each key is told by what it is', () => {
    assert.deepEqual(at(both), [
      ['ok', 'the current key (ECDSA P-256) of /etc/own.pem'],
      ['ok', 'the next key (RSA 2048) of /etc/own.pem'],
    ]);
  });

  test('PUB-18 a next key without its record is missing', () => {
    assert.deepEqual(at(both.slice(0, 1))[1], [
      'missing',
      'there is no such record for the next key (RSA 2048) of /etc/own.pem',
    ]);
  });

  test('PUB-22 records in an unsigned zone are wrong: nobody uses them (RFC 7672 §2.2)', () => {
    const reason = 'useless: the zone is not signed, or not validated here';
    assert.deepEqual(at(both, false), [
      ['wrong', reason],
      ['wrong', reason],
    ]);
  });

  test('a record of no key of ours is extra and does no harm', () => {
    assert.deepEqual(
      at([...both, tlsaText('3 1 1', stranger), tlsaText('2 0 1', stranger)]).map(([state]) => state),
      ['ok', 'ok', 'extra', 'extra'],
    );
  });

  test('PUB-23 a stronger digest of another key makes ours count for nothing (RFC 7671 §9)', () => {
    const [first, second] = at([...both, tlsaText('3 1 2', stranger)]);
    assert.deepEqual(first, ['wrong', 'it counts for nothing: a stronger digest counts']);
    assert.deepEqual(second?.[0], 'wrong');
  });
});
