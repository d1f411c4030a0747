import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { decideRoute, type Route } from '#outbound/route.ts';
import type { OutboundConnectorSettings } from '#outbound/settings.ts';
import { outboundSettings } from '../doubles/outbound-settings.ts';

const connector = (name: string, changes: Partial<OutboundConnectorSettings> = {}): OutboundConnectorSettings => ({
  name,
  enabled: true,
  recipientDomains: ['*'],
  useMXRecord: true,
  smartHosts: [],
  implicitTls: false,
  smtpDaneMode: 'opportunistic',
  mtaStsMode: 'opportunistic',
  isTransportRuleScoped: false,
  testMode: false,
  ...changes,
});

const decide = (destination: string, connectors: readonly OutboundConnectorSettings[] = [], name?: string) =>
  decideRoute(destination, outboundSettings({ connectors }), name);

const way = (route: Route): string => `${route.kind} ${route.connector?.name ?? '-'}`;

describe('without connectors', () => {
  test('a domain is reached by its MX hosts', () => {
    const { route, tested } = decide('dest.test');
    assert.deepEqual(route, { kind: 'mx', domain: 'dest.test', port: 25, connector: undefined, key: 'dest.test:25' });
    assert.deepEqual(tested, []);
  });

  for (const [literal, ip] of [
    ['[192.0.2.1]', '192.0.2.1'],
    ['[IPv6:2001:db8::1]', '2001:db8::1'],
  ] as const) {
    test(`${literal} is reached at its address (RFC 5321 §4.1.3)`, () => {
      const { route } = decide(literal);
      assert.deepEqual([route.kind, route.kind === 'literal' && route.ip], ['literal', ip]);
    });
  }
});

describe('the connector', () => {
  const cases: [
    rule: string,
    destination: string,
    connectors: readonly OutboundConnectorSettings[],
    expected: string,
  ][] = [
    ['with the domain is used', 'contoso.com', [connector('a', { recipientDomains: ['contoso.com'] })], 'mx a'],
    ['of subdomains holds them', 'x.y.contoso.com', [connector('a', { recipientDomains: ['*.contoso.com'] })], 'mx a'],
    [
      'of subdomains leaves the domain out',
      'contoso.com',
      [connector('a', { recipientDomains: ['*.contoso.com'] })],
      'mx -',
    ],
    [
      'of another domain is passed over',
      'xcontoso.com',
      [connector('a', { recipientDomains: ['contoso.com'] })],
      'mx -',
    ],
    ['of everything holds address literals', '[192.0.2.1]', [connector('a')], 'literal a'],
    [
      'that comes first is used',
      'contoso.com',
      [connector('a'), connector('b', { recipientDomains: ['contoso.com'] })],
      'mx a',
    ],
    ['that is not enabled is passed over', 'contoso.com', [connector('a', { enabled: false }), connector('b')], 'mx b'],
    ['that rules choose is passed over', 'contoso.com', [connector('a', { isTransportRuleScoped: true })], 'mx -'],
    ['without a smart host leads nowhere', 'contoso.com', [connector('a', { useMXRecord: false })], 'missing -'],
  ];
  for (const [rule, destination, connectors, expected] of cases) {
    test(rule, () => assert.equal(way(decide(destination, connectors).route), expected));
  }

  test('has its own port', () => {
    const { route } = decide('contoso.com', [connector('a', { port: 2525 })]);
    assert.equal(route.kind === 'mx' && route.port, 2525);
  });

  test('in test mode is told of, and the next one is used', () => {
    const { route, tested } = decide('contoso.com', [
      connector('a', { testMode: true }),
      connector('b'),
      connector('c'),
    ]);
    assert.equal(way(route), 'mx b');
    assert.deepEqual(
      tested.map(({ name }) => name),
      ['a'],
    );
  });
});

describe('the connector that a rule names', () => {
  const ruled = connector('ruled', { isTransportRuleScoped: true, recipientDomains: [] });

  test('is used for any destination', () => assert.equal(way(decide('dest.test', [ruled], 'ruled').route), 'mx ruled'));

  test('goes before the ones that match', () =>
    assert.equal(way(decide('dest.test', [connector('all'), ruled], 'ruled').route), 'mx ruled'));

  test('is never replaced by another way when it is gone', () =>
    assert.equal(way(decide('dest.test', [connector('all')], 'ruled').route), 'missing -'));

  test('is never replaced by another way when it is not enabled', () =>
    assert.equal(way(decide('dest.test', [{ ...ruled, enabled: false }], 'ruled').route), 'missing -'));

  test('in test mode is told of, and mail goes as without it', () => {
    const { route, tested } = decide('dest.test', [{ ...ruled, testMode: true }, connector('all')], 'ruled');
    assert.equal(way(route), 'mx all');
    assert.deepEqual(
      tested.map(({ name }) => name),
      ['ruled'],
    );
  });
});

describe('smart hosts', () => {
  for (const [text, host, port] of [
    ['Relay.example.org', 'relay.example.org', 587],
    ['relay.example.org:2525', 'relay.example.org', 2525],
    ['192.0.2.7', '192.0.2.7', 587],
    ['192.0.2.7:26', '192.0.2.7', 26],
    ['[192.0.2.7]:26', '192.0.2.7', 26],
    ['2001:db8::7', '2001:db8::7', 587],
    ['[2001:db8::7]', '2001:db8::7', 587],
    ['[2001:db8::7]:26', '2001:db8::7', 26],
  ] as const) {
    test(`${text} is read`, () => {
      const { route } = decide('dest.test', [connector('a', { useMXRecord: false, smartHosts: [text], port: 587 })]);
      assert.deepEqual(route.kind === 'smart-hosts' && route.hosts, [{ host, port }]);
    });
  }
});

describe('the key', () => {
  test('is one for all destinations of the same smart hosts', () => {
    const connectors = [connector('a', { useMXRecord: false, smartHosts: ['relay.test'] })];
    assert.equal(decide('one.test', connectors).route.key, decide('two.test', connectors).route.key);
  });

  test('tells destinations and connectors apart', () => {
    const keys = [
      decide('one.test').route.key,
      decide('two.test').route.key,
      decide('one.test', [connector('a')]).route.key,
      decide('one.test', [connector('b')]).route.key,
      decide('one.test', [connector('b', { port: 26 })]).route.key,
    ];
    assert.equal(new Set(keys).size, keys.length);
  });
});
