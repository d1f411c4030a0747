/**
 * The thread that owns a shard: takes every request that has arrived, carries them out in one commit, answers, and looks
 * again. So what arrives while a commit is on its way to the disk shares the next one.
 */
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { CommitGroup, type Waiting } from './commit-group.ts';
import { failureOf } from './failure.ts';
import { closeShard, openShard, type OpenShard } from './open.ts';
import { QueueShard } from './queue-shard.ts';
import type { ShardFiles } from './shards.ts';
import { Spool } from './spool.ts';
import { TraceShard } from './trace-shard.ts';
import type { NumberedAnswer, Post, QueueRequest, Reply, Request, TraceRequest } from './wire.ts';

type OwnedShard = {
  readonly open: OpenShard;
  readonly spool: Spool;
  readonly queue: CommitGroup;
  readonly trace: TraceShard;
};

function own(files: ShardFiles): OwnedShard {
  const open = openShard(files);
  const spool = new Spool(files.spool);
  const shard = new QueueShard(open.queue, spool);
  const queue = new CommitGroup({ database: open.queue, shard, spool, file: files.queue });
  return { open, spool, queue, trace: new TraceShard(open.trace) };
}

/** Traces come after the queue: what they lack must never delay or fail mail. */
function carryOutTrace({ number, request }: Waiting<TraceRequest>, { trace, open }: OwnedShard): NumberedAnswer {
  try {
    if (request.kind === 'pruneTrace') return [number, trace.prune(request.before)];
    trace.append(request.entries);
    return [number, null];
  } catch (error) {
    return [number, undefined, failureOf(error, open.files.trace)];
  }
}

/** In the order of arrival within each kind. */
function sorted(waiting: readonly Waiting<Request>[]) {
  const group: Waiting<QueueRequest>[] = [];
  const traces: Waiting<TraceRequest>[] = [];
  let close: number | undefined;
  for (const { number, request, content } of waiting) {
    if (request.kind === 'close') close = number;
    else if (request.kind === 'trace' || request.kind === 'pruneTrace') traces.push({ number, request, content });
    else group.push({ number, request, content });
  }
  return { group, traces, close };
}

function answerAll(waiting: readonly Waiting<Request>[], owned: OwnedShard, port: MessagePort): void {
  const send = (answers: readonly NumberedAnswer[], transfer: ArrayBuffer[] = []): void => {
    if (answers.length > 0) port.postMessage({ kind: 'answers', answers } satisfies Reply, transfer);
  };
  const { group, traces, close } = sorted(waiting);
  const transfer: ArrayBuffer[] = [];
  send(owned.queue.carryOut(group, transfer), transfer);
  send(traces.map((one) => carryOutTrace(one, owned)));
  if (close === undefined) return;
  owned.spool.close();
  closeShard(owned.open);
  send([[close, null]]);
  port.close();
}

const waitingOf = ({ requests, content }: Post): Waiting<Request>[] =>
  requests.map(([number, request]) => ({ number, request, content }));

/** The first post wakes the thread; those that came with it are taken too. */
function listen(owned: OwnedShard, port: MessagePort): void {
  port.on('message', (first: Post) => {
    const waiting = waitingOf(first);
    for (let next = takeNext(port); next !== undefined; next = takeNext(port)) waiting.push(...waitingOf(next));
    answerAll(waiting, owned, port);
  });
}

function takeNext(port: MessagePort): Post | undefined {
  const received: { message: Post } | undefined = receiveMessageOnPort(port);
  return received?.message;
}

function start(port: MessagePort, files: ShardFiles): void {
  try {
    listen(own(files), port);
    port.postMessage({ kind: 'open' } satisfies Reply);
  } catch (error) {
    port.postMessage({ kind: 'refused', failure: failureOf(error, files.queue) } satisfies Reply);
    port.close();
  }
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- given by `queue-store.ts` alone
if (parentPort !== null) start(parentPort, workerData as ShardFiles);
