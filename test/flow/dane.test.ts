/**
 * DANE end to end: a relay that asks a validating unbound for TLSA records in signed zones, and delivers to Postfix and to
 * scripted hosts. What must not be delivered is not, and what comes before TLS is heard on the wire.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ChainMaker, daysFromNow, tlsaText } from '../doubles/chains.ts';
import { deliver, lastOf, mxRecords, reportOf, SECRETS, served, signedDomain } from './secure-mail.ts';
import { SecureWorld, type SecurePlan } from './secure-world.ts';

const chains = new ChainMaker();
const root = chains.make({ commonName: 'Root of dest.test', isAuthority: true });
const other = chains.make({ commonName: 'attacker', names: ['mx.wrong-key.test'] });
const own = (name: string) => chains.make({ commonName: name, names: [name] });
const issued = (domain: string, notAfter = daysFromNow(30)) =>
  chains.make({ commonName: `mx.${domain}`, names: [`mx.${domain}`], issuer: root, notAfter });
const leaves = {
  good: own('mx.good.test'),
  rsa: chains.make({ commonName: 'mx.rsa.test', names: ['mx.rsa.test'], key: 'rsa2048' }),
  ed25519: chains.make({ commonName: 'mx.ed25519.test', names: ['mx.ed25519.test'], key: 'ed25519' }),
  old: chains.make({ commonName: 'elsewhere.test', notAfter: daysFromNow(-1) }),
  anchored: issued('anchored.test'),
  expired: issued('expired.test', daysFromNow(-1)),
  misnamed: issued('elsewhere.test'),
};
chains.remove();

const right = tlsaText('3 1 1', leaves.good);
const anchor = tlsaText('2 0 1', root);
const shown = { tls: served(leaves.good) };

const plan: SecurePlan = {
  receivers: {
    right: {
      chain: served(leaves.good),
      taps: {
        good: { address: '127.0.0.31' },
        stripped: { address: '127.0.0.33', attack: { kind: 'strip' } },
        refused: { address: '127.0.0.34', attack: { kind: 'refuse' } },
        garbled: { address: '127.0.0.35', attack: { kind: 'garble' } },
        impersonated: { address: '127.0.0.36', attack: { kind: 'impersonate', tls: served(other) } },
      },
    },
    wrong: { chain: served(other), taps: { wrongKey: { address: '127.0.0.32' } } },
  },
  hosts: {
    rsa: { address: '127.0.0.41', tls: served(leaves.rsa) },
    ed25519: { address: '127.0.0.42', tls: served(leaves.ed25519) },
    old: { address: '127.0.0.43', tls: served(leaves.old) },
    anchored: { address: '127.0.0.44', tls: served(leaves.anchored, root) },
    expired: { address: '127.0.0.45', tls: served(leaves.expired, root) },
    misnamed: { address: '127.0.0.46', tls: served(leaves.misnamed, root) },
    unusable: { address: '127.0.0.47', ...shown },
    bogus: { address: '127.0.0.48', ...shown },
    lame: { address: '127.0.0.49', ...shown },
    agile: { address: '127.0.0.50', ...shown },
    first: { address: '127.0.0.52', tls: served(other) },
    second: { address: '127.0.0.53', ...shown },
    leftOver: { address: '127.0.0.54', tls: 'none' },
  },
  // Nothing but what is published forbids clear text here.
  settings: { queue: { retryWaits: ['1s'], expireAfter: '3s' }, tlsPolicy: { floor: 'opportunistic' } },
  zones: (port) => {
    const one = (address: string, ...tlsa: string[]) => signedDomain(port, { name: 'mx', address, tlsa });
    return {
      'good.test': one('127.0.0.31', right),
      'wrong-key.test': one('127.0.0.32', right),
      'stripped.test': one('127.0.0.33', right),
      'refused.test': one('127.0.0.34', right),
      'garbled.test': one('127.0.0.35', right),
      'impersonated.test': one('127.0.0.36', right),
      'rsa.test': one('127.0.0.41', tlsaText('3 1 2', leaves.rsa)),
      'ed25519.test': one('127.0.0.42', tlsaText('3 0 0', leaves.ed25519)),
      'old.test': one('127.0.0.43', tlsaText('3 1 1', leaves.old)),
      'anchored.test': one('127.0.0.44', anchor),
      'expired.test': one('127.0.0.45', anchor),
      'misnamed.test': one('127.0.0.46', anchor),
      'unusable.test': one('127.0.0.47', tlsaText('1 1 1', leaves.good), `3 1 9 ${'a'.repeat(64)}`),
      'bogus.test': { ...one('127.0.0.48', right), spoiled: [`_${port}._tcp.mx TLSA`] },
      // The name servers of the TLSA records do not answer.
      'lame.test': {
        state: 'signed',
        records: [
          ...mxRecords({ name: 'mx', address: '127.0.0.49' }, 0, port),
          '_tcp.mx NS ns.mx',
          'ns.mx A 127.0.0.9',
        ],
      },
      'agile.test': one('127.0.0.50', `3 1 2 ${'a'.repeat(128)}`, right),
      'second.test': signedDomain(
        port,
        { name: 'mx1', address: '127.0.0.52', tlsa: [right] },
        { name: 'mx2', address: '127.0.0.53', tlsa: [right] },
      ),
      'left-over.test': signedDomain(
        port,
        { name: 'mx1', address: '127.0.0.52', tlsa: [right] },
        { name: 'mx2', address: '127.0.0.54', tlsa: [right] },
      ),
    };
  },
};

let secure: SecureWorld;
before(async () => {
  secure = await SecureWorld.start(plan);
});
after(() => secure.close());

describe('mail to a host whose records fit', { concurrency: 4 }, () => {
  test('DNS-01, TLSA-19: a self-signed certificate with the right key is enough, and Postfix gets the mail over TLS', async () => {
    await deliver(secure, 'good.test', 'delivered 2.0.0');
    assert.match(String(lastOf(secure, 'good.test')['tls']), /^TLSv1\.3 .* authenticated by dane$/);
    const message = await secure.untilTaken('good', 'good.test');
    assert.match(message, /^Subject: Salary$/m);
    assert.match(message, /using TLSv1\.3/);
    secure.assertNothingInClear('good', SECRETS);
  });

  for (const [name, what] of [
    ['rsa', 'TLSA-26: an RSA key by its SHA-512 digest'],
    ['ed25519', 'an Ed25519 certificate in full'],
    [
      'old',
      'TLSA-16, TLSA-17, TLSA-18: an expired certificate of another name, whose key is the right one (RFC 7672 §3.1.1)',
    ],
    ['anchored', 'TLSA-28: a chain to an anchor that is sent'],
  ] as const) {
    test(what, async () => {
      await deliver(secure, `${name}.test`, 'delivered 2.0.0');
      assert.match(String(lastOf(secure, `${name}.test`)['tls']), /authenticated by dane$/);
      assert.equal(secure.world.host(name).messages.length, 1);
      assert.deepEqual(new Set(secure.world.host(name).serverNames), new Set([`mx.${name}.test`]));
      secure.assertNothingInClear(name, SECRETS);
    });
  }

  test('TLSA-12: records that cannot be used demand TLS and nothing of its certificate', async () => {
    await deliver(secure, 'unusable.test', 'delivered 2.0.0');
    assert.match(String(lastOf(secure, 'unusable.test')['tls']), /^TLSv1\.3 \S+$/);
    secure.assertNothingInClear('unusable', SECRETS);
  });

  test('TLSA-73: what the first host cannot prove, the second can', async () => {
    await deliver(secure, 'second.test', 'delivered 2.0.0');
    assert.equal(secure.world.host('second').messages.length, 1);
    assert.equal(secure.world.host('first').messages.length, 0);
    secure.assertNothingInClear('first', SECRETS);
    secure.assertNothingInClear('second', SECRETS);
  });
});

/** Domain, host, status and what the NDR must say. */
const REFUSED: readonly (readonly [title: string, domain: string, host: string, detail: string])[] = [
  ['TLSA-60, TLSA-74: another key than the records name', 'wrong-key.test', 'wrongKey', '7.323'],
  ['TLSA-37: an anchored certificate of another name', 'misnamed.test', 'misnamed', '7.325'],
  ['TLSA-34: an anchored certificate that has expired', 'expired.test', 'expired', '7.322'],
  ['TLSA-61: the strongest digest counts alone', 'agile.test', 'agile', '7.323'],
  ['DNS-12: records whose signature does not fit', 'bogus.test', 'bogus', '7.324'],
  ['DNS-13: records whose name servers do not answer', 'lame.test', 'lame', '7.5'],
  ['TLSA-71: STARTTLS is stripped on the way', 'stripped.test', 'stripped', '7.321'],
  ['TLS-10: STARTTLS is refused on the way', 'refused.test', 'refused', '7.321'],
  ['TLSA-72: the handshake is broken on the way', 'garbled.test', 'garbled', '7.321'],
  ['TLSA-21: somebody on the way has a certificate of his own', 'impersonated.test', 'impersonated', '7.323'],
];

