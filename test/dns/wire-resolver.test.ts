/** The resolver against a server that answers, lies, stays silent or sends garbage: real sockets, UDP and TCP. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { Answer } from '#dns/answer.ts';
import type { DnsSettings } from '#dns/settings.ts';
import { WireResolver } from '#dns/wire-resolver.ts';
import { SELF_TEST_NAMES, startZone, type Fault, type Zone } from '../doubles/zone.ts';

const usual: DnsSettings = {
  resolvers: [],
  trustedResolvers: [],
  timeout: 150,
  attempts: 1,
  cacheEntries: 1000,
  maximumTtl: 3_600_000,
  maximumNegativeTtl: 300_000,
  selfTest: SELF_TEST_NAMES,
};

type Reported = { question: string; reason: string };

function resolverOf(servers: readonly Zone[], changes: Partial<DnsSettings> = {}) {
  const clock = { now: 0 };
  const reported: Reported[] = [];
  const live = { settings: { ...usual, resolvers: servers.map((server) => server.resolver), ...changes } };
  const resolver = new WireResolver({
    settings: () => live.settings,
    report: (_, { question = '', reason = '' }) => reported.push({ question, reason }),
    resolvConf: '/nonexistent',
    now: () => clock.now,
  });
  return { resolver, clock, reported, live };
}

/** The answer without the fields that a test does not speak of. */
const gist = (answer: Answer<unknown>): string =>
  answer.kind === 'found' || answer.kind === 'absent'
    ? `${answer.kind}${answer.kind === 'absent' ? ` ${answer.why}` : ''} ${answer.secure ? 'secure' : 'insecure'}`
    : `${answer.kind} ${answer.kind === 'bogus' ? answer.extendedError : answer.why}`;

let zone: Zone;
before(async () => {
  zone = await startZone({
    records: {
      'dest.test': { MX: ['10 MX1.Dest.test', '20 mx2.dest.test'], TXT: ['v=STSv1; id=1', ['a', 'b']], secure: true },
      'mx1.dest.test': { A: ['127.0.0.2', '127.0.0.3'], AAAA: ['2001:db8::1'], ttlS: 10, secure: true },
      '_25._tcp.mx1.dest.test': { TLSA: ['3 1 1 0a0b'], secure: true },
      'alias.test': { CNAME: 'Chain.test', ttlS: 5, secure: true },
      'chain.test': { CNAME: 'dest.test', secure: true },
      'mixed.test': { CNAME: 'unsigned.test', secure: true },
      'unsigned.test': { A: ['127.0.0.4'], MX: ['0 .'] },
      'loop.test': { CNAME: 'loop2.test' },
      'loop2.test': { CNAME: 'loop.test' },
      'empty.test': { secure: true },
      '2.0.0.127.in-addr.arpa': { PTR: ['mx1.dest.test'] },
      '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa': { PTR: ['mx6.dest.test'] },
      'longest.test': {
        A: Array.from({ length: 250 }, (_, index) => `127.1.0.${index}`),
        TXT: Array.from({ length: 50 }, (_, index) => `${index}`.padEnd(200, 'x')),
        TLSA: Array.from({ length: 100 }, () => `3 1 2 ${'ab'.repeat(64)}`),
      },
      'long.test': { TXT: Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(200, 'x')) },
    },
  });
});
after(() => zone.close());

const records = async (answer: Promise<Answer<unknown>>): Promise<unknown> => {
  const settled = await answer;
  return settled.kind === 'found' ? settled.records : settled;
};

