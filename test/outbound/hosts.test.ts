/** Routes to hosts through the real resolver and a zone on loopback. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { diagnosticText } from '#mail/diagnosis.ts';
import { statusCode } from '#mail/status.ts';
import { HostFinder, type AddressFinding, type Host, type HostsFinding } from '#outbound/hosts.ts';
import { decideRoute } from '#outbound/route.ts';
import type { OutboundConnectorSettings, OutboundSettings } from '#outbound/settings.ts';
import { outboundSettings } from '../doubles/outbound-settings.ts';
import { resolverFor } from '../doubles/resolver.ts';
import { startZone, type Zone } from '../doubles/zone.ts';

let zone: Zone;
before(async () => {
  zone = await startZone({
    records: {
      'dest.test': { MX: ['20 mx3.test', '10 mx1.test', '10 mx2.test'], secure: true },
      'mx1.test': { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1'], secure: true },
      'mx2.test': { A: ['192.0.2.3'] },
      'mx3.test': { A: ['192.0.2.4'], fault: { AAAA: 'servfail' } },
      'plain.test': { A: ['192.0.2.5'], secure: true },
      'alias.test': { CNAME: 'dest.test', secure: true },
      'textonly.test': { TXT: ['no mail here'] },
      'null.test': { MX: ['0 .'] },
      'halfnull.test': { MX: ['0 .', '10 mx2.test'] },
      'invalid.test': { MX: ['5 mx one.test', '5 192.0.2.1', '5 -.test', '10 mx2.test'] },
      'allinvalid.test': { MX: ['5 mx one.test'] },
      'broken.test': { fault: 'servfail' },
      'forged.test': { fault: 'bogus' },
      'brokenhosts.test': { MX: ['10 broken.test'] },
      'nohosts.test': { MX: ['10 gone.test'] },
      'forgedhosts.test': { MX: ['10 forged.test'] },
      'ours.test': { MX: ['10 mx2.test', '20 Relay.test', '20 mx1.test', '30 mx3.test'] },
      'oursfirst.test': { MX: ['10 relay.test', '10 mx1.test', '20 mx2.test'] },
      'oursbyip.test': { MX: ['10 mx2.test', '20 here.test', '30 mx3.test'] },
      'here.test': { A: ['127.0.0.7'] },
      'brokenimplicit.test': { fault: { A: 'servfail', AAAA: 'servfail' } },
      'aliashost.test': { MX: ['10 aliased.test'], secure: true },
      'aliased.test': { CNAME: 'mx1.test', secure: true },
    },
  });
});
after(() => zone.close());

const smart = (smartHosts: readonly string[]): OutboundConnectorSettings => ({
  name: 'smart',
  enabled: true,
  recipientDomains: ['*'],
  useMXRecord: false,
  smartHosts,
  implicitTls: true,
  smtpDaneMode: 'opportunistic',
  mtaStsMode: 'opportunistic',
  isTransportRuleScoped: false,
  testMode: false,
});

/** Random numbers in a row that a test knows. */
function numbers(...values: readonly number[]): () => number {
  let at = 0;
  return () => values[at++ % values.length] ?? 0;
}

const isOurs = (ip: string, port: number): boolean => ip === '127.0.0.7' && port === 25;

type Wish = { outbound?: Partial<OutboundSettings['outbound']>; random?: () => number };

async function find(destination: string, { outbound = {}, random = () => 0.5 }: Wish = {}): Promise<HostsFinding> {
  const settings = outboundSettings(outbound);
  const finder = new HostFinder({ resolver: resolverFor(zone), isOurs, random });
  return finder.find(decideRoute(destination, settings).route, settings);
}

async function hostsOf(destination: string, wish?: Wish): Promise<readonly Host[]> {
  const finding = await find(destination, wish);
  assert.ok(finding.kind === 'hosts', JSON.stringify(finding));
  return finding.hosts;
}

const namesOf = (hosts: readonly Host[]): string => hosts.map(({ name }) => name).join(' ');

function troubleOf(finding: HostsFinding | AddressFinding): string {
  if (finding.kind !== 'trouble') return finding.kind;
  const { scope, weight, diagnosis } = finding.trouble;
  return `${scope} ${weight} ${diagnosis.status}`;
}

async function addressesOf(host: Host | undefined): Promise<AddressFinding & { kind: 'addresses' }> {
  const finding = await host?.addresses();
  assert.ok(finding?.kind === 'addresses', JSON.stringify(finding));
  return finding;
}

