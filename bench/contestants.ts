/**
 * The relays that are compared, each started anew for every case: same nexthop, same TLS on both legs, own directories.
 * Both keep their default durability: what is acknowledged is on the disk.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startPostfix } from '../test/doubles/postfix.ts';
import { mergeSettings, type Settings } from '../test/doubles/settings.ts';
import { type Certificate, endChild, freePort, RECIPIENT } from './load.ts';

export type ContestantName = 'Postfix' | 'Postern';

export type Legs = {
  readonly sinkPort: number;
  /** With it, STARTTLS is offered to the source and demanded of the sink; without it both legs are clear text. */
  readonly certificate: Certificate | undefined;
  /** For files of this run; it must be empty. */
  readonly directory: string;
  /** Worker processes of ours; `auto` is the default of the configuration. */
  readonly processes: number | 'auto';
  /** Of ours, over those that every case has. */
  readonly settings?: Settings;
  readonly environment?: { readonly [name: string]: string };
};

export type Contestant = {
  readonly name: ContestantName;
  readonly port: number;
  /** The process that all others of it descend from. */
  readonly pid: number;
  /** Makes all deferred mail due now, as an operator does when a host is back. */
  readonly flush: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 30_000;
const root = join(import.meta.dirname, '..');

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: 60_000 });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed (${String(code)})`);
}

/**
 * Debian's defaults, which allow 100 smtpd and 100 smtp processes and 20 deliveries at once to one nexthop, and
 * `in_flow_delay = 0`: without it Postfix brakes a source that is faster than the delivery.
 */
async function startPostfixContestant({ sinkPort, certificate }: Legs): Promise<Contestant> {
  const instance = await startPostfix({
    role: { kind: 'sender', nexthop: `[127.0.0.1]:${sinkPort}`, tls: certificate === undefined ? 'none' : 'encrypt' },
    settings: { in_flow_delay: '0', smtpd_tls_security_level: certificate === undefined ? 'none' : 'may' },
    ...(certificate !== undefined && { certificate }),
  });
  return {
    name: 'Postfix',
    port: instance.port,
    pid: instance.pid,
    flush: () => run('postqueue', ['-c', instance.configDirectory, '-f']),
    stop: instance.stop,
  };
}

type Ports = { readonly smtp: number; readonly http: number };

/** Defaults but for what a case is about: where mail comes in and where it goes. */
function relayConfig({ sinkPort, certificate, directory, processes, settings = {} }: Legs, ports: Ports): object {
  const encrypted = certificate !== undefined;
  const listener = { name: 'bench', address: '127.0.0.1', port: ports.smtp, mode: 'relay' };
  const usual = {
    hostname: 'relay.example',
    processes,
    dataDirectory: join(directory, 'data'),
    certificateDirectory: join(directory, 'certs'),
    listeners: [{ ...listener, tls: encrypted ? 'offered' : 'off' }],
    tls: { certificates: encrypted ? [certificate] : [] },
    outbound: {
      connectors: [
        { name: 'sink', recipientDomains: ['*'], useMXRecord: false, smartHosts: [`127.0.0.1:${sinkPort}`] },
      ],
    },
    tlsPolicy: { floor: encrypted ? 'encrypted' : 'opportunistic' },
    http: { port: ports.http },
    log: { level: 'info', format: 'json' },
  };
  return mergeSettings(usual, settings);
}

async function isReady(httpPort: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${httpPort}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false; // It does not listen yet.
  }
}

async function startPostern(legs: Legs): Promise<Contestant> {
  mkdirSync(join(legs.directory, 'data'), { recursive: true });
  const ports = { smtp: await freePort(), http: await freePort() };
  const configFile = join(legs.directory, 'relay.yaml');
  const logFile = join(legs.directory, 'relay.log');
  writeFileSync(configFile, JSON.stringify(relayConfig(legs, ports))); // JSON is YAML.

  const log = openSync(logFile, 'w');
  const main = join(root, 'src', 'postern.mjs');
  const child = spawn(process.execPath, [main, 'start', '--config', configFile], {
    cwd: root,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...legs.environment },
  });
  closeSync(log);
  const stop = (): Promise<void> => endChild(child, 'SIGTERM', STOP_LIMIT_MS);

  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await isReady(ports.http))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the relay did not get ready; its output:\n${readFileSync(logFile, 'utf8')}`);
    }
    await wait(50);
  }
  const domain = RECIPIENT.slice(RECIPIENT.indexOf('@') + 1);
  return {
    name: 'Postern',
    port: ports.smtp,
    pid: child.pid ?? 0,
    flush: () => run(process.execPath, [main, 'queue', 'retry', '--domain', domain, '--config', configFile]),
    stop,
  };
}

export const start: Readonly<Record<ContestantName, (legs: Legs) => Promise<Contestant>>> = {
  Postfix: startPostfixContestant,
  Postern: startPostern,
};
