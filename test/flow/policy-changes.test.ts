/** Mail that waits because of a policy, and a policy that changes: the next attempt looks anew, and goes (RFC 8461 §5.1). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { TestAuthority } from '../doubles/certificates.ts';
import { ChainMaker, tlsaText } from '../doubles/chains.ts';
import { policyText } from '../doubles/policy-host.ts';
import type { SignedZone } from '../doubles/signed-zone.ts';
import { deliver, mailTo, served, signedDomain, stsDomain } from './secure-mail.ts';
import { SecureWorld } from './secure-world.ts';

const authority = new TestAuthority();
const trusted = authority.leaf({ commonName: 'trusted', names: ['mx.moved.test', 'mx.raised.test'] });
const chains = new ChainMaker();
const [self, next] = [chains.make({ commonName: 'self' }), chains.make({ commonName: 'next' })];
chains.remove();

/** Nobody keeps its records for longer than a second. */
const KEPT_MS = 1000;
const changing = ({ state, records }: SignedZone): SignedZone => ({ state, records: ['$TTL 1', ...records] });

const rolled = (port: number, tlsa: string): SignedZone =>
  changing(signedDomain(port, { name: 'mx', address: '127.0.0.121', tlsa: [tlsa] }));
const moved = (id: string): SignedZone => changing(stsDomain(id, { name: 'mx', address: '127.0.0.122' }));
const raised = (id: string): SignedZone => changing(stsDomain(id, { name: 'mx', address: '127.0.0.123' }));

let secure: SecureWorld;
before(async () => {
  secure = await SecureWorld.start({
    hosts: {
      rolled: { address: '127.0.0.121', tls: served(next) },
      moved: { address: '127.0.0.122', tls: trusted },
      raised: { address: '127.0.0.123', tls: 'none' },
    },
    policies: {
      authority,
      answers: {
        'moved.test': policyText({ mx: ['mx9.moved.test'] }),
        'raised.test': policyText({ mode: 'testing', mx: ['mx.raised.test'] }),
      },
    },
    settings: {
      queue: { retryWaits: ['1s'] },
      tlsPolicy: { floor: 'opportunistic' },
      outbound: { reuse: { messages: 1 } },
    },
    zones: (port) => ({
      'rolled.test': rolled(port, tlsaText('3 1 1', self)),
      'moved.test': moved('1'),
      'raised.test': raised('1'),
    }),
  });
});
after(async () => {
  await secure.close();
  authority.remove();
});

test('QUE-09: once the TLSA records name the new key, mail that waited goes', async () => {
  await deliver(secure, 'rolled.test', 'deferred 4.7.323');
  const { port } = secure.world.host('rolled');
  await secure.zones.change('rolled.test', rolled(port, tlsaText('3 1 1', next)));
  await secure.world.untilTrail('recipient@rolled.test', 'delivered 2.0.0');
});

test('STS-05: once a new policy lists the host, mail that waited goes', async () => {
  await deliver(secure, 'moved.test', 'deferred 4.4.8');
  assert.equal(secure.world.host('moved').connections, 0);
  secure.policyHost.set('moved.test', policyText({ mx: ['mx.moved.test'] }));
  await secure.zones.change('moved.test', moved('2'));
  await secure.world.untilTrail('recipient@moved.test', 'delivered 2.0.0');
  assert.equal(secure.policyHost.asked('moved.test'), 2);
});

test('a policy that goes from testing to enforce holds from its new id on', async () => {
  await deliver(secure, 'raised.test', 'delivered 2.0.0');
  secure.policyHost.set('raised.test', policyText({ mx: ['mx.raised.test'] }));
  await secure.zones.change('raised.test', raised('2'));
  await wait(KEPT_MS);
  await secure.world.send(mailTo('raised.test', { to: ['second@raised.test'] }));
  await secure.world.untilTrail('second@raised.test', 'deferred 4.7.4');
  assert.equal(secure.world.host('raised').messages.length, 1);
});
