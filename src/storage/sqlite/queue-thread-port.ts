/**
 * The relay's end of the queue thread: requests of one turn of the event loop leave in one post, content is copied once
 * into the post's buffer, and each request has its promise.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { StorageUnavailable } from '#queue/store.ts';
import { unavailable } from './failure.ts';
import type { ShardFiles } from './shards.ts';
import type { Answers, NumberedRequest, Post, Reply, Request } from './wire.ts';

type Pending = { readonly resolve: (answer: never) => void; readonly reject: (error: StorageUnavailable) => void };

/** Posts under way at most: one that the thread works on and one that it finds when it is done. */
const POSTS_UNDER_WAY = 2;

/** How long a request that nobody waits for may wait for company: the next urgent one takes it along. */
const PATIENCE_MS = 5;

export class QueueThreadPort {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastNumber = 0;
  #requests: NumberedRequest[] = [];
  #content: Uint8Array[] = [];
  #contentBytes = 0;
  #isScheduled = false;
  #isUrgent = false;
  #patience: NodeJS.Timeout | undefined;
  /** The last request of each post under way: its answer says that the thread is done with the post. */
  readonly #underWay: number[] = [];
  #gone: StorageUnavailable | undefined;
  #closed: StorageUnavailable | undefined;
  readonly #ended: Promise<unknown>;

  private constructor(files: ShardFiles) {
    this.#worker = new Worker(new URL('./queue-thread.ts', import.meta.url), {
      workerData: files,
      name: files.directory,
    });
    this.#ended = new Promise((resolve) => this.#worker.once('exit', resolve));
  }

  static async open(files: ShardFiles): Promise<QueueThreadPort> {
    const port = new QueueThreadPort(files);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of the port are this program
    const [first] = (await once(port.#worker, 'message')) as [Reply];
    if (first.kind === 'refused') {
      await port.#ended;
      throw unavailable(first.failure);
    }
    port.#worker.on('message', (reply: Reply) => port.#settle(reply));
    port.#worker.on('error', (error) => port.#end(`the queue thread failed: ${error.message}`, error));
    port.#worker.on('exit', () => port.#end('the queue thread has ended'));
    return port;
  }

  async ask<Kind extends Request['kind']>(
    request: Extract<Request, { kind: Kind }>,
    haste: 'urgent' | 'patient' = 'urgent',
  ): Promise<Answers[Kind]> {
    const gone = this.#gone ?? this.#closed;
    if (gone !== undefined) throw gone;
    const { promise, resolve, reject } = Promise.withResolvers<Answers[Kind]>();
    this.#lastNumber += 1;
    this.#pending.set(this.#lastNumber, { resolve, reject });
    this.#requests.push([this.#lastNumber, request]);
    this.#isUrgent ||= haste === 'urgent';
    this.#schedule();
    return promise;
  }

  /** Puts content into the post that the next request leaves with. Returns where it is. */
  enclose(bytes: Uint8Array): { from: number; to: number } {
    const from = this.#contentBytes;
    if (this.#gone !== undefined) return { from, to: from };
    this.#content.push(bytes);
    this.#contentBytes += bytes.length;
    return { from, to: this.#contentBytes };
  }

  async close(): Promise<void> {
    if (this.#gone === undefined && this.#closed === undefined) {
      const closed = this.ask({ kind: 'close' });
      // What is asked behind it would find the databases closed and fail the thread.
      this.#closed = new StorageUnavailable('io', 'the queue is closed');
      await closed;
    }
    await this.#ended;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#requests.length === 0 || this.#underWay.length >= POSTS_UNDER_WAY) return;
    if (!this.#isUrgent) {
      this.#patience ??= setTimeout(() => this.#losePatience(), PATIENCE_MS);
      return;
    }
    this.#isScheduled = true;
    setImmediate(() => this.#post());
  }

  #losePatience(): void {
    this.#patience = undefined;
    this.#isUrgent = this.#requests.length > 0;
    this.#schedule();
  }

  #post(): void {
    this.#isScheduled = false;
    this.#isUrgent = false;
    if (this.#requests.length === 0 || this.#gone !== undefined) return;
    const content = Buffer.allocUnsafeSlow(this.#contentBytes);
    let at = 0;
    for (const bytes of this.#content) {
      content.set(bytes, at);
      at += bytes.length;
    }
    this.#underWay.push(this.#lastNumber);
    this.#worker.postMessage({ requests: this.#requests, content: content.buffer } satisfies Post, [content.buffer]);
    this.#requests = [];
    this.#content = [];
    this.#contentBytes = 0;
  }

  #settle(reply: Reply): void {
    if (reply.kind !== 'answers') return;
    for (const [number, answer, failure] of reply.answers) {
      const pending = this.#pending.get(number);
      this.#pending.delete(number);
      const post = this.#underWay.indexOf(number);
      if (post !== -1) this.#underWay.splice(post, 1);
      if (failure !== undefined) pending?.reject(unavailable(failure));
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `ask` ties a request's kind to its answer
      else pending?.resolve(answer as never);
    }
    this.#schedule();
  }

  #end(reason: string, cause?: unknown): void {
    clearTimeout(this.#patience);
    this.#gone ??= new StorageUnavailable('io', reason, cause);
    for (const { reject } of this.#pending.values()) reject(this.#gone);
    this.#pending.clear();
  }
}
