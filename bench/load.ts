/**
 * Both ends of a run: the source that sends and the sink that counts. In clear text these are Postfix's `smtp-source` and
 * `smtp-sink`, whose figures compare with others' and cost little; with TLS, which those lack, our own programs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuSeconds, endedChildrenSeconds } from './processes.ts';

export type Certificate = { readonly certFile: string; readonly keyFile: string };

export type Load = {
  readonly port: number;
  readonly connections: number;
  readonly messages: number;
  readonly bytes: number;
  readonly tls: boolean;
  /** One connection for many messages; otherwise one for each. */
  readonly keep: boolean;
  /** A message as it is to be sent, in the place of `bytes` of filling. Only without TLS. */
  readonly file?: string;
  /** So many domains in turn, `d0.there.example` and on; one when left out. Only with TLS. */
  readonly domains?: number;
};

export type Sink = {
  readonly port: number;
  delivered(): number;
  cpuSeconds(): number;
  readonly stop: () => Promise<void>;
};

export const SENDER = 'source@here.example';
export const RECIPIENT = 'sink@there.example';

const SOURCE_LIMIT_MS = 180_000;
const POLL_MS = 5;

const program = (name: string): string => join(import.meta.dirname, name);

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was bound');
  return address.port;
}

/** Resolves when something listens there. */
async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (child.exitCode !== null) break;
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await wait(10);
  }
  throw new Error(`the sink does not listen on port ${port}`);
}

/** The last `mesg=N` of a file that grows. */
function lastCount(path: string): number {
  const file = openSync(path, 'r');
  try {
    const tail = Buffer.alloc(128);
    const length = readSync(file, tail, 0, tail.length, Math.max(0, statSync(path).size - tail.length));
    const counts = [...tail.toString('latin1', 0, length).matchAll(/mesg=(\d+)[\r\n]/g)];
    return Number(counts.at(-1)?.[1] ?? 0);
  } finally {
    closeSync(file);
  }
}

export async function endChild(child: ChildProcess, signal: NodeJS.Signals, limitMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  await ended;
  clearTimeout(timer);
}

export async function startSink(port: number, tls: Certificate | undefined, directory: string): Promise<Sink> {
  const countFile = join(directory, 'count');
  const output = openSync(countFile, 'w');
  const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const [command, args] =
    tls === undefined
      ? ['smtp-sink', [...asNobody, '-c', '-m', '1000', `127.0.0.1:${port}`, '1000']]
      : [process.execPath, [program('sink.ts'), '--port', `${port}`, '--cert', tls.certFile, '--key', tls.keyFile]];
  const child = spawn(command, args, { stdio: ['ignore', output, 'inherit'] });
  closeSync(output);
  await untilListening(port, child);
  return {
    port,
    delivered: () => lastCount(countFile),
    cpuSeconds: () => cpuSeconds(child.pid ?? 0),
    stop: () => endChild(child, 'SIGTERM', 2_000),
  };
}

function ownSource({ port, connections, messages, bytes, keep, domains = 1 }: Load): string[] {
  const options = { port, connections, messages, bytes, domains, sender: SENDER, recipient: RECIPIENT };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  return [program('source.ts'), '--tls', ...(keep ? ['--keep'] : []), ...args];
}

function smtpSource({ port, connections, messages, bytes, keep, file }: Load): string[] {
  const content = file === undefined ? { '-l': bytes } : { '-F': file };
  const options = { '-s': connections, '-m': messages, ...content, '-f': SENDER, '-t': RECIPIENT };
  const args = Object.entries(options).flatMap(([name, value]) => [name, `${value}`]);
  return [...(keep ? ['-d'] : []), ...args, `127.0.0.1:${port}`];
}

/** Sends the whole load; resolves with the time it took until the last message was accepted. */
export async function runSource(load: Load): Promise<{ seconds: number; cpuSeconds: number }> {
  const cpuBefore = endedChildrenSeconds();
  const start = performance.now();
  const child = load.tls
    ? spawn(process.execPath, ownSource(load), { stdio: ['ignore', 'pipe', 'inherit'], timeout: SOURCE_LIMIT_MS })
    : spawn('smtp-source', smtpSource(load), { stdio: ['ignore', 'ignore', 'inherit'], timeout: SOURCE_LIMIT_MS });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the source ended early (${String(code)})`);
  const measured = /"seconds":([\d.]+)/.exec(output)?.[1];
  const seconds = measured === undefined ? (performance.now() - start) / 1000 : Number(measured);
  return { seconds, cpuSeconds: endedChildrenSeconds() - cpuBefore };
}

/** Resolves with the seconds until the sink has so many messages. */
export async function untilDelivered(sink: Sink, messages: number, limitMs: number): Promise<number> {
  const start = performance.now();
  while (sink.delivered() < messages) {
    if (performance.now() - start > limitMs) {
      throw new Error(`${sink.delivered()} of ${messages} messages were delivered within ${limitMs / 1000} s`);
    }
    await wait(POLL_MS);
  }
  return (performance.now() - start) / 1000;
}
