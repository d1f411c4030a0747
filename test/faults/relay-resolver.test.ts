/** A relay whose resolver does not validate DNSSEC, in processes of its own: whether it starts, and what it says of itself. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withRelay, type Readiness, type RelayProcess } from '../doubles/relay-process.ts';
import type { Settings } from '../doubles/settings.ts';
import { SELF_TEST_NAMES, startZone, type Zone } from '../doubles/zone.ts';

const LIE = { [SELF_TEST_NAMES.bogus]: { A: ['192.0.2.73'] } };

const asking = (zone: Zone, settings: Settings = {}): Settings => ({
  dns: { resolvers: [zone.resolver], timeout: '5s', attempts: 1, selfTest: SELF_TEST_NAMES },
  ...settings,
});

const REQUIRED = { tlsPolicy: { floor: 'opportunistic', dane: { resolver: 'require' } } };

async function checkOf(relay: RelayProcess): Promise<Readiness['checks'][number] | undefined> {
  return (await relay.readiness())?.checks.find(({ name }) => name === 'dnssec');
}

async function gauge(relay: RelayProcess): Promise<string | undefined> {
  const answer = await fetch(`http://127.0.0.1:${relay.httpPort}/metrics`);
  return /^postern_dnssec_validates (\d)$/m.exec(await answer.text())?.[1];
}

describe('tlsPolicy.dane.resolver', { concurrency: 3 }, () => {
  for (const processes of [1, 2]) {
    test(`DNS-48 require: no start with a resolver that does not validate, with ${processes} processes`, async () => {
      await using zone = await startZone({ records: LIE });
      await withRelay(asking(zone, { ...REQUIRED, processes }), async (relay) => {
        relay.launch();
        assert.deepEqual(await relay.ended(), { code: 3, signal: null });
        assert.match(
          relay.complaint(),
          /relay\.yaml:1: tlsPolicy\.dane\.resolver is require, so the resolver must validate DNSSEC; 127\.0\.0\.1:\d+ answers selftest-bogus\.test, whose signatures are wrong/,
        );
        assert.equal(relay.events('inbound.listening').length + relay.events('relay.started').length, 0);
      });
    });
  }

  test('require: no start while it cannot be told, either', async () => {
    const gone = await startZone({ records: {} });
    await gone.close();
    await withRelay(asking(gone, REQUIRED), async (relay) => {
      relay.launch();
      assert.deepEqual(await relay.ended(), { code: 3, signal: null });
      assert.match(relay.complaint(), /tlsPolicy\.dane\.resolver is require, .* does not answer \(unreachable\)/);
    });
  });

  test('require: not ready any more when the resolver stops validating, and ready again when it does', async () => {
    await using zone = await startZone({ records: {} });
    await withRelay(asking(zone, REQUIRED), async (relay) => {
      await relay.start();
      assert.deepEqual(await checkOf(relay), { name: 'dnssec', ok: true, detail: 'the resolver validates' });
      assert.equal(await gauge(relay), '1');
      zone.set(SELF_TEST_NAMES.bogus, LIE[SELF_TEST_NAMES.bogus]);
      process.kill(relay.pid, 'SIGHUP');
      await relay.until(async () => (await relay.readiness())?.ready === false, 'that it is not ready');
      assert.match((await checkOf(relay))?.detail ?? '', /^the resolver does not validate: 127\.0\.0\.1:\d+ answers/);
      assert.equal(await gauge(relay), '0');
      zone.set(SELF_TEST_NAMES.bogus, { fault: 'bogus' });
      process.kill(relay.pid, 'SIGHUP');
      await relay.until(async () => (await relay.readiness())?.ready === true, 'that it is ready');
    });
  });

  test('DNS-47 warn: it starts and is ready, and says that there is no DANE', async () => {
    await using zone = await startZone({ records: LIE });
    await withRelay(asking(zone), async (relay) => {
      await relay.start();
      await relay.until(
        () => relay.events('dns.self-test-failed').some(({ decision }) => decision === 'does-not-validate'),
        'the self-test',
      );
      const check = await checkOf(relay);
      assert.equal(check?.ok, true);
      assert.match(check?.detail ?? '', /^the resolver does not validate: /);
      assert.equal((await relay.readiness())?.ready, true);
      assert.equal(await gauge(relay), '0');
      assert.equal(relay.events('dns.self-test-failed')[0]?.level, 50);
    });
  });

  test('MIX-13 with DANE off a resolver that does not validate is nobody’s concern', async () => {
    await using zone = await startZone({ records: LIE });
    const off = { tlsPolicy: { floor: 'opportunistic', dane: { mode: 'off', resolver: 'require' } } };
    await withRelay(asking(zone, off), async (relay) => {
      await relay.start();
      assert.deepEqual(await checkOf(relay), { name: 'dnssec', ok: true, detail: 'not tested: nothing asks for DANE' });
      assert.equal(await gauge(relay), undefined);
      assert.deepEqual(zone.queries, []);
    });
  });
});