describe('records', () => {
  test('MX names come in lower case, without the final dot', async () => {
    const answer = await resolverOf([zone]).resolver.mx('dest.test');
    assert.deepEqual(answer, {
      kind: 'found',
      records: [
        { preference: 10, exchange: 'mx1.dest.test' },
        { preference: 20, exchange: 'mx2.dest.test' },
      ],
      secure: true,
      canonicalName: 'dest.test',
      ttlMs: 300_000,
    });
  });

  test('DNS-56 a name is asked for in lower case, without the final dot', async () => {
    const { resolver } = resolverOf([zone]);
    const answer = await resolver.tlsa('_25._tcp.MX1.Dest.Test.');
    assert.deepEqual(answer.kind === 'found' && answer.canonicalName, '_25._tcp.mx1.dest.test');
    assert.equal(zone.queries.at(-1)?.name, '_25._tcp.mx1.dest.test');
  });

  test('DNS-59 a name of one label is asked for as it is, whatever domain the system searches', async () => {
    const earlier = zone.queries.length;
    assert.equal(gist(await resolverOf([zone]).resolver.addresses('mx', 'ipv4')), 'absent nxdomain insecure');
    assert.deepEqual(
      zone.queries.slice(earlier).map(({ name }) => name),
      ['mx'],
    );
  });

  test('addresses of both families, TXT, TLSA, CNAME and PTR are read', async () => {
    const { resolver } = resolverOf([zone]);
    assert.deepEqual(await records(resolver.addresses('mx1.dest.test', 'ipv4')), ['127.0.0.2', '127.0.0.3']);
    assert.deepEqual(await records(resolver.addresses('mx1.dest.test', 'ipv6')), ['2001:db8::1']);
    assert.deepEqual(await records(resolver.txt('dest.test')), ['v=STSv1; id=1', 'ab']);
    assert.deepEqual(await records(resolver.tlsa('_25._tcp.mx1.dest.test')), [
      { usage: 3, selector: 1, matchingType: 1, association: new Uint8Array([10, 11]) },
    ]);
    assert.deepEqual(await records(resolver.cname('alias.test')), ['chain.test']);
    assert.deepEqual(await records(resolver.ptr('127.0.0.2')), ['mx1.dest.test']);
    assert.deepEqual(await records(resolver.ptr('2001:db8::1')), ['mx6.dest.test']);
  });

  test('the null MX has an empty exchange (RFC 7505 §3)', async () => {
    const answer = await resolverOf([zone]).resolver.mx('unsigned.test');
    assert.deepEqual(answer.kind === 'found' && answer.records, [{ preference: 0, exchange: '' }]);
  });

  test('CNAMEs are followed, and the shortest TTL of the chain counts', async () => {
    const answer = await resolverOf([zone]).resolver.mx('alias.test');
    assert.equal(answer.kind, 'found');
    assert.deepEqual(answer.kind === 'found' && [answer.canonicalName, answer.ttlMs], ['dest.test', 5000]);
  });

  test('an answer of more than 1232 octets comes over TCP', async () => {
    const { resolver } = resolverOf([zone]);
    const answer = await resolver.txt('long.test');
    assert.equal(answer.kind === 'found' && answer.records.length, 20);
    const protocols = zone.queries.filter((query) => query.name === 'long.test').map((query) => query.protocol);
    assert.deepEqual(protocols, ['udp', 'tcp']);
  });
});

describe('trust', () => {
  test('AD of a resolver on loopback is believed', async () => {
    assert.equal(gist(await resolverOf([zone]).resolver.mx('dest.test')), 'found secure');
    assert.equal(gist(await resolverOf([zone]).resolver.tlsa('empty.test')), 'absent nodata secure');
    assert.equal(gist(await resolverOf([zone]).resolver.tlsa('nothing.empty.test')), 'absent nxdomain secure');
  });

  test('DNS-27 a chain that leaves the signed zones is not secure (RFC 7672 §2.1.3)', async () => {
    assert.equal(gist(await resolverOf([zone]).resolver.addresses('mixed.test', 'ipv4')), 'found insecure');
    assert.equal(gist(await resolverOf([zone]).resolver.cname('mixed.test')), 'found secure');
  });
});

