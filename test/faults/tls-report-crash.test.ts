/** kill -9 of a process that counts: what it counted until seconds before is in the report of the day. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { authorityContext } from '#http/dial.ts';
import { queueIds } from '#queue/id.ts';
import type { NewMessage } from '#queue/store.ts';
import { TlsReportSender } from '#reporting/tls-report/sending.ts';
import { reportSettings } from '../reporting/tls-report/sample.ts';
import { asking, attached, KEY } from '../reporting/tls-report/sending-world.ts';
import { withRecords } from '../storage/record-bench.ts';
import { resolverFor } from '../doubles/resolver.ts';
import { startZone } from '../doubles/zone.ts';

const NOON = '2024-05-01T12:00:00Z';
const NEXT_DAY = new Date('2024-05-02T04:00:00Z');

/** Counts until it is killed; returns the last number that it said was stored. */
async function countUntilKilled(dataDirectory: string): Promise<number> {
  const log = join(dataDirectory, 'said');
  const handle = openSync(log, 'w');
  const script = new URL('./tls-report-counter.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, dataDirectory, NOON], { stdio: ['ignore', handle, 'inherit'] });
  closeSync(handle);
  while (statSync(log).size === 0 && child.exitCode === null) await sleep(5);
  await sleep(20 + Math.random() * 100);
  child.kill('SIGKILL');
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL', 'the process ended by itself');
  return Number(readFileSync(log, 'utf8').trimEnd().split('\n').at(-1));
}

test('RPTB-38 after kill -9 at noon the report of the day has the counters of the morning', async () =>
  withRecords(async (bench) => {
    const said = [await countUntilKilled(bench.path), await countUntilKilled(bench.path)];
    const stored = said.reduce((sum, one) => sum + one, 0);
    assert.ok(stored >= 200, said.join(' '));
    bench.now = NEXT_DAY;
    const store = await bench.open();
    await using zone = await startZone({ records: asking('dest.test', 'mailto:reports@dest.test') });
    const settings = reportSettings();
    const queue: NewMessage[] = [];
    const sender = new TlsReportSender({
      store,
      resolver: resolverFor(zone),
      settings: () => settings,
      context: async () => Promise.resolve(authorityContext([])),
      signer: async () => Promise.resolve({ domain: 's.test', selector: 'postern', privateKey: KEY }),
      enqueue: async (message) => {
        queue.push(message);
        return Promise.resolve();
      },
      makeQueueId: queueIds(1),
      report: () => undefined,
      now: () => NEXT_DAY,
    });
    await sender.run();
    const [policy, ...others] = (await attached(queue[0])).policies;
    assert.deepEqual(others, []);
    assert.ok(policy !== undefined);
    // Each life may have had one round that was stored and not yet said.
    const counted = policy.successes + policy.failures;
    assert.ok(counted >= stored && counted <= stored + 200, `${counted}, ${stored}`);
    assert.equal(policy.successes, policy.failures);
    assert.equal(policy.details[0]?.sessions, policy.failures);
  }));
