/** The rig itself: what it says is signed, unsigned, spoiled or changed is that to a resolver which validates. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { resolverFor } from './resolver.ts';
import { SELF_TEST_ZONES, startSignedZones, type SignedZones } from './signed-zone.ts';

const HASH = 'b'.repeat(64);

let zones: SignedZones;
before(async () => {
  zones = await startSignedZones({
    ...SELF_TEST_ZONES,
    'dest.test': {
      state: 'signed',
      records: [
        'mx A 192.0.2.1',
        `_25._tcp.mx TLSA 3 1 1 ${HASH}`,
        `_25._tcp.spoiled TLSA 3 1 1 ${HASH}`,
        '_mta-sts TXT "v=STSv1; id=1"',
        'alias CNAME mx',
      ],
      spoiled: ['_25._tcp.spoiled TLSA'],
    },
    'changing.test': { state: 'signed', records: ['@ TXT "old"'] },
  });
});
after(() => zones.close());

test('the names of the self-test are secure, insecure and bogus', async () => {
  const resolver = resolverFor(zones);
  const told = await Promise.all(
    ['signed', 'unsigned', 'bogus'].map(async (name) => resolver.addresses(`selftest-${name}.test`, 'ipv4')),
  );
  assert.deepEqual(
    told.map((answer) => (answer.kind === 'found' ? answer.secure : answer.kind)),
    [true, false, 'bogus'],
  );
});

test('a spoiled signature spoils one record set and nothing beside it', async () => {
  const resolver = resolverFor(zones);
  assert.equal((await resolver.tlsa('_25._tcp.spoiled.dest.test')).kind, 'bogus');
  for (const answer of [
    await resolver.tlsa('_25._tcp.mx.dest.test'),
    await resolver.txt('_mta-sts.dest.test'),
    await resolver.addresses('alias.dest.test', 'ipv4'),
  ]) {
    assert.equal(answer.kind === 'found' && answer.secure, true, JSON.stringify(answer));
  }
});

test('a zone that is changed is told anew and is still secure', async () => {
  const told = async (): Promise<unknown> => {
    const answer = await resolverFor(zones).txt('changing.test');
    return answer.kind === 'found' ? [answer.records.map(String), answer.secure] : answer.kind;
  };
  assert.deepEqual(await told(), [['old'], true]);
  await zones.change('changing.test', { state: 'signed', records: ['@ TXT "new"'] });
  assert.deepEqual(await told(), [['new'], true]);
  await zones.change('changing.test', { state: 'signed', records: ['@ TXT "spoiled"'], spoiled: ['@ TXT'] });
  assert.equal(await told(), 'bogus');
});

test('a name that has no signature cannot be spoiled', async () => {
  const records = ['@ TXT "x"'];
  await assert.rejects(
    startSignedZones({ 'x.test': { state: 'signed', records, spoiled: ['gone A'] } }),
    /no signature/,
  );
});
