/** One host that takes mail for several domains: each domain's policy counts for its own mail, also over a session in use. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestAuthority } from '../doubles/certificates.ts';
import { ChainMaker, tlsaText } from '../doubles/chains.ts';
import { policyText } from '../doubles/policy-host.ts';
import type { SignedZone } from '../doubles/signed-zone.ts';
import { announced, mailTo, served, signedDomain } from './secure-mail.ts';
import { SecureWorld } from './secure-world.ts';

const authority = new TestAuthority();
const trusted = authority.leaf({ commonName: 'shared', names: ['mx.provider.test'] });
const chains = new ChainMaker();
const leaf = chains.make({ commonName: 'mx.careful.test' });
chains.remove();
const OFFERS = ['PIPELINING', 'SIZE 1000000', 'DSN'];

const customer = (...records: string[]): SignedZone => ({
  state: 'unsigned',
  records: ['@ MX 10 mx.provider.test.', ...records],
});

let secure: SecureWorld;
before(async () => {
  secure = await SecureWorld.start({
    hosts: {
      shared: { address: '127.0.0.161', tls: trusted },
      careful: { address: '127.0.0.162', tls: served(leaf), offers: OFFERS, offersInTls: [...OFFERS, 'REQUIRETLS'] },
    },
    policies: {
      authority,
      answers: {
        'lists.test': policyText({ mx: ['mx.provider.test'] }),
        'lists-other.test': policyText({ mx: ['mx.elsewhere.test'] }),
        'lists-another.test': policyText({ mx: ['mx.elsewhere.test'] }),
      },
    },
    settings: {
      queue: { retryWaits: ['1h'] },
      outbound: { reuse: { idle: '1m' }, concurrency: { perDestination: 1 } },
      tlsPolicy: { floor: 'opportunistic' },
    },
    zones: (port) => ({
      'provider.test': { state: 'unsigned', records: ['mx A 127.0.0.161'] },
      'lists.test': customer(...announced('1')),
      'lists-other.test': customer(...announced('1')),
      'lists-another.test': customer(...announced('1')),
      'silent.test': customer(),
      'careful.test': signedDomain(port, { name: 'mx', address: '127.0.0.162', tlsa: [tlsaText('3 1 1', leaf)] }),
    }),
  });
});
after(async () => {
  await secure.close();
  authority.remove();
});

test('STS-37: of one message only the copies go to a host whose domains list it', async () => {
  const to = ['recipient@lists.test', 'recipient@lists-other.test'];
  await secure.world.send(mailTo('lists.test', { to }));
  await secure.world.untilTrail('recipient@lists.test', 'delivered 2.0.0');
  await secure.world.untilTrail('recipient@lists-other.test', 'deferred 4.4.8');
  const recipients = secure.world.host('shared').messages.flatMap((message) => message.recipients);
  assert.deepEqual(recipients, ['RCPT TO:<recipient@lists.test>']);
});

test('STS-39: a session that was proven for one domain is no way around the policy of another', async () => {
  // The session for lists.test is still open.
  await secure.world.send(mailTo('silent.test'));
  await secure.world.untilTrail('recipient@silent.test', 'delivered 2.0.0');
  await secure.world.send(mailTo('lists-another.test'));
  await secure.world.untilTrail('recipient@lists-another.test', 'deferred 4.4.8');
  await secure.world.send(mailTo('lists.test', { to: ['again@lists.test'] }));
  await secure.world.untilTrail('again@lists.test', 'delivered 2.0.0');
  const told = secure.world.events.findLast(({ fields }) => fields.recipient === 'again@lists.test');
  assert.match(String(told?.fields.tls), /authenticated by mta-sts$/);
});

test('QUE-17: messages with and without REQUIRETLS for one domain go apart, each as it was asked for', async () => {
  const [plain, tagged] = ['plain@careful.test', 'tagged@careful.test'];
  await secure.world.send(mailTo('careful.test', { to: [plain] }));
  await secure.world.send(mailTo('careful.test', { to: [tagged], parameters: 'REQUIRETLS', overTls: true }));
  for (const recipient of [plain, tagged]) await secure.world.untilTrail(recipient, 'delivered 2.0.0');
  const { messages } = secure.world.host('careful');
  const taken = messages.map(
    ({ mail, recipients }) => `${/ REQUIRETLS\b/.test(mail) ? 'tagged' : 'plain'} ${recipients.join()}`,
  );
  assert.deepEqual(new Set(taken), new Set([`plain RCPT TO:<${plain}>`, `tagged RCPT TO:<${tagged}>`]));
  assert.equal(taken.length, 2);
});
