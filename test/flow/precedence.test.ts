/**
 * Who decides where several speak, end to end: DANE before MTA-STS (RFC 8461 §2), each host for itself, and the operator's
 * overrides over both.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TestAuthority } from '../doubles/certificates.ts';
import { ChainMaker, tlsaText } from '../doubles/chains.ts';
import { policyText } from '../doubles/policy-host.ts';
import type { SignedZone } from '../doubles/signed-zone.ts';
import { announced, deliver, lastOf, mailTo, SECRETS, served, signedDomain, type Mx } from './secure-mail.ts';
import { SecureWorld, type SecurePlan } from './secure-world.ts';

const authority = new TestAuthority();
const names = ['fallback', 'bogus', 'unusable', 'strict', 'pinned'];
const trusted = authority.leaf({ commonName: 'trusted', names: names.map((name) => `*.${name}.test`) });
const partner = authority.leaf({ commonName: 'partner', names: ['gateway.partner.test'] });
const chains = new ChainMaker();
const self = chains.make({ commonName: 'self' });
const other = chains.make({ commonName: 'other' });
chains.remove();
const [right, wrong] = [tlsaText('3 1 1', self), tlsaText('3 1 1', other)];
const shown = { tls: served(self) };

const override = (name: string, level: string, more: object = {}): object => ({
  name,
  destinations: [`${name}.test`],
  level,
  reason: 'their certificate is stale, ticket 4711',
  author: 'operator@sender.test',
  expires: '2099-01-01',
  ...more,
});

const plan: SecurePlan = {
  hosts: {
    both: { address: '127.0.0.101', ...shown },
    unlisted: { address: '127.0.0.102', ...shown },
    bogus: { address: '127.0.0.103', tls: trusted },
    unusable: { address: '127.0.0.104', ...shown },
    stale: { address: '127.0.0.105', ...shown },
    fallback: { address: '127.0.0.106', tls: trusted },
    thief: { address: '127.0.0.107', ...shown },
    stronger: { address: '127.0.0.109', ...shown },
    weaker: { address: '127.0.0.108', ...shown },
    cleared: { address: '127.0.0.111', tls: 'tls-1.0' },
    encrypted: { address: '127.0.0.112', ...shown },
    stripped: { address: '127.0.0.113', tls: 'none' },
    pinned: { address: '127.0.0.114', tls: partner },
    unpinned: { address: '127.0.0.115', tls: trusted },
    unsigned: { address: '127.0.0.116', ...shown },
    reported: { address: '127.0.0.117', ...shown },
    over: { address: '127.0.0.118', ...shown },
    strict: { address: '127.0.0.119', tls: trusted, offersInTls: ['REQUIRETLS'] },
  },
  policies: {
    authority,
    answers: {
      ...Object.fromEntries(
        ['both', 'bogus', 'unusable', 'fallback', 'encrypted'].map((name) => [
          `${name}.test`,
          policyText({ mx: [`*.${name}.test`] }),
        ]),
      ),
      'unlisted.test': policyText({ mx: ['mx9.unlisted.test'] }),
      'stolen.test': policyText({ mx: ['*.stolen.test'] }),
    },
  },
  settings: {
    queue: { retryWaits: ['1s'], expireAfter: '3s' },
    outbound: {
      connectors: [
        { name: 'stronger', recipientDomains: ['stronger.test'], tlsSettings: 'CertificateValidation' },
        { name: 'weaker', recipientDomains: ['weaker.test'], tlsSettings: 'EncryptionOnly' },
      ],
    },
    tlsPolicy: {
      floor: 'opportunistic',
      overrides: [
        override('cleared', 'none'),
        override('encrypted', 'encrypt'),
        override('stripped', 'encrypt'),
        override('pinned', 'authenticated', { match: ['gateway.partner.test'] }),
        override('unpinned', 'authenticated', { match: ['gateway.partner.test'] }),
        override('unsigned', 'dane'),
        override('reported', 'report'),
        override('over', 'none', { expires: '2020-01-01' }),
        override('strict', 'none'),
      ],
    },
  },
  zones: (port) => {
    const signed = (...hosts: Mx[]): SignedZone => {
      const { records } = signedDomain(port, ...hosts);
      return { state: 'signed', records: [...announced('1'), ...records] };
    };
    const one = (address: string, ...tlsa: string[]) => signed({ name: 'mx', address, tlsa });
    return {
      'both.test': one('127.0.0.101', right),
      'unlisted.test': one('127.0.0.102', right),
      'bogus.test': { ...one('127.0.0.103', right), spoiled: [`_${port}._tcp.mx TLSA`] },
      'unusable.test': one('127.0.0.104', '0 0 1 ' + 'a'.repeat(64)),
      'fallback.test': signed(
        { name: 'mx1', address: '127.0.0.105', tlsa: [wrong] },
        { name: 'mx2', address: '127.0.0.106' },
      ),
      'stolen.test': { state: 'unsigned', records: [...announced('1'), '@ MX 10 mx.thief.test.'] },
      'thief.test': one('127.0.0.107', right),
      'stronger.test': one('127.0.0.109', `0 0 1 ${'a'.repeat(64)}`),
      'weaker.test': one('127.0.0.108', wrong),
      'cleared.test': one('127.0.0.111', wrong),
      'encrypted.test': one('127.0.0.112', wrong),
      'stripped.test': one('127.0.0.113', right),
      'pinned.test': one('127.0.0.114'),
      'unpinned.test': one('127.0.0.115'),
      'unsigned.test': { ...one('127.0.0.116', right), state: 'unsigned' },
      'reported.test': one('127.0.0.117', wrong),
      'over.test': one('127.0.0.118', wrong),
      'strict.test': { ...one('127.0.0.119'), state: 'unsigned' },
    };
  },
};

let secure: SecureWorld;
before(async () => {
  secure = await SecureWorld.start(plan);
});
after(async () => {
  await secure.close();
  authority.remove();
});

const tlsOf = (domain: string): string => String(lastOf(secure, domain)['tls']);

/** What was told of a host that mail went to although something that is published speaks against it. */
function toldOf(mxHost: string): string {
  const told = secure.world.events.find(
    ({ event, fields }) => event === 'tls.not-enforced' && fields.mxHost === mxHost,
  );
  return told?.fields.reason ?? '';
}

