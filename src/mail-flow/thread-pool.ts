/**
 * Threads that do work which a stranger's mail may make slow or large: one job at a time in each, with a deadline and a limit of
 * memory. A thread that goes past either is ended with its job, which then has failed, and another takes its place. What the work is
 * says the script of the threads, which must not begin a job before it has answered the one before.
 */
import { Worker } from 'node:worker_threads';
import type { Bytes, Milliseconds } from '#mail/units.ts';

export type PoolLimits = {
  readonly threads: number;
  /** Of each thread, besides what the runtime itself needs. */
  readonly memory: Bytes;
  readonly timeout: Milliseconds;
};

/** `closed`: the pool was closed before it was done. `busy`: its turn did not come in time, or the machine failed it. */
export type JobResult<Answer> =
  | { readonly kind: 'done'; readonly answer: Answer }
  | {
      readonly kind: 'failed';
      readonly cause: 'time' | 'memory' | 'defect' | 'closed' | 'busy';
      readonly reason: string;
    };

/** What goes to the thread: the terms when they have changed, and the job. */
export type ThreadRequest<Terms, Job> =
  { readonly kind: 'terms'; readonly terms: Terms } | { readonly kind: 'job'; readonly job: Job };

/** What comes back, one for each job. `later`: it may go well another time. */
export type ThreadReply<Answer> =
  { readonly kind: 'answer'; readonly answer: Answer } | { readonly kind: 'defect' | 'later'; readonly reason: string };

type Waiting<Job, Answer> = {
  readonly job: Job;
  readonly since: Milliseconds;
  readonly resolve: (result: JobResult<Answer>) => void;
};

type Thread<Terms, Job, Answer> = {
  readonly worker: Worker;
  /** Those that it was told last. */
  terms: Terms | undefined;
  /** The first one runs, and `timer` ends it. */
  readonly jobs: Waiting<Job, Answer>[];
  timer: NodeJS.Timeout | undefined;
};

