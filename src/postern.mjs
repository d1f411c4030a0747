#!/usr/bin/env node
/**
 * Starts main.ts on a Node that can run it. Plain JavaScript in old syntax: it must also load in a Node that is too old,
 * where it hands over to the one that `npm ci` has put into node_modules/.bin, with signals and exit code passed on.
 */
import { spawn } from 'node:child_process';
import * as nodeModule from 'node:module';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LEAST = [24, 12];

function isRecent(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

/** The package's own node_modules, or the one that the package is installed in. */
function findNode(start) {
  for (let directory = start; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', '.bin', 'node');
    if (existsSync(candidate)) return candidate;
    if (directory === dirname(directory)) return undefined;
  }
}

/**
 * Compiled code is kept beside the packages, for this process and those that it starts: half the start time, and memory that
 * stripping types would take. Where that cannot be written nothing is kept. Never in a directory that others can write.
 */
function keepCompiledCode() {
  const cache = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules', '.cache', 'postern');
  process.env.NODE_COMPILE_CACHE ??= cache;
  nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

function handOver(node) {
  const child = spawn(node, process.argv.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, POSTERN_HANDED_OVER: '1' },
  });
  // Ctrl-C on a terminal reaches the whole foreground group by itself; the child would get it twice.
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) {
    process.on(signal, () => (signal === 'SIGINT' && onTerminal ? undefined : child.kill(signal)));
  }
  child.on('error', (error) => {
    process.stderr.write(`postern: ${node} cannot be started: ${error.message}\n`);
    process.exit(70);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/**
 * Starts the relay with bounds on its heap. Without them V8 lets garbage grow to several times what is in use, since it takes
 * the whole machine for its own; content is outside of the heap. Who sets bounds of his own keeps them.
 */
function boundHeap() {
  const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
  if (!process.argv.includes('start') || /max-(old|semi)-space-size/.test(given)) return;
  const bounds = ['--max-semi-space-size=16', '--max-old-space-size=512'];
  // Not a child: the process keeps its id, and signals need no passing on.
  process.execve(
    process.execPath,
    [process.execPath, ...bounds, ...process.execArgv, ...process.argv.slice(1)],
    process.env,
  );
}

if (isRecent(process.versions.node)) {
  boundHeap();
  keepCompiledCode();
  await import('./main.ts');
} else {
  const node = process.env.POSTERN_HANDED_OVER ? undefined : findNode(dirname(fileURLToPath(import.meta.url)));
  if (node !== undefined) handOver(node);
  else {
    process.stderr.write(`postern: Node ${LEAST.join('.')} or later is needed; this is ${process.versions.node}.\n`);
    process.stderr.write('Run `npm ci` in its directory, which brings one, or install a newer Node.\n');
    process.exit(70);
  }
}