describe('absence and failure', () => {
  const cases: [rule: string, fault: Fault | undefined, name: string, expected: string][] = [
    ['a name that does not exist is absent', undefined, 'nowhere.example', 'absent nxdomain insecure'],
    ['a name without such records is absent', undefined, 'unsigned.test', 'absent nodata insecure'],
    ['SERVFAIL is a failure', 'servfail', 'faulty.test', 'failed servfail'],
    ['SERVFAIL with a DNSSEC reason is bogus (RFC 8914 §4.7)', 'bogus', 'faulty.test', 'bogus 6'],
    ['REFUSED is a failure', 'refused', 'faulty.test', 'failed refused'],
    ['FORMERR is a failure', 'formerr', 'faulty.test', 'failed rcode'],
    ['silence is a failure', 'silence', 'faulty.test', 'failed timeout'],
    ['an answer with another id is passed over (RFC 5452 §9.1)', 'wrong-id', 'faulty.test', 'failed timeout'],
    ['an answer to another question is passed over (RFC 5452 §9.1)', 'wrong-question', 'faulty.test', 'failed timeout'],
    ['garbage over UDP is asked for again over TCP', 'garbage-udp', 'faulty.test', 'absent nodata insecure'],
    ['garbage over both is a failure', 'garbage', 'faulty.test', 'failed garbled'],
    ['DNS-51 a truncated answer is asked for again over TCP', 'truncated-udp', 'faulty.test', 'absent nodata insecure'],
    ['DNS-51 a truncated answer without TCP is a failure', 'truncated', 'faulty.test', 'failed unreachable'],
    ['CNAMEs in a circle are a failure', undefined, 'loop.test', 'failed cname-loop'],
    ['a name that cannot be asked for is a failure', undefined, 'a..b', 'failed name-invalid'],
    ['a label of 64 octets is a failure', undefined, `${'a'.repeat(64)}.test`, 'failed name-invalid'],
  ];
  for (const [rule, fault, name, expected] of cases) {
    test(rule, async () => {
      if (fault !== undefined) zone.set('faulty.test', { A: ['127.0.0.9'], fault });
      assert.equal(gist(await resolverOf([zone]).resolver.tlsa(name)), expected);
    });
  }

  test('a failure is reported with its question', async () => {
    const { resolver, reported } = resolverOf([zone]);
    zone.set('faulty.test', { fault: 'servfail' });
    await resolver.mx('faulty.test');
    assert.deepEqual(reported, [{ question: 'faulty.test MX', reason: 'servfail' }]);
  });

  test('an alias without an end and without a denial says nothing', async () => {
    await using bare = await startZone({
      records: { 'alias.test': { CNAME: 'end.test' }, 'end.test': {} },
      negativeTtlS: undefined,
    });
    assert.equal(gist(await resolverOf([bare]).resolver.mx('alias.test')), 'failed incomplete');
  });

  test('a resolver that is not there is a failure at once: the socket is connected', async () => {
    const gone = await startZone({ records: {} });
    await gone.close();
    assert.equal(gist(await resolverOf([gone]).resolver.mx('dest.test')), 'failed unreachable');
  });

  // The system refuses to send to this one, as it does where no network is up.
  test('a resolver to which there is no way is a failure', async () => {
    const { resolver } = resolverOf([], { resolvers: ['255.255.255.255'] });
    assert.equal(gist(await resolver.mx('dest.test')), 'failed unreachable');
  });
});

describe('several resolvers', () => {
  test('the next one is asked when one fails, and asked first from then on', async () => {
    await using broken = await startZone({
      records: { 'dest.test': { fault: 'servfail' }, 'mx1.dest.test': { fault: 'servfail' } },
    });
    const { resolver } = resolverOf([broken, zone]);
    assert.equal(gist(await resolver.mx('dest.test')), 'found secure');
    assert.equal(gist(await resolver.addresses('mx1.dest.test', 'ipv4')), 'found secure');
    assert.equal(broken.queries.length, 1);
  });

  test('no resolver undoes what another found bogus', async () => {
    await using validating = await startZone({ records: { 'dest.test': { fault: 'bogus' } } });
    assert.equal(gist(await resolverOf([validating, zone]).resolver.mx('dest.test')), 'bogus 6');
  });

  test('all of them are asked in each round', async () => {
    await using silent = await startZone({ records: { 'dest.test': { fault: 'silence' } } });
    await resolverOf([silent], { attempts: 3, timeout: 30 }).resolver.mx('dest.test');
    assert.equal(silent.asked('dest.test', 'MX'), 3);
  });
});

describe('forgery', () => {
  test('each question has a port of its own', async () => {
    const { resolver } = resolverOf([zone], { cacheEntries: 0 });
    const from = zone.queries.length;
    for (let count = 0; count < 20; count += 1) await resolver.mx('dest.test');
    const ports = new Set(zone.queries.slice(from).map((query) => query.clientPort));
    assert.ok(ports.size > 15, `${ports.size} ports for 20 questions`);
  });
});

