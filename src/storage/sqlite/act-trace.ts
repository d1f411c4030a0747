/**
 * Notes an operator's acts in the trace database of a shard, beside its owner or without one: short commits that do not wait
 * for the disk. An act is not undone because its record could not be written.
 */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { QueueAct } from '#queue/desk.ts';
import { BUSY_TIMEOUT_MS } from './open.ts';
import { textOf, type Row } from './rows.ts';
import { refuseNewer, TRACE_SCHEMA } from './schema.ts';
import type { StoredRecord } from './trace-reader.ts';
import { TraceShard } from './trace-shard.ts';
import type { WireTraceEntry } from './wire.ts';

const EVENTS: Readonly<Record<QueueAct, string>> = {
  retry: 'queue.retried',
  hold: 'queue.held',
  release: 'queue.released',
  cancel: 'queue.cancelled',
  fail: 'queue.returned',
};

/** `rows`: `id` and `recipient` of the deliveries that the act changed. */
export function noteAct(file: string, act: QueueAct, at: Date, rows: readonly Row[]): void {
  if (rows.length === 0 || !existsSync(file)) return;
  try {
    using database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    refuseNewer(database, file, TRACE_SCHEMA);
    database.exec('PRAGMA synchronous = NORMAL');
    new TraceShard(database).append(entriesOf(act, at.getTime(), rows));
  } catch {
    // The act itself is committed: to refuse it now would be a lie.
  }
}

function entriesOf(act: QueueAct, at: number, rows: readonly Row[]): readonly WireTraceEntry[] {
  const messages = Map.groupBy(rows, (row) => textOf(row, 'id'));
  return [...messages].map(([messageId, own]) => {
    const recipients = own.map((row) => textOf(row, 'recipient'));
    const records = recipients.map((recipient): StoredRecord => [at, EVENTS[act], { recipient }]);
    return { at, messageId, records: JSON.stringify(records), subjects: [...new Set(recipients)] };
  });
}