describe('DANE and MTA-STS', { concurrency: 4 }, () => {
  test('MIX-03: a self-signed certificate that DANE proves is enough, whatever the policy says of it', async () => {
    await deliver(secure, 'both.test', 'delivered 2.0.0');
    assert.match(tlsOf('both.test'), /authenticated by dane$/);
    assert.match(toldOf('mx.both.test'), /^sts both\.test: certificate-not-trusted: /);
  });

  test('MIX-04: so is a host that the policy does not list', async () => {
    await deliver(secure, 'unlisted.test', 'delivered 2.0.0');
    assert.match(tlsOf('unlisted.test'), /authenticated by dane$/);
    assert.match(toldOf('mx.unlisted.test'), /^sts unlisted\.test: validation-failure: /);
  });

  test('MIX-04: forged MX records lead past the policy to no host, though its own TLSA records fit it', async () => {
    await deliver(secure, 'stolen.test', 'failed 5.4.8');
    assert.equal(secure.world.host('thief').connections, 0);
  });

  test('DNS-12: a valid certificate and a policy do not make up for bogus TLSA records', async () => {
    await deliver(secure, 'bogus.test', 'failed 5.7.324');
    assert.deepEqual(secure.world.host('bogus').messages, []);
    assert.equal(secure.world.host('bogus').connections, 0);
  });

  test('MIX-08: where no TLSA record can be used, the policy still demands a valid certificate', async () => {
    await deliver(secure, 'unusable.test', 'failed 5.7.5');
    assert.deepEqual(secure.world.host('unusable').messages, []);
    secure.assertNothingInClear('unusable', SECRETS);
  });

  test('MIX-12: a host that DANE refuses, and another one that the policy lets through', async () => {
    await deliver(secure, 'fallback.test', 'delivered 2.0.0');
    assert.deepEqual(secure.world.host('stale').messages, []);
    assert.equal(secure.world.host('fallback').messages.length, 1);
  });
});

