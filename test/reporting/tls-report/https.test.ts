/** A report over HTTPS: the request, what counts as taken, when it is tried again, and hosts that are not asked. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listSent } from '#reporting/tls-report/sent.ts';
import { PolicyHost } from '../../doubles/policy-host.ts';
import { reportSettings, session, STS } from './sample.ts';
import { asking, authority, SendingWorld, startHost, status, unpacked } from './sending-world.ts';

const HOUR_MS = 3_600_000;

/** Minutes after the first round at which the host was asked, in thirty hours. */
async function minutesOfTries(world: SendingWorld, host: PolicyHost): Promise<readonly number[]> {
  const tries: number[] = [];
  for (let minute = 0; minute < 30 * 60; minute += 15) {
    const before = host.requests.length;
    await world.round();
    if (host.requests.length > before) tries.push(minute);
    world.later(900_000);
  }
  return tries;
}

describe('a report over HTTPS (RFC 8460 §5.4)', () => {
  test('RPTS-12 it is posted as gzip under its media type', async () => {
    await using world = await SendingWorld.start();
    await using host = await startHost(world, status(200));
    await world.count(session([STS]));
    await world.round();
    const [request, ...others] = host.requests;
    assert.deepEqual(others, []);
    assert.deepEqual([request?.method, request?.path], ['POST', '/v1/tlsrpt?a=b']);
    assert.equal(request?.headers['content-type'], 'application/tlsrpt+gzip');
    assert.equal(request.headers['content-encoding'], undefined);
    assert.equal(unpacked(request.body).policies[0]?.successes, 1);
    assert.equal(world.told('tls-report.sent')[0]?.decision, 'https');
  });

  for (const code of [200, 201, 202, 204, 299]) {
    test(`RPTS-12 status ${code} is success`, async () => {
      await using world = await SendingWorld.start();
      await using host = await startHost(world, status(code));
      await world.count(session([STS]));
      await world.round();
      world.later(24 * HOUR_MS);
      await world.round();
      assert.equal(host.requests.length, 1);
      assert.equal((await listSent(world.store, 1, undefined))[0]?.outcome, 'sent');
    });
  }

  for (const code of [400, 404, 413, 429, 500, 503, 304]) {
    test(`RPTS-13 after status ${code} it is tried again, later each time, and given up after a day`, async () => {
      await using world = await SendingWorld.start();
      await using host = await startHost(world, status(code));
      await world.count(session([STS]));
      const tries = await minutesOfTries(world, host);
      const waits = tries.map((minute, index) => minute - (tries[index - 1] ?? 0)).slice(1);
      assert.deepEqual(waits.slice(0, 6), [15, 30, 60, 120, 240, 240]);
      const last = Math.max(...tries);
      assert.ok(last > 20 * 60 && last <= 24 * 60);
      const bodies = new Set(host.requests.map(({ body }) => body.toString('hex')));
      assert.equal(bodies.size, 1);
      const [sent] = await listSent(world.store, 1, undefined);
      const reason = `mta-sts.dest.test answers with status ${code}`;
      const [target] = sent?.targets ?? [];
      assert.deepEqual([sent?.outcome, target?.state, target?.reason], ['failed', 'failed', reason]);
      assert.ok(world.told('tls-report.failed').some((fields) => fields.reason?.startsWith('given up; ')));
      assert.deepEqual(world.kept('tls-report-job'), []);
    });
  }

  test('RPTS-14 a redirect is not followed', async () => {
    await using world = await SendingWorld.start();
    await using other = await PolicyHost.start({ authority: authority, answers: { 'dest.test': status(200) } });
    const location = `https://mta-sts.dest.test:${other.port}/`;
    await using host = await startHost(world, { kind: 'answer', status: 307, headers: { location } });
    await world.count(session([STS]));
    await world.round();
    assert.deepEqual([host.requests.length, other.requests.length], [1, 0]);
    assert.equal(world.kept('tls-report-job').length, 1);
    host.set('dest.test', status(200));
    world.later(HOUR_MS);
    await world.round();
    assert.equal((await listSent(world.store, 1, undefined))[0]?.outcome, 'sent');
  });

  test('RPTS-15 a certificate that is not valid is told, and the report goes there all the same', async () => {
    await using world = await SendingWorld.start();
    const leaf = authority.leaf({ names: ['other.test'] });
    await using host = await PolicyHost.start({
      authority: { leaf: () => leaf },
      answers: { 'dest.test': status(200) },
    });
    world.zone.set('mta-sts.dest.test', { A: [host.address] });
    for (const [name, node] of Object.entries(asking('dest.test', `https://mta-sts.dest.test:${host.port}/`)))
      world.zone.set(name, node);
    world.settings = reportSettings({ privateAddresses: true, allowUntrustedHttps: false });
    await world.count(session([STS]));
    await world.round();
    assert.deepEqual([host.requests, world.told('tls-report.untrusted')], [[], []]);
    world.settings = reportSettings({ privateAddresses: true });
    world.later(HOUR_MS);
    await world.round();
    assert.equal(host.requests.length, 1);
    const [told] = world.told('tls-report.untrusted');
    assert.match(told?.reason ?? '', /not for mta-sts\.dest\.test/);
  });

  for (const address of ['127.0.0.1', '10.1.2.3', '192.168.0.1', '169.254.169.254', '100.64.0.1']) {
    test(`RPTS-16 a host on ${address} is refused`, async () => {
      await using world = await SendingWorld.start();
      await using host = await startHost(world, status(200));
      world.zone.set('mta-sts.dest.test', { A: [address] });
      world.settings = reportSettings();
      await world.count(session([STS]));
      await world.round();
      assert.equal(host.connections, 0);
      assert.match(world.told('tls-report.failed')[0]?.reason ?? '', /has no public address$/);
    });
  }

  for (const literal of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1']) {
    test(`RPTS-16 the address ${literal} in a URL is refused`, async () => {
      await using world = await SendingWorld.start();
      await using host = await startHost(world, status(200));
      for (const [name, node] of Object.entries(asking('dest.test', `https://${literal}:${host.port}/`)))
        world.zone.set(name, node);
      world.settings = reportSettings();
      await world.count(session([STS]));
      await world.round();
      assert.equal(host.connections, 0);
      assert.match(world.told('tls-report.failed')[0]?.reason ?? '', /has no public address$/);
    });
  }

  test('a host that cannot be looked up is told as such, and asked again later', async () => {
    await using world = await SendingWorld.start();
    await using host = await startHost(world, status(200));
    world.zone.set('mta-sts.dest.test', { fault: 'servfail' });
    await world.count(session([STS]));
    await world.round();
    const [told] = world.told('tls-report.failed');
    assert.equal(told?.reason, 'mta-sts.dest.test: its addresses cannot be looked up (servfail)');
    world.zone.set('mta-sts.dest.test', { A: [host.address] });
    // Another resolver, since the clock of the first one's cache stands still.
    world.restart();
    world.later(HOUR_MS);
    await world.round();
    assert.equal(host.requests.length, 1);
  });

  test('RPTS-16 a host with private addresses of both families is refused', async () => {
    await using world = await SendingWorld.start();
    await using host = await startHost(world, status(200));
    world.zone.set('mta-sts.dest.test', { A: ['127.0.0.1'], AAAA: ['::1'] });
    world.settings = reportSettings();
    await world.count(session([STS]));
    await world.round();
    assert.equal(host.connections, 0);
  });
});
