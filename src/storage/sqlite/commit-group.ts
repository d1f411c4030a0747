/**
 * One commit for all requests that wait: the transaction around them, and what happens when it fails. A request that fails
 * takes no other down with it: the group is undone and its requests are tried in smaller groups.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Failure } from './failure.ts';
import { failureOf } from './failure.ts';
import type { QueueShard } from './queue-shard.ts';
import type { Spool } from './spool.ts';
import type { Waiting } from './thread-protocol.ts';
import type { Answers, NumberedAnswer, QueueRequest } from './wire.ts';

type QueueWaiting = Waiting<QueueRequest>;

export class CommitGroup {
  readonly #database: DatabaseSync;
  readonly #shard: QueueShard;
  readonly #spool: Spool;
  readonly #file: string;
  #isDurable = true;

  constructor(parts: { database: DatabaseSync; shard: QueueShard; spool: Spool; file: string }) {
    this.#database = parts.database;
    this.#shard = parts.shard;
    this.#spool = parts.spool;
    this.#file = parts.file;
  }

  /** `transfer` collects the buffers of content that the answers hold. */
  carryOut(group: readonly QueueWaiting[], transfer: ArrayBuffer[]): readonly NumberedAnswer[] {
    if (group.length === 0) return [];
    const lent: ArrayBuffer[] = [];
    try {
      const answers = this.#commit(group, lent);
      transfer.push(...lent);
      return answers;
    } catch (error) {
      this.#undo();
      const failure = failureOf(error, this.#file);
      if (group.length === 1) return refused(group, failure);
      if (failure.code === 'full') return this.#withoutAdds(group, failure, transfer);
      return group.flatMap((one) => this.carryOut([one], transfer));
    }
  }

  #commit(group: readonly QueueWaiting[], transfer: ArrayBuffer[]): readonly NumberedAnswer[] {
    this.#demandDurability(group.some(({ request }) => request.kind === 'add' || request.kind === 'settle'));
    this.#shard.rows.begin.run();
    this.#shard.refresh();
    const answers = group.map(({ number, request, content }): NumberedAnswer => [
      number,
      this.#answer(request, content, transfer),
    ]);
    this.#spool.sync();
    this.#shard.rows.commit.run();
    this.#shard.committed();
    return answers;
  }

  /** Leases need not outlast a power cut, so a group of such requests alone does not wait for the disk. */
  #demandDurability(isDurable: boolean): void {
    if (isDurable === this.#isDurable) return;
    this.#database.exec(`PRAGMA synchronous = ${isDurable ? 'FULL' : 'NORMAL'}`);
    this.#isDurable = isDurable;
  }

  #answer(request: QueueRequest, content: ArrayBuffer, transfer: ArrayBuffer[]): Answers[keyof Answers] {
    switch (request.kind) {
      case 'add':
        return this.#shard.add(request.messages, request.until, content);
      case 'lease':
        return this.#shard.lease(request, transfer);
      case 'leaseOverdue':
        return this.#shard.leaseOverdue(request, transfer);
      case 'settle':
        return request.settled.map((settled) => this.#shard.settle(settled, content));
      case 'pause':
        this.#shard.pause(request.pause);
        return null;
      case 'resume':
        this.#shard.resume(request.destination);
        return null;
      case 'hasten':
        this.#shard.hasten(request.destination, request.now);
        return null;
      case 'pauses':
        return this.#shard.pauses();
      case 'nextDue':
        return this.#shard.nextDue();
      case 'depth':
        return this.#shard.depth(request.now);
    }
  }

  /** SQLite itself rolls back after some failures. */
  #undo(): void {
    if (this.#database.isTransaction) this.#shard.rows.rollback.run();
    this.#shard.rolledBack();
  }

  /** On a full disk new mail is refused, while what gives space back still gets its chance. */
  #withoutAdds(group: readonly QueueWaiting[], failure: Failure, transfer: ArrayBuffer[]): readonly NumberedAnswer[] {
    const adds = group.filter(({ request }) => request.kind === 'add');
    const others = group.filter(({ request }) => request.kind !== 'add');
    if (adds.length === 0) return refused(others, failure);
    return [...refused(adds, failure), ...this.carryOut(others, transfer)];
  }
}

const refused = (group: readonly QueueWaiting[], failure: Failure): readonly NumberedAnswer[] =>
  group.map(({ number }): NumberedAnswer => [number, undefined, failure]);
