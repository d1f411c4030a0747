/** Reports written and read: the exact form of ours, and all that is understood of others'. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readReport } from '#reporting/tls-report/read-report.ts';
import { RESULT_TYPES, writeReport, type PolicyReport, type TlsReport } from '#reporting/tls-report/report.ts';

const POLICY: PolicyReport = {
  type: 'sts',
  domain: 'own.test',
  strings: ['version: STSv1', 'mode: enforce'],
  mxHosts: ['mx.own.test'],
  successes: 5,
  failures: 2,
  details: [{ type: 'certificate-expired', sessions: 2, mxHost: 'mx.own.test', receivingIp: '192.0.2.1' }],
};

const REPORT: TlsReport = {
  organizationName: 'Sender & Co',
  start: new Date('2024-05-01T00:00:00Z'),
  end: new Date('2024-05-01T23:59:59Z'),
  contactInfo: 'postmaster@s.test',
  reportId: 'x@s.test',
  policies: [POLICY],
};

type Json = { [name: string]: unknown };

/** The members of `REPORT` in JSON, by the names that tests know them by. */
type Parts = { readonly [part in 'root' | 'range' | 'policy' | 'about' | 'summary' | 'detail']: Json };

/** `REPORT` as JSON once a test has spoilt its parts. */
function spoilt(spoil: (parts: Parts) => void): string {
  const root = JSON.parse(writeReport(REPORT));
  const [policy] = root.policies;
  const [detail] = policy['failure-details'];
  spoil({ root, range: root['date-range'], policy, about: policy.policy, summary: policy.summary, detail });
  return JSON.stringify(root);
}

function read(text: string): TlsReport {
  const reading = readReport(text);
  assert.ok(reading.kind === 'report', JSON.stringify(reading));
  return reading.report;
}

function warningsOf(text: string): readonly string[] {
  const reading = readReport(text);
  return reading.kind === 'report' ? reading.warnings : [reading.reason];
}

const only = (text: string): PolicyReport => {
  const [policy, ...others] = read(text).policies;
  assert.ok(policy !== undefined && others.length === 0);
  return policy;
};

