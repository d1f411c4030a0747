/**
 * The process's end of a thread that owns a database: requests of one turn of the event loop leave in one post, content is
 * copied once into the post's buffer, and each request has its promise.
 */
import { Worker } from 'node:worker_threads';
import { StorageUnavailable } from '#queue/store.ts';
import { unavailable } from './failure.ts';
import type { Answer, AnswersTo, Asked, Close, Numbered, Post, Reply } from './thread-protocol.ts';

type Pending = { readonly resolve: (answer: never) => void; readonly reject: (error: StorageUnavailable) => void };

/** Posts under way at most: one that the thread works on and one that it finds when it is done. */
const POSTS_UNDER_WAY = 2;

/** How long a request that nobody waits for may wait for company: the next urgent one takes it along. */
const PATIENCE_MS = 5;

export type Thread = {
  readonly script: URL;
  readonly workerData: unknown;
  /** Names the thread in its failures. */
  readonly name: string;
  /** Told what the thread says unasked. */
  readonly onNotice?: (notice: string) => void;
};

export class ThreadPort<Request extends Asked, Answers extends AnswersTo<Request>> {
  readonly #name: string;
  readonly #onNotice: (notice: string) => void;
  readonly #worker: Worker;
  readonly #opened = Promise.withResolvers<void>();
  readonly #pending = new Map<number, Pending>();
  #lastNumber = 0;
  #requests: Numbered<Request | Close>[] = [];
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

  private constructor({ script, workerData, name, onNotice = () => undefined }: Thread) {
    this.#name = name;
    this.#onNotice = onNotice;
    this.#worker = new Worker(script, { workerData, name });
    this.#ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.on('message', (reply: Reply) => this.#take(reply));
    this.#worker.on('error', (error) => this.#end(`the thread of ${name} failed: ${error.message}`, error));
    this.#worker.on('exit', () => this.#end(`the thread of ${name} has ended`));
  }

  static async open<Request extends Asked, Answers extends AnswersTo<Request>>(
    thread: Thread,
  ): Promise<ThreadPort<Request, Answers>> {
    const port = new ThreadPort<Request, Answers>(thread);
    try {
      await port.#opened.promise;
      return port;
    } catch (error) {
      await port.#ended;
      throw error;
    }
  }

  async ask<Kind extends Request['kind']>(
    request: Extract<Request, { kind: Kind }>,
    haste: 'urgent' | 'patient' = 'urgent',
  ): Promise<Answers[Kind]> {
    return this.#ask<Answers[Kind]>(request, haste);
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
      const closed = this.#ask<null>({ kind: 'close' }, 'urgent');
      // What is asked behind it would find the databases closed and fail the thread.
      this.#closed = new StorageUnavailable('io', `${this.#name} is closed`);
      await closed;
    }
    await this.#ended;
  }

  async #ask<Result>(request: Request | Close, haste: 'urgent' | 'patient'): Promise<Result> {
    const gone = this.#gone ?? this.#closed;
    if (gone !== undefined) throw gone;
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#lastNumber += 1;
    this.#pending.set(this.#lastNumber, { resolve, reject });
    this.#requests.push([this.#lastNumber, request]);
    this.#isUrgent ||= haste === 'urgent';
    this.#schedule();
    return promise;
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
    const post: Post<Request> = { requests: this.#requests, content: content.buffer };
    this.#worker.postMessage(post, [content.buffer]);
    this.#requests = [];
    this.#content = [];
    this.#contentBytes = 0;
  }

  #take(reply: Reply): void {
    switch (reply.kind) {
      case 'open':
        return this.#opened.resolve();
      case 'refused':
        return this.#opened.reject(unavailable(reply.failure));
      case 'notice':
        return this.#onNotice(reply.notice);
      case 'answers':
        return this.#settle(reply.answers);
    }
  }

  #settle(answers: readonly Answer[]): void {
    for (const [number, answer, failure] of answers) {
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
    this.#opened.reject(this.#gone);
    for (const { reject } of this.#pending.values()) reject(this.#gone);
    this.#pending.clear();
  }
}
