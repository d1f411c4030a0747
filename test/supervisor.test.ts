/** What the supervisor of all processes of a relay makes of a reload; the process it keeps is a double. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseConfig } from '#config/load.ts';
import type { RelayProcess, RelaySetup } from '../src/relay-process.ts';
import { Supervisor } from '../src/supervisor.ts';
import { NO_DOCUMENTS } from './doubles/documents.ts';

function setupOf(version: string): RelaySetup {
  const { config } = parseConfig('processes: 1', 'relay.yaml', { hostname: 'mail.example.org' });
  return { config, documents: { ...NO_DOCUMENTS, ruleSet: { rules: [], version } } };
}

test('a reload that a process refuses leaves the rules in force that there were', async () => {
  const inForce: string[] = [];
  const relay: RelayProcess = {
    start: async () => Promise.resolve([]),
    reload: async ({ documents: { ruleSet } }) => {
      // As a relay does: it goes by the new rules before it finds that it cannot open a listener.
      inForce.push(ruleSet.version);
      return ruleSet.version === 'bad' ? Promise.reject(new Error('address already in use')) : Promise.resolve();
    },
    wake: () => undefined,
    status: async () => Promise.reject(new Error('nobody asks')),
    drain: async () => Promise.resolve(),
  };
  const supervisor = new Supervisor(setupOf('first'), {
    report: () => undefined,
    shardsPresent: () => [],
    inProcess: () => relay,
    cores: 1,
  });
  await supervisor.start();
  await supervisor.reload(setupOf('second'));
  await assert.rejects(supervisor.reload(setupOf('bad')), /address already in use/);
  assert.deepEqual(inForce, ['second', 'bad', 'second']);
  await supervisor.drain(0);
});
