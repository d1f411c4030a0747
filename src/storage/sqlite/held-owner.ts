/**
 * One process's share in the mail that is kept back: requests that arrive together in one commit, with the files of their content
 * around it. Content is written before the transaction and gets its name within it; what a commit makes superfluous goes after it.
 */
import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { failureOf, type Failure } from './failure.ts';
import { openHeldFile, removeStrays, type HeldFiles } from './held-file.ts';
import { HeldRows, isQuestion } from './held-rows.ts';
import { HeldTable } from './held-table.ts';
import type { HeldAnswer, HeldRequest, WireNewHeld } from './held-wire.ts';
import { Spool } from './spool.ts';
import type { DatabaseOwner, Send } from './thread-loop.ts';
import type { Waiting } from './thread-protocol.ts';

type Group = readonly Waiting<HeldRequest>[];
type NumberedAnswer = readonly [number: number, answer: HeldAnswer | undefined, failure?: Failure];

export class HeldOwner implements DatabaseOwner<HeldRequest> {
  readonly #files: HeldFiles;
  readonly #database: DatabaseSync;
  readonly #contents: Spool;
  readonly #rows: HeldRows;
  readonly #table: HeldTable;
  /** Of the group under way: what was written for it, and is nobody's if it fails. */
  #drafts: string[] = [];

  constructor(files: HeldFiles) {
    this.#files = files;
    this.#database = openHeldFile(files);
    this.#contents = new Spool(files.content);
    this.#rows = new HeldRows(this.#database, this.#contents);
    this.#table = new HeldTable({ database: this.#database, rows: this.#rows, contents: this.#contents });
  }

  carryOut(waiting: Group, send: Send): void {
    if (waiting.length > 0) send(this.#together(waiting));
    // Once nothing old is left, what crashes have left goes too.
    if (waiting.some(({ request }) => request.kind === 'prune')) this.#sweep();
  }

  close(): void {
    this.#contents.close();
    this.#database.close();
  }

  #together(group: Group): readonly NumberedAnswer[] {
    try {
      return this.#commit(group);
    } catch (error) {
      this.#undo();
      return this.#apart(group, failureOf(error, this.#files.database));
    }
  }

  /** A request that fails takes no other down with it; those that would wait for another process wait once, not one by one. */
  #apart(group: Group, failure: Failure): readonly NumberedAnswer[] {
    if (group.length === 1) return refused(group, failure);
    if (failure.code !== 'locked') return group.flatMap((one) => this.#together([one]));
    const changes = group.filter(({ request }) => !isQuestion(request));
    const questions = group.filter(({ request }) => isQuestion(request));
    return [...refused(changes, failure), ...questions.flatMap((one) => this.#together([one]))];
  }

  #commit(group: Group): readonly NumberedAnswer[] {
    const files = group.map(({ request, content }) =>
      request.kind === 'add' ? request.entries.map((entry) => this.#fileOf(entry, content)) : [],
    );
    // Who only reads waits for no other process.
    this.#database.exec(group.every(({ request }) => isQuestion(request)) ? 'BEGIN' : 'BEGIN IMMEDIATE');
    const answers = group.map(({ number, request }, index): NumberedAnswer => [
      number,
      isQuestion(request) ? this.#rows.answer(request) : this.#table.carryOut(request, files[index] ?? []),
    ]);
    this.#contents.sync();
    this.#database.exec('COMMIT');
    this.#contents.committed();
    this.#drafts = [];
    return answers;
  }

  #fileOf({ id, content }: WireNewHeld, octets: ArrayBuffer): string {
    if ('path' in content) return content.path;
    const path = join(this.#files.incoming, id);
    this.#drafts.push(path);
    const file = openSync(path, 'w', 0o600);
    try {
      writeFileSync(file, new Uint8Array(octets, content.from, content.to - content.from));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return path;
  }

  /** Files first: as long as the transaction lasts, no other process takes them for strays. SQLite itself rolls back after some failures. */
  #undo(): void {
    this.#contents.rolledBack();
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    for (const path of this.#drafts) rmSync(path, { force: true });
    this.#drafts = [];
  }

  #sweep(): void {
    try {
      removeStrays(this.#database, this.#files, Date.now());
    } catch {
      // Strays are in nobody's way: the next time will do.
    }
  }
}

const refused = (group: Group, failure: Failure): readonly NumberedAnswer[] =>
  group.map(({ number }): NumberedAnswer => [number, undefined, failure]);
