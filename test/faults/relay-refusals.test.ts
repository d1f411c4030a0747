/** What a relay that cannot start says, and with which exit code: one clear sentence, and nothing left running. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { withRelay, type RelayProcess } from '../doubles/relay-process.ts';

type Refusal = {
  readonly name: string;
  readonly spoil: (relay: RelayProcess) => void | Promise<void> | Promise<() => void>;
  readonly code: number;
  readonly says: RegExp;
};

const CONFIG = 3;
const STORAGE = 5;

const shardFile = ({ dataDirectory }: RelayProcess, name: string): string => {
  mkdirSync(join(dataDirectory, 'shard-0'), { recursive: true });
  return join(dataDirectory, 'shard-0', name);
};

/** Another program on the port; returns how it ends. */
async function occupy(port: number): Promise<() => void> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return () => void server.close();
}

const REFUSALS: readonly Refusal[] = [
  {
    name: 'a damaged database',
    spoil: (relay) => writeFileSync(shardFile(relay, 'queue.db'), 'not a database, '.repeat(1000)),
    code: STORAGE,
    says: /queue\.db: the database is damaged.*Do not delete it: copy dataDirectory away first/s,
  },
  {
    name: 'a database of a newer version',
    spoil: (relay) => {
      const database = new DatabaseSync(shardFile(relay, 'queue.db'));
      database.exec('PRAGMA user_version = 999');
      database.close();
    },
    code: STORAGE,
    says: /schema version 999.*newer/s,
  },
  {
    name: 'a mail port in use',
    spoil: async ({ port }) => occupy(port),
    code: CONFIG,
    says: /listeners\[0\]\.port.*must be free; another program listens on 127\.0\.0\.1 port \d+/,
  },
  {
    name: 'an HTTP port in use',
    spoil: async ({ httpPort }) => occupy(httpPort),
    code: CONFIG,
    says: /http\.port.*must be free/,
  },
  {
    name: 'a data directory that is a file',
    spoil: ({ dataDirectory }) => {
      rmSync(dataDirectory, { recursive: true });
      writeFileSync(dataDirectory, '');
    },
    code: CONFIG,
    says: /dataDirectory.*must be a directory that this user may write/,
  },
  {
    name: 'a shard directory that is a file',
    spoil: ({ dataDirectory }) => writeFileSync(join(dataDirectory, 'shard-0'), ''),
    code: STORAGE,
    says: /shard-0: the database cannot be read or written.*Look at the rights/s,
  },
  {
    name: 'certificates that are not there',
    spoil: (relay) =>
      relay.configure({ tls: { certificates: [{ certFile: '/nowhere/cert.pem', keyFile: '/nowhere/key.pem' }] } }),
    code: CONFIG,
    says: /tls\.certificates\[0\]\.certFile.*there is no \/nowhere\/cert\.pem.*keyFile.*there is no \/nowhere\/key\.pem/s,
  },
  {
    name: 'a certificate that is none',
    spoil: (relay) => {
      const file = join(relay.directory, 'cert.pem');
      writeFileSync(file, 'hello');
      relay.configure({ tls: { certificates: [{ certFile: file, keyFile: file }] } });
    },
    code: CONFIG,
    says: /certFile.*must be a PEM certificate; .*cert\.pem is none/,
  },
  {
    name: 'several wrong settings, all of them at once',
    spoil: (relay) => relay.configure({ queue: { retryWaits: [], expireAfter: 'soon' }, colour: 'red' }),
    code: CONFIG,
    says: /(?=.*queue\.retryWaits)(?=.*queue\.expireAfter)(?=.*colour)/s,
  },
  {
    name: 'a configuration that is no YAML',
    spoil: ({ configFile }) => writeFileSync(configFile, 'queue: [\n'),
    code: CONFIG,
    says: /relay\.yaml/,
  },
];

for (const { name, spoil, code, says } of REFUSALS) {
  test(`start refuses ${name}`, async () =>
    withRelay({}, async (relay) => {
      const undo = await spoil(relay);
      try {
        relay.launch();
        assert.deepEqual(await relay.ended(), { code, signal: null }, relay.complaint());
        assert.match(relay.complaint(), says);
        assert.doesNotMatch(relay.complaint(), /\n\s+at /, 'a stack is no sentence');
      } finally {
        undo?.();
      }
    }));
}

test('with two processes one damaged shard stops the start, and no worker is left', async () =>
  withRelay({ processes: 2 }, async (relay) => {
    mkdirSync(join(relay.dataDirectory, 'shard-1'));
    writeFileSync(join(relay.dataDirectory, 'shard-1', 'queue.db'), 'not a database, '.repeat(1000));
    relay.launch();
    await relay.until(() => relay.workers().length > 0, 'workers');
    const workers = relay.workers();
    assert.deepEqual(await relay.ended(), { code: STORAGE, signal: null }, relay.complaint());
    assert.match(relay.complaint(), /shard-1.*damaged/);
    await relay.untilGone(workers);
  }));

test('a second relay on the same data is refused while the first runs', async () =>
  withRelay({ processes: 2 }, async (first) =>
    withRelay({ dataDirectory: first.dataDirectory }, async (second) => {
      await first.start();
      second.launch();
      const { code } = await second.ended();
      assert.notEqual(code, 0);
      assert.match(second.complaint(), /a relay runs with this configuration already|belongs to a running relay/);
      assert.equal((await first.readiness())?.ready, true);
    }),
  ));
