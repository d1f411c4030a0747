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
import { PLACES, SENDER, World } from './world.ts';

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
    dns: { resolvers: [world.zone.resolver] },
    outbound: { port: world.port, caFile: join(directory, 'ca.pem'), addressFamilies: ['ipv4'] },
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

async function send(recipient: string, server: string): Promise<void> {
  const options = ['--from', SENDER, '--to', recipient, '--subject', `To ${recipient}`, '--body', 'Hello.'];
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
  const place = PLACES[index];
  const end = records.findLast(({ event }) => ENDS.has(event));
  const deferrals = records.filter(({ event }) => event === 'delivery.deferred').map(({ fields }) => fields['status']);
  const outcome =
    end?.event === 'delivery.delivered'
      ? `delivered with ${end.fields['tls']}`
      : `deferred ${deferrals.length} times (${deferrals[0]}), then returned: ${end?.fields['status']}`;
  const leaked = world.receivedAt(index).some(({ tlsVersion }) => tlsVersion === undefined);
  return [place?.recipient ?? '', place?.tls ?? '', outcome, leaked ? 'YES' : 'no'];
}

function table(rows: readonly (readonly string[])[]): string {
  const head = ['recipient', 'its host offers', 'what happened', 'sent in clear'];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n');
}

async function show(world: World): Promise<void> {
  console.log(
    `A zone, ${PLACES.length} hosts and the sender's own host are up; the relay starts (TLS floor: encrypted).`,
  );
  const { relay, client, server } = await startRelay();
  try {
    for (const { recipient } of PLACES) await send(recipient, server);
    console.log('Three messages are accepted; what cannot go over TLS 1.2 is tried again for 4 seconds.\n');
    const traces = await Promise.all(PLACES.map(async ({ recipient }) => ended(client, recipient)));
    console.log(table(traces.map((records, index) => rowOf(index, world, records))));
    await until('the return of two NDRs', async () => Promise.resolve(world.reports.length >= 2 || undefined));
    for (const { content, tlsVersion } of world.reports) {
      const { subject, text } = await simpleParser(content);
      console.log(`\n----- an NDR came back to ${SENDER} over ${tlsVersion}: ${subject}\n\n${text?.trim()}`);
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
