/** kill -9 of a process that keeps mail back, at random moments under load: what was acknowledged is there, with its octets. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { octetsOf } from '#held/octets.ts';
import type { HeldState, HeldStore } from '#held/store.ts';
import { withHeld } from '../storage/held-bench.ts';
import { octetsFor } from './held-octets.ts';

const LIVES = 4;

/** What the children said, life by life: the ids that a word stands before. They say so in files, which outlive them. */
class Said {
  readonly #ids = new Map<string, Set<string>>();

  add(log: string): void {
    for (const line of readFileSync(log, 'utf8').split('\n').slice(0, -1)) {
      const [word = '', id = ''] = line.split(' ');
      this.#ids.set(word, (this.#ids.get(word) ?? new Set()).add(id));
    }
  }

  of(word: string): ReadonlySet<string> {
    return this.#ids.get(word) ?? new Set();
  }
}

async function killWriter(directory: string, life: number): Promise<string> {
  const log = join(directory, `said-${life}`);
  const handle = openSync(log, 'w');
  const script = new URL('./held-writer.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, directory, `${life}`], { stdio: ['ignore', handle, 'inherit'] });
  closeSync(handle);
  // By what it has done, not by time: on a busy machine it does less.
  const enough = 2_500 + Math.random() * 3_000;
  while (statSync(log).size < enough && child.exitCode === null) await sleep(2);
  child.kill('SIGKILL');
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL', 'the child ended by itself');
  return log;
}

async function octetsIn(store: HeldStore, id: string): Promise<Buffer | undefined> {
  const content = await store.content(id);
  const octets = content === undefined ? undefined : await octetsOf(content);
  return octets === undefined ? undefined : buffer(octets);
}

async function unfinishedIn(store: HeldStore): Promise<ReadonlySet<string>> {
  return new Set((await store.unfinished(100_000)).map(({ id }) => id));
}

/** What may have become of an entry, by the last that was said of it. */
function statesOf(said: Said, id: string): readonly HeldState[] {
  const ends: readonly (readonly [word: string, states: readonly HeldState[]])[] = [
    ['finished', ['released']],
    ['finishing', ['releasing', 'released']],
    ['releasing', ['releasing']],
    ['deleted', ['deleted']],
    ['deciding', ['held', 'releasing', 'deleted']],
  ];
  return ends.find(([word]) => said.of(word).has(id))?.[1] ?? ['held'];
}

test('after kill -9 every entry is there with its octets, and no decision is lost or half made', async () =>
  withHeld(async ({ path, open }) => {
    const said = new Said();
    for (let life = 0; life < LIVES; life += 1) said.add(await killWriter(path, life));
    const added = said.of('added');
    assert.ok(said.of('finished').size > 0, `too little load: ${added.size}`);
    const store = await open();
    const unfinished = await unfinishedIn(store);
    for (const id of added) {
      const { state } = (await store.get(id)) ?? {};
      assert.ok(state !== undefined && statesOf(said, id).includes(state), `${id} is ${state}`);
      // What was decided and not carried out is found by whoever comes next.
      assert.equal(unfinished.has(id), state === 'releasing' || state === 'deleted', `${id}, which is ${state}`);
      const isOver = state === 'deleted' || state === 'released';
      assert.deepEqual(await octetsIn(store, id), isOver ? undefined : octetsFor(id), id);
    }
  }));
