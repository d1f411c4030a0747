/**
 * Reads reports of strangers in a thread of its own, one after the other: a report that takes too long or too much memory
 * costs that thread and nothing else. The thread ends when there has been nothing to read for a while.
 */
import { Worker } from 'node:worker_threads';
import type { Resolver } from '#dns/resolver.ts';
import type { Report } from '#log/events.ts';
import type { Milliseconds } from '#mail/units.ts';
import type { Arrival, ArrivalRequest } from './arrival.ts';
import type { FromThread, ToThread } from './reading-thread.ts';

export type ReaderParts = {
  readonly resolver: Pick<Resolver, 'txt'>;
  readonly report: Report;
  /** For one report, look-ups included. */
  readonly timeout: Milliseconds;
};

/** The octets are read when their turn comes, so that those that wait cost no memory. */
export type ReadOrder = Omit<ArrivalRequest, 'octets'> & { readonly load: () => Promise<Uint8Array> };

const WAITING_AT_MOST = 100;
const IDLE_MS: Milliseconds = 60_000;
/** Of V8's heap; octets are bounded by the limits of the settings. */
const MEMORY_LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 };

const STOPPING: Arrival = { kind: 'later', reason: 'the relay stops' };

export class ReportReader {
  readonly #parts: ReaderParts;
  #worker: Worker | undefined;
  /** Takes the outcome of the report that is being read. */
  #give: (arrival: Arrival) => void = () => undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** Rejects only when the octets cannot be loaded. */
  async read(order: ReadOrder): Promise<Arrival> {
    if (this.#waiting >= WAITING_AT_MOST || this.#isClosed) return { kind: 'later', reason: 'too many at once' };
    this.#waiting += 1;
    const turn = this.#last.then(async () => this.#readNow(order));
    this.#last = turn.catch(() => undefined);
    return turn.finally(() => (this.#waiting -= 1));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#end();
  }

  async #readNow({ load, ...order }: ReadOrder): Promise<Arrival> {
    clearTimeout(this.#idle);
    const octets = new Uint8Array(await load());
    if (this.#isClosed) return STOPPING;
    const worker = (this.#worker ??= this.#start());
    const { promise, resolve } = Promise.withResolvers<Arrival>();
    const timer = setTimeout(() => this.#lose(worker, 'too-slow'), this.#parts.timeout);
    this.#give = resolve;
    post(worker, { kind: 'read', request: { ...order, octets } }, [octets.buffer]);
    const arrival = await promise;
    clearTimeout(timer);
    this.#idle = setTimeout(() => void this.#end(), IDLE_MS).unref();
    return arrival;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./reading-thread.ts', import.meta.url), { resourceLimits: MEMORY_LIMITS });
    worker.unref();
    worker.on('message', (message: FromThread) => this.#take(message, worker));
    worker.on('error', (error) => this.#lose(worker, reasonOf(error)));
    worker.on('exit', () => this.#lose(worker, 'unreadable'));
    return worker;
  }

  #take(message: FromThread, worker: Worker): void {
    switch (message.kind) {
      case 'arrival':
        this.#give(message.arrival);
        return;
      case 'look-up': {
        const { number, name } = message;
        void this.#parts.resolver.txt(name).then((answer) => post(worker, { kind: 'answer', number, answer }));
        return;
      }
      case 'defect':
        this.#parts.report('relay.defect', { reason: 'a TLS report could not be read' }, new Error(message.text));
        this.#give({ kind: 'ignored', reason: 'unreadable' });
        return;
    }
  }

  /** The next one begins with a clean thread. */
  #lose(worker: Worker, reason: string): void {
    if (worker !== this.#worker) return;
    this.#give({ kind: 'ignored', reason });
    void this.#end();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#give(STOPPING);
    await worker?.terminate();
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? 'too-large-to-read'
    : 'unreadable';

function post(worker: Worker, message: ToThread, transfer: ArrayBuffer[] = []): void {
  worker.postMessage(message, transfer);
}
