/** The watch over the resolvers: when they are tested, what holds in between, and what is reported. Real sockets, no real hours. */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import type { DnsSettings } from '#dns/settings.ts';
import { ResolverTrust } from '#dns/trust.ts';
import { resolverFor } from '../doubles/resolver.ts';
import { SELF_TEST_NAMES, startZone, type Zone } from '../doubles/zone.ts';

const HOUR = 3_600_000;
const { bogus, signed } = SELF_TEST_NAMES;

function watch(context: TestContext, zones: readonly Zone[]) {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const settings = (changes: Partial<DnsSettings> = {}): DnsSettings => ({
    resolvers: zones.map(({ resolver }) => resolver),
    trustedResolvers: [],
    timeout: 1000,
    attempts: 1,
    cacheEntries: 0,
    maximumTtl: 0,
    maximumNegativeTtl: 0,
    selfTest: SELF_TEST_NAMES,
    ...changes,
  });
  const live = { settings: settings(), isNeeded: true, random: 0.5 };
  const reports: string[] = [];
  const waiting: (() => void)[] = [];
  const trust = new ResolverTrust({
    settings: () => live.settings,
    isNeeded: () => live.isNeeded,
    resolvConf: '/nonexistent',
    report: (event, { decision = '', reason = '' }) => {
      reports.push(`${event} ${decision} ${reason}`.trim());
      waiting.shift()?.();
    },
    random: () => live.random,
  });
  context.after(() => trust.stop());
  const reported = async (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  /** Lets time pass, in which one test is made. */
  const pass = async (time: number): Promise<void> => {
    const next = reported();
    context.mock.timers.tick(time);
    await next;
    // The next test is set down behind the report.
    await new Promise((resolve) => setImmediate(resolve));
  };
  /** Lets time pass, in which no test is made: what had been asked would have come before the last question. */
  const passQuietly = async (time: number): Promise<void> => {
    const [zone] = zones;
    assert.ok(zone !== undefined);
    const earlier = zone.asked(bogus);
    context.mock.timers.tick(time);
    await resolverFor(zone).mx('fence.test');
    assert.equal(zone.asked(bogus), earlier, `tested after ${time} ms`);
  };
  const tick = (time: number): void => context.mock.timers.tick(time);
  return { trust, live, settings, reports, pass, passQuietly, tick };
}

const lie = { A: ['192.0.2.73'] };

describe('trust in the resolver', () => {
  test('there is none before the first test', async (context) => {
    await using zone = await startZone({ records: {} });
    const { trust } = watch(context, [zone]);
    assert.deepEqual(trust.dnssec(), { kind: 'unknown', reason: 'the resolver has not been tested yet' });
    assert.equal(zone.queries.length, 0);
  });

  test('a resolver that validates is tested again after an hour, give or take a tenth', async (context) => {
    await using zone = await startZone({ records: {} });
    const { trust, live, reports, pass, passQuietly } = watch(context, [zone]);
    live.random = 0;
    assert.deepEqual(await trust.test(), { kind: 'validates' });
    assert.deepEqual(trust.dnssec(), { kind: 'validates' });
    await passQuietly(0.9 * HOUR - 1);
    live.random = 1;
    await pass(1);
    await passQuietly(1.1 * HOUR - 1);
    await pass(1);
    assert.deepEqual(reports, ['dns.self-test-passed', 'dns.self-test-passed', 'dns.self-test-passed']);
  });

  test('DNS-48 when it stops validating that holds from the next test on, and is told loudly', async (context) => {
    await using zone = await startZone({ records: {} });
    const { trust, reports, pass } = watch(context, [zone]);
    await trust.test();
    zone.set(bogus, lie);
    await pass(HOUR);
    const state = trust.dnssec();
    assert.equal(state.kind, 'does-not-validate');
    assert.match(
      reports.at(-1) ?? '',
      /^dns\.self-test-failed does-not-validate 127\.0\.0\.1:\d+ answers selftest-bogus/,
    );
  });

  test('DNS-47 without validation it is tested soon again, then ever more rarely, and believed as soon as it validates', async (context) => {
    await using zone = await startZone({ records: { [bogus]: lie } });
    const { trust, pass, passQuietly } = watch(context, [zone]);
    await trust.test();
    for (const wait of [30_000, 60_000, 120_000, 240_000, 480_000, 960_000, 1_920_000, HOUR, HOUR]) {
      await passQuietly(wait - 1);
      await pass(1);
      assert.equal(trust.dnssec().kind, 'does-not-validate');
    }
    zone.set(bogus, { fault: 'bogus' });
    await pass(HOUR);
    assert.deepEqual(trust.dnssec(), { kind: 'validates' });
    zone.set(bogus, lie);
    await pass(HOUR);
    await pass(30_000);
    assert.equal(trust.dnssec().kind, 'does-not-validate');
  });

  test('a test that cannot tell changes nothing about what was found before, is told, and made again soon', async (context) => {
    await using zone = await startZone({ records: {} });
    const { trust, reports, pass } = watch(context, [zone]);
    await trust.test();
    zone.set(signed, { fault: 'servfail' });
    await pass(HOUR);
    assert.deepEqual(trust.dnssec(), { kind: 'validates' });
    assert.match(
      reports.at(-1) ?? '',
      /^dns\.self-test-failed validates .*servfail\); until then it counts that the resolver validates$/,
    );
    zone.set(bogus, lie);
    await pass(30_000);
    assert.equal(trust.dnssec().kind, 'does-not-validate');
    zone.set(bogus, { fault: 'refused' });
    await pass(60_000);
    assert.equal(trust.dnssec().kind, 'does-not-validate');
    assert.match(reports.at(-1) ?? '', /until then it counts that the resolver does not validate$/);
  });

  test('what was found about other resolvers does not hold', async (context) => {
    await using zone = await startZone({ records: {} });
    const { trust, live, settings } = watch(context, [zone]);
    await trust.test();
    await using other = await startZone({ records: { [signed]: { fault: 'servfail' } } });
    live.settings = settings({ resolvers: [other.resolver] });
    assert.equal((await trust.test()).kind, 'unknown');
    assert.equal(trust.dnssec().kind, 'unknown');
    live.settings = settings();
    assert.equal((await trust.test()).kind, 'validates');
  });

  test('what was found about other resolvers does not hold while those that are asked now are tested', async (context) => {
    await using zone = await startZone({ records: {} });
    const { trust, live, settings } = watch(context, [zone]);
    await trust.test();
    await using other = await startZone({ records: { [bogus]: lie } });
    live.settings = settings({ resolvers: [other.resolver] });
    assert.equal(trust.dnssec().kind, 'unknown', 'mail asks them already');
    const testing = trust.test();
    assert.equal(trust.dnssec().kind, 'unknown');
    await testing;
    assert.equal(trust.dnssec().kind, 'does-not-validate');
    live.settings = settings({ resolvers: [other.resolver], timeout: 2000 });
    assert.equal(trust.dnssec().kind, 'does-not-validate', 'they are the same');
  });

  test('a test takes the place of one that is under way', async (context) => {
    const silence = { fault: 'silence' } as const;
    await using silent = await startZone({ records: { [signed]: silence, [bogus]: silence } });
    await using zone = await startZone({ records: {} });
    const { trust, live, settings, reports } = watch(context, [silent]);
    const first = trust.test();
    live.settings = settings({ resolvers: [zone.resolver] });
    assert.deepEqual(await trust.test(), { kind: 'validates' });
    await first;
    assert.deepEqual(reports, ['dns.self-test-passed']);
    assert.deepEqual(trust.dnssec(), { kind: 'validates' });
  });

  test('the first test ends in bounded time, whatever the settings of look-ups are', async (context) => {
    const silence = { fault: 'silence' } as const;
    await using silent = await startZone({ records: { [signed]: silence, [bogus]: silence } });
    const { trust, live, settings, tick } = watch(context, [silent]);
    live.settings = settings({ timeout: 60_000, attempts: 10 });
    const tested = trust.test();
    while (silent.asked(bogus) === 0) await new Promise((resolve) => setImmediate(resolve));
    tick(10_000);
    assert.equal((await tested).kind, 'unknown');
  });

  test('MIX-13 while nothing asks for DANE nothing is tested', async (context) => {
    await using zone = await startZone({ records: {} });
    const { trust, live, reports, passQuietly } = watch(context, [zone]);
    live.isNeeded = false;
    assert.equal((await trust.test()).kind, 'unknown');
    await passQuietly(2 * HOUR);
    assert.equal(zone.asked(bogus), 0);
    assert.deepEqual(reports, []);
    live.isNeeded = true;
    assert.deepEqual(await trust.test(), { kind: 'validates' });
    live.isNeeded = false;
    assert.deepEqual(trust.dnssec(), {
      kind: 'unknown',
      reason: 'nothing asks for DANE, so the resolver is not tested',
    });
  });

  test('a test out of turn takes the place of the next one', async (context) => {
    await using zone = await startZone({ records: {} });
    const { trust, pass, passQuietly } = watch(context, [zone]);
    await trust.test();
    await passQuietly(HOUR - 1);
    await trust.test();
    await passQuietly(HOUR - 1);
    await pass(1);
  });

  test('after the end nothing is tested, and a test under way says nothing any more', async (context) => {
    await using zone = await startZone({ records: {} });
    const { trust, reports, passQuietly } = watch(context, [zone]);
    const underWay = trust.test();
    trust.stop();
    assert.equal((await underWay).kind, 'unknown');
    assert.deepEqual(reports, []);
    assert.equal((await trust.test()).kind, 'validates');
    trust.stop();
    await passQuietly(2 * HOUR);
    assert.deepEqual(reports, ['dns.self-test-passed']);
  });
});
