/** No statement looks through more rows than it returns, whatever waits: the plans are checked, not the time. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { prepareRows } from '#storage/sqlite/rows.ts';
import { migrate, QUEUE_SCHEMA } from '#storage/sqlite/schema.ts';

/** Asked at start, for a status page, or of a table that holds a row for each paused destination. */
const MAY_SCAN = new Set(['waiting', 'counts', 'pauses']);

const BY_KEY = 'SEARCH delivery USING PRIMARY KEY (message=? AND destination=?';

test('the statements of the hot path find their rows by an index', () => {
  const database = new DatabaseSync(':memory:');
  migrate(database, 'test', QUEUE_SCHEMA);
  const rows = prepareRows(database);
  const planOf = (sql: string): string =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((row) => String(row['detail']))
      .join('; ');
  for (const [name, { sourceSQL }] of Object.entries(rows)) {
    if (MAY_SCAN.has(name) || !/^(SELECT|UPDATE|DELETE)/.test(sourceSQL)) continue;
    const plan = planOf(sourceSQL).replaceAll(/SCAN json_each[^;]*|LIST SUBQUERY \d+|CREATE BLOOM FILTER/g, '');
    if (name !== 'oldest') assert.doesNotMatch(plan, /SCAN|TEMP B-TREE FOR ORDER/, `${name}: ${plan}`);
  }
  for (const name of ['dueLot', 'overdueLot', 'lend', 'remove', 'giveBack', 'defer'] as const) {
    assert.ok(planOf(rows[name].sourceSQL).includes(BY_KEY), `${name}: ${planOf(rows[name].sourceSQL)}`);
  }
  assert.match(planOf(rows.firstDue.sourceSQL), /COVERING INDEX delivery_due \(destination=\?\)/);
  assert.match(planOf(rows.oldest.sourceSQL), /^SCAN message$/, 'in key order, one row');
});
