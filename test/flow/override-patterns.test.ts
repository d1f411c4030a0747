/** Which override counts for a destination, end to end: the most exact one, by domain, subdomain, port and smart host. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inWorld, type World, type WorldPlan } from './world.ts';

const override = (name: string, level: string, ...destinations: readonly string[]): object => ({
  name,
  level,
  destinations,
  reason: 'told so',
  author: 'operator@sender.test',
  expires: '2099-01-01',
});

/** Every host has TLS with a certificate that nobody trusts: each level shows by what comes of it. */
const OUTCOMES = { authenticated: 'deferred 4.4.317', none: 'in clear', encrypt: 'over TLS' } as const;

async function outcomeOf(world: World, recipient: string, host: string): Promise<string> {
  await world.send({ to: [recipient] });
  await world.until(() => world.trail(recipient).length > 0, `an end for ${recipient}`);
  const [step = ''] = world.trail(recipient);
  if (step !== 'delivered 2.0.0') return step;
  const message = world.host(host).messages.find(({ recipients }) => recipients.includes(`RCPT TO:<${recipient}>`));
  return message?.tlsVersion === undefined ? 'in clear' : 'over TLS';
}

const hosts = { mx: { address: '127.0.0.2', tls: 'self-signed' } } as const;
const mx = { MX: ['10 mx.dest.test'] };

const byDomain: WorldPlan = {
  hosts,
  zone: {
    'dest.test': mx,
    'a.dest.test': mx,
    'other.test': mx,
    'xn--bcher-kva.test': mx,
    'mx.dest.test': { A: ['127.0.0.2'] },
  },
  settings: {
    queue: { retryWaits: ['1h'] },
    tlsPolicy: {
      floor: 'encrypted',
      overrides: [
        override('exact', 'authenticated', 'dest.test'),
        override('below', 'none', '*.dest.test'),
        override('umlaut', 'none', 'bücher.test'),
      ],
    },
  },
};

describe('an override', { concurrency: 4 }, () => {
  test('MIX-20: for a domain is more exact than one for those below it, and neither is for others', async () =>
    inWorld(byDomain, async (world) => {
      assert.equal(await outcomeOf(world, 'bob@dest.test', 'mx'), OUTCOMES.authenticated);
      assert.equal(await outcomeOf(world, 'bob@a.dest.test', 'mx'), OUTCOMES.none);
      assert.equal(await outcomeOf(world, 'bob@other.test', 'mx'), OUTCOMES.encrypt);
    }));

  test('MIX-23: in U-labels is for the same domain in A-labels', async () =>
    inWorld(byDomain, async (world) => {
      assert.equal(await outcomeOf(world, 'bob@xn--bcher-kva.test', 'mx'), OUTCOMES.none);
    }));

  const smartHosts: WorldPlan = {
    hosts,
    zone: { 'mx.dest.test': { A: ['127.0.0.2'] }, 'mx.smart.test': { A: ['127.0.0.2'] } },
    settings: {
      queue: { retryWaits: ['1h'] },
      outbound: {
        connectors: ['dest', 'smart'].map((name) => ({
          name,
          recipientDomains: [`${name}.test`],
          useMXRecord: false,
          smartHosts: [`mx.${name}.test:$PORT`],
        })),
      },
      tlsPolicy: {
        floor: 'encrypted',
        overrides: [
          override('any-port', 'none', '[mx.dest.test]', '[mx.smart.test]'),
          override('this-port', 'authenticated', '[mx.dest.test]:$PORT'),
          override('another-port', 'authenticated', '[mx.smart.test]:9'),
        ],
      },
    },
  };

  test('MIX-21, MIX-24: for a smart host with its port is more exact than one for any port', async () =>
    inWorld(smartHosts, async (world) => {
      assert.equal(await outcomeOf(world, 'bob@dest.test', 'mx'), OUTCOMES.authenticated);
      assert.equal(await outcomeOf(world, 'bob@smart.test', 'mx'), OUTCOMES.none);
    }));
});

test('NOD-10: a smart host that is an address is asked for by no name', async () => {
  const settings = {
    outbound: {
      connectors: [
        { name: 'literal', recipientDomains: ['dest.test'], useMXRecord: false, smartHosts: ['127.0.0.2:$PORT'] },
      ],
    },
  };
  await inWorld({ hosts, settings }, async (world) => {
    await world.send({ to: ['bob@dest.test'] });
    await world.untilTrail('bob@dest.test', 'delivered 2.0.0');
    assert.equal(world.host('mx').messages[0]?.tlsVersion, 'TLSv1.3');
    assert.deepEqual(world.host('mx').serverNames, []);
  });
});
