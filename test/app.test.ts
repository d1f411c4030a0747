/** One relay process as a whole; what it does with mail is tried in `flow/` and `faults/`. */
import assert from 'node:assert/strict';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';

import { makeDevelopmentCertificates } from '#cli/certificates.ts';
import { parseConfig } from '#config/load.ts';
import { makeLogger } from '#log/logger.ts';
import { renderMetrics } from '#log/metrics.ts';
import { Relay } from '../src/app.ts';
import { ForkedRelay, type RelaySetup } from '../src/relay-process.ts';
import { NO_DOCUMENTS } from './doubles/documents.ts';

/** Settings for a relay of one listener, with certificates and data in a directory that goes with the test. */
async function setupFor(context: TestContext, port: number, log: object): Promise<RelaySetup> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-app-'));
  context.after(() => rm(directory, { recursive: true }));
  const { certFile, keyFile } = await makeDevelopmentCertificates(directory, ['relay.test']);
  const settings = {
    dataDirectory: join(directory, 'data'),
    listeners: [{ name: 'mail', port }],
    tls: { certificates: [{ certFile, keyFile }] },
    log,
  };
  const { config } = parseConfig(JSON.stringify(settings), 'relay.yaml', { hostname: 'relay.test' });
  return { config, documents: NO_DOCUMENTS };
}

test('a relay that cannot listen leaves nothing behind that keeps its process alive', async (context) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  context.after(() => other.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has such an address
  const { port } = other.address() as AddressInfo;

  const relay = new Relay(makeLogger({ level: 'silent' }));
  await assert.rejects(relay.start(await setupFor(context, port, { level: 'silent' }), [0]), /EADDRINUSE/);
  const left = process.getActiveResourcesInfo();
  assert.deepEqual(
    left.filter((kind) => kind === 'Timeout' || kind === 'MessagePort'),
    [],
  );
});

test('a damaged record store is moved aside with a word, and the relay starts', async (context) => {
  const setup = await setupFor(context, 0, { level: 'silent' });
  await mkdir(setup.config.dataDirectory);
  await writeFile(join(setup.config.dataDirectory, 'records.db'), 'not a database, '.repeat(1000));
  const reported: string[] = [];
  const relay = new Relay({
    write: (_level, event, { file = '' }) => reported.push(`${event} ${file}`),
    setLevel: () => undefined,
    flush: () => Promise.resolve(),
  });
  await relay.start(setup, [0]);
  await relay.drain(0);
  const [moved = ''] = reported.filter((event) => event.startsWith('records.damaged '));
  assert.match(await readFile(moved.slice('records.damaged '.length), 'utf8'), /^not a database/);
  assert.ok((await readFile(join(setup.config.dataDirectory, 'records.db'), 'latin1')).startsWith('SQLite format 3'));
});

test('a record store of a newer program keeps the relay from starting, and nothing is left open', async (context) => {
  const setup = await setupFor(context, 0, { level: 'silent' });
  await mkdir(setup.config.dataDirectory);
  const database = new DatabaseSync(join(setup.config.dataDirectory, 'records.db'));
  database.exec('PRAGMA user_version = 999');
  database.close();
  const start = async (): Promise<unknown> => new Relay(makeLogger({ level: 'silent' })).start(setup, [0]);
  await assert.rejects(start, { name: 'StorageUnavailable', code: 'newer-schema', message: /records\.db/ });
  // The queue is free for whoever comes next.
  await rm(join(setup.config.dataDirectory, 'records.db'));
  const relay = new Relay(makeLogger({ level: 'silent' }));
  await relay.start(setup, [0]);
  await relay.drain(0);
});

test('sessions of clients are among the metrics', async (context) => {
  const relay = new Relay(makeLogger({ level: 'silent' }));
  const [mail] = await relay.start(await setupFor(context, 0, { level: 'silent' }), [0]);
  assert.ok(mail !== undefined);
  const client = connect(mail.port, mail.address);
  await once(client, 'data');
  const { metrics } = await relay.status();
  client.destroy();
  await relay.drain(0);
  assert.match(await renderMetrics([metrics]), /^postern_inbound_sessions 1$/m);
});

test('a child process writes its log in the form that the configuration asks for', async (context) => {
  cluster.setupPrimary({
    exec: new URL('../src/worker.ts', import.meta.url).pathname,
    args: [],
    silent: true,
    serialization: 'advanced',
  });
  const relay = new ForkedRelay();
  context.after(() => relay.kill());
  let written = '';
  for (const child of Object.values(cluster.workers ?? {})) {
    child?.process.stdout?.on('data', (chunk: Buffer) => (written += chunk.toString()));
  }
  await relay.start(await setupFor(context, 0, { level: 'debug', format: 'pretty' }), [0]);
  await relay.drain(0);
  assert.match(written, /inbound\.listening/);
  assert.doesNotMatch(written, /^\{/m);
});
