/** The thread that owns a shard: its queue, whose requests share a commit, and its traces. */
import { parentPort, workerData } from 'node:worker_threads';
import { CommitGroup } from './commit-group.ts';
import { failureOf } from './failure.ts';
import { closeShard, openShard, type OpenShard } from './open.ts';
import { QueueShard } from './queue-shard.ts';
import type { ShardFiles } from './shards.ts';
import { Spool } from './spool.ts';
import { runThread, type DatabaseOwner, type Send } from './thread-loop.ts';
import type { Waiting } from './thread-protocol.ts';
import { TraceShard } from './trace-shard.ts';
import type { NumberedAnswer, QueueRequest, Request, TraceRequest } from './wire.ts';

class ShardOwner implements DatabaseOwner<Request> {
  readonly #open: OpenShard;
  readonly #spool: Spool;
  readonly #queue: CommitGroup;
  readonly #trace: TraceShard;

  constructor(files: ShardFiles) {
    this.#open = openShard(files);
    this.#spool = new Spool(files.spool);
    const shard = new QueueShard(this.#open.queue, this.#spool);
    this.#queue = new CommitGroup({ database: this.#open.queue, shard, spool: this.#spool, file: files.queue });
    this.#trace = new TraceShard(this.#open.trace);
  }

  carryOut(waiting: readonly Waiting<Request>[], send: Send): void {
    const { group, traces } = sorted(waiting);
    const transfer: ArrayBuffer[] = [];
    send(this.#queue.carryOut(group, transfer), transfer);
    send(traces.map((one) => this.#carryOutTrace(one)));
  }

  close(): void {
    this.#spool.close();
    closeShard(this.#open);
  }

  /** Traces come after the queue: what they lack must never delay or fail mail. */
  #carryOutTrace({ number, request }: Waiting<TraceRequest>): NumberedAnswer {
    try {
      if (request.kind === 'pruneTrace') return [number, this.#trace.prune(request.before)];
      this.#trace.append(request.entries);
      return [number, null];
    } catch (error) {
      return [number, undefined, failureOf(error, this.#open.files.trace)];
    }
  }
}

/** In the order of arrival within each kind. */
function sorted(waiting: readonly Waiting<Request>[]) {
  const group: Waiting<QueueRequest>[] = [];
  const traces: Waiting<TraceRequest>[] = [];
  for (const { number, request, content } of waiting) {
    if (request.kind === 'trace' || request.kind === 'pruneTrace') traces.push({ number, request, content });
    else group.push({ number, request, content });
  }
  return { group, traces };
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- given by `queue-store.ts` alone
const files = workerData as ShardFiles;
if (parentPort !== null) runThread(parentPort, files.queue, () => new ShardOwner(files));
