/** Which refusals are final, and which leave the message to the next host or to another time, end to end. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, test } from 'node:test';
import type { Script } from '../doubles/scripted-host.ts';
import { inWorld, type WorldPlan } from './world.ts';

const zone = {
  'dest.test': { MX: ['10 mx1.dest.test', '20 mx2.dest.test'] },
  'mx1.dest.test': { A: ['127.0.0.2'] },
  'mx2.dest.test': { A: ['127.0.0.3'] },
};

const firstSays = (script: Script): WorldPlan => ({
  hosts: {
    first: { address: '127.0.0.2', tls: 'good', script },
    second: { address: '127.0.0.3', tls: 'good' },
  },
  zone,
});

describe('a refusal by the first of two hosts', { concurrency: 4 }, () => {
  for (const [title, script] of [
    ['QUE-15: to EHLO and HELO leaves the message to the second', { EHLO: '550 5.7.1 no', HELO: '550 5.7.1 no' }],
    ['QUE-15: to STARTTLS leaves the message to the second', { STARTTLS: '554 5.7.3 no' }],
  ] as const) {
    test(title, async () =>
      inWorld(firstSays(script), async (world) => {
        await world.send({ to: ['bob@dest.test'] });
        await world.untilTrail('bob@dest.test', 'delivered 2.0.0');
        assert.deepEqual(world.trail('bob@dest.test'), ['delivered 2.0.0']);
        assert.deepEqual([world.host('first').messages.length, world.host('second').messages.length], [0, 1]);
        assert.ok(world.host('first').connections > 0);
      }),
    );
  }

  test('QUE-15: of a recipient is final, and the second is not asked', async () =>
    inWorld(firstSays({ RCPT: '550 5.1.1 no such user' }), async (world) => {
      await world.send({ to: ['bob@dest.test'] });
      await world.untilTrail('bob@dest.test', 'failed 5.1.1');
      assert.deepEqual(world.trail('bob@dest.test'), ['failed 5.1.1']);
      assert.equal(world.host('second').connections, 0);
    }));
});

test('QUE-19: a message whose time ran out while the relay was down has one more try, and then comes back', async () => {
  const hosts = { mx: { address: '127.0.0.2', tls: 'good', script: { RCPT: '450 4.2.1 not now' } } } as const;
  const settings = { queue: { retryWaits: ['1h'], expireAfter: '5s' } };
  const oneHost = { ...zone, 'dest.test': { MX: ['10 mx1.dest.test'] } };
  await inWorld({ hosts, zone: oneHost, settings }, async (world) => {
    await world.send({ to: ['bob@dest.test'] });
    await world.untilTrail('bob@dest.test', 'deferred 4.2.1');
    await world.stopRelay();
    const asked = world.host('mx').commands('RCPT').length;
    await wait(5_100);
    await world.startRelay();
    await world.untilTrail('bob@dest.test', 'failed 5.2.1');
    assert.equal(world.host('mx').commands('RCPT').length, asked + 1);
    assert.equal((await world.reports(1)).length, 1);
  });
});
