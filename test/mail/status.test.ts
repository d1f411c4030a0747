import assert from 'node:assert/strict';
import { test } from 'node:test';

import { diagnose, diagnosticText } from '#mail/diagnosis.ts';
import { STATUS_TABLE, statusCode, type StatusRow } from '#mail/status.ts';

const rows: [string, StatusRow][] = Object.entries(STATUS_TABLE);

test('a status follows from the outcome: 4 while it may pass, 5 when it is final (RFC 3463 §2)', () => {
  assert.equal(statusCode('deferred', 'tls-required'), '4.4.317');
  assert.equal(statusCode('failed', 'tls-required'), '5.4.317');
  assert.equal(statusCode('delivered', 'accepted'), '2.6.0');
});

test('reply codes have the class of their outcome, but for the one that Exchange itself mixes', () => {
  const wrong = rows.flatMap(([name, { reply }]) =>
    [
      [reply.delivered, '2'],
      [reply.deferred, '4'],
      [reply.failed, '5'],
    ].some(([code, digit]) => code !== undefined && !String(code).startsWith(String(digit)))
      ? [name]
      : [],
  );
  assert.deepEqual(wrong, ['starttls-required']);
});

test('texts are US-ASCII sentences that fit a reply line (RFC 5321 §4.5.3.1.5)', () => {
  // oxlint-disable-next-line no-control-regex -- the range is what a reply may hold
  assert.deepEqual(
    rows.filter(([, { text }]) => !/^[\x20-\x7e]{2,480}$/.test(text)),
    [],
  );
});

test('details are two numbers of at most three digits (RFC 3463 §2)', () => {
  assert.deepEqual(
    rows.filter(([, { detail }]) => !/^\d{1,3}\.\d{1,3}$/.test(detail)),
    [],
  );
});

test('a diagnosis prints the way Exchange does', () => {
  const diagnosis = diagnose('tls-required', '[Message=UntrustedRoot]');
  assert.equal(
    diagnosticText('deferred', diagnosis),
    '450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot]',
  );
  assert.equal(
    diagnosticText('failed', diagnosis),
    '550 5.4.317 Cannot connect to remote server [Message=UntrustedRoot]',
  );
});
