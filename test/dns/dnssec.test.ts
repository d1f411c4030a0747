/** Against nsd and unbound with zones that are really signed: what AD and its absence lead to. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Resolver } from '#dns/resolver.ts';
import { testResolvers } from '#dns/self-test.ts';
import { parseServer } from '#dns/servers.ts';
import { resolverFor } from '../doubles/resolver.ts';
import { SELF_TEST_ZONES, startSignedZones, type SignedZones } from '../doubles/signed-zone.ts';
import { SELF_TEST_NAMES } from '../doubles/zone.ts';

const HASH = 'a'.repeat(64);

let zones: SignedZones;
let resolver: Resolver;
before(async () => {
  zones = await startSignedZones({
    'signed.test': {
      state: 'signed',
      records: [
        '@ MX 10 mx',
        'mx A 192.0.2.1',
        `_25._tcp.mx TLSA 3 1 1 ${HASH}`,
        `*._tcp.wild TLSA 2 0 1 ${HASH}`,
        '_25._tcp.alias CNAME _25._tcp.mx',
        `_25._tcp.old 20 TLSA 3 1 1 ${HASH}`,
        'away CNAME mx.unsigned.test.',
        ...Array.from({ length: 8 }, (_, index) => `long TXT "${String(index).repeat(200)}"`),
      ],
    },
    'bogus.test': { state: 'bogus', records: ['mx A 192.0.2.2'] },
    ...SELF_TEST_ZONES,
    'unsigned.test': { state: 'unsigned', records: ['@ MX 10 mx', 'mx A 192.0.2.3'] },
  });
  resolver = resolverFor(zones);
});
after(() => zones.close());

test('a signed answer is secure', async () => {
  const answer = await resolver.mx('signed.test');
  assert.deepEqual(answer, {
    kind: 'found',
    records: [{ preference: 10, exchange: 'mx.signed.test' }],
    secure: true,
    canonicalName: 'signed.test',
    ttlMs: 300_000,
    originalTtlMs: 300_000,
  });
});

async function ttls(name: string): Promise<readonly number[]> {
  const answer = await resolverFor(zones).tlsa(name);
  return answer.kind === 'found' ? [answer.ttlMs, answer.originalTtlMs ?? 0] : [];
}

test('what a cache has left of a TTL does not hide the one that the zone has (RFC 4034 §3.1.4)', async () => {
  let [left = 0, original] = await ttls('_25._tcp.old.signed.test');
  for (let tries = 0; left === 20_000 && tries < 100; tries += 1) {
    await sleep(100);
    [left = 0, original] = await ttls('_25._tcp.old.signed.test');
  }
  assert.ok(left < 20_000, 'unbound counts down');
  assert.equal(original, 20_000);
});

test('a signed denial is secure, of a name (NSEC3) and of a type', async () => {
  const name = await resolver.tlsa('_25._tcp.gone.signed.test');
  assert.deepEqual([name.kind, name.kind === 'absent' && [name.why, name.secure]], ['absent', ['nxdomain', true]]);
  const type = await resolver.tlsa('mx.signed.test');
  assert.deepEqual([type.kind, type.kind === 'absent' && [type.why, type.secure]], ['absent', ['nodata', true]]);
});

test('TLSA records are secure, also by wildcard and by alias', async () => {
  for (const [name, usage, canonicalName] of [
    ['_25._tcp.mx.signed.test', 3, '_25._tcp.mx.signed.test'],
    ['_25._tcp.wild.signed.test', 2, '_25._tcp.wild.signed.test'],
    ['_25._tcp.alias.signed.test', 3, '_25._tcp.mx.signed.test'],
  ] as const) {
    const answer = await resolver.tlsa(name);
    assert.ok(answer.kind === 'found', JSON.stringify(answer));
    assert.deepEqual([answer.secure, answer.canonicalName, answer.records[0]?.usage], [true, canonicalName, usage]);
    assert.equal(Buffer.from(answer.records[0]?.association ?? []).toString('hex'), HASH);
  }
});

test('an unsigned answer and an unsigned denial are not secure', async () => {
  const found = await resolver.mx('unsigned.test');
  assert.equal(found.kind === 'found' && found.secure, false);
  const absent = await resolver.tlsa('_25._tcp.mx.unsigned.test');
  assert.equal(absent.kind === 'absent' && absent.secure, false);
});

test('a secure alias into an unsigned zone is not secure, but the alias itself is (RFC 7672 §2.2.2)', async () => {
  const addresses = await resolver.addresses('away.signed.test', 'ipv4');
  assert.deepEqual(addresses.kind === 'found' && [addresses.secure, addresses.canonicalName], [
    false,
    'mx.unsigned.test',
  ]);
  const alias = await resolver.cname('away.signed.test');
  assert.equal(alias.kind === 'found' && alias.secure, true);
});

test('a forged answer is bogus, and neither absent nor merely failed', async () => {
  const answer = await resolver.addresses('mx.bogus.test', 'ipv4');
  assert.equal(answer.kind, 'bogus', JSON.stringify(answer));
});

test('an answer with signatures that does not fit comes over TCP and is secure', async () => {
  const answer = await resolver.txt('long.signed.test');
  assert.deepEqual(answer.kind === 'found' && [answer.records.length, answer.secure], [8, true]);
});

test('unbound passes the self-test, and is not believed where it is not trusted', async () => {
  const server = parseServer(zones.resolver);
  assert.ok(server !== undefined);
  const settings = { timeout: 3000, attempts: 2, selfTest: SELF_TEST_NAMES };
  const ask = (trusted: boolean) => testResolvers({ servers: [{ ...server, trusted }], settings, limit: 10_000 });
  assert.deepEqual(await ask(true), { kind: 'validates' });
  assert.equal((await ask(false)).kind, 'does-not-validate');
});