describe('cache', () => {
  test('DNS-60 an answer is kept for its TTL and no longer', async () => {
    const { resolver, clock } = resolverOf([zone]);
    const asked = () => zone.asked('mx1.dest.test', 'A');
    const earlier = asked();
    await resolver.addresses('mx1.dest.test', 'ipv4');
    clock.now = 9_999;
    await resolver.addresses('mx1.dest.test', 'ipv4');
    assert.equal(asked() - earlier, 1);
    clock.now = 10_000;
    await resolver.addresses('mx1.dest.test', 'ipv4');
    assert.equal(asked() - earlier, 2);
  });

  test('DNS-60 a denial is kept for the SOA minimum (RFC 2308 §5)', async () => {
    const { resolver, clock } = resolverOf([zone]);
    const earlier = zone.asked('denied.test');
    await resolver.mx('denied.test');
    clock.now = 59_999;
    await resolver.mx('denied.test');
    assert.equal(zone.asked('denied.test') - earlier, 1);
    clock.now = 60_000;
    await resolver.mx('denied.test');
    assert.equal(zone.asked('denied.test') - earlier, 2);
  });

  test('DNS-60 a failed look-up of TLSA records is never taken for their absence', async () => {
    await using flaky = await startZone({ records: { '_25._tcp.mx.test': { TLSA: ['3 1 1 0a'], fault: 'servfail' } } });
    const { resolver, clock } = resolverOf([flaky]);
    for (const now of [0, 4_999]) {
      clock.now = now;
      assert.equal(gist(await resolver.tlsa('_25._tcp.mx.test')), 'failed servfail');
    }
    flaky.set('_25._tcp.mx.test', { TLSA: ['3 1 1 0a'], secure: true });
    clock.now = 5_000;
    assert.equal(gist(await resolver.tlsa('_25._tcp.mx.test')), 'found secure');
    flaky.set('_25._tcp.mx.test', undefined);
    clock.now = 304_999;
    assert.equal(gist(await resolver.tlsa('_25._tcp.mx.test')), 'found secure');
    clock.now = 305_000;
    assert.equal(gist(await resolver.tlsa('_25._tcp.mx.test')), 'absent nxdomain insecure');
  });

  test('a denial without SOA is not kept (RFC 2308 §5)', async () => {
    await using bare = await startZone({ records: {}, negativeTtlS: undefined });
    const { resolver } = resolverOf([bare]);
    assert.equal(gist(await resolver.mx('dest.test')), 'absent nxdomain insecure');
    await resolver.mx('dest.test');
    assert.equal(bare.queries.length, 2);
  });

  test('DNS-60 a failure is kept for five seconds, and as a failure (RFC 9520 §3.2)', async () => {
    await using flaky = await startZone({ records: { 'dest.test': { MX: ['10 mx.test'], fault: 'servfail' } } });
    const { resolver, clock } = resolverOf([flaky]);
    assert.equal(gist(await resolver.mx('dest.test')), 'failed servfail');
    flaky.set('dest.test', { MX: ['10 mx.test'] });
    clock.now = 4_999;
    assert.equal(gist(await resolver.mx('dest.test')), 'failed servfail');
    clock.now = 5_000;
    assert.equal(gist(await resolver.mx('dest.test')), 'found insecure');
  });

  test('a question under way is not asked twice', async () => {
    const { resolver } = resolverOf([zone]);
    const earlier = zone.asked('dest.test', 'TXT');
    await Promise.all([resolver.txt('dest.test'), resolver.txt('dest.test')]);
    assert.equal(zone.asked('dest.test', 'TXT') - earlier, 1);
  });

  test('the least recently used answers make room', async () => {
    const { resolver } = resolverOf([zone], { cacheEntries: 2 });
    const earlier = zone.queries.length;
    await resolver.mx('dest.test');
    await resolver.mx('alias.test');
    await resolver.mx('dest.test');
    await resolver.mx('unsigned.test');
    await resolver.mx('dest.test');
    assert.equal(zone.queries.length - earlier, 3);
    await resolver.mx('alias.test');
    assert.equal(zone.queries.length - earlier, 4);
  });

  test('an answer that is very long is not kept: many of them would fill the memory', async () => {
    const { resolver } = resolverOf([zone]);
    const times = async (name: string, look: () => Promise<Answer<unknown>>): Promise<number> => {
      const earlier = zone.queries.filter((query) => query.name === name && query.protocol === 'tcp').length;
      for (let round = 0; round < 3; round += 1) assert.equal((await look()).kind, 'found');
      return zone.queries.filter((query) => query.name === name && query.protocol === 'tcp').length - earlier;
    };
    assert.equal(await times('long.test', async () => resolver.txt('long.test')), 1);
    assert.equal(await times('longest.test', async () => resolver.txt('longest.test')), 3);
    assert.equal(await times('longest.test', async () => resolver.addresses('longest.test', 'ipv4')), 3);
    assert.equal(await times('longest.test', async () => resolver.tlsa('longest.test')), 3);
  });

  test('changed settings forget what the old resolvers said', async () => {
    const { resolver, live } = resolverOf([zone]);
    assert.equal(gist(await resolver.mx('dest.test')), 'found secure');
    await using other = await startZone({ records: {} });
    live.settings = { ...live.settings, resolvers: [other.resolver] };
    assert.equal(gist(await resolver.mx('dest.test')), 'absent nxdomain insecure');
  });
});

