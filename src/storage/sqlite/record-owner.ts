/**
 * One process's share in the file of records: requests that arrive together in one commit, and what happens when that fails.
 * The file is opened again when it could not be opened before, when another process has replaced it, and when it turns out to
 * be damaged. Refuses to begin only for a file of a newer program.
 */
import { failureOf, type Failure } from './failure.ts';
import { identityOf, openRecordFile, type OpenRecordFile } from './record-file.ts';
import { RecordTable } from './record-table.ts';
import type { RecordAnswer, RecordRequest } from './record-wire.ts';
import type { DatabaseOwner, Send } from './thread-loop.ts';
import type { Waiting } from './thread-protocol.ts';

/** A file is found damaged while in use, and replaced, no more often than this: beyond, its requests are refused. */
const HEAL_EVERY_MS = 600_000;

type Group = readonly Waiting<RecordRequest>[];
type NumberedAnswer = readonly [number: number, answer: RecordAnswer | undefined, failure?: Failure];
type Current = OpenRecordFile & { readonly table: RecordTable };

export class RecordOwner implements DatabaseOwner<RecordRequest> {
  readonly #file: string;
  /** Told where a damaged file went. */
  readonly #onMoved: (movedTo: string) => void;
  #current: Current | undefined;
  #healedAt = -Infinity;

  constructor(file: string, onMoved: (movedTo: string) => void) {
    this.#file = file;
    this.#onMoved = onMoved;
    try {
      this.#open();
    } catch (error) {
      if (failureOf(error, file).code === 'newer-schema') throw error;
    }
  }

  carryOut(waiting: Group, send: Send): void {
    if (waiting.length > 0) send(this.#answer(waiting));
  }

  close(): void {
    this.#current?.database.close();
    this.#current = undefined;
  }

  #answer(waiting: Group): readonly NumberedAnswer[] {
    try {
      if (this.#current?.identity !== identityOf(this.#file)) this.close();
      return this.#together(this.#current ?? this.#open(), waiting);
    } catch (error) {
      return refused(waiting, failureOf(error, this.#file));
    }
  }

  #open(): Current {
    const opened = openRecordFile(this.#file);
    this.#current = { ...opened, table: new RecordTable(opened.database) };
    if (opened.movedTo !== undefined) this.#onMoved(opened.movedTo);
    return this.#current;
  }

  #together(current: Current, group: Group): readonly NumberedAnswer[] {
    if (group.length === 0) return [];
    try {
      return commit(current, group);
    } catch (error) {
      const failure = failureOf(error, this.#file);
      if (failure.code === 'corrupt' && this.#mayHeal()) {
        this.close();
        return this.#together(this.#open(), group);
      }
      return this.#apart(current, group, failure);
    }
  }

  #mayHeal(): boolean {
    const now = performance.now();
    if (now - this.#healedAt < HEAL_EVERY_MS) return false;
    this.#healedAt = now;
    return true;
  }

  /** Requests that cannot be blamed for the failure get another chance without those that can. */
  #apart(current: Current, group: Group, failure: Failure): readonly NumberedAnswer[] {
    if (group.length === 1) return refused(group, failure);
    const blamed = BLAMED[failure.code]?.find((isBlamed) => group.some(({ request }) => isBlamed(request)));
    if (blamed === undefined) return group.flatMap((one) => this.#together(current, [one]));
    const others = group.filter(({ request }) => !blamed(request));
    const refusals = refused(
      group.filter(({ request }) => blamed(request)),
      failure,
    );
    return [...refusals, ...this.#together(current, others)];
  }
}

const grows = ({ kind }: RecordRequest): boolean => kind === 'put' || kind === 'add';
const writes = ({ kind }: RecordRequest): boolean => kind !== 'get' && kind !== 'list';
const asks = (): boolean => true;

/** In this order; any other failure is somebody's own, so each is tried alone. */
const BLAMED: { readonly [code in Failure['code']]?: readonly ((request: RecordRequest) => boolean)[] } = {
  full: [grows, writes, asks],
  locked: [writes, asks],
};

function commit({ database, table }: Current, group: Group): readonly NumberedAnswer[] {
  // Who only reads waits for no other process.
  database.exec(group.some(({ request }) => writes(request)) ? 'BEGIN IMMEDIATE' : 'BEGIN');
  try {
    const answers = group.map(({ number, request }): NumberedAnswer => [number, table.carryOut(request)]);
    database.exec('COMMIT');
    return answers;
  } catch (error) {
    // SQLite itself rolls back after some failures.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

const refused = (group: Group, failure: Failure): readonly NumberedAnswer[] =>
  group.map(({ number }): NumberedAnswer => [number, undefined, failure]);