describe('mail that must not be delivered', { concurrency: 4 }, () => {
  for (const [title, domain, host, detail] of REFUSED) {
    test(`${title}: deferred, then returned, and nothing is said in clear`, async () => {
      await deliver(secure, domain, `failed 5.${detail}`);
      assert.deepEqual(secure.world.trail(`recipient@${domain}`), [`deferred 4.${detail}`, `failed 5.${detail}`]);
      secure.assertNothingInClear(host, SECRETS);
      assert.deepEqual(secure.taken(host, domain), []);
    });
  }

  test('the last host is not used in clear because the first failed', async () => {
    await deliver(secure, 'left-over.test', 'failed 5.7.321');
    assert.deepEqual(secure.taken('leftOver', 'left-over.test'), []);
    secure.assertNothingInClear('leftOver', SECRETS);
  });

  test('DSNG-49: the NDR names the host, its TLSA record and the key that was shown', async () => {
    const report = await reportOf(secure, 'wrong-key.test');
    assert.match(report, /^Status: 5\.7\.323\r$/m);
    assert.match(report, /mx\.wrong-key\.test/);
    assert.match(report.replaceAll(/=\r\n|\r\n/g, ''), new RegExp(right.slice(0, 16)));
  });

  test('somebody who answers for the host reads nothing', () => {
    assert.doesNotMatch(Buffer.concat(secure.tap('impersonated').read).toString('latin1'), /MAIL|Salary|recipient/);
  });
});