describe('MX hosts', () => {
  test('come by preference (RFC 5321 §5.1)', async () => {
    const hosts = await hostsOf('dest.test');
    assert.deepEqual(
      hosts.map(({ preference }) => preference),
      [10, 10, 20],
    );
    assert.deepEqual(
      hosts.map(({ mxSecure, nexthopName, port }) => ({ mxSecure, nexthopName, port })),
      Array.from({ length: 3 }, () => ({ mxSecure: true, nexthopName: 'dest.test', port: 25 })),
    );
  });

  test('of equal preference are shuffled (RFC 5321 §5.1)', async () => {
    assert.equal(namesOf(await hostsOf('dest.test', { random: numbers(0, 0.1, 0.9) })), 'mx1.test mx2.test mx3.test');
    assert.equal(namesOf(await hostsOf('dest.test', { random: numbers(0, 0.9, 0.1) })), 'mx2.test mx1.test mx3.test');
  });

  test('are limited in number', async () => {
    assert.equal((await hostsOf('dest.test', { outbound: { hostsPerAttempt: 2 } })).length, 2);
    for (const [hostsPerAttempt, isCut] of [
      [2, true],
      [3, false],
    ] as const) {
      const finding = await find('dest.test', { outbound: { hostsPerAttempt } });
      assert.ok(finding.kind === 'hosts');
      assert.equal(finding.isCut === true, isCut);
    }
  });

  test('are looked up when their turn comes', async () => {
    const earlier = zone.asked('mx3.test');
    const hosts = await hostsOf('dest.test');
    assert.equal(zone.asked('mx3.test'), earlier);
    await hosts[2]?.addresses();
    assert.equal(zone.asked('mx3.test'), earlier + 2);
  });

  test('are those of the name that an alias leads to', async () => {
    const [host] = await hostsOf('alias.test');
    assert.deepEqual([host?.nexthopName, host?.mxSecure], ['dest.test', true]);
  });

  test('with names that are none are passed over', async () => {
    assert.equal(namesOf(await hostsOf('invalid.test')), 'mx2.test');
    assert.equal(troubleOf(await find('allinvalid.test')), 'session transient dns-failed');
  });

  test('have the port of the connector and its implicit TLS', async () => {
    const connector = { ...smart([]), useMXRecord: true, port: 465 };
    const [host] = await hostsOf('dest.test', { outbound: { connectors: [connector] } });
    assert.deepEqual([host?.port, host?.implicitTls], [465, true]);
  });
});

describe('a domain without MX', () => {
  test('is its own host when it has addresses (RFC 5321 §5.1)', async () => {
    const [host, ...others] = await hostsOf('plain.test');
    assert.deepEqual([host?.name, host?.mxSecure, others.length], ['plain.test', true, 0]);
    assert.deepEqual((await addressesOf(host)).ips, ['192.0.2.5']);
  });

  test('and without addresses takes no mail', async () => {
    assert.equal(troubleOf(await find('textonly.test')), 'host permanent domain-not-found');
  });

  test('whose addresses cannot be looked up is deferred', async () => {
    const [host] = await hostsOf('brokenimplicit.test');
    assert.ok(host);
    assert.equal(troubleOf(await host.addresses()), 'session transient dns-failed');
  });

  test('that is our own name is a loop', async () => {
    assert.equal(troubleOf(await find('relay.test')), 'host permanent domain-not-found');
    zone.set('relay.test', { A: ['192.0.2.9'] });
    assert.equal(troubleOf(await find('relay.test')), 'host permanent mx-loop');
    zone.set('relay.test', undefined);
  });
});

describe('troubles', () => {
  const cases: [rule: string, destination: string, expected: string][] = [
    ['a domain that does not exist fails', 'nowhere.example', 'host permanent domain-not-found'],
    ['a null MX fails (RFC 7505 §4)', 'null.test', 'host permanent null-mx'],
    ['an MX look-up that fails is deferred, and is no absence', 'broken.test', 'session transient dns-failed'],
    ['a forged MX answer is deferred', 'forged.test', 'session transient dns-failed'],
  ];
  for (const [rule, destination, expected] of cases) {
    test(rule, async () => assert.equal(troubleOf(await find(destination)), expected));
  }

  test('a null MX beside others is passed over (RFC 7505 §3)', async () => {
    assert.equal(namesOf(await hostsOf('halfnull.test')), 'mx2.test');
  });

  test('the codes are those of the registry', () => {
    assert.equal(statusCode('failed', 'null-mx'), '5.1.10');
    assert.equal(statusCode('deferred', 'dns-failed'), '4.4.312');
    assert.equal(statusCode('failed', 'mx-loop'), '5.4.6');
  });

  for (const destination of ['brokenhosts.test', 'nohosts.test', 'forgedhosts.test']) {
    test(`an MX host of ${destination} has no address that can be used`, async () => {
      const [host] = await hostsOf(destination);
      assert.ok(host);
      assert.equal(troubleOf(await host.addresses()), 'session transient dns-failed');
    });
  }
});

