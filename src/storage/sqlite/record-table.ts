/** The one table of the record store: each request as the statements that carry it out. Commits are `record-owner.ts`'s. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { RecordAnswer, RecordRequest, WireRecord } from './record-wire.ts';
import { numberOf, prepareAll, textOf, type Row } from './rows.ts';

const PRUNE_STEP = 500;

const STATEMENTS = {
  get: 'SELECT key, value, count, expires FROM record WHERE collection = ? AND key = ? AND expires > ?',
  put: `INSERT INTO record (collection, key, value, count, expires) VALUES (?, ?, ?, 0, ?) ON CONFLICT DO UPDATE
       SET value = excluded.value, count = 0, expires = excluded.expires`,
  /** What has expired counts for nothing. A sum stays a number that the program can hold. */
  add: `INSERT INTO record (collection, key, value, count, expires)
       VALUES (:collection, :key, :value, :count, :expires) ON CONFLICT DO UPDATE
       SET value = iif(expires > :now, value, excluded.value),
           count = min(iif(expires > :now, count, 0) + excluded.count, ${Number.MAX_SAFE_INTEGER}),
           expires = max(expires, excluded.expires)`,
  remove: 'DELETE FROM record WHERE collection = ? AND key = ?',
  list: `SELECT key, value, count, expires FROM record
       WHERE collection = :collection AND key >= max(:prefix, :from) AND key < :end AND expires > :now
       ORDER BY key LIMIT :limit`,
  prune: `DELETE FROM record WHERE number IN
       (SELECT number FROM record WHERE expires <= ? ORDER BY expires LIMIT ${PRUNE_STEP})`,
} as const;

export class RecordTable {
  readonly #rows: Readonly<Record<keyof typeof STATEMENTS, StatementSync>>;

  constructor(database: DatabaseSync) {
    this.#rows = prepareAll(database, STATEMENTS);
  }

  carryOut(request: RecordRequest): RecordAnswer {
    switch (request.kind) {
      case 'get': {
        const row = this.#rows.get.get(request.collection, request.key, request.now);
        return row === undefined ? null : recordOf(row);
      }
      case 'put': {
        const { key, value, expires } = request.record;
        this.#rows.put.run(request.collection, key, value, expires);
        return null;
      }
      case 'add':
        for (const { key, value, count, expires } of request.additions) {
          this.#rows.add.run({ collection: request.collection, now: request.now, key, value, count, expires });
        }
        return null;
      case 'remove':
        for (const key of request.keys) this.#rows.remove.run(request.collection, key);
        return null;
      case 'list': {
        const { collection, now, prefix, from, limit } = request;
        const end = endOfPrefix(prefix);
        return this.#rows.list.all({ collection, now, prefix, from, limit, end }).map((row) => recordOf(row));
      }
      case 'prune': {
        const removed = Number(this.#rows.prune.run(request.now).changes);
        return { removed, more: removed === PRUNE_STEP };
      }
    }
  }
}

function recordOf(row: Row): WireRecord {
  return {
    key: textOf(row, 'key'),
    value: textOf(row, 'value'),
    count: numberOf(row, 'count'),
    expires: numberOf(row, 'expires'),
  };
}

/** The first text behind all that begin with `prefix`. Where there is none an empty blob: to SQLite it is behind every text. */
export function endOfPrefix(prefix: string): string | Uint8Array {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return new Uint8Array(0);
}
