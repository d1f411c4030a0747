/** The self-test over real sockets: resolvers that validate, lie, are silent, or know no TCP. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, test } from 'node:test';

import type { DnssecState } from '#dns/dnssec-state.ts';
import { testResolvers, type SelfTestRequest } from '#dns/self-test.ts';
import { SELF_TEST_NAMES, startZone, type Zone, type ZoneName } from '../doubles/zone.ts';

const { signed, unsigned, bogus } = SELF_TEST_NAMES;
const usual = { timeout: 100, attempts: 2, selfTest: SELF_TEST_NAMES };

const serverOf = ({ address, port }: Zone) => ({ ip: address, port, trusted: true });

async function ask(zones: readonly Zone[], changes: Partial<SelfTestRequest> = {}): Promise<string> {
  const state = await testResolvers({ servers: zones.map(serverOf), settings: usual, limit: 5_000, ...changes });
  const ports = zones.map(({ port }, index) => [`127.0.0.1:${port}`, `resolver ${index}`] as const);
  return ports.reduce((text, [port, name]) => text.replaceAll(port, name), gist(state));
}

const gist = (state: DnssecState): string =>
  state.kind === 'validates' ? state.kind : `${state.kind}: ${state.reason}`;

describe('the self-test', () => {
  const cases: readonly [rule: string, records: { readonly [name: string]: ZoneName }, expected: RegExp][] = [
    ['is passed by a resolver that validates', {}, /^validates$/],
    ['is passed by one that tells no reason with its SERVFAIL', { [bogus]: { fault: 'servfail' } }, /^validates$/],
    [
      'DNS-48 finds one that answers a bogus name',
      { [bogus]: { A: ['192.0.2.73'] } },
      /^does-not-validate: resolver 0 /,
    ],
    [
      'DNS-47 finds one that never sets AD',
      { [signed]: { A: ['192.0.2.71'] }, [bogus]: { A: ['192.0.2.73'] } },
      /^does-not-validate: /,
    ],
    [
      'DNS-46 finds one that strips AD',
      { [signed]: { A: ['192.0.2.71'] } },
      /^does-not-validate: .* take the AD bit away/,
    ],
    [
      'finds one that always sets AD',
      { [unsigned]: { A: ['192.0.2.72'], secure: true } },
      /^does-not-validate: .*unsigned/,
    ],
    [
      'DNS-50 takes AD with SERVFAIL for no answer',
      { [signed]: { fault: 'servfail', secure: true } },
      /^unknown: .*servfail/,
    ],
    [
      'DNS-51 asks again over TCP what is cut off over UDP',
      { [signed]: { A: ['192.0.2.71'], secure: true, fault: 'truncated-udp' } },
      /^validates$/,
    ],
    ['cannot tell without TCP', { [signed]: { A: ['192.0.2.71'], secure: true, fault: 'truncated' } }, /^unknown: /],
    [
      'cannot tell when the signed name has no address',
      { [signed]: { secure: true } },
      /^unknown: .*selfTest\.signed$/,
    ],
  ];
  for (const [rule, records, expected] of cases) {
    test(rule, async () => {
      await using zone = await startZone({ records });
      assert.match(await ask([zone]), expected);
    });
  }

  test('asks for each name once, and for the signed one over TCP as well', async () => {
    await using zone = await startZone({ records: {} });
    await ask([zone]);
    assert.deepEqual(zone.queries.map(({ name, type, protocol }) => `${name} ${type} ${protocol}`).toSorted(), [
      `${bogus} A udp`,
      `${signed} A tcp`,
      `${signed} A udp`,
      `${unsigned} A udp`,
    ]);
  });

  test('asks nothing about an empty name', async () => {
    await using zone = await startZone({ records: {} });
    const selfTest = { signed: '', unsigned: '', bogus };
    assert.equal(await ask([zone], { settings: { ...usual, selfTest } }), 'validates');
    assert.deepEqual(
      zone.queries.map(({ name }) => name),
      [bogus],
    );
  });

  test('tests every resolver for itself, and names the one that does not validate', async () => {
    await using sound = await startZone({ records: {} });
    await using lying = await startZone({ records: { [bogus]: { A: ['192.0.2.73'] } } });
    assert.match(await ask([sound, lying]), /^does-not-validate: resolver 1 answers [^;]*$/);
    assert.match(await ask([lying, sound]), /^does-not-validate: resolver 0 answers [^;]*$/);
  });

  test('is passed by those that answer when another is down', async () => {
    await using sound = await startZone({ records: {} });
    const gone = await startZone({ records: {} });
    await gone.close();
    assert.equal(await ask([gone, sound]), 'validates');
    assert.match(await ask([gone]), /^unknown: resolver 0 does not answer \(unreachable\)$/);
  });

  test('asks again when a datagram is lost', async () => {
    await using zone = await startZone({ records: { [unsigned]: { fault: 'silence' } } });
    const asking = ask([zone]);
    while (zone.asked(unsigned) === 0) await new Promise((resolve) => setImmediate(resolve));
    zone.set(unsigned, { A: ['192.0.2.72'] });
    assert.equal(await asking, 'validates');
    assert.equal(zone.asked(unsigned), 2);
  });

  test('cannot tell without TCP at all', async () => {
    await using zone = await startZone({ records: {} });
    await using front = await startUdpOnly(zone);
    const servers = [{ ip: '127.0.0.1', port: front.port, trusted: true }];
    assert.match(
      await ask([zone], { servers }),
      /^unknown: .* does not answer over TCP \(unreachable\), which answers that are too long for UDP need$/,
    );
  });

  test('ends at its limit, and when it is told to', async () => {
    const silent = { fault: 'silence' } as const;
    await using zone = await startZone({ records: { [signed]: silent, [unsigned]: silent, [bogus]: silent } });
    const settings = { ...usual, timeout: 600_000, attempts: 10 };
    assert.match(await ask([zone], { settings, limit: 30 }), /^unknown: .*\(timeout\)$/);
    const end = new AbortController();
    const asking = ask([zone], { settings, limit: 600_000, signal: end.signal });
    end.abort();
    assert.match(await asking, /^unknown: /);
    assert.deepEqual(
      process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout'),
      [],
    );
  });
});

/** Passes datagrams on to the zone and back, and listens to nothing else. */
async function startUdpOnly(zone: Zone): Promise<{ port: number } & AsyncDisposable> {
  const front = createSocket('udp4');
  front.on('message', (query, client) => {
    const back = createSocket('udp4');
    back.on('message', (reply) => {
      front.send(reply, client.port, client.address);
      back.close();
    });
    back.send(query, zone.port, zone.address);
  });
  front.bind(0, '127.0.0.1');
  await once(front, 'listening');
  return { port: front.address().port, [Symbol.asyncDispose]: async () => front[Symbol.asyncDispose]() };
}