/** `terms` are what jobs have in common, such as the rules in force: told to a thread once, and again when they change. */
export class ThreadPool<Terms, Job, Answer> {
  readonly #script: URL;
  readonly #limits: () => PoolLimits;
  readonly #terms: () => Terms;
  readonly #threads = new Set<Thread<Terms, Job, Answer>>();
  readonly #waiting: Waiting<Job, Answer>[] = [];
  #turn: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(script: URL, limits: () => PoolLimits, terms: () => Terms) {
    this.#script = script;
    this.#limits = limits;
    this.#terms = terms;
  }

  /** Jobs that wait and that run. */
  get load(): number {
    return [...this.#threads].reduce((sum, { jobs }) => sum + jobs.length, this.#waiting.length);
  }

  /** Never rejects. Jobs begin in the order in which they came. */
  async run(job: Job): Promise<JobResult<Answer>> {
    if (this.#isClosed) return CLOSED;
    return new Promise((resolve) => {
      this.#waiting.push({ job, since: performance.now(), resolve });
      this.#dispatchSoon();
    });
  }

  /** Ends the threads. What runs or waits has failed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearImmediate(this.#turn);
    for (const { resolve } of this.#waiting.splice(0)) resolve(CLOSED);
    await Promise.all([...this.#threads].map(async (thread) => this.#end(thread, CLOSED)));
  }

  #dispatch(): void {
    this.#giveUp();
    while (this.#waiting.length > 0) {
      const thread = this.#idle() ?? this.#leastLoaded();
      if (thread === undefined) return;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#give(thread, next);
    }
  }

  /** Jobs that come in one turn of the event loop begin together: waking a thread costs more than a small job. */
  #dispatchSoon(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#dispatch();
    });
  }

  /** Seen to whenever a job comes or ends, which is at the latest after the time of one. */
  #giveUp(): void {
    const longest = Math.min(JOBS_WAITED_FOR * this.#limits().timeout, LONGEST_WAIT_MS);
    const earliest = performance.now() - longest;
    const inTime = this.#waiting.findIndex(({ since }) => since >= earliest);
    const late = this.#waiting.splice(0, inTime === -1 ? this.#waiting.length : inTime);
    for (const { resolve } of late) resolve(BUSY);
  }

  #idle(): Thread<Terms, Job, Answer> | undefined {
    for (const thread of this.#threads) if (thread.jobs.length === 0) return thread;
    return this.#threads.size < this.#limits().threads ? this.#start() : undefined;
  }

  /** Small jobs are over sooner than a thread that has slept is awake: each has the next one at hand. */
  #leastLoaded(): Thread<Terms, Job, Answer> | undefined {
    const [least] = [...this.#threads].toSorted((one, other) => one.jobs.length - other.jobs.length);
    return least !== undefined && least.jobs.length < JOBS_AT_HAND ? least : undefined;
  }

  #start(): Thread<Terms, Job, Answer> {
    const { memory } = this.#limits();
    const worker = new Worker(this.#script, {
      name: 'mail flow',
      resourceLimits: { maxOldGenerationSizeMb: Math.max(16, Math.round(memory / MIB)) },
    });
    const thread: Thread<Terms, Job, Answer> = { worker, terms: undefined, jobs: [], timer: undefined };
    worker.on('message', (reply: ThreadReply<Answer>) => this.#take(thread, reply));
    worker.on('error', (error) => void this.#end(thread, failureOf(error, this.#limits())));
    worker.on('exit', (code) => void this.#end(thread, defect(`its thread has ended with code ${code}`)));
    // An idle thread keeps no process from ending.
    worker.unref();
    this.#threads.add(thread);
    return thread;
  }

  #give(thread: Thread<Terms, Job, Answer>, waiting: Waiting<Job, Answer>): void {
    thread.worker.ref();
    if (thread.jobs.push(waiting) === 1) this.#time(thread);
    const terms = this.#terms();
    if (thread.terms !== terms) {
      thread.terms = terms;
      this.#post(thread, { kind: 'terms', terms });
    }
    this.#post(thread, { kind: 'job', job: waiting.job });
  }

  /** From now on for the job that is the first. */
  #time(thread: Thread<Terms, Job, Answer>): void {
    const { timeout } = this.#limits();
    thread.timer = setTimeout(() => void this.#end(thread, tooLate(timeout)), timeout);
  }

  #post({ worker }: Thread<Terms, Job, Answer>, request: ThreadRequest<Terms, Job>): void {
    worker.postMessage(request, []);
  }

  #take(thread: Thread<Terms, Job, Answer>, reply: ThreadReply<Answer>): void {
    clearTimeout(thread.timer);
    thread.jobs.shift()?.resolve(resultOf(reply));
    if (thread.jobs.length === 0) thread.worker.unref();
    else this.#time(thread);
    this.#dispatchSoon();
  }

  async #end(thread: Thread<Terms, Job, Answer>, result: JobResult<Answer>): Promise<void> {
    if (!this.#threads.delete(thread)) return;
    clearTimeout(thread.timer);
    const [first, ...others] = thread.jobs.splice(0);
    first?.resolve(result);
    if (this.#isClosed) for (const { resolve } of others) resolve(CLOSED);
    else this.#waiting.unshift(...others);
    await thread.worker.terminate();
    this.#dispatch();
  }
}

const MIB = 1024 * 1024;

/** Of one thread. */
const JOBS_AT_HAND = 2;

/** The time of so many jobs. */
const JOBS_WAITED_FOR = 10;
/** Who sent the message hangs up after ten minutes (RFC 5321 §4.5.3.2.6) and sends it again: what is taken then arrives twice. */
const LONGEST_WAIT_MS = 300_000;

const BUSY = { kind: 'failed', cause: 'busy', reason: 'too much mail waits to be looked into' } as const;

const CLOSED = { kind: 'failed', cause: 'closed', reason: 'the relay stops' } as const;

function resultOf<Answer>(reply: ThreadReply<Answer>): JobResult<Answer> {
  if (reply.kind === 'answer') return { kind: 'done', answer: reply.answer };
  return { kind: 'failed', cause: reply.kind === 'later' ? 'busy' : 'defect', reason: reply.reason };
}

const defect = (reason: string): JobResult<never> => ({ kind: 'failed', cause: 'defect', reason });

const tooLate = (timeout: Milliseconds): JobResult<never> => ({
  kind: 'failed',
  cause: 'time',
  reason: `it took longer than ${timeout} ms`,
});

function failureOf(error: Error, { memory }: PoolLimits): JobResult<never> {
  const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  if (!isMemory) return defect(error.message);
  return { kind: 'failed', cause: 'memory', reason: `it needs more memory than ${Math.round(memory / MIB)} MiB` };
}
