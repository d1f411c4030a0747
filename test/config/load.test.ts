/** Configurations that are wrong, each with the very words that its owner reads (test/config/bad/). */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { durationText, parseDuration, parseSize } from '#config/fields.ts';
import { loadConfig, parseConfig } from '#config/load.ts';
import { ConfigError } from '#config/problems.ts';

const machine = { hostname: 'mail.example.org' };
const directory = new URL('bad/', import.meta.url).pathname;

function problemsOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    assert.ok(error instanceof ConfigError, `not a ConfigError: ${String(error)}`);
    return `${error.message}\n`;
  }
  return 'no problem';
}

describe('a bad configuration', () => {
  for (const name of readdirSync(directory)) {
    test(name.replaceAll('-', ' '), () => {
      const text = readFileSync(join(directory, name, 'config.yaml'), 'utf8');
      const expected = readFileSync(join(directory, name, 'expected-error'), 'utf8');
      assert.equal(
        problemsOf(() => parseConfig(text, 'config.yaml', machine)),
        expected,
      );
    });
  }
});

test('a file that is named and missing is a problem', () => {
  const problems = problemsOf(() => loadConfig('/nonexistent/relay.yaml', machine));
  assert.equal(problems, '/nonexistent/relay.yaml: cannot be read (there is no such file)\n');
});

test('a file over 1 MiB is not read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-config-'));
  try {
    const file = join(folder, 'big.yaml');
    writeFileSync(file, `# ${'x'.repeat(1024 * 1024)}\n`);
    assert.equal(
      problemsOf(() => loadConfig(file, machine)),
      `${file}: is larger than 1 MiB\n`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('whatever the text, the answer is a configuration or problems', () => {
  const words = [
    'queue',
    'listeners',
    ':',
    '-',
    ' ',
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    '&a',
    '*a',
    '<<',
    '? ',
    '!!binary',
    '"',
    '#',
    '15m',
  ];
  const texts = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => problemsOf(() => parseConfig(text, 'x', machine)).length > 0),
    { numRuns: 500 },
  );
});

test('a duration reads as it is written', () => {
  fc.assert(fc.property(fc.nat(10 ** 10), (time) => parseDuration(durationText(time)) === time));
  assert.deepEqual(
    ['500ms', '15m', '1.5h', '24h', '90d', '0'].map(parseDuration),
    [500, 900_000, 5_400_000, 864e5, 7776e6, 0],
  );
});

for (const text of ['', '15', '15 minutes', 'm', '-1m', '1e3s', '15M', 'constructor', '١٥m']) {
  test(`"${text}" is no duration`, () => assert.equal(parseDuration(text), undefined));
}

test('sizes know powers of 1000 and of 1024', () => {
  assert.deepEqual(['25MB', '64KiB', '1.5 MiB', '100B'].map(parseSize), [25_000_000, 65_536, 1_572_864, 100]);
  assert.deepEqual(['25M', '64kb', 'KiB', '25'].map(parseSize), [undefined, undefined, undefined, undefined]);
});