describe('MX hosts that are this relay', () => {
  test('by name are cut with all that are not better (RFC 5321 §5.1)', async () => {
    assert.equal(namesOf(await hostsOf('ours.test')), 'mx2.test');
  });

  test('by name at the best preference leave nobody: a loop', async () => {
    assert.equal(troubleOf(await find('oursfirst.test')), 'host permanent mx-loop');
  });

  test('by address are found at their turn, and nobody after them is tried', async () => {
    const findings = [];
    const earlier = zone.asked('mx3.test');
    for (const host of await hostsOf('oursbyip.test')) findings.push(troubleOf(await host.addresses()));
    assert.deepEqual(findings, ['addresses', 'host permanent mx-loop', 'host permanent mx-loop']);
    assert.equal(zone.asked('mx3.test'), earlier);
  });

  test('are not meant by the same address at another port', async () => {
    const [, host] = await hostsOf('oursbyip.test', { outbound: { port: 2526 } });
    assert.deepEqual((await addressesOf(host)).ips, ['127.0.0.7']);
  });
});

describe('addresses', () => {
  // Ascending: what comes first in the zone stays first.
  const first = { random: numbers(...Array.from({ length: 1000 }, (_, index) => index / 1000)) };

  test('of both families take turns, in the order of the setting', async () => {
    const hosts = await hostsOf('dest.test', first);
    assert.deepEqual((await addressesOf(hosts[0])).ips, ['2001:db8::1', '192.0.2.1']);
    const outbound = { hostsPerAttempt: 10, addressFamilies: ['ipv4', 'ipv6'] } as const;
    const [other] = await hostsOf('dest.test', { ...first, outbound });
    assert.deepEqual((await addressesOf(other)).ips, ['192.0.2.1', '2001:db8::1', '192.0.2.2']);
  });

  test('of a family that is off are not asked for', async () => {
    const earlier = zone.asked('mx1.test', 'AAAA');
    const [host] = await hostsOf('dest.test', { ...first, outbound: { addressFamilies: ['ipv4'] } });
    assert.deepEqual((await addressesOf(host)).ips, ['192.0.2.1']);
    assert.equal(zone.asked('mx1.test', 'AAAA'), earlier);
  });

  test('of one family are used when the other cannot be looked up', async () => {
    const hosts = await hostsOf('dest.test', first);
    assert.deepEqual((await addressesOf(hosts[2])).ips, ['192.0.2.4']);
  });

  test('say whether they are secure, and their name after aliases (RFC 7672 §2.2.2)', async () => {
    const [secure, insecure] = await hostsOf('dest.test', first);
    assert.deepEqual([(await addressesOf(secure)).secure, (await addressesOf(insecure)).secure], [true, false]);
    const [aliased] = await hostsOf('aliashost.test');
    assert.equal(aliased?.name, 'aliased.test');
    assert.equal((await addressesOf(aliased)).canonicalName, 'mx1.test');
  });
});

describe('smart hosts and literals', () => {
  test('are tried in the order of the setting, by name and by address', async () => {
    const connectors = [smart(['mx2.test:587', '[2001:db8::7]:26', '127.0.0.7'])];
    const hosts = await hostsOf('dest.test', { outbound: { connectors } });
    assert.deepEqual(
      hosts.map(({ name, port, implicitTls, mxSecure }) => ({ name, port, implicitTls, mxSecure })),
      [
        { name: 'mx2.test', port: 587, implicitTls: true, mxSecure: true },
        { name: '2001:db8::7', port: 26, implicitTls: true, mxSecure: true },
        { name: '127.0.0.7', port: 25, implicitTls: true, mxSecure: true },
      ],
    );
    assert.deepEqual((await addressesOf(hosts[0])).ips, ['192.0.2.3']);
    assert.deepEqual((await addressesOf(hosts[1])).ips, ['2001:db8::7']);
    assert.ok(hosts[2]);
    assert.equal(troubleOf(await hosts[2].addresses()), 'host permanent mx-loop');
  });

  test('an address literal needs no DNS', async () => {
    const earlier = zone.queries.length;
    const [host] = await hostsOf('[192.0.2.77]');
    assert.deepEqual(await addressesOf(host), {
      kind: 'addresses',
      ips: ['192.0.2.77'],
      secure: false,
      canonicalName: '192.0.2.77',
    });
    assert.equal(zone.queries.length, earlier);
  });

  test('a connector that cannot be used defers', async () => {
    const finding = await find('dest.test', { outbound: { connectors: [smart([])] } });
    assert.equal(troubleOf(finding), 'session transient no-route');
    assert.ok(finding.kind === 'trouble');
    assert.equal(
      diagnosticText('deferred', finding.trouble.diagnosis),
      '450 4.4.4 Unable to route [Message=the connector cannot be used]',
    );
  });
});