const changing = () => startZone({ records: { 'dest.test': { TXT: ['old'], MX: ['10 old.test'] } } });

describe('a fresh look-up', () => {
  test('asks past the cache, and its answer takes the place of the one that was kept', async () => {
    await using live = await changing();
    const { resolver } = resolverOf([live]);
    for (const [look, set, expected] of [
      [resolver.txt.bind(resolver), { TXT: ['new'] }, ['new']],
      [resolver.mx.bind(resolver), { MX: ['10 new.test'] }, [{ preference: 10, exchange: 'new.test' }]],
      [
        resolver.tlsa.bind(resolver),
        { TLSA: ['3 1 1 0c'] },
        [{ usage: 3, selector: 1, matchingType: 1, association: new Uint8Array([12]) }],
      ],
    ] as const) {
      const kept = await records(look('dest.test'));
      live.set('dest.test', set);
      assert.deepEqual(await records(look('dest.test')), kept);
      assert.deepEqual(await records(look('dest.test', { fresh: true })), expected);
      const asked = live.queries.length;
      assert.deepEqual(await records(look('dest.test')), expected);
      assert.equal(live.queries.length, asked, 'the fresh answer was not kept');
    }
  });

  test('its answer is kept for its own TTL', async () => {
    await using live = await changing();
    const { resolver, clock } = resolverOf([live]);
    await resolver.txt('dest.test');
    clock.now = 250_000;
    await resolver.txt('dest.test', { fresh: true });
    clock.now = 549_999;
    await resolver.txt('dest.test');
    assert.equal(live.asked('dest.test'), 2);
    clock.now = 550_000;
    await resolver.txt('dest.test');
    assert.equal(live.asked('dest.test'), 3);
  });

  test('is not asked twice while it is under way, and asked again afterwards', async () => {
    await using live = await changing();
    const { resolver } = resolverOf([live]);
    const fresh = () => resolver.txt('dest.test', { fresh: true });
    await Promise.all([fresh(), fresh(), fresh()]);
    assert.equal(live.asked('dest.test'), 1);
    await fresh();
    assert.equal(live.asked('dest.test'), 2);
  });

  test('that fails leaves what is kept; with nothing kept the failure is kept (RFC 9520 §3.2)', async () => {
    await using live = await changing();
    const { resolver } = resolverOf([live]);
    await resolver.txt('dest.test');
    live.set('dest.test', { TXT: ['new'], fault: 'servfail' });
    assert.equal(gist(await resolver.txt('dest.test', { fresh: true })), 'failed servfail');
    assert.deepEqual(await records(resolver.txt('dest.test')), ['old']);
    assert.equal(gist(await resolver.mx('dest.test', { fresh: true })), 'failed servfail');
    live.set('dest.test', { MX: ['10 new.test'] });
    assert.equal(gist(await resolver.mx('dest.test')), 'failed servfail');
  });

  test('that is under way when the resolvers change is not kept', async () => {
    await using live = await changing();
    const { resolver, live: settings } = resolverOf([live]);
    const underWay = resolver.txt('dest.test', { fresh: true });
    await using other = await startZone({ records: { 'dest.test': { TXT: ['other'] } } });
    settings.settings = { ...settings.settings, resolvers: [other.resolver] };
    const asked = resolver.txt('dest.test');
    await underWay;
    assert.deepEqual(await records(asked), ['other']);
    assert.deepEqual(await records(resolver.txt('dest.test')), ['other']);
  });
});
