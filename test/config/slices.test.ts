/** The configuration holds what each folder asks for: the assignments are checked by the compiler, the defaults here. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseConfig } from '#config/load.ts';
import { processCount, type RelayConfig } from '#config/schema.ts';
import type { DirectorySettings } from '#directory/settings.ts';
import type { DnsSettings } from '#dns/settings.ts';
import type { InboundSettings } from '#inbound/settings.ts';
import type { OutboundSettings } from '#outbound/settings.ts';
import type { PublishingSettings } from '#publishing/settings.ts';
import type { QueueSettings } from '#queue/settings.ts';
import type { ReportSettings } from '#reporting/settings.ts';

type Slices = InboundSettings &
  OutboundSettings &
  ReportSettings &
  PublishingSettings & { queue: QueueSettings; dns: DnsSettings; mailFlow: { directory: DirectorySettings } };

const defaults: RelayConfig = parseConfig('', 'relay.yaml', { hostname: 'mail.example.org' }).config;

test('the configuration is assignable to the slice of every folder', () => {
  const slices: Slices = defaults;
  assert.equal(slices.hostname, 'mail.example.org');
});

test('an empty file gives the listeners that the README names', () => {
  const places = defaults.listeners.map(
    ({ name, address, port, mode, tls }) => `${name} ${address}:${port} ${mode} ${tls}`,
  );
  assert.deepEqual(places, [
    'mail 127.0.0.1:2525 relay offered',
    'submission 127.0.0.1:2587 submission required',
    'submissions 127.0.0.1:2465 submission implicit',
  ]);
});

test('mail is never sent in clear text unless the file says so', () => {
  assert.equal(defaults.tlsPolicy.floor, 'encrypted');
  assert.equal(defaults.tlsPolicy.minVersion, 'TLSv1.2');
  assert.equal(defaults.tls.minVersion, 'TLSv1.2');
});

test('retries follow the schedule of 15 minutes, 15 minutes, then every hour, for a day', () => {
  assert.deepEqual(defaults.queue.retryWaits, [900_000, 900_000, 3_600_000]);
  assert.equal(defaults.queue.expireAfter, 86_400_000);
  assert.equal(defaults.queue.delayNoticeAfter, 4 * 3_600_000);
});

test('what is left out is derived from what is given', () => {
  const { config } = parseConfig('hostname: MX.Example.org.\ndataDirectory: /srv/postern\n', 'x', { hostname: 'box' });
  assert.equal(config.hostname, 'mx.example.org');
  assert.equal(config.http.tokenFile, '/srv/postern/admin-token');
  assert.equal(config.reports.from, 'postmaster@mx.example.org');
});

test('a machine whose name is no domain name is called localhost', () => {
  assert.equal(parseConfig('', 'x', { hostname: 'my box!' }).config.hostname, 'localhost');
});

test('a heading with nothing under it counts as left out', () => {
  const { config } = parseConfig('queue:\n  jitter:\noutbound:\n', 'x', { hostname: 'box' });
  assert.equal(config.queue.jitter, 0.1);
});

test('worker processes are one less than the cores, from one to four, unless a number is given', () => {
  assert.deepEqual(
    [1, 2, 4, 64].map((cores) => processCount({ processes: 'auto' }, cores)),
    [1, 1, 3, 4],
  );
  assert.equal(processCount({ processes: 7 }, 2), 7);
});
