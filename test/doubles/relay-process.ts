/**
 * The relay as operators run it: `postern start` in a process of its own, with a configuration file in a temporary
 * directory that outlives the process, so that it can be killed and started again on the same data. Nothing is replaced.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mergeSettings, type Settings } from './settings.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
const PATIENCE_MS = 30_000;
/** Below what Linux gives to outgoing connections, so that nobody takes a port while the relay is down. */
const [FIRST_PORT, PORTS] = [20_000, 12_000] as const;

export type LogLine = { readonly level: number; readonly time: string; readonly event: string } & {
  readonly [field: string]: unknown;
};

export type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type Readiness = {
  readonly ready: boolean;
  readonly state: string;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
};

export type StartOptions = {
  /** Where its log goes; a file that `log` reads when left out. */
  readonly stdout?: number | 'pipe';
  readonly environment?: { readonly [name: string]: string };
  /** Put before the command: another program that becomes the relay in the end. */
  readonly under?: readonly string[];
};

export class RelayProcess {
  readonly directory: string;
  readonly port: number;
  readonly httpPort: number;
  readonly #settings: Settings;
  #child: ChildProcess | undefined;
  #starts = 0;

  private constructor(directory: string, settings: Settings, [port, httpPort]: readonly [number, number]) {
    this.directory = directory;
    this.port = port;
    this.httpPort = httpPort;
    this.#settings = settings;
  }

  /** A directory with a configuration; `start` is the next thing to do. */
  static async prepare(settings: Settings = {}): Promise<RelayProcess> {
    const directory = mkdtempSync(join(tmpdir(), 'postern-relay-'));
    const relay = new RelayProcess(directory, settings, [await freePort(), await freePort()]);
    mkdirSync(relay.dataDirectory);
    relay.configure();
    return relay;
  }

  get dataDirectory(): string {
    return join(this.directory, 'data');
  }

  get configFile(): string {
    return join(this.directory, 'relay.yaml');
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get child(): ChildProcess {
    assert.ok(this.#child !== undefined, 'the relay was not started');
    return this.#child;
  }

  /** Writes the configuration file with these settings over the usual ones. */
  configure(settings: Settings = {}): void {
    const usual = {
      hostname: 'relay.test',
      processes: 1,
      dataDirectory: this.dataDirectory,
      certificateDirectory: join(this.directory, 'certs'),
      listeners: [{ name: 'mail', address: '127.0.0.1', port: this.port, mode: 'relay', tls: 'off' }],
      http: { port: this.httpPort },
      queue: { retryWaits: ['1s'], jitter: 0, expireAfter: '24h', delayNoticeAfter: '0' },
      outbound: { addressFamilies: ['ipv4'] },
      tlsPolicy: { floor: 'opportunistic' },
      log: { level: 'info', format: 'json' },
    };
    writeFileSync(this.configFile, JSON.stringify(mergeSettings(mergeSettings(usual, this.#settings), settings))); // JSON is YAML
  }

  /** Resolves when it accepts mail. */
  async start(options: StartOptions = {}): Promise<void> {
    this.launch(options);
    await this.until(async () => (await this.readiness())?.ready === true, 'readiness');
  }

  /** Starts it and does not wait. */
  launch({ stdout, environment, under = [] }: StartOptions = {}): void {
    this.#starts += 1;
    const log = stdout ?? openSync(this.#logFile(this.#starts), 'w');
    const errors = openSync(this.#errorFile(this.#starts), 'w');
    const program = [process.execPath, MAIN, '--config', this.configFile, 'start'];
    const [command = process.execPath, ...args] = [...under, ...program];
    this.#child = spawn(command, args, {
      cwd: this.directory,
      stdio: ['ignore', log, errors],
      env: { ...process.env, ...environment },
    });
    if (typeof log === 'number') closeSync(log);
    closeSync(errors);
  }

  /** The end of a process that was asked to end or cannot do else. */
  async ended(): Promise<Ending> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await once(child, 'exit');
      clearTimeout(late);
    }
    return { code: child.exitCode, signal: child.signalCode };
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ending> {
    this.child.kill(signal);
    return this.ended();
  }

  /** Kills what still runs and takes the directory away. */
  async remove(): Promise<void> {
    if (this.#child !== undefined) {
      const workers = this.workers();
      await this.stop('SIGKILL');
      await this.untilGone(workers);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Process ids of the worker processes. */
  workers(): readonly number[] {
    const file = `/proc/${this.pid}/task/${this.pid}/children`;
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
  }

  async untilGone(pids: readonly number[]): Promise<void> {
    await until(
      () => !pids.some(isWorker),
      () => `the processes ${pids.filter(isWorker).join(', ')} live on`,
    );
  }

  /** The lines of the latest start, or of the one with this number; what is no JSON (the words for a person) is left out. */
  log(start = this.#starts): readonly LogLine[] {
    return (
      readFileSync(this.#logFile(start), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- lines of our own logger
        .map((line) => JSON.parse(line) as LogLine)
    );
  }

  /** The lines of all starts. */
  logs(): readonly LogLine[] {
    return Array.from({ length: this.#starts }, (_, start) => this.log(start + 1)).flat();
  }

  events(event: string, start = this.#starts): readonly LogLine[] {
    return this.log(start).filter((line) => line.event === event);
  }

  /** What it said on standard error. */
  complaint(): string {
    return readFileSync(this.#errorFile(this.#starts), 'utf8');
  }

  /** The answer of `/readyz`; `undefined` while nobody answers. */
  async readiness(): Promise<Readiness | undefined> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.httpPort}/readyz`, { signal: AbortSignal.timeout(10_000) });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own interface
      return (await answer.json()) as Readiness;
    } catch {
      return undefined;
    }
  }

  /** Waits with the log at hand when it does not happen, or when the relay ends instead. */
  async until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    await until(
      async () => {
        if (await holds()) return true;
        const { exitCode, signalCode } = this.child;
        const runs = exitCode === null && signalCode === null;
        assert.ok(runs, `the relay ended (${exitCode ?? signalCode}) before ${what}:\n${this.#said()}`);
        return false;
      },
      () => `${what} did not happen:\n${this.#said()}`,
    );
  }

  #said(): string {
    const log = existsSync(this.#logFile(this.#starts)) ? readFileSync(this.#logFile(this.#starts), 'utf8') : '';
    return `${log.split('\n').slice(-30).join('\n')}\n${this.complaint()}`;
  }

  #logFile(start: number): string {
    return join(this.directory, `relay-${start}.log`);
  }

  #errorFile(start: number): string {
    return join(this.directory, `relay-${start}.errors`);
  }
}

/** A relay that is gone when `check` has ended, however it ended. */
export async function withRelay(settings: Settings, check: (relay: RelayProcess) => Promise<void>): Promise<void> {
  const relay = await RelayProcess.prepare(settings);
  try {
    await check(relay);
  } finally {
    await relay.remove();
  }
}

/** All mail goes to this port of 127.0.0.1. */
export function smartHost(port: number): Settings {
  const connector = { name: 'sink', recipientDomains: ['*'], useMXRecord: false, smartHosts: [`127.0.0.1:${port}`] };
  return { connectors: [connector] };
}

async function until(holds: () => boolean | Promise<boolean>, failure: () => string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) assert.fail(failure());
    await sleep(10);
  }
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

const isWorker = (pid: number): boolean => commandLine(pid).includes('worker.ts');

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it is gone
  }
}
