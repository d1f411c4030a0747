/** A relay in a child process, seen from the supervisor: what its orders lead to while the child goes away. */
import assert from 'node:assert/strict';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { ForkedRelay } from '../src/relay-process.ts';

/** Between the end of its channel and its own end a child lives for a moment; this one until it is killed. */
const DEAF_CHILD = `process.removeAllListeners('disconnect');
setInterval(() => {}, 1000);
process.disconnect();
`;

test('an order to a child whose channel is closed fails, and nothing else does', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-child-'));
  context.after(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'child.mjs'), DEAF_CHILD);
  cluster.setupPrimary({ exec: join(directory, 'child.mjs'), args: [] });

  const relay = new ForkedRelay();
  context.after(() => relay.kill());
  await once(cluster, 'disconnect');
  relay.wake();
  const refused = assert.rejects(relay.status(), /^Error: worker process \d+ ended \(SIGKILL\)$/);
  // The channel tells of its end one turn after the order.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  relay.kill();
  await refused;
  await relay.gone;
  await assert.rejects(relay.status(), /ended/);
});
