/**
 * The data directory of the whole relay on a disk of its own that runs full, while mail comes in and while outcomes are
 * written: mail is put off with 452 4.3.1, `/readyz` says so, and it goes on by itself when there is room again.
 */
import assert from 'node:assert/strict';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { idsAt, MailLoad, repeated } from '../doubles/mail-load.ts';
import { smartHost, withRelay, type RelayProcess } from '../doubles/relay-process.ts';
import { raw, ScriptedHost, type Act } from '../doubles/scripted-host.ts';

const MEBIBYTE = 1024 * 1024;

/** In a mount namespace of the relay's own, so that the disk goes with it. */
function onSmallDisk({ dataDirectory }: RelayProcess): readonly string[] {
  const namespace = process.getuid?.() === 0 ? '-m' : '-rm';
  const script = 'mount -t tmpfs -o size=8m postern-test "$0" || exit 99; exec "$@"';
  return ['unshare', namespace, 'sh', '-c', script, dataDirectory];
}

/** The disk as the relay sees it. */
const onDisk = ({ pid, dataDirectory }: RelayProcess, name: string): string =>
  join(`/proc/${pid}/root`, dataDirectory, name);

/** Takes all room but so much. */
function fill(relay: RelayProcess, leave: number): void {
  const { bavail, bsize } = statfsSync(onDisk(relay, '.'));
  writeFileSync(onDisk(relay, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - leave)));
}

const isReady = async (relay: RelayProcess): Promise<boolean> => (await relay.readiness())?.ready === true;

describe('a full disk', { concurrency: true }, () => {
  test('mail is put off with 452 4.3.1, and nothing acknowledged is lost', async () => {
    // Nothing leaves at first, so that the disk can fill up.
    let open = false;
    await using host = await ScriptedHost.start({
      script: { MAIL: () => (open ? '250 2.1.0 Ok' : '450 4.2.1 Later') },
    });
    const outbound = smartHost(host.port);
    await withRelay({ outbound }, async (relay) => {
      await relay.start({ under: onSmallDisk(relay) });
      fill(relay, MEBIBYTE);
      const plan = { port: relay.port, connections: 4, bodyBytes: 20_000 };
      using load = new MailLoad({ ...plan, messages: 500, name: 'fill' });
      await relay.until(() => load.refusals.length > 3, 'refusals');
      assert.deepEqual(
        [...new Set(load.refusals.map((reply) => reply.split(' ').slice(0, 2).join(' ')))],
        ['452 4.3.1'],
      );
      assert.equal(await isReady(relay), false);
      load.stop();
      await load.done;
      assert.ok(load.acknowledged.size > 0);
      rmSync(onDisk(relay, 'ballast'));
      using after = new MailLoad({ ...plan, messages: 10, name: 'after' });
      await after.done;
      assert.equal(after.acknowledged.size, 10, `it does not recover: ${after.refusals.join()}`);
      open = true;
      const wanted = new Set([...load.acknowledged, ...after.acknowledged]);
      await relay.until(() => [...wanted].every((id) => idsAt(host).includes(id)), 'delivery');
      assert.deepEqual(repeated(idsAt(host)), []);
      // Told for some seconds after the last failure, so that a disk on the brink is not taken for a sound one.
      await relay.until(async () => isReady(relay), 'readiness');
    });
  });

  test('when a delivery ends the outcome waits, and the message is not sent again', async () => {
    let isTaken = false;
    const dot = (): Act => {
      isTaken = true;
      return raw('');
    };
    await using host = await ScriptedHost.start({ script: { dot } });
    await withRelay({ outbound: smartHost(host.port) }, async (relay) => {
      await relay.start({ under: onSmallDisk(relay) });
      using load = new MailLoad({ port: relay.port, connections: 1, messages: 1, name: 'm' });
      await load.done;
      await relay.until(() => isTaken, 'content');
      fill(relay, 0);
      host.say('250 2.0.0 Ok\r\n');
      await relay.until(() => relay.events('queue.storage-failed').length > 0, 'the failure of the outcome');
      rmSync(onDisk(relay, 'ballast'));
      await relay.until(() => relay.events('delivery.delivered').length === 1, 'the outcome');
      assert.equal(host.commands('DATA').length, 1);
    });
  });
});
