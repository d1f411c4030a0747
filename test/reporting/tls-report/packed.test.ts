/** Reports as they are stored: whole where they fit, with fewer details where they do not. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { RECORD_LIMITS } from '#records/store.ts';
import { packReport, unpackReport } from '#reporting/tls-report/packed.ts';
import { writeReport, type TlsReport } from '#reporting/tls-report/report.ts';

function reportOf(details: number, lines: readonly string[] = ['version: STSv1']): TlsReport {
  return {
    organizationName: 'Sender & Co',
    start: new Date('2024-05-01T00:00:00Z'),
    end: new Date('2024-05-01T23:59:59Z'),
    contactInfo: 'a@s.test',
    reportId: 'x@s.test',
    policies: [
      {
        type: 'sts',
        domain: 'dest.test',
        strings: lines,
        mxHosts: [],
        successes: 1,
        failures: 10_000,
        details: Array.from({ length: details }, () => ({
          type: 'validation-failure',
          sessions: 1,
          reason: randomBytes(150).toString('base64'),
        })),
      },
    ],
  };
}

const storedBytes = (gzip: Uint8Array): number => Buffer.from(gzip).toString('base64').length;

test('a report that fits is kept whole', () => {
  const report = reportOf(1000);
  const packed = packReport(report);
  assert.deepEqual(packed.report, report);
  assert.deepEqual(unpackReport(packed.gzip), report);
});

test('one that does not fit loses details and never a sum', () => {
  const { gzip, report } = packReport(reportOf(5000));
  assert.ok(storedBytes(gzip) < RECORD_LIMITS.valueBytes - 60_000);
  assert.deepEqual(unpackReport(gzip), report);
  const [policy] = report.policies;
  assert.equal(policy?.failures, 10_000);
  assert.ok(policy.details.length > 1000);
});

test('where texts of policies alone are too much they go last', () => {
  const lines = Array.from({ length: 300 }, () => randomBytes(3000).toString('base64'));
  const { gzip, report } = packReport(reportOf(100, lines));
  assert.ok(storedBytes(gzip) < RECORD_LIMITS.valueBytes - 60_000);
  const [policy] = report.policies;
  assert.deepEqual([policy?.strings, policy?.details, policy?.failures], [[], [], 10_000]);
});

test('octets that are no report are none', () => {
  const padded = gzipSync(`${writeReport(reportOf(0))}${' '.repeat(17 * 1024 * 1024)}`);
  for (const octets of [Buffer.alloc(0), Buffer.from('hello'), gzipSync('hello'), padded]) {
    assert.equal(unpackReport(octets), undefined);
  }
});
