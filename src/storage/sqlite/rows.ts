/**
 * The statements of the queue's database, prepared once, and the shapes of their rows. No decisions: `queue-shard.ts` makes
 * those.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';

export type Row = Record<string, SQLOutputValue>;

/** The condition of the partial indexes; a query must repeat it to use them. */
const WAITS = 'leased = 0 AND held = 0';
/** The same where the primary key is to be used: else all that waits for the destination would be looked through. */
const WAITS_BY_KEY = '+leased = 0 AND +held = 0';
const ONE = 'message = ? AND destination = ? AND position = ?';

const STATEMENTS = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  dataVersion: 'PRAGMA data_version',
  insertMessage: 'INSERT INTO message (number, id, received, about, content) VALUES (?, ?, ?, ?, ?)',
  insertDelivery: `INSERT INTO delivery (message, destination, position, leased, due, received, recipient, parameters)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  message: 'SELECT id, received, about, content FROM message WHERE number = ?',
  firstDue: `SELECT message, due FROM delivery INDEXED BY delivery_due
       WHERE destination = ? AND ${WAITS} ORDER BY due LIMIT 1`,
  dueLot: `SELECT position, attempts, phase, recipient, parameters, last FROM delivery
       WHERE message = ? AND destination = ? AND ${WAITS_BY_KEY} AND due <= ? ORDER BY position LIMIT ?`,
  overdueLot: `SELECT position, attempts, phase, recipient, parameters, last FROM delivery
       WHERE message = ? AND destination = ? AND ${WAITS_BY_KEY} AND phase = ? ORDER BY position`,
  /** Bound: phase, received before, destinations left out (JSON), limit. */
  overdue: `SELECT DISTINCT message, destination FROM delivery INDEXED BY delivery_overdue WHERE ${WAITS}
       AND phase = ? AND received < ? AND destination NOT IN (SELECT value FROM json_each(?)) ORDER BY received LIMIT ?`,
  overdueOf: `SELECT DISTINCT message, destination FROM delivery INDEXED BY delivery_overdue WHERE ${WAITS}
       AND phase = ? AND received < ? AND destination = ? ORDER BY received LIMIT ?`,
  lend: `UPDATE delivery SET leased = 1 WHERE ${ONE}`,
  remove: `DELETE FROM delivery WHERE ${ONE}`,
  removeMessage: 'DELETE FROM message WHERE number = ? AND NOT EXISTS (SELECT 1 FROM delivery WHERE message = ?)',
  giveBack: `UPDATE delivery SET leased = 0 WHERE ${ONE} RETURNING held, due, attempts`,
  /** What the operator wants returned (phase 2) stays so, and due. */
  defer: `UPDATE delivery SET leased = 0, attempts = attempts + ?, due = iif(phase = 2, received, ?),
       phase = max(phase, ?), last = ? WHERE ${ONE} RETURNING held, due, attempts`,
  hasten: `UPDATE delivery SET due = ? WHERE destination = ? AND ${WAITS} AND due > ?`,
  setPause: `INSERT INTO pause (destination, until, failures, diagnosis) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
       SET until = excluded.until, failures = excluded.failures, diagnosis = excluded.diagnosis`,
  endPause: 'DELETE FROM pause WHERE destination = ?',
  pauses: 'SELECT destination, until, failures, diagnosis FROM pause',
  waiting: `SELECT destination, count(*) AS waiting, sum(attempts = 0) AS unattempted, min(due) AS due
       FROM delivery INDEXED BY delivery_due WHERE ${WAITS} GROUP BY destination`,
  counts: `SELECT (SELECT count(*) FROM message) AS messages,
       (SELECT count(*) FROM delivery INDEXED BY delivery_held WHERE leased = 0 AND held = 1) AS held,
       (SELECT max(number) FROM message) AS last`,
  oldest: 'SELECT received FROM message ORDER BY number LIMIT 1',
};

export type QueueRows = { readonly [name in keyof typeof STATEMENTS]: StatementSync };

export const prepareRows = (database: DatabaseSync): QueueRows => prepareAll(database, STATEMENTS);

export function prepareAll<Name extends string>(
  database: DatabaseSync,
  statements: Readonly<Record<Name, string>>,
): Readonly<Record<Name, StatementSync>> {
  const prepared = Object.entries<string>(statements).map(([name, sql]) => [name, database.prepare(sql)]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same keys
  return Object.fromEntries(prepared) as Record<Name, StatementSync>;
}

export const numberOf = (row: Row | undefined, column: string): number => Number(row?.[column] ?? 0);
export const textOf = (row: Row | undefined, column: string): string => String(row?.[column] ?? '');
export function nullableText(row: Row, column: string): string | null {
  const value = row[column];
  return typeof value === 'string' ? value : null;
}
