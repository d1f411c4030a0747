/**
 * What a sender asks of TLS, end to end: REQUIRETLS is carried to hosts that are proven and offer it, and to no others
 * (RFC 8689 §4.2.1); `TLS-Required: No` sets aside what a destination publishes, and nothing else (RFC 8689 §4.2.2).
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TestAuthority } from '../doubles/certificates.ts';
import { ChainMaker, tlsaText } from '../doubles/chains.ts';
import { policyText } from '../doubles/policy-host.ts';
import { announced, mailTo, reportOf, SECRETS, served, signedDomain, stsDomain } from './secure-mail.ts';
import { SecureWorld, type SecurePlan } from './secure-world.ts';

const authority = new TestAuthority();
const good = authority.leaf({ commonName: 'good', names: ['mx.listed.test', 'mx.trial.test', 'mx.silent.test'] });
const chains = new ChainMaker();
const leaf = chains.make({ commonName: 'mx.dane.test', names: ['mx.dane.test'] });
const other = chains.make({ commonName: 'other' });
chains.remove();
const right = tlsaText('3 1 1', leaf);

const offers = ['REQUIRETLS', 'PIPELINING', 'SIZE 1000000', 'DSN', '8BITMIME'];
const offering = { offers: offers.slice(1), offersInTls: offers };

const plan: SecurePlan = {
  hosts: {
    dane: { address: '127.0.0.81', tls: served(leaf), ...offering },
    listed: { address: '127.0.0.82', tls: good, ...offering },
    lacking: { address: '127.0.0.83', tls: served(leaf), offers, offersInTls: offers.slice(1) },
    clear: { address: '127.0.0.84', tls: 'none', offers },
    untrusted: { address: '127.0.0.85', tls: served(other), ...offering },
    trial: { address: '127.0.0.86', tls: good, ...offering },
    unproven: { address: '127.0.0.87', tls: good, ...offering },
    mixed: { address: '127.0.0.88', tls: served(leaf), ...offering },
    stale: { address: '127.0.0.91', tls: served(other) },
    bare: { address: '127.0.0.92', tls: 'none' },
    bogus: { address: '127.0.0.93', tls: 'none' },
    guarded: { address: '127.0.0.94', tls: 'none' },
  },
  policies: {
    authority,
    answers: {
      'listed.test': policyText({ mx: ['mx.listed.test'] }),
      'trial.test': policyText({ mode: 'testing', mx: ['mx.trial.test'] }),
      'bare.test': policyText({ mx: ['mx.bare.test'] }),
    },
  },
  settings: {
    queue: { retryWaits: ['1s'], expireAfter: '3s' },
    tlsPolicy: {
      floor: 'opportunistic',
      overrides: [
        {
          name: 'guarded-partner',
          destinations: ['guarded.test'],
          level: 'authenticated',
          reason: 'contract',
          author: 'alice@sender.test',
          expires: '2099-01-01',
        },
      ],
    },
  },
  zones: (port) => {
    const one = (address: string, ...tlsa: string[]) => signedDomain(port, { name: 'mx', address, tlsa });
    return {
      'dane.test': one('127.0.0.81', right),
      'listed.test': stsDomain('1', { name: 'mx', address: '127.0.0.82' }),
      'lacking.test': one('127.0.0.83', right),
      'clear.test': one('127.0.0.84', right),
      'untrusted.test': one('127.0.0.85', right),
      'trial.test': stsDomain('1', { name: 'mx', address: '127.0.0.86' }),
      'unproven.test': { ...one('127.0.0.87'), state: 'unsigned' },
      'mixed.test': signedDomain(
        port,
        { name: 'mx1', address: '127.0.0.83', tlsa: [right] },
        { name: 'mx2', address: '127.0.0.88', tlsa: [right] },
      ),
      'stale.test': one('127.0.0.91', right),
      'bare.test': stsDomain('1', { name: 'mx', address: '127.0.0.92' }),
      'bogus.test': { ...one('127.0.0.93', right), spoiled: [`_${port}._tcp.mx TLSA`] },
      'guarded.test': { state: 'unsigned', records: [...announced('1'), '@ MX 10 mx', 'mx A 127.0.0.94'] },
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

const demanding = (domain: string) => mailTo(domain, { parameters: 'REQUIRETLS', overTls: true });

describe('a message with REQUIRETLS', { concurrency: 4 }, () => {
  for (const [title, name] of [
    ['REQ-21, REQ-33: goes to a host that DNSSEC and its key prove, and says so there', 'dane'],
    ['REQ-22: goes to a host that an enforced policy lists and its certificate proves', 'listed'],
  ] as const) {
    test(title, async () => {
      await secure.world.send(demanding(`${name}.test`));
      await secure.world.untilTrail(`recipient@${name}.test`, 'delivered 2.0.0');
      const [message] = secure.world.host(name).messages;
      assert.match(message?.mail ?? '', / REQUIRETLS\b/);
      secure.assertNothingInClear(name, SECRETS);
    });
  }

  test('REQ-34 goes past a host that lacks it to one that offers it', async () => {
    await secure.world.send(demanding('mixed.test'));
    await secure.world.untilTrail('recipient@mixed.test', 'delivered 2.0.0');
    assert.match(secure.world.host('mixed').messages[0]?.mail ?? '', / REQUIRETLS\b/);
  });

  for (const [title, name, detail] of [
    ['REQ-32, REQ-34: comes back at once where it is offered before TLS only', 'lacking', '7.30'],
    ['REQ-35: comes back at once where there is no STARTTLS', 'clear', '7.10'],
    ['REQ-38: comes back at once where the key is not the right one', 'untrusted', '7.10'],
  ] as const) {
    test(title, async () => {
      await secure.world.send(demanding(`${name}.test`));
      await secure.world.untilTrail(`recipient@${name}.test`, `failed 5.${detail}`);
      assert.deepEqual(secure.world.trail(`recipient@${name}.test`), [`failed 5.${detail}`]);
      assert.deepEqual(secure.world.host(name).messages, []);
      secure.assertNothingInClear(name, SECRETS);
    });
  }

  for (const [title, name] of [
    ['REQ-26: is not told to a host whose policy is in testing', 'trial'],
    ['REQ-27: is not told to a host whose name nothing vouches for', 'unproven'],
  ] as const) {
    test(`${title}; it waits, then comes back`, async () => {
      await secure.world.send(demanding(`${name}.test`));
      await secure.world.untilTrail(`recipient@${name}.test`, 'failed 5.7.10');
      assert.deepEqual(secure.world.trail(`recipient@${name}.test`), ['deferred 4.7.10', 'failed 5.7.10']);
      assert.equal(secure.world.host(name).connections, 0);
    });
  }

  test('REQ-44, DSNG-38: its report has the header and not the text', async () => {
    const report = await reportOf(secure, 'lacking.test');
    assert.match(report, /^Subject: Salary\r$/m);
    assert.doesNotMatch(report, /Your raise/);
  });
});

const relaxed = (domain: string) =>
  mailTo(domain, {
    content: `From: alice@sender.test\nTo: recipient@${domain}\nSubject: Salary\nTLS-Required: No\n\nYour raise\n`,
  });

describe('a message with TLS-Required: No', { concurrency: 4 }, () => {
  test('TRN-03: goes to a host whose key is not the one of its TLSA record, over TLS', async () => {
    await secure.world.send(relaxed('stale.test'));
    await secure.world.untilTrail('recipient@stale.test', 'delivered 2.0.0');
    assert.equal(secure.world.host('stale').messages[0]?.tlsVersion, 'TLSv1.3');
  });

  test('TRN-02, TRN-19: goes in clear to a host whose policy demands TLS, with its field', async () => {
    await secure.world.send(relaxed('bare.test'));
    await secure.world.untilTrail('recipient@bare.test', 'delivered 2.0.0');
    const [message] = secure.world.host('bare').messages;
    assert.equal(message?.tlsVersion, undefined);
    assert.match(message?.content.toString() ?? '', /^TLS-Required: No\r$/m);
  });

  test('TRN-04: goes where the TLSA records are bogus', async () => {
    await secure.world.send(relaxed('bogus.test'));
    await secure.world.untilTrail('recipient@bogus.test', 'delivered 2.0.0');
  });

  test('TRN-21: does not go where the operator demands authentication', async () => {
    await secure.world.send(relaxed('guarded.test'));
    await secure.world.untilTrail('recipient@guarded.test', 'failed 5.4.317');
    secure.assertNothingInClear('guarded', SECRETS);
  });
});

test('the same destinations get no mail without the field', async () => {
  for (const [name, detail] of [
    ['stale', '7.323'],
    ['bare', '7.4'],
    ['bogus', '7.324'],
  ] as const) {
    const held = secure.world.host(name).messages.length;
    await secure.world.send(mailTo(`${name}.test`, { to: [`another@${name}.test`] }));
    await secure.world.untilTrail(`another@${name}.test`, `deferred 4.${detail}`);
    assert.equal(secure.world.host(name).messages.length, held);
  }
});
