/** Log lines reach their reader whole, and a reader that is gone or slow costs nothing but lines. Real processes and pipes. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { makeLogger, type LoggerOptions } from '#log/logger.ts';

/** A process of its own that imports the logger and runs `script`. */
function child(script: string): ChildProcess {
  const source = `import { makeLogger } from '#log/logger.ts';\n${script}`;
  const root = new URL('../..', import.meta.url).pathname;
  return spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function logged(options: LoggerOptions, write: (logger: ReturnType<typeof makeLogger>) => void): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-log-'));
  const path = join(folder, 'log');
  const fd = openSync(path, 'w');
  try {
    const logger = makeLogger({ ...options, fd });
    write(logger);
    await logger.flush();
    return readFileSync(path, 'utf8');
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
}

test('a line is JSON with time, level, event and fields; line ends of strangers stay within it', async () => {
  const lines = await logged({ level: 'info' }, (logger) => {
    logger.write('info', 'inbound.accepted', { messageId: 'A', sender: 'a\r\n{"level":60}', sizeBytes: 3 });
    logger.write('error', 'relay.defect', {}, new TypeError('broken'));
    logger.write('error', 'relay.defect', {}, 'a thrown text');
  });
  const [first, second, third, ...rest] = lines
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  assert.deepEqual(rest, []);
  assert.partialDeepStrictEqual(first, {
    level: 30,
    event: 'inbound.accepted',
    messageId: 'A',
    sender: 'a\r\n{"level":60}',
    sizeBytes: 3,
  });
  assert.partialDeepStrictEqual(second, {
    level: 50,
    event: 'relay.defect',
    err: { type: 'TypeError', message: 'broken' },
  });
  assert.partialDeepStrictEqual(third, { err: { message: "'a thrown text'" } });
  assert.match(JSON.stringify(first), /"time":"\d{4}-\d\d-\d\dT/);
});

test('lines below the level are not written, and the level may change', async () => {
  const lines = await logged({ level: 'warn' }, (logger) => {
    logger.write('info', 'relay.started', {});
    logger.setLevel('debug');
    logger.write('debug', 'queue.opened', {});
    logger.setLevel('error');
    logger.write('warn', 'dns.failed', {});
  });
  assert.deepEqual(lines.match(/"event":"[^"]+"/g), ['"event":"queue.opened"']);
});

test('on a terminal no text of strangers holds control characters', async () => {
  const lines = await logged({ level: 'info', format: 'pretty' }, (logger) =>
    logger.write(
      'warn',
      'dns.failed',
      { reason: 'a\u001b[2J\u009b\u202e\\run' },
      new Error('b\u001b]0;title\u0007\rc'),
    ),
  );
  assert.match(lines, /dns\.failed/);
  // oxlint-disable-next-line no-control-regex -- the colours of the line itself are the only ones allowed
  assert.doesNotMatch(lines.replaceAll(/\u001b\[\d+m/g, ''), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  assert.match(lines, /a\?\[2J\?\?\\\\run|a\?\[2J\?\?\\run/);
});

test('what was reported before the process exits is written', async () => {
  const writer = child(`const logger = makeLogger({ level: 'info' });
    for (let count = 0; count < 500; count += 1) logger.write('info', 'relay.started', { count });
    process.exit(0);`);
  assert.ok(writer.stdout !== null);
  const lines = (await text(writer.stdout)).trimEnd().split('\n');
  assert.equal(lines.length, 500);
  assert.match(lines[499] ?? '', /"count":499/);
});

test('a reader that goes away does not end the process', async () => {
  const writer = child(`import { setTimeout as pause } from 'node:timers/promises';
    const logger = makeLogger({ level: 'info' });
    for (let round = 0; round < 20; round += 1) {
      for (let count = 0; count < 200; count += 1) logger.write('info', 'relay.started', { reason: 'x'.repeat(200) });
      await pause(5);
    }
    await logger.flush();
    process.exitCode = 7;`);
  writer.stdout?.once('data', () => writer.stdout?.destroy());
  assert.deepEqual(await once(writer, 'exit'), [7, null]);
});

test('a reader that does not read costs bounded memory, and the writer goes on', async () => {
  const writer = child(`const logger = makeLogger({ level: 'info' });
    const reason = 'x'.repeat(1000);
    for (let count = 0; count < 100_000; count += 1) logger.write('info', 'relay.started', { reason });
    process.kill(process.pid, process.memoryUsage().heapUsed < 96e6 ? 'SIGKILL' : 'SIGTERM');`);
  assert.deepEqual(await once(writer, 'exit'), [null, 'SIGKILL']);
});

test('lines of processes that share a pipe are not mixed', async () => {
  const script = `const logger = makeLogger({ level: 'info' });
    for (let count = 0; count < 3000; count += 1) logger.write('info', 'relay.started', { reason: 'x'.repeat(count % 900) });
    await logger.flush();`;
  const both = child(`import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    const source = ${JSON.stringify(`import { makeLogger } from '#log/logger.ts';\n${script}`)};
    const writers = [1, 2].map(() => spawn(process.execPath, ['--input-type=module-typescript', '-e', source], { stdio: 'inherit' }));
    await Promise.all(writers.map((writer) => once(writer, 'exit')));
    void makeLogger;`);
  assert.ok(both.stdout !== null);
  const lines = (await text(both.stdout)).trimEnd().split('\n');
  assert.equal(lines.length, 6000);
  for (const line of lines) JSON.parse(line);
});
