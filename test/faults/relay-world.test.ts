/** What fails around the relay: the resolver, the clock, the reader of its log. Mail waits as long as it must and goes on by itself. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { idsAt, MailLoad } from '../doubles/mail-load.ts';
import { smartHost, withRelay, type RelayProcess, type StartOptions } from '../doubles/relay-process.ts';
import { ScriptedHost, type ReceivedMessage } from '../doubles/scripted-host.ts';
import { SELF_TEST_NAMES, startZone } from '../doubles/zone.ts';

const DAY_S = 86_400;
const LIBRARY = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
].find((file) => existsSync(file));

/** The relay reads the clock from a file that a test may change. Time that only passes (timers) is not touched. */
function withClock(relay: RelayProcess): { readonly start: StartOptions; set(seconds: number): void } {
  assert.ok(LIBRARY !== undefined, 'this test needs libfaketime (Debian package libfaketime)');
  const file = join(relay.directory, 'clock');
  const set = (seconds: number): void => writeFileSync(file, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}\n`);
  set(0);
  const environment = {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  return { start: { environment }, set };
}

async function send(relay: RelayProcess, name: string, messages = 1): Promise<void> {
  using load = new MailLoad({ port: relay.port, connections: 1, messages, name });
  await load.done;
  assert.equal(load.acknowledged.size, messages, load.refusals.join());
}

// All at once: what is overdue is looked for twice a minute only.
describe('the world of the relay', { concurrency: true }, () => {
  test('no resolver at the start or in the middle: mail is taken, waits with 4.4.312, and leaves once one answers', async () => {
    await using host = await ScriptedHost.start({ address: '127.0.0.2' });
    const zone = await startZone({ records: { 'dest.test': { fault: 'silence' } } });
    const settings = {
      dns: { resolvers: [zone.resolver], timeout: '200ms', attempts: 1, maximumTtl: '0', selfTest: SELF_TEST_NAMES },
      outbound: { port: host.port },
    };
    await withRelay(settings, async (relay) => {
      await relay.start();
      for (const round of [1, 2]) {
        zone.set('dest.test', { fault: 'silence' });
        await send(relay, `m${round}`);
        const deferrals = (): readonly unknown[] =>
          relay.events('delivery.deferred').map(({ messageId, status }) => `${String(messageId)} ${String(status)}`);
        const before = deferrals().length;
        await relay.until(() => deferrals().length > before, 'a deferral');
        assert.match(String(deferrals().at(-1)), / 4\.4\.312$/);
        zone.set('dest.test', { MX: ['10 mx.dest.test'] });
        zone.set('mx.dest.test', { A: ['127.0.0.2'] });
        await relay.until(() => idsAt(host).length === round, 'delivery');
      }
      assert.deepEqual(idsAt(host), ['m1-1', 'm2-1']);
    });
    await zone.close();
  });

  test('a clock that jumps two days ahead loses no mail: it is tried once more', async () => {
    let isOpen = false;
    await using host = await ScriptedHost.start({
      script: { MAIL: () => (isOpen ? '250 2.1.0 Ok' : '450 4.2.1 Later') },
    });
    await withRelay({ outbound: smartHost(host.port), queue: { retryWaits: ['1h'] } }, async (relay) => {
      const clock = withClock(relay);
      await relay.start(clock.start);
      await send(relay, 'late');
      await relay.until(() => relay.events('delivery.deferred').length === 1, 'a deferral');
      isOpen = true;
      clock.set(2 * DAY_S);
      await relay.until(() => idsAt(host).includes('late-1'), 'one last try');
      await send(relay, 'after');
      await relay.until(() => idsAt(host).includes('after-1'), 'delivery of new mail');
      assert.equal(relay.events('delivery.failed').length, 0);
    });
  });

  test('a clock that jumps ahead past the end of mail: the host is asked once more, then the sender is told', async () => {
    await using host = await ScriptedHost.start({
      script: { RCPT: (line) => (line.includes('bob@') ? '450 4.2.1 Later' : '250 2.1.5 Ok') },
    });
    await withRelay({ outbound: smartHost(host.port), queue: { retryWaits: ['1h'] } }, async (relay) => {
      const clock = withClock(relay);
      await relay.start(clock.start);
      await send(relay, 'late');
      await relay.until(() => relay.events('delivery.deferred').length === 1, 'a deferral');
      clock.set(2 * DAY_S);
      const report = (): ReceivedMessage | undefined => host.messages.find(({ mail }) => mail.includes('<>'));
      await relay.until(() => report() !== undefined, 'the report');
      assert.equal(host.commands('RCPT TO:<BOB@').length, 2);
      assert.match(report()?.content.toString() ?? '', /^Action: failed\r$/m);
    });
  });

  test('a clock that jumps back a day does not stall new mail', async () => {
    await using host = await ScriptedHost.start();
    await withRelay({ outbound: smartHost(host.port) }, async (relay) => {
      const clock = withClock(relay);
      await relay.start(clock.start);
      await send(relay, 'before');
      await relay.until(() => idsAt(host).length === 1, 'delivery');
      clock.set(-DAY_S);
      await send(relay, 'after', 3);
      await relay.until(() => idsAt(host).length === 4, 'delivery after the jump');
    });
  });

  test('nobody reads the log, or its reader is gone: mail goes on', async () => {
    for (const reader of ['stalls', 'is gone'] as const) {
      await using host = await ScriptedHost.start();
      await withRelay({ outbound: smartHost(host.port), log: { level: 'debug' } }, async (relay) => {
        await relay.start({ stdout: 'pipe' });
        relay.child.stdout?.pause();
        if (reader === 'is gone') relay.child.stdout?.destroy();
        await send(relay, reader.replace(' ', '-'), 600);
        await relay.until(() => idsAt(host).length === 600, `delivery while the reader ${reader}`);
        const ended = relay.stop();
        if (reader === 'stalls') relay.child.stdout?.resume();
        assert.deepEqual(await ended, { code: 0, signal: null });
      });
    }
  });
});
