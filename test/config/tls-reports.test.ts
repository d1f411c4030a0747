/** Settings of TLS reports: what is derived, and that the configuration is what `reporting/tls-report/` asks for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseConfig } from '#config/load.ts';
import { ConfigError } from '#config/problems.ts';
import type { TlsReportSettings } from '#reporting/tls-report/settings.ts';

const read = (text: string): TlsReportSettings => parseConfig(text, 'x', { hostname: 'mail.example.org' }).config;

test('reports are sent under the name of the relay, and none are taken, unless the file says so', () => {
  const { tlsReports, dkim } = read('dataDirectory: /srv/postern\n');
  assert.equal(tlsReports.send, true);
  assert.equal(tlsReports.receive.address, '');
  assert.deepEqual(dkim, { domain: 'mail.example.org', selector: 'postern', keyFile: '/srv/postern/dkim.pem' });
  assert.equal(tlsReports.submitter, 'mail.example.org');
  assert.equal(tlsReports.organizationName, 'mail.example.org');
  assert.equal(tlsReports.contactInfo, 'postmaster@mail.example.org');
});

test('the domain of reports.from signs, and what is said takes the place of what is derived', () => {
  const derived = read('reports: { from: reports@Example.ORG }\n');
  assert.deepEqual([derived.dkim.domain, derived.tlsReports.submitter], ['example.org', 'example.org']);
  assert.equal(derived.tlsReports.contactInfo, 'reports@example.org');
  const said = read('dkim: { domain: a.test, selector: s1 }\ntlsReports: { submitter: b.test, organizationName: B }\n');
  assert.deepEqual([said.dkim.domain, said.dkim.selector], ['a.test', 's1']);
  assert.deepEqual([said.tlsReports.submitter, said.tlsReports.organizationName], ['b.test', 'B']);
});

test('the address that takes reports must be one that any server can write to', () => {
  assert.equal(read('tlsReports: { receive: { address: tls@Own.test } }\n').tlsReports.receive.address, 'tls@own.test');
  assert.throws(() => read('tlsReports: { receive: { address: jörg@own.test } }\n'), ConfigError);
  assert.throws(() => read('tlsReports: { receive: { address: own.test } }\n'), ConfigError);
});
