/**
 * MTA-STS end to end: a relay that fetches policies over HTTPS and delivers to Postfix and to scripted hosts. What must not be
 * delivered is not, and what comes before TLS is heard on the wire.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TestAuthority } from '../doubles/certificates.ts';
import { policyText } from '../doubles/policy-host.ts';
import type { SignedZone } from '../doubles/signed-zone.ts';
import { deliver, lastOf, mailTo, reportOf, SECRETS, signedDomain, stsDomain } from './secure-mail.ts';
import { SecureWorld, type SecurePlan } from './secure-world.ts';

const authority = new TestAuthority();
const names = ['trusted', 'stripped', 'refused', 'garbled', 'impersonated', 'kept', 'second', 'third'];
const good = authority.leaf({ commonName: 'good', names: names.map((name) => `*.${name}.test`) });
const self = authority.selfSigned('self', ['*.untrusted.test', '*.impersonated.test', '*.testing.test', '*.lost.test']);
const misnamed = authority.leaf({ commonName: 'mx.misnamed.test', names: ['misnamed.test', 'mx.elsewhere.test'] });
const expired = authority.leaf({
  names: ['mx.expired.test'],
  notBefore: '20240101000000Z',
  notAfter: '20240501000000Z',
});

const enforce = (domain: string): string => policyText({ mx: [`*.${domain}`] });

const one = (address: string): SignedZone => stsDomain('1', { name: 'mx', address });

/** Neither string would be a record for itself. */
const inTwoStrings = ({ state, records }: SignedZone): SignedZone => ({
  state,
  records: records.map((line) => line.replace('"v=STSv1; id=1"', '"v=STSv1; i" "d=1"')),
});

const plan: SecurePlan = {
  receivers: {
    valid: {
      chain: good,
      taps: {
        trusted: { address: '127.0.0.61' },
        stripped: { address: '127.0.0.63', attack: { kind: 'strip' } },
        refused: { address: '127.0.0.64', attack: { kind: 'refuse' } },
        garbled: { address: '127.0.0.65', attack: { kind: 'garble' } },
        impersonated: { address: '127.0.0.66', attack: { kind: 'impersonate', tls: self } },
        kept: { address: '127.0.0.67' },
      },
    },
    selfSigned: { chain: self, taps: { untrusted: { address: '127.0.0.62' } } },
  },
  hosts: {
    misnamed: { address: '127.0.0.71', tls: misnamed },
    expired: { address: '127.0.0.72', tls: expired },
    unlisted: { address: '127.0.0.73', tls: good },
    first: { address: '127.0.0.74', tls: good },
    second: { address: '127.0.0.75', tls: good },
    bad: { address: '127.0.0.76', tls: self },
    third: { address: '127.0.0.77', tls: good },
    testing: { address: '127.0.0.78', tls: self },
    lost: { address: '127.0.0.79', tls: self },
    null: { address: '127.0.0.80', tls: 'none' },
  },
  policies: {
    authority,
    answers: {
      ...Object.fromEntries(
        [...names, 'untrusted', 'misnamed', 'expired'].map((name) => [`${name}.test`, enforce(`${name}.test`)]),
      ),
      'unlisted.test': policyText({ mx: ['mx9.unlisted.test'] }),
      'second.test': policyText({ mx: ['mx2.second.test'] }),
      'testing.test': policyText({ mode: 'testing', mx: ['mx9.testing.test'] }),
      'none.test': policyText({ mode: 'none', mx: [] }),
      'lost.test': { kind: 'answer', status: 500 },
    },
  },
  // Nothing but what is published forbids clear text here.
  settings: {
    queue: { retryWaits: ['1s'], expireAfter: '3s' },
    tlsPolicy: { floor: 'opportunistic' },
    // Every message has a session of its own.
    outbound: { reuse: { messages: 1 } },
  },
  zones: () => ({
    'trusted.test': inTwoStrings(one('127.0.0.61')),
    'untrusted.test': one('127.0.0.62'),
    'stripped.test': one('127.0.0.63'),
    'refused.test': one('127.0.0.64'),
    'garbled.test': one('127.0.0.65'),
    'impersonated.test': one('127.0.0.66'),
    'kept.test': one('127.0.0.67'),
    'misnamed.test': one('127.0.0.71'),
    'expired.test': one('127.0.0.72'),
    'unlisted.test': one('127.0.0.73'),
    'second.test': stsDomain('1', { name: 'mx1', address: '127.0.0.74' }, { name: 'mx2', address: '127.0.0.75' }),
    'third.test': stsDomain('1', { name: 'mx1', address: '127.0.0.76' }, { name: 'mx2', address: '127.0.0.77' }),
    'testing.test': one('127.0.0.78'),
    'lost.test': one('127.0.0.79'),
    'none.test': one('127.0.0.80'),
  }),
};

let secure: SecureWorld;
before(async () => {
  secure = await SecureWorld.start(plan);
});
after(async () => {
  await secure.close();
  authority.remove();
});

