/**
 * The operator's view of all shards of a data directory. It opens the databases beside their owner, for each question
 * anew, reads in slices and writes in small commits, so that a running relay is never kept waiting for long.
 */
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { QueueAct, QueueDesk, QueueDetail, QueueFilter, QueueRow } from '#queue/desk.ts';
import type { Pause } from '#queue/store.ts';
import { diagnose } from '#mail/diagnosis.ts';
import { noteAct } from './act-trace.ts';
import { conditionOf } from './desk-filter.ts';
import { failureOf, unavailable } from './failure.ts';
import { BUSY_TIMEOUT_MS } from './open.ts';
import { parseDiagnosis, type About } from './queue-store.ts';
import { nullableText, numberOf, textOf, type Row } from './rows.ts';
import { inOneCommit, QUEUE_SCHEMA, refuseNewer } from './schema.ts';
import { listShards, shardFiles, type ShardFiles } from './shards.ts';

/** Deliveries changed in one commit, and read before other work gets its turn. */
const SLICE = 500;

const FROM = `FROM delivery JOIN message ON message.number = delivery.message
  LEFT JOIN pause ON pause.destination = delivery.destination`;

/** What an act does to the delivery with the given key. `cancel` deletes, see `#change`. */
const CHANGES: Readonly<Record<Exclude<QueueAct, 'cancel'>, string>> = {
  retry: 'due = :now',
  hold: 'held = 1',
  release: 'held = 0',
  fail: 'phase = 2, held = 0, due = :now',
};

type Shard = { readonly database: DatabaseSync; readonly files: ShardFiles };

export class SqliteQueueDesk implements QueueDesk {
  readonly #dataDirectory: string;
  readonly #now: () => Date;

  constructor(dataDirectory: string, now: () => Date = () => new Date()) {
    this.#dataDirectory = dataDirectory;
    this.#now = now;
  }

  async list(
    filter: QueueFilter,
    limit: number,
    after?: { messageId: string; index: number },
  ): Promise<readonly QueueRow[]> {
    const { sql, values } = conditionOf(filter, this.#now());
    const past = after === undefined ? [] : [after.messageId, after.index];
    const rows: QueueRow[] = [];
    await this.#eachShard(({ database }) => {
      const query = database.prepare(
        `SELECT id, position, leased, held, phase, about ->> '$.envelope.sender' AS sender, recipient,
         delivery.destination AS destination, about ->> '$.facts.sizeBytes' AS size,
         about ->> '$.envelope.requireTls' AS tagged, about ->> '$.facts.tlsRequired' AS tls_required, delivery.received AS received,
         attempts, max(due, ifnull(until, 0)) AS due, last ${FROM} WHERE ${sql}
         ${after === undefined ? '' : 'AND (id, position) > (?, ?)'} ORDER BY id, position LIMIT ?`,
      );
      rows.push(...query.all(...values, ...past, limit).map((row) => rowOf(row)));
    });
    return rows.toSorted(byReception).slice(0, limit);
  }

  async count(filter: QueueFilter): Promise<number> {
    const { sql, values } = conditionOf(filter, this.#now());
    let count = 0;
    await this.#eachShard(({ database }) => {
      count += numberOf(database.prepare(`SELECT count(*) AS count ${FROM} WHERE ${sql}`).get(...values), 'count');
    });
    return count;
  }

  async show(messageId: string): Promise<QueueDetail | undefined> {
    const rows = await this.list({ messageId }, Number.MAX_SAFE_INTEGER);
    let detail: QueueDetail | undefined;
    await this.#eachShard(({ database, files }) => {
      const row = database.prepare('SELECT about, content FROM message WHERE id = ?').get(messageId);
      if (row === undefined) return;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own JSON
      const { envelope, facts } = JSON.parse(textOf(row, 'about')) as About;
      const stored = row['content'];
      const octets =
        stored instanceof Uint8Array
          ? stored.subarray(0, facts.headerBytes)
          : headOf(join(files.spool, messageId), facts.headerBytes);
      detail = { envelope, rows, header: new TextDecoder().decode(octets) };
    });
    return detail;
  }

  async act(filter: QueueFilter, act: QueueAct): Promise<number> {
    const condition = conditionOf(filter, this.#now());
    let changed = 0;
    await this.#eachShard(async (shard) => {
      // Keys are taken first: what an act changes may be what the filter asks for.
      const keys = shard.database
        .prepare(
          `SELECT message, delivery.destination AS destination, position, id, recipient ${FROM} WHERE ${condition.sql}`,
        )
        .all(...condition.values);
      for (let at = 0; at < keys.length; at += SLICE) {
        changed += this.#change(shard, keys.slice(at, at + SLICE), act);
        await nextTurn();
      }
    });
    return changed;
  }

  async pauses(): Promise<readonly Pause[]> {
    const pauses: Pause[] = [];
    await this.#eachShard(({ database }) => {
      for (const row of database.prepare('SELECT destination, until, failures, diagnosis FROM pause').all()) {
        pauses.push({
          destination: textOf(row, 'destination'),
          until: new Date(numberOf(row, 'until')),
          failures: numberOf(row, 'failures'),
          diagnosis: parseDiagnosis(textOf(row, 'diagnosis')),
        });
      }
    });
    return pauses;
  }

  /** Nothing is kept open between two questions. */
  async close(): Promise<void> {
    return Promise.resolve();
  }

  #change({ database, files }: Shard, keys: readonly Row[], act: QueueAct): number {
    const where = 'message = :message AND destination = :destination AND position = :position';
    const change = database.prepare(
      act === 'cancel' ? `DELETE FROM delivery WHERE ${where}` : `UPDATE delivery SET ${CHANGES[act]} WHERE ${where}`,
    );
    const endPause = database.prepare('DELETE FROM pause WHERE destination = ?');
    const at = this.#now();
    const now = act === 'retry' || act === 'fail' ? { now: at.getTime() } : {};
    const changed: Row[] = [];
    let goneFiles: readonly string[] = [];
    inOneCommit(database, () => {
      for (const key of keys) {
        const [message, destination, position] = [
          numberOf(key, 'message'),
          textOf(key, 'destination'),
          numberOf(key, 'position'),
        ];
        if (change.run({ message, destination, position, ...now }).changes > 0) changed.push(key);
        if (act === 'retry') endPause.run(destination);
      }
      if (act === 'cancel') goneFiles = removeEmptied(database, keys);
    });
    for (const id of goneFiles) rmSync(join(files.spool, id), { force: true });
    noteAct(files.trace, act, at, changed);
    return changed.length;
  }

  async #eachShard(visit: (shard: Shard) => void | Promise<void>): Promise<void> {
    for (const shard of listShards(this.#dataDirectory)) {
      const files = shardFiles(this.#dataDirectory, shard);
      try {
        using database = new DatabaseSync(files.queue, { timeout: BUSY_TIMEOUT_MS });
        refuseNewer(database, files.queue, QUEUE_SCHEMA);
        await visit({ database, files });
      } catch (error) {
        throw unavailable(failureOf(error, files.queue), error);
      }
      await nextTurn();
    }
  }
}

