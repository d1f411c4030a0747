/** Names under DANE, end to end: aliases of the nexthop, hosts beside each other, and what a host makes of the name asked for. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ChainMaker, tlsaText } from '../doubles/chains.ts';
import { raw } from '../doubles/scripted-host.ts';
import { deliver, lastOf, mailTo, SECRETS, served, signedDomain } from './secure-mail.ts';
import { SecureWorld } from './secure-world.ts';

const chains = new ChainMaker();
const root = chains.make({ commonName: 'Root', isAuthority: true });
const byNexthop = chains.make({ commonName: 'host', names: ['real.test'], issuer: root });
const byAlias = chains.make({ commonName: 'host', names: ['dest.alias.test'], issuer: root });
const self = chains.make({ commonName: 'self' });
chains.remove();
const anchor = tlsaText('2 0 1', root);

/** Fatal, unrecognized_name (RFC 6066 §3). */
const UNRECOGNIZED_NAME = Uint8Array.of(21, 3, 3, 0, 2, 2, 112);

let secure: SecureWorld;
before(async () => {
  secure = await SecureWorld.start({
    hosts: {
      real: { address: '127.0.0.151', tls: served(byNexthop, root) },
      aliased: { address: '127.0.0.152', tls: served(byAlias, root) },
      proven: { address: '127.0.0.153', tls: served(self) },
      plain: { address: '127.0.0.154', tls: served(self) },
      strange: { address: '127.0.0.155', tls: served(self), script: { handshake: raw(UNRECOGNIZED_NAME) } },
    },
    settings: { queue: { retryWaits: ['1h'] }, tlsPolicy: { floor: 'opportunistic' } },
    zones: (port) => ({
      'real.test': signedDomain(port, { name: 'mx', address: '127.0.0.151', tlsa: [anchor] }),
      'true.test': signedDomain(port, { name: 'mx', address: '127.0.0.152', tlsa: [anchor] }),
      'alias.test': { state: 'signed', records: ['first CNAME real.test.', 'dest CNAME true.test.'] },
      'loose.test': { state: 'unsigned', records: ['dest CNAME real.test.'] },
      'equal.test': {
        state: 'signed',
        records: [
          '@ MX 10 mx1',
          '@ MX 10 mx2',
          'mx1 A 127.0.0.153',
          'mx2 A 127.0.0.154',
          `_${port}._tcp.mx1 TLSA ${tlsaText('3 1 1', self)}`,
        ],
      },
      'strange.test': signedDomain(port, { name: 'mx', address: '127.0.0.155', tlsa: [tlsaText('3 1 1', self)] }),
    }),
  });
});
after(() => secure.close());

test('DNS-25, TLSA-39: over a signed alias, a certificate may name the nexthop before it or behind it', async () => {
  await deliver(secure, 'first.alias.test', 'delivered 2.0.0');
  assert.match(String(lastOf(secure, 'first.alias.test')['tls']), /authenticated by dane$/);
  await deliver(secure, 'dest.alias.test', 'delivered 2.0.0');
  assert.match(String(lastOf(secure, 'dest.alias.test')['tls']), /authenticated by dane$/);
});

test('DNS-26, TLSA-40: over an alias that is not signed, neither name counts', async () => {
  await deliver(secure, 'dest.loose.test', 'deferred 4.7.325');
  assert.deepEqual(secure.taken('real', 'dest.loose.test'), []);
  secure.assertNothingInClear('real', SECRETS);
});

test('DNS-44: of two hosts that are equal, either is used, each under its own decision', async () => {
  const recipients = Array.from({ length: 24 }, (_, index) => `number${index}@equal.test`);
  for (const recipient of recipients) await secure.world.send(mailTo('equal.test', { to: [recipient] }));
  for (const recipient of recipients) await secure.world.untilTrail(recipient, 'delivered 2.0.0');
  const delivered = secure.world.events
    .filter(({ event, fields }) => event === 'delivery.delivered' && recipients.includes(fields.recipient ?? ''))
    .map(({ fields }) => `${fields.mxHost} ${fields.tls?.endsWith(' by dane') ? 'proven' : 'not proven'}`);
  // Each message draws anew: that one host got them all is less likely than 1 in 10^6.
  assert.deepEqual([...new Set(delivered)].toSorted(), ['mx1.equal.test proven', 'mx2.equal.test not proven']);
});

test('TLSA-78: a host that does not know the name it is asked for is refused, and the reason is told', async () => {
  await deliver(secure, 'strange.test', 'deferred 4.7.321');
  const reasons = secure.world.events.filter(({ event }) => event === 'tls.failed').map(({ fields }) => fields.reason);
  assert.ok(
    reasons.some((reason) => reason?.includes('UNRECOGNIZED_NAME')),
    reasons.join('\n'),
  );
  secure.assertNothingInClear('strange', SECRETS);
});