describe('mail that a policy lets through', { concurrency: 4 }, () => {
  test('TXT-45, MXM-23: a record in two strings, a valid certificate for the host, and Postfix gets the mail over TLS', async () => {
    await deliver(secure, 'trusted.test', 'delivered 2.0.0');
    assert.match(String(lastOf(secure, 'trusted.test')['tls']), /^TLSv1\.3 .* authenticated by mta-sts$/);
    assert.match(await secure.untilTaken('trusted', 'trusted.test'), /^Subject: Salary$/m);
    secure.assertNothingInClear('trusted', SECRETS);
    assert.equal(secure.policyHost.asked('trusted.test'), 1);
  });

  test('STS-02: a host that the policy does not list is passed over, and never connected to', async () => {
    await deliver(secure, 'second.test', 'delivered 2.0.0');
    assert.equal(secure.world.host('second').messages.length, 1);
    assert.equal(secure.world.host('first').connections, 0);
  });

  test('what the first host cannot prove, the second can', async () => {
    await deliver(secure, 'third.test', 'delivered 2.0.0');
    assert.equal(secure.world.host('third').messages.length, 1);
    assert.deepEqual(secure.world.host('bad').messages, []);
    secure.assertNothingInClear('bad', SECRETS);
  });

  test('STS-07, STS-09: testing delivers to a host with neither a listed name nor a trusted certificate', async () => {
    await deliver(secure, 'testing.test', 'delivered 2.0.0');
    assert.equal(secure.world.host('testing').messages.length, 1);
    const told = secure.world.events.filter(({ event }) => event === 'tls.not-enforced').map(({ fields }) => fields);
    assert.match(told.find(({ nexthop }) => nexthop === 'testing.test')?.reason ?? '', /^sts testing\.test: /);
    secure.assertNothingInClear('testing', SECRETS);
  });

  test('STS-45: an announced policy that cannot be had binds to nothing while none is kept', async () => {
    await deliver(secure, 'lost.test', 'delivered 2.0.0');
    assert.equal(secure.world.host('lost').messages.length, 1);
  });

  test('a policy of mode none is as none', async () => {
    await deliver(secure, 'none.test', 'delivered 2.0.0');
    assert.equal(secure.world.host('null').messages[0]?.tlsVersion, undefined);
  });
});

const REFUSED: readonly (readonly [title: string, name: string, detail: string])[] = [
  ['MXM-32: a self-signed certificate', 'untrusted', '7.5'],
  ['MXM-27: a certificate of the domain and of other hosts', 'misnamed', '7.5'],
  ['QUE-04: an expired certificate', 'expired', '7.5'],
  ['STS-01, QUE-01: STARTTLS is stripped on the way', 'stripped', '7.4'],
  ['TLS-10: STARTTLS is refused on the way', 'refused', '7.4'],
  ['NOD-03: the handshake is broken on the way', 'garbled', '7.4'],
  ['NOD-03: somebody on the way has a certificate of his own', 'impersonated', '7.5'],
];

describe('mail that must not be delivered', { concurrency: 4 }, () => {
  for (const [title, name, detail] of REFUSED) {
    test(`${title}: deferred, then returned, and nothing is said in clear`, async () => {
      await deliver(secure, `${name}.test`, `failed 5.${detail}`);
      assert.deepEqual(secure.world.trail(`recipient@${name}.test`), [`deferred 4.${detail}`, `failed 5.${detail}`]);
      secure.assertNothingInClear(name, SECRETS);
      assert.deepEqual(secure.taken(name, `${name}.test`), []);
    });
  }

  test('STS-04, QUE-03, MXM-26: no host is listed, so none is connected to', async () => {
    await deliver(secure, 'unlisted.test', 'failed 5.4.8');
    assert.deepEqual(secure.world.trail('recipient@unlisted.test'), ['deferred 4.4.8', 'failed 5.4.8']);
    assert.equal(secure.world.host('unlisted').connections, 0);
  });

  test('DSNG-48: the NDR says whose policy it was, what was wrong and who can mend it', async () => {
    const unlisted = plainText(await reportOf(secure, 'unlisted.test'));
    assert.match(unlisted, /MX mx\.unlisted\.test is not among mx9\.unlisted\.test/);
    assert.match(unlisted, /mail administrators have to bring their MTA-STS policy and their MX records into accord/);
    assert.match(plainText(await reportOf(secure, 'expired.test')), /Its certificate has expired\./);
  });

  test('somebody who answers for the host reads nothing', () => {
    assert.doesNotMatch(Buffer.concat(secure.tap('impersonated').read).toString('latin1'), /MAIL|Salary|recipient/);
  });
});

describe('a policy that was seen', () => {
  test('STS-16, STS-18: it is kept when its record and its host are gone, and holds against a stripped offer', async () => {
    await deliver(secure, 'kept.test', 'delivered 2.0.0');
    await secure.untilTaken('kept', 'kept.test');
    // Whoever can strip the offer can hide record and host too.
    const mx = { name: 'mx', address: '127.0.0.67' };
    await secure.zones.change('kept.test', { ...signedDomain(25, mx), state: 'unsigned' });
    secure.policyHost.set('kept.test', { kind: 'answer', status: 404 });
    secure.tap('kept').attack = { kind: 'strip' };
    await secure.world.send(mailTo('kept.test'));
    await secure.world.untilTrail('recipient@kept.test', 'failed 5.7.4');
    assert.equal(secure.taken('kept', 'kept.test').length, 1, 'only the first');
    secure.assertNothingInClear('kept', SECRETS);
  });
});

/** Lines that were folded or encoded for the way are whole again. */
function plainText(report: string): string {
  return report.replaceAll('=\r\n', '').replaceAll(/\r\n(?!\r\n)/g, ' ');
}
