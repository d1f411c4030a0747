/** src/postern.mjs: which Node runs the program, and that it is the same program to the outside. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, test } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'postern-launcher-'));
after(() => rmSync(folder, { recursive: true }));

/** Stands in for main.ts: says how it was called, waits for SIGTERM when told to. */
const MAIN = `
process.exitCode = 7;
if (process.argv.includes('wait')) {
  const alive = setInterval(() => {}, 1000);
  process.on('SIGTERM', () => { clearInterval(alive); process.exitCode = 9; });
}
console.log(JSON.stringify({ argv: process.argv.slice(2), node: process.versions.node }));
`;

const OLD = `data:text/javascript,${encodeURIComponent(
  `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })`,
)}`;

function install(name: string, withNode: boolean): string {
  const place = join(folder, name);
  mkdirSync(join(place, 'src'), { recursive: true });
  writeFileSync(join(place, 'package.json'), '{"type":"module"}');
  writeFileSync(join(place, 'src/main.ts'), MAIN);
  copyFileSync(new URL('../../src/postern.mjs', import.meta.url), join(place, 'src/postern.mjs'));
  if (withNode) {
    mkdirSync(join(place, 'node_modules/.bin'), { recursive: true });
    symlinkSync(process.execPath, join(place, 'node_modules/.bin/node'));
  }
  return join(place, 'src/postern.mjs');
}

function launch(
  script: string,
  node: 'old' | 'new',
  ...argv: readonly string[]
): ChildProcessByStdio<null, Readable, Readable> {
  const flags = node === 'old' ? ['--import', OLD] : [];
  return spawn(process.execPath, [...flags, script, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

async function run(script: string, node: 'old' | 'new', ...argv: readonly string[]) {
  const child = launch(script, node, ...argv);
  const ended = once(child, 'close');
  const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  const [code]: unknown[] = await ended;
  return { code, out, err };
}

test('a recent Node runs the program itself', async () => {
  const { code, out } = await run(install('new', false), 'new', 'queue', 'list');
  assert.deepEqual([code, JSON.parse(out)], [7, { argv: ['queue', 'list'], node: process.versions.node }]);
});

test('an old Node hands over to the one in node_modules, with arguments and exit code', async () => {
  const { code, out } = await run(install('old', true), 'old', 'queue', '--sender', '<>');
  assert.deepEqual([code, JSON.parse(out)], [7, { argv: ['queue', '--sender', '<>'], node: process.versions.node }]);
});

test('SIGTERM reaches the program behind an old Node, which may drain', async () => {
  const child = launch(install('signal', true), 'old', 'wait');
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const [code]: unknown[] = await ended;
  assert.equal(code, 9);
});

test('an old Node alone says what to do', async () => {
  const { code, err } = await run(install('alone', false), 'old', 'start');
  assert.equal(code, 70);
  assert.match(err, /Node 24\.12 or later is needed; this is 20\.19\.0\.\nRun `npm ci`/);
});
