/** docs/reference/events.md is what the tables say now. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventsReference } from '#log/events-reference.ts';

test('docs/reference/events.md is up to date (postern docs write)', () => {
  assert.equal(readFileSync(new URL('../../docs/reference/events.md', import.meta.url), 'utf8'), eventsReference());
});
