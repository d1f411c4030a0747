/** One relay process as a whole; what it does with mail is tried in `flow/` and `faults/`. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { makeDevelopmentCertificates } from '#cli/certificates.ts';
import { parseConfig } from '#config/load.ts';
import { makeLogger } from '#log/logger.ts';
import { Relay } from '../src/app.ts';

test('a relay that cannot listen leaves nothing behind that keeps its process alive', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-app-'));
  context.after(() => rm(directory, { recursive: true }));
  const { certFile, keyFile } = await makeDevelopmentCertificates(directory, ['relay.test']);
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  context.after(() => other.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has such an address
  const { port } = other.address() as AddressInfo;
  const settings = {
    dataDirectory: join(directory, 'data'),
    listeners: [{ name: 'mail', port }],
    tls: { certificates: [{ certFile, keyFile }] },
    log: { level: 'silent' },
  };
  const { config } = parseConfig(JSON.stringify(settings), 'relay.yaml', { hostname: 'relay.test' });

  const relay = new Relay(makeLogger({ level: 'silent' }));
  await assert.rejects(relay.start(config, [0]), /EADDRINUSE/);
  const left = process.getActiveResourcesInfo();
  assert.deepEqual(
    left.filter((kind) => kind === 'Timeout' || kind === 'MessagePort'),
    [],
  );
});
