/**
 * `npm run demo`: the real relay among a few hosts on loopback, one message to each, and what became of them. Nothing is
 * played but the hosts and the zone; retries are the real ones on a short schedule.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { simpleParser } from 'mailparser';
import { readAccess } from '#admin/access.ts';
import { RelayClient } from '#admin/client.ts';
import type { TraceRecord } from '#queue/trace-store.ts';
import { SELF_TEST_NAMES } from '../doubles/zone.ts';
import { PLACES, SENDER, type Place } from './places.ts';
import { World } from './world.ts';

const POSTERN = fileURLToPath(new URL('../../src/postern.mjs', import.meta.url));
const PATIENCE_MS = 30_000;

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'postern-demo-'));
const configFile = join(directory, 'relay.yaml');
const tokenFile = join(directory, 'token');

function writeConfig(world: World): void {
  const config = {
    hostname: 'relay.test',
    dataDirectory: join(directory, 'data'),
    certificateDirectory: directory,
    listeners: [{ name: 'mail', address: '127.0.0.1', port: 0, mode: 'relay', tls: 'offered' }],
    dns: { resolvers: [world.names.resolver], timeout: '3s', selfTest: SELF_TEST_NAMES },
    outbound: { port: world.port, caFile: join(directory, 'ca.pem'), addressFamilies: ['ipv4'] },
    tlsPolicy: { mtaSts: { port: world.policyHost.port, privateAddresses: true } },
    queue: { retryWaits: ['1s', '1s', '2s'], jitter: 0, expireAfter: '4s', delayNoticeAfter: '0s' },
    http: { port: 0, tokenFile },
    log: { format: 'json' },
  };
  writeFileSync(configFile, JSON.stringify(config));
}

/** Until `look` finds something. */
async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(100)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not happen within ${PATIENCE_MS / 1000} s; the log is ${join(directory, 'log')}`);
}

async function startRelay(): Promise<{ relay: ChildProcess; client: RelayClient; server: string }> {
  const relay = spawn(process.execPath, [POSTERN, '--config', configFile, 'start'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Where the demo ends early (its output is cut off), the relay must not outlive it.
  process.once('exit', () => relay.kill('SIGTERM'));
  relay.stdout?.on('data', (lines: Buffer) => writeFileSync(join(directory, 'log'), lines, { flag: 'a' }));
  const client = await until('the start of the relay', async () => {
    if (relay.exitCode !== null) throw new Error(`the relay ended: ${readFileSync(join(directory, 'log'), 'utf8')}`);
    const access = await readAccess(tokenFile);
    return access === undefined ? undefined : new RelayClient(access);
  });
  const { listeners } = await client.status();
  const [mail] = listeners;
  return { relay, client, server: `${mail?.address}:${mail?.port}` };
}

async function send({ recipient, requireTls = false }: Place, server: string): Promise<void> {
  const options = ['--from', SENDER, '--to', recipient, '--subject', `To ${recipient}`, '--body', 'Hello.'];
  if (requireTls) options.push('--require-tls');
  await run(process.execPath, [POSTERN, '--config', configFile, 'send', ...options, '--server', server]);
}

const ENDS = new Set(['delivery.delivered', 'delivery.failed']);

/** The records of a recipient once its delivery has ended. */
async function ended(client: RelayClient, recipient: string): Promise<readonly TraceRecord[]> {
  return until(`the end of the delivery to ${recipient}`, async () => {
    const records = (await client.find(recipient, 100)).filter(({ fields }) => fields['recipient'] === recipient);
    return records.some(({ event }) => ENDS.has(event)) ? records : undefined;
  });
}

function rowOf(index: number, world: World, records: readonly TraceRecord[]): readonly string[] {
  const { recipient = '', about = '' } = PLACES[index] ?? {};
  return [recipient, about, outcomeOf(records), world.heardInClear(index) ? 'YES' : 'no'];
}

function outcomeOf(records: readonly TraceRecord[]): string {
  const end = records.findLast(({ event }) => ENDS.has(event));
  const deferrals = records.filter(({ event }) => event === 'delivery.deferred').map(({ fields }) => fields['status']);
  if (end?.event === 'delivery.delivered') {
    const [version, , ...proof] = String(end.fields['tls']).split(' ');
    return `delivered over ${version}, ${proof.join(' ')}`;
  }
  const status = end?.fields['status'];
  if (deferrals.length === 0) return `returned at once: ${status}`;
  return `deferred ${deferrals.length} times (${deferrals[0]}), then returned: ${status}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const head = ['recipient', 'what its host shows', 'what happened', 'told in clear'];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n');
}

/** What an NDR says to people, and of what it says to administrators the diagnosis. */
function inShort(report: string): string {
  const [forPeople = ''] = report.split('Details for mail administrators');
  const [diagnosis = ''] = /^Diagnosis: .*(?:\n {4}.*)*/m.exec(report) ?? [];
  return `${forPeople.trim()}\n\n${diagnosis}`;
}

async function show(world: World): Promise<void> {
  console.log(`${world.names.about}
A policy host, ${PLACES.length} mail hosts and the sender's own are up; the relay starts (TLS floor: encrypted).`);
  const { relay, client, server } = await startRelay();
  try {
    for (const place of PLACES) await send(place, server);
    console.log(`${PLACES.length} messages are accepted; what cannot go safely is tried again for 4 seconds.\n`);
    const traces = await Promise.all(PLACES.map(async ({ recipient }) => ended(client, recipient)));
    console.log(table(traces.map((records, index) => rowOf(index, world, records))));
    const failures = traces.filter((records) => records.some(({ event }) => event === 'delivery.failed')).length;
    await until(`the return of ${failures} NDRs`, async () =>
      Promise.resolve(world.reports.length >= failures || undefined),
    );
    for (const { content, tlsVersion } of world.reports) {
      const { subject, text = '' } = await simpleParser(content);
      console.log(`\n----- an NDR came back to ${SENDER} over ${tlsVersion}: ${subject}\n\n${inShort(text)}`);
    }
  } finally {
    relay.kill('SIGTERM');
    if (relay.exitCode === null) await once(relay, 'exit');
  }
}

const world = await World.create(directory);
try {
  writeConfig(world);
  await show(world);
} finally {
  await world.close();
  rmSync(directory, { recursive: true, force: true });
}
