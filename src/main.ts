/**
 * The process behind `postern` and `npm start`: hands the adapters to the command line and ends with its exit code. Worker
 * processes begin in `worker.ts`.
 */
import { NODATA, NOTFOUND } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Machine } from '#config/load.ts';
import type { RelayConfig } from '#config/schema.ts';
import { processConsole } from '#cli/console.ts';
import { editText } from '#cli/editor.ts';
import { runCommandLine } from '#cli/program.ts';
import { testResolvers } from '#dns/self-test.ts';
import { serversOf } from '#dns/servers.ts';
import { usesDane } from '#outbound/dane-use.ts';
import { ownEndpoints } from '#outbound/own-addresses.ts';
import { SqliteAuditStore } from '#storage/sqlite/audit.ts';
import { SqliteQueueDesk } from '#storage/sqlite/desk.ts';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';
import { SqliteTraceReader } from '#storage/sqlite/trace-reader.ts';
import { openHeldDesk } from './held-desk.ts';
import { RecordPolicyDesk } from './policy-desk.ts';
import { outsideView } from './publisher.ts';
import { openRuleDesk } from './rule-desk.ts';
import { runRelay } from './run.ts';

const packageDirectory = fileURLToPath(new URL('..', import.meta.url));
const console = processConsole();
const machine: Machine = { hostname: hostname() };

function versionOf(directory: string): string {
  const { version }: { version?: unknown } = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8'));
  return String(version);
}

async function openRecords({ dataDirectory }: Pick<RelayConfig, 'dataDirectory'>): Promise<SqliteRecordStore> {
  return SqliteRecordStore.open({
    dataDirectory,
    now: () => new Date(),
    onDamage: (movedTo) =>
      console.complain(`records.db was damaged; it is now ${movedTo}, and an empty one took its place`),
  });
}

/** In a container the number of a user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}

const version = versionOf(packageDirectory);

process.exitCode = await runCommandLine(process.argv.slice(2), {
  console,
  version,
  machine,
  user: userName(),
  packageDirectory,
  now: () => new Date(),
  startRelay: async (loaded) => runRelay(loaded, { machine, version, write: console.write }),
  openDesk: async ({ dataDirectory }) => new SqliteQueueDesk(dataDirectory),
  openTraces: async ({ dataDirectory }) => new SqliteTraceReader(dataDirectory),
  openHeld: async ({ dataDirectory }) => openHeldDesk(dataDirectory),
  openRules: async (config) => openRuleDesk(() => config),
  openAudit: async ({ dataDirectory }) => new SqliteAuditStore(dataDirectory),
  editText: async (text) => editText(text, process.env),
  openRecords,
  openPolicies: async (config) => {
    const isOurs = ownEndpoints(config.listeners);
    return new RecordPolicyDesk({
      settings: () => config,
      records: await openRecords(config),
      isOurs,
      dnssec: undefined,
    });
  },
  viewFromOutside: (config) =>
    outsideView(
      () => config,
      () => undefined,
    ),
  askResolver: async (server) => {
    const resolver = new Resolver({ timeout: 2_000, tries: 1 });
    if (server !== undefined) resolver.setServers([server]);
    try {
      await resolver.resolveSoa('.');
    } catch (error) {
      // That there is nothing is an answer too.
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== NOTFOUND && code !== NODATA) throw error;
    }
  },
  doubtResolvers: async (config) => {
    if (!usesDane(config)) return undefined;
    const servers = serversOf(config.dns, '/etc/resolv.conf');
    const state = await testResolvers({ servers, settings: config.dns, limit: 10_000 });
    return state.kind === 'validates' ? undefined : state.reason;
  },
});