describe('what is published, and a connector', { concurrency: 4 }, () => {
  for (const [name, detail] of [
    ['stronger', '4.317'],
    ['weaker', '7.323'],
  ] as const) {
    test(`MIX-29: the stronger demand counts, here where the connector's is the ${name}`, async () => {
      await deliver(secure, `${name}.test`, `failed 5.${detail}`);
      assert.deepEqual(secure.world.host(name).messages, []);
      secure.assertNothingInClear(name, SECRETS);
    });
  }
});

describe('overrides', { concurrency: 4 }, () => {
  test('MIX-15: none lets mail go in clear, and the log names the override, who decided it and until when', async () => {
    await deliver(secure, 'cleared.test', 'delivered 2.0.0');
    assert.equal(secure.world.host('cleared').messages[0]?.tlsVersion, undefined);
    const overridden = secure.world.events.find(
      ({ event, fields }) => event === 'tls.overridden' && fields.mxHost === 'mx.cleared.test',
    );
    assert.equal(overridden?.fields.policy, 'cleared');
    assert.match(overridden?.fields.reason ?? '', /^none, by .+ until .+Z: .+/);
    const delivered = secure.world.events.find(
      ({ event, fields }) => event === 'delivery.delivered' && fields.mxHost === 'mx.cleared.test',
    );
    assert.deepEqual([delivered?.fields.by, delivered?.fields.policy], ['override', 'cleared']);
  });

  test('MIX-17, TLSA-76: encrypt takes any certificate, whatever DANE and MTA-STS say of it', async () => {
    await deliver(secure, 'encrypted.test', 'delivered 2.0.0');
    assert.match(tlsOf('encrypted.test'), /^TLSv1\.3 \S+$/);
  });

  test('MIX-17: encrypt takes no clear text', async () => {
    await deliver(secure, 'stripped.test', 'failed 5.4.317');
    secure.assertNothingInClear('stripped', SECRETS);
  });

  test('MIX-18: authenticated with match takes a certificate of that name, and no other', async () => {
    await deliver(secure, 'pinned.test', 'delivered 2.0.0');
    await deliver(secure, 'unpinned.test', 'failed 5.4.317');
    assert.deepEqual(secure.world.host('unpinned').messages, []);
    secure.assertNothingInClear('unpinned', SECRETS);
  });

  test('MIX-19, DNS-21: dane takes nothing else, so an unsigned domain gets no mail', async () => {
    await deliver(secure, 'unsigned.test', 'failed 5.7.323');
    assert.deepEqual(secure.world.host('unsigned').messages, []);
  });

  test('TLSA-75: report delivers, and tells what would have been refused', async () => {
    await deliver(secure, 'reported.test', 'delivered 2.0.0');
    assert.match(tlsOf('reported.test'), /^TLSv1\.3 \S+$/);
    assert.match(toldOf('mx.reported.test'), /^tlsa mx\.reported\.test: validation-failure: /);
  });

  test('MIX-16: one that has expired is not used', async () => {
    await deliver(secure, 'over.test', 'failed 5.7.323');
    await secure.world.until(
      () =>
        secure.world.events.some(({ event, fields }) => event === 'tls.override-expired' && fields.policy === 'over'),
      'word of the override that has expired',
    );
    assert.deepEqual(secure.world.host('over').messages, []);
  });

  test('MIX-25: none does not lower REQUIRETLS', async () => {
    await secure.world.send(mailTo('strict.test', { parameters: 'REQUIRETLS', overTls: true }));
    await secure.world.untilTrail('recipient@strict.test', 'failed 5.7.10');
    assert.deepEqual(secure.world.host('strict').messages, []);
    secure.assertNothingInClear('strict', SECRETS);
  });
});