/** Ids grow with time: so the rows of several shards come in the order of their reception. */
function byReception(a: QueueRow, b: QueueRow): number {
  if (a.messageId === b.messageId) return a.index - b.index;
  return a.messageId < b.messageId ? -1 : 1;
}

/** Removes the messages that have no delivery left. Returns those whose content is a file. */
function removeEmptied(database: DatabaseSync, keys: readonly Row[]): readonly string[] {
  const remove = database.prepare(
    `DELETE FROM message WHERE number = ? AND NOT EXISTS (SELECT 1 FROM delivery WHERE message = ?)
     RETURNING id, content IS NULL AS is_file`,
  );
  return keys
    .map((key) => remove.get(numberOf(key, 'message'), numberOf(key, 'message')))
    .filter((row) => row !== undefined && numberOf(row, 'is_file') === 1)
    .map((row) => textOf(row, 'id'));
}

function rowOf(row: Row): QueueRow {
  const last = nullableText(row, 'last');
  const diagnosis = last === null ? undefined : parseDiagnosis(last);
  return {
    messageId: textOf(row, 'id'),
    index: numberOf(row, 'position'),
    state: numberOf(row, 'leased') === 1 ? 'leased' : numberOf(row, 'held') === 1 ? 'held' : 'waiting',
    sender: textOf(row, 'sender'),
    recipient: textOf(row, 'recipient'),
    destination: textOf(row, 'destination'),
    sizeBytes: numberOf(row, 'size'),
    receivedAt: new Date(numberOf(row, 'received')),
    attempts: numberOf(row, 'attempts'),
    dueAt: new Date(numberOf(row, 'due')),
    last: numberOf(row, 'phase') === 2 ? diagnose('operator-failed') : diagnosis,
    ...tlsOf(row),
  };
}

function tlsOf(row: Row): Pick<QueueRow, 'tls'> {
  if (numberOf(row, 'tagged') === 1) return { tls: 'required' };
  return nullableText(row, 'tls_required') === 'no' ? { tls: 'not-required' } : {};
}

function headOf(path: string, length: number): Uint8Array {
  const octets = new Uint8Array(length);
  const handle = openSync(path, 'r');
  try {
    return octets.subarray(0, readSync(handle, octets, 0, length, 0));
  } finally {
    closeSync(handle);
  }
}
