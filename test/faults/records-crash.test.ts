/** Processes that share the record store: they count together, and kill -9 of one loses nothing that was acknowledged. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withRecords, type RecordBench } from '../storage/record-bench.ts';

type Writer = { readonly child: ChildProcess; readonly said: () => readonly string[]; readonly begun: () => boolean };

function startWriter(path: string, name: string, rounds: number): Writer {
  const log = join(path, `said-${name}`);
  const handle = openSync(log, 'w');
  const script = new URL('./record-writer.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, path, `${rounds}`], { stdio: ['ignore', handle, 'inherit'] });
  closeSync(handle);
  return {
    child,
    said: () => readFileSync(log, 'utf8').split('\n').slice(0, -1),
    begun: () => statSync(log).size > 0,
  };
}

async function countsIn({ open }: RecordBench): Promise<ReadonlyMap<string, number>> {
  const store = await open();
  return new Map((await store.list('counters', { limit: 100 })).map(({ key, count }) => [key, count]));
}

/** Of one key, or of all. */
const timesSaid = (lines: readonly string[], key: string): number =>
  key === 'all' ? lines.length : lines.filter((line) => line === key).length;

test('two processes add to the same counters, and none of their additions is lost', async () =>
  withRecords(async (bench) => {
    const writers = ['one', 'two'].map((name) => startWriter(bench.path, name, 400));
    const ends = await Promise.all(writers.map(async ({ child }) => once(child, 'exit')));
    assert.deepEqual(
      ends.map(([code]) => code),
      [0, 0],
    );
    const counts = await countsIn(bench);
    assert.deepEqual(Object.fromEntries(counts), { all: 800, k0: 160, k1: 160, k2: 160, k3: 160, k4: 160 });
    assert.deepEqual(bench.moved, []);
  }));

test('after kill -9 of a process all that was acknowledged is counted, and the others go on', async () =>
  withRecords(async (bench) => {
    const steady = startWriter(bench.path, 'steady', 1500);
    const killed: Writer[] = [];
    for (let life = 0; life < 4; life += 1) {
      const writer = startWriter(bench.path, `life-${life}`, 1_000_000);
      killed.push(writer);
      while (!writer.begun() && writer.child.exitCode === null) await sleep(5);
      await sleep(20 + Math.random() * 150);
      writer.child.kill('SIGKILL');
      const [, signal] = await once(writer.child, 'exit');
      assert.equal(signal, 'SIGKILL', 'the process ended by itself');
    }
    const [code] = steady.child.exitCode === null ? await once(steady.child, 'exit') : [steady.child.exitCode];
    assert.equal(code, 0);
    const said = [steady, ...killed].flatMap((writer) => writer.said());
    assert.ok(said.length > 1600, `too little load: ${said.length}`);
    const counts = await countsIn(bench);
    for (const [key, count] of counts) {
      const acknowledged = timesSaid(said, key);
      // Each life may have had one addition that was made and not yet acknowledged.
      assert.ok(count >= acknowledged && count <= acknowledged + killed.length, `${key}: ${count}, ${acknowledged}`);
    }
    const ofKeys = [...counts].filter(([key]) => key !== 'all').reduce((sum, [, count]) => sum + count, 0);
    assert.equal(ofKeys, counts.get('all'), 'an addition was made in part');
    assert.deepEqual(bench.moved, []);
  }));
