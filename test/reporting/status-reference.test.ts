/** docs/reference/status.md is what the tables say now. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { statusReference } from '#reporting/status-reference.ts';

test('docs/reference/status.md is up to date (postern docs write)', () => {
  assert.equal(readFileSync(new URL('../../docs/reference/status.md', import.meta.url), 'utf8'), statusReference());
});
