/**
 * What a table promises, the sources do: each event is reported somewhere, and each setting is read by somebody who is not
 * the configuration itself. (Rows of the status table: `status-coverage.test.ts`.)
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { manualOf, type ManualRow } from '#config/manual.ts';
import { configSchema } from '#config/schema.ts';
import { EVENTS } from '#log/events.ts';

const root = `${import.meta.dirname}/../src`;

function sourcesBut(tables: RegExp): string {
  const files = globSync('**/*.ts', { cwd: root }).filter((file) => !tables.test(file));
  return files.map((file) => readFileSync(`${root}/${file}`, 'utf8')).join('\n');
}

const leavesOf = ({ name, children }: ManualRow): readonly string[] =>
  children.length === 0 ? [name] : children.flatMap(leavesOf);

test('every event of the table is reported', () => {
  const sources = sourcesBut(/^log\/events\.ts$/);
  const silent = Object.keys(EVENTS).filter((event) => !sources.includes(`'${event}'`));
  assert.deepEqual(silent, []);
});

test('every setting is read', () => {
  const sources = sourcesBut(/^config\/|settings\.ts$/);
  const leaves = manualOf(configSchema).flatMap(leavesOf);
  assert.ok(leaves.length > 80, `${leaves.length} settings`);
  const unread = leaves.filter((name) => !new RegExp(String.raw`\b${name}\b`).test(sources));
  assert.deepEqual(unread, []);
});
