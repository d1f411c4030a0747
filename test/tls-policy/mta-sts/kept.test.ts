import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import {
  expiryOf,
  readPolicyRecord,
  readTroubleRecord,
  withChange,
  writePolicyRecord,
  writeTroubleRecord,
  type PolicyChange,
  type PolicyRecord,
  type TroubleRecord,
} from '#tls-policy/mta-sts/kept.ts';
import type { StsPolicy } from '#tls-policy/mta-sts/policy.ts';

const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 0, minute));
const policy: StsPolicy = { mode: 'enforce', mx: ['mx1.dest.test', '*.dest.test'], maxAgeS: 600 };
const change = (minute: number, changed: Partial<StsPolicy> = {}, id = `id${minute}`): PolicyChange => ({
  at: at(minute),
  id,
  policy: { ...policy, ...changed },
});
const kept = { policy, id: 'id1', fetchedAt: at(1), expiresAt: at(11) };

describe('what is kept is read as it was written', () => {
  const records: readonly PolicyRecord[] = [
    { kept: undefined, history: [] },
    { kept, history: [] },
    { kept, history: [change(1), change(2, { mode: 'none', mx: [] })] },
  ];
  for (const [number, record] of records.entries()) {
    test(`a policy, ${number}`, () => assert.deepEqual(readPolicyRecord(writePolicyRecord(record)), record));
  }

  const failure = { trouble: { result: 'sts-policy-invalid', reason: 'no "mode"' }, id: 'id1', at: at(3) } as const;
  const troubles: readonly TroubleRecord[] = [
    { failure: undefined, lookups: undefined },
    { failure, lookups: undefined },
    { failure, lookups: { since: at(1), latest: at(2) } },
  ];
  for (const [number, trouble] of troubles.entries()) {
    test(`a trouble, ${number}`, () => assert.deepEqual(readTroubleRecord(writeTroubleRecord(trouble)), trouble));
  }

  test('a policy of 64 KiB whose lines become longer when they are written', () => {
    const mx = Array.from({ length: 9000 }, (_, number) => `${number.toString(36)}.t`);
    const long = { kept: { ...kept, policy: { ...policy, mx } }, history: [] };
    assert.deepEqual(readPolicyRecord(writePolicyRecord(long)), long);
  });
});

describe('what is damaged is read as nothing', () => {
  const good = writePolicyRecord({ kept, history: [change(1)] });
  const cases: readonly (readonly [what: string, text: string])[] = [
    ['nothing', ''],
    ['half of it', good.slice(0, good.length / 2)],
    ['another form', '[]'],
    ['a number', '1'],
    ['no history', '{"kept":null}'],
    ['no policy', '{"history":[]}'],
    ['a date that is none', good.replace('2026-01-01', '2026-41-01')],
    ['a date in another form', good.replace(/"2026[^"]*"/, '5')],
    ['an id that is none', good.replace('"id1"', '"_"')],
    ['a policy that is none', good.replace('STSv1', 'STSv2')],
    ['a policy in another form', good.replace(/"policy":"[^"]*"/, '"policy":{}')],
    ['a history that is damaged', good.replace(/(.*)STSv1/s, '$1STSv2')],
  ];
  for (const [what, text] of cases) {
    test(`STS-31 ${what}`, () => {
      assert.notEqual(text, good);
      assert.equal(readPolicyRecord(text), undefined);
    });
  }

  const trouble =
    '{"failure":{"trouble":{"result":"sts-policy-invalid","reason":"x"},"id":"1","at":"2026-01-01T00:00:00.000Z"},"lookups":null}';
  for (const [what, text] of [
    ['a result that nobody knows', trouble.replace('invalid', 'odd')],
    ['a reason that is none', trouble.replace('"x"', '1')],
    ['a time that is none', trouble.replace('2026', 'x')],
    ['look-ups without a time', trouble.replace('"lookups":null', '"lookups":{"since":"2026-01-01T00:00:00.000Z"}')],
    ['no failure', '{"lookups":null}'],
    ['nothing', ''],
  ] as const) {
    test(`STS-31 a trouble with ${what}`, () => {
      assert.notEqual(readTroubleRecord(trouble), undefined);
      assert.equal(readTroubleRecord(text), undefined);
    });
  }

  test('STS-31 whatever it holds, reading it never throws', () => {
    const json = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constantFrom(good, trouble).chain(broken));
    fc.assert(
      fc.property(json, (text) => {
        const record = readPolicyRecord(text);
        readTroubleRecord(text);
        assert.ok(record === undefined || Array.isArray(record.history));
      }),
      { numRuns: 300 },
    );
  });
});

/** A text with one character replaced. */
const broken = (text: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat({ max: text.length - 1 }), fc.constantFrom('"', '}', '0', 'x', '\\', ''))
    .map(([place, other]) => text.slice(0, place) + other + text.slice(place + 1));

describe('the history', () => {
  test('holds what is new, and nothing twice', () => {
    const history = [change(1)];
    assert.equal(withChange(history, change(2, {}, 'id1')), history);
    for (const other of [
      change(2),
      change(2, { mode: 'testing' }, 'id1'),
      change(2, { mx: ['*.dest.test'] }, 'id1'),
      change(2, { maxAgeS: 601 }, 'id1'),
    ]) {
      assert.deepEqual(withChange(history, other), [...history, other]);
    }
  });

  test('holds what has come back', () => {
    const history = [change(1), change(2)];
    assert.equal(withChange(history, change(3, {}, 'id1')).length, 3);
  });

  test('holds the last twenty', () => {
    let history: readonly PolicyChange[] = [];
    for (let minute = 0; minute < 30; minute += 1) history = withChange(history, change(minute));
    assert.deepEqual(
      history.map(({ id }) => id),
      Array.from({ length: 20 }, (_, number) => `id${number + 10}`),
    );
  });

  test('holds fewer of those that are long, the latest of them', () => {
    const mx = Array.from({ length: 3000 }, (_, number) => `mx${number}.long.name.test`);
    let history: readonly PolicyChange[] = [];
    for (let minute = 0; minute < 10; minute += 1) history = withChange(history, change(minute, { mx }));
    assert.deepEqual(
      history.map(({ id }) => id),
      ['id8', 'id9'],
    );
    assert.ok(writePolicyRecord({ kept: undefined, history }).length < 250_000);
  });
});

test('a policy ends max_age seconds after its fetch (RFC 8461 §3.2)', () => {
  assert.deepEqual(expiryOf(policy, at(1)), at(11));
});