describe('our reports (RFC 8460 §4.4)', () => {
  test('a report has the members of the schema, and those alone that are known', () => {
    assert.deepEqual(JSON.parse(writeReport(REPORT)), {
      'organization-name': 'Sender & Co',
      'date-range': { 'start-datetime': '2024-05-01T00:00:00Z', 'end-datetime': '2024-05-01T23:59:59Z' },
      'contact-info': 'postmaster@s.test',
      'report-id': 'x@s.test',
      policies: [
        {
          policy: {
            'policy-type': 'sts',
            'policy-string': ['version: STSv1', 'mode: enforce'],
            'policy-domain': 'own.test',
            'mx-host': ['mx.own.test'],
          },
          summary: { 'total-successful-session-count': 5, 'total-failure-session-count': 2 },
          'failure-details': [
            {
              'result-type': 'certificate-expired',
              'receiving-mx-hostname': 'mx.own.test',
              'receiving-ip': '192.0.2.1',
              'failed-session-count': 2,
            },
          ],
        },
      ],
    });
  });

  const PLAIN = { noNullPrototype: true };
  const word = fc
    .stringMatching(/^[A-Za-z0-9 ._:*=<>"\\/äß-]{1,60}$/)
    .map((text) => text.trim())
    .filter((text) => text !== '');
  const maybe = (name: string) => fc.option(word).map((text) => (text === null ? {} : { [name]: text }));
  const detail = fc
    .tuple(
      fc.constantFrom(...RESULT_TYPES),
      fc.nat(),
      ...(['sendingIp', 'mxHost', 'mxHelo', 'receivingIp', 'additional', 'reason'] as const).map(maybe),
    )
    .map(([type, sessions, ...given]) => Object.assign({ type, sessions }, ...given));
  const time = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => {
    date.setUTCMilliseconds(0);
    return date;
  });
  const policy = fc.record(
    {
      type: fc.constantFrom('tlsa', 'sts', 'no-policy-found'),
      domain: fc.domain().map((name) => name.toLowerCase()),
      strings: fc.array(word, { maxLength: 5 }),
      mxHosts: fc.array(word, { maxLength: 3 }),
      successes: fc.nat(),
      failures: fc.nat(),
      details: fc.array(detail, { maxLength: 5 }),
    },
    PLAIN,
  );
  const report = fc.record(
    {
      organizationName: word,
      start: time,
      end: time,
      contactInfo: word,
      reportId: word,
      policies: fc.array(policy, { maxLength: 4 }),
    },
    PLAIN,
  );

  test('RPTB-43 what is written is read as what it was', () => {
    fc.assert(fc.property(report, (value) => assert.deepEqual(read(writeReport(value)), value)));
  });

  test('RPTB-43 every result type comes back', () => {
    const details = RESULT_TYPES.map((type, index) => ({ type, sessions: index + 1 }));
    const value = { ...REPORT, policies: [{ ...POLICY, details }] };
    assert.deepEqual(read(writeReport(value)), value);
  });
});

describe("others' reports", () => {
  test('RPTI-06 mx-host is a text or an array (erratum 6241)', () => {
    const single = spoilt(({ about }) => Object.assign(about, { 'mx-host': 'mx.own.test' }));
    assert.deepEqual(only(single).mxHosts, ['mx.own.test']);
    assert.deepEqual(only(writeReport(REPORT)).mxHosts, ['mx.own.test']);
  });

  test('RPTI-07 policy-string is a text or an array', () => {
    const single = spoilt(({ about }) => Object.assign(about, { 'policy-string': '3 1 1 ab' }));
    assert.deepEqual(only(single).strings, ['3 1 1 ab']);
  });

  for (const [text, iso] of [
    ['2024-05-01T00:00:00', '2024-05-01T00:00:00.000Z'],
    ['2024-05-01T00:00:00Z', '2024-05-01T00:00:00.000Z'],
    ['2024-05-01T02:00:00+02:00', '2024-05-01T00:00:00.000Z'],
    ['2024-05-01T02:00:00+0200', '2024-05-01T00:00:00.000Z'],
    ['2024-05-01T00:00:00.123456Z', '2024-05-01T00:00:00.123Z'],
    ['2024-05-01 00:00:00', '2024-05-01T00:00:00.000Z'],
    ['2024-05-01', '2024-05-01T00:00:00.000Z'],
  ] as const) {
    test(`RPTI-08 the time ${text} is understood`, () => {
      const report = read(spoilt(({ range }) => Object.assign(range, { 'start-datetime': text })));
      assert.equal(report.start.toISOString(), iso);
    });
  }

  test('RPTI-09 a report without a time range says nothing', () => {
    for (const range of [undefined, null, {}, 'today', { 'start-datetime': 'x', 'end-datetime': 'y' }]) {
      const text = spoilt(({ root }) => Object.assign(root, { 'date-range': range }));
      assert.deepEqual(readReport(text), { kind: 'refused', reason: 'no-date-range' });
    }
  });

  test('RPTI-10 a policy without a domain is kept as one of an unknown domain', () => {
    const text = spoilt(({ policy }) => Object.assign(policy, { policy: { 'policy-type': 'no-policy-found' } }));
    const { domain, successes } = only(text);
    assert.deepEqual([domain, successes], ['unknown', 5]);
  });

  for (const details of [null, [], undefined]) {
    test(`RPTI-11 failure-details may be ${JSON.stringify(details)}`, () => {
      const policy = only(spoilt(({ policy: entry }) => Object.assign(entry, { 'failure-details': details })));
      assert.deepEqual([policy.details, policy.failures], [[], 2]);
    });
  }

  test('RPTI-12 names in capitals and with a dot at the end are the same names', () => {
    const text = spoilt(({ about }) => Object.assign(about, { 'policy-domain': 'Own.TEST.', 'policy-type': 'STS' }));
    assert.deepEqual([only(text).domain, only(text).type], ['own.test', 'sts']);
  });

  test('RPTI-13 further details have two names, and both are read', () => {
    for (const name of ['additional-information', 'additional-info-uri']) {
      const text = spoilt(({ detail }) => Object.assign(detail, { [name]: 'https://x.test/1' }));
      assert.equal(only(text).details[0]?.additional, 'https://x.test/1');
    }
  });

  test('RPTI-14 a count may be a text', () => {
    const text = spoilt(({ policy, detail }) => {
      Object.assign(policy, {
        summary: { 'total-successful-session-count': '3', 'total-failure-session-count': ' 4 ' },
      });
      Object.assign(detail, { 'failed-session-count': '4' });
    });
    const { successes, failures, details } = only(text);
    assert.deepEqual([successes, failures, details[0]?.sessions], [3, 4, 4]);
    assert.deepEqual(warningsOf(text), []);
  });

  for (const count of ['x', -1, '-1', 1.5, '1e3', 1e300, true, [], {}]) {
    test(`RPTI-14 what is counted as ${JSON.stringify(count)} is left out with a warning`, () => {
      const detail = spoilt(({ detail: each }) => Object.assign(each, { 'failed-session-count': count }));
      assert.deepEqual(only(detail).details, []);
      assert.deepEqual(warningsOf(detail), ['a failure without a count is left out']);
      const policy = spoilt(({ summary }) => Object.assign(summary, { 'total-failure-session-count': count }));
      assert.deepEqual(read(policy).policies, []);
      assert.deepEqual(warningsOf(policy), ['a policy without a count is left out']);
    });
  }

  test('a policy that is no list is a list of one', () => {
    assert.equal(only(spoilt(({ root, policy }) => Object.assign(root, { policies: policy }))).domain, 'own.test');
  });

  test('RPTI-23 texts are one line without anything that controls a terminal', () => {
    const text = spoilt(({ detail }) =>
      Object.assign(detail, { 'failure-reason-code': '<script>\u001b[31m\u0000a\r\nb\u202ec\u009b2J\ud800' }),
    );
    assert.equal(only(text).details[0]?.reason, '<script> [31m a b c 2J\ufffd');
  });

  test('a byte order mark in front is passed over', () => {
    assert.deepEqual(read(`\ufeff${writeReport(REPORT)}`), REPORT);
  });

  test('RPTI-24 JSON that is nested too deep is refused before it is parsed', () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const within = `{"date-range":${deep}}`;
    assert.deepEqual(readReport(deep), { kind: 'refused', reason: 'too-deep' });
    assert.deepEqual(readReport(within), { kind: 'refused', reason: 'too-deep' });
    assert.deepEqual(readReport('['.repeat(2_000_000)), { kind: 'refused', reason: 'too-deep' });
    assert.deepEqual(readReport('{"a":'.repeat(10_000)), { kind: 'refused', reason: 'too-deep' });
  });

  test('brackets in texts are no nesting', () => {
    const report = { ...REPORT, organizationName: 'a"[[[[[[[[[[[[[[[[[[[[[[[[[[{{{{"\\' };
    assert.deepEqual(read(writeReport(report)), report);
  });

  test('JSON of too many values is refused before it is parsed', () => {
    assert.deepEqual(readReport(`[${'{},'.repeat(600_000)}{}]`), { kind: 'refused', reason: 'too-many-values' });
    assert.deepEqual(readReport(`[${'0,'.repeat(600_000)}0]`), { kind: 'refused', reason: 'too-many-values' });
  });

  test('lists and texts are kept up to a limit', () => {
    const text = spoilt(({ root, policy, about, detail }) => {
      Object.assign(detail, { 'failure-reason-code': 'r'.repeat(600) });
      Object.assign(about, { 'policy-string': Array.from({ length: 10_000 }, () => 'line') });
      Object.assign(policy, { 'failure-details': Array.from({ length: 9000 }, () => detail) });
      Object.assign(root, { policies: Array.from({ length: 3 }, () => policy) });
    });
    const { policies } = read(text);
    assert.equal(policies.flatMap(({ details }) => details).length, 5000);
    assert.equal(policies[0]?.details[0]?.reason?.length, 500);
    assert.equal(policies[0]?.strings.length, 100);
    assert.deepEqual(
      policies.map(({ failures }) => failures),
      [2, 2, 2],
    );
    assert.ok(warningsOf(text).length <= 20);
  });

  test('what is no report is refused', () => {
    for (const text of ['', 'null', '3', '"x"', '[]', '{', 'hello', '<xml/>']) {
      assert.equal(readReport(text).kind, 'refused', text);
    }
  });

  test('nothing makes the reader fail', () => {
    const names = ['policies', 'policy', 'summary', 'failure-details', 'date-range', 'start-datetime', '__proto__'];
    const value = fc.jsonValue({ maxDepth: 4 });
    const object = fc.dictionary(fc.constantFrom(...names), value);
    fc.assert(fc.property(object, (root) => void readReport(JSON.stringify(root))));
    fc.assert(
      fc.property(value, value, value, (one, two, three) => {
        const text = spoilt(({ root, policy, detail }) => {
          Object.assign(detail, { 'failed-session-count': one, 'receiving-ip': two });
          Object.assign(policy, { summary: three });
          Object.assign(root, { 'report-id': one, policies: [policy, two, three] });
        });
        assert.equal(readReport(text).kind, 'report');
      }),
    );
  });
});
