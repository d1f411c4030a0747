/** The real console, behind pipes. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const source = new URL('../../src/cli/console.ts', import.meta.url).href;

function pipe(call: string, input: string): string {
  const program = `import { processConsole } from '${source}'; const console_ = processConsole(); console_.write(JSON.stringify(${call}));`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { input, encoding: 'utf8' }).trimEnd();
}

test('a secret is the first line of a pipe, whatever its line end', () => {
  assert.equal(pipe("await console_.readSecret('Password: ')", 'correct horse\nmore\n'), '"correct horse"');
  assert.equal(pipe("await console_.readSecret('Password: ')", 'correct horse\r\n'), '"correct horse"');
  assert.equal(pipe("await console_.readSecret('Password: ')", 'no line end'), '"no line end"');
  assert.equal(pipe("await console_.readSecret('Password: ')", ''), '""');
});

test('all of a pipe is read, with characters that lie across chunks', () => {
  const text = 'ü'.repeat(100_001);
  assert.equal(pipe('(await console_.readAll()).toString().length', `x${text}`), '100002');
});

test('a pipe has no columns, so that nothing is cut', () => assert.equal(pipe('console_.columns ?? null', ''), 'null'));
