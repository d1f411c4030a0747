/** kill -9 of the queue's owner at random moments under load: what was acknowledged is there, and only once. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease } from '#queue/store.ts';
import type { SqliteQueueStore } from '#storage/sqlite/queue-store.ts';
import { request } from '../queue/mail.ts';
import { inDataDirectory } from '../storage/shard-directory.ts';

const LIVES = 4;

/** Ids by what the child said of them: added, settling, settled. It says so in a file, which outlives it. */
async function killedWriter(directory: string, life: number): Promise<(word: string) => Set<string>> {
  const log = join(directory, `said-${life}`);
  const handle = openSync(log, 'w');
  const child = spawn(
    process.execPath,
    [new URL('./queue-writer.ts', import.meta.url).pathname, directory, `${life}`],
    {
      stdio: ['ignore', handle, 'inherit'],
    },
  );
  closeSync(handle);
  while (statSync(log).size === 0 && child.exitCode === null) await sleep(10);
  await sleep(50 + Math.random() * 300);
  child.kill('SIGKILL');
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL', 'the child ended by itself');
  const lines = readFileSync(log, 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  return (word) => new Set(lines.filter(([first]) => first === word).map(([, id = '']) => id));
}

async function leaseAll(store: SqliteQueueStore): Promise<Lease[]> {
  const leases: Lease[] = [];
  for (;;) {
    const more = await store.lease(request(new Date(), { limit: 1000, perDestination: 1000 }));
    if (more.length === 0) return leases;
    leases.push(...more);
  }
}

test('after kill -9 every acknowledged message is there once, and none that was settled', async () =>
  inDataDirectory(async ({ path, open }) => {
    const added = new Set<string>();
    const settling = new Set<string>();
    const settled = new Set<string>();
    for (let life = 0; life < LIVES; life += 1) {
      const said = await killedWriter(path, life);
      for (const id of said('added')) added.add(id);
      for (const id of said('settling')) settling.add(id);
      for (const id of said('settled')) settled.add(id);
    }
    const leases = await leaseAll(await open());
    const there = leases.map(({ message, destination }) => `${message.messageId} ${destination}`);
    assert.ok(added.size > 200 && settled.size > 50, `too little load: ${added.size}, ${settled.size}`);
    assert.equal(new Set(there).size, there.length, 'a delivery is there twice');
    const kept = new Set(leases.map(({ message }) => message.messageId));
    const lost = [...added].filter((id) => !kept.has(id) && !settling.has(id));
    assert.deepEqual(lost, []);
    assert.deepEqual(
      [...settled].filter((id) => kept.has(id)),
      [],
    );
    // What was written but not yet acknowledged when the process died may be there: 20 messages for each life.
    assert.ok([...kept].filter((id) => !added.has(id)).length <= LIVES * 20);
  }));
