/**
 * kill -9 of the relay's processes at random moments under load: acknowledged mail arrives, and only what was on its way in
 * that very moment arrives twice.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { idsAt, MailLoad, repeated } from '../doubles/mail-load.ts';
import { smartHost, withRelay, type RelayProcess } from '../doubles/relay-process.ts';
import { ScriptedHost } from '../doubles/scripted-host.ts';

const ROUNDS = 3;
const MESSAGES = 400;
const SESSIONS = 10;

/** Our numbers of the messages that the relay wrote down as delivered, once for each time. */
function settled(relay: RelayProcess): readonly string[] {
  const lines = relay.logs();
  const ours = new Map(
    lines
      .filter(({ event }) => event === 'inbound.accepted')
      .map(({ messageId, headerMessageId }) => [messageId, /^<(.*)@load\.test>$/.exec(String(headerMessageId))?.[1]]),
  );
  return lines
    .filter(({ event }) => event === 'delivery.delivered')
    .flatMap(({ messageId }) => ours.get(messageId) ?? []);
}

async function underLoad(context: TestContext, processes: number, kill: (relay: RelayProcess) => Promise<void>) {
  await using host = await ScriptedHost.start();
  const outbound = { ...smartHost(host.port), concurrency: { perDestination: SESSIONS } };
  await withRelay({ processes, outbound }, async (relay) => {
    const acknowledged = new Set<string>();
    const sent = new Set<string>();
    /** How many had come at each kill. */
    const kills: number[] = [];
    await relay.start();
    for (let round = 0; round < ROUNDS; round += 1) {
      using load = new MailLoad({ port: relay.port, connections: 10, messages: MESSAGES, name: `r${round}` });
      const moment = Math.random() * 0.7 * MESSAGES;
      await relay.until(() => load.acknowledged.size > moment, 'the moment of the kill');
      kills.push(idsAt(host).length);
      await kill(relay);
      await load.done;
      for (const id of load.acknowledged) acknowledged.add(id);
      for (const id of [...load.acknowledged, ...load.unanswered]) sent.add(id);
      assert.deepEqual(load.refusals, []);
      const missing = (): string[] => {
        const arrived = new Set(idsAt(host));
        return [...acknowledged].filter((id) => !arrived.has(id));
      };
      await relay.until(() => missing().length === 0, 'delivery of all acknowledged messages');
    }
    const ids = idsAt(host);
    const twice = repeated(ids);
    context.diagnostic(`${acknowledged.size} of ${sent.size} were acknowledged, ${twice.length} came twice`);
    assert.ok(acknowledged.size > (ROUNDS * MESSAGES) / 2, `${acknowledged.size} were acknowledged`);
    assert.deepEqual(
      [...new Set(ids)].filter((id) => !sent.has(id)),
      [],
      'mail that nobody sent',
    );
    // Replies that were on their way, and outcomes whose commit was: a few for each session.
    const few = 5 * SESSIONS * processes;
    const inFlight = new Set(kills.flatMap((come) => ids.slice(Math.max(0, come - few), come + few)));
    assert.deepEqual(
      twice.filter((id) => !inFlight.has(id)),
      [],
      'came twice long after it had come',
    );
    assert.ok(settled(relay).length > 0);
    assert.deepEqual(repeated(settled(relay)), [], 'was delivered again after its delivery was written');
  });
}

test('kill -9 of a relay in one process: all acknowledged mail arrives', async (context) =>
  underLoad(context, 1, async (relay) => {
    await relay.stop('SIGKILL');
    await relay.start();
  }));

test('kill -9 of the supervisor: all acknowledged mail arrives, and no worker lives on', async (context) =>
  underLoad(context, 2, async (relay) => {
    const workers = relay.workers();
    assert.equal(workers.length, 2);
    await relay.stop('SIGKILL');
    // At once, as a service manager does it: the sockets and shards of the first must not be in the way.
    await relay.start();
    await relay.untilGone(workers);
  }));

test('kill -9 of a worker: another takes its shard over, and all acknowledged mail arrives', async (context) =>
  underLoad(context, 2, async (relay) => {
    const workers = relay.workers();
    const victim = workers[Math.floor(Math.random() * workers.length)] ?? 0;
    process.kill(victim, 'SIGKILL');
    await relay.until(
      async () => !relay.workers().includes(victim) && (await relay.readiness())?.ready === true,
      'the replacement of a worker',
    );
    assert.equal(relay.workers().length, 2);
  }));
