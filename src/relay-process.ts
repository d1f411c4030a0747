/**
 * A running relay as the supervisor sees it: the same few orders whether it runs in this process or in a child that shares
 * the listening sockets. The child's side is `worker.ts`; what a relay is made of is said in `app.ts`.
 */
import cluster, { type Worker } from 'node:cluster';
import type { MailFlowDocuments } from '#config/mail-flow/documents.ts';
import type { RelayConfig } from '#config/schema.ts';
import type { DnssecState } from '#dns/dnssec-state.ts';
import type { MetricsSnapshot } from '#log/metrics.ts';
import type { Milliseconds } from '#mail/units.ts';
import { StorageUnavailable, type QueueDepth } from '#queue/store.ts';

export type Listening = { readonly name: string; readonly address: string; readonly port: number };

/** All that a relay goes by; can be cloned. */
export type RelaySetup = {
  readonly config: RelayConfig;
  /** What the configuration names: mail flow rules, types of sensitive information, people. */
  readonly documents: MailFlowDocuments;
};

/** What one process says of itself; can be cloned. */
export type ProcessStatus = {
  readonly pid: number;
  readonly listening: readonly Listening[];
  readonly depth: QueueDepth;
  readonly metrics: MetricsSnapshot;
  /** What the self-test of the resolver has found; `undefined` when nothing asks for DANE. */
  readonly dnssec: DnssecState | undefined;
  /** Why mail cannot be taken at the moment; empty when it can. */
  readonly troubles: readonly string[];
};

export interface RelayProcess {
  /** Resolves when mail is accepted; rejects with a sentence for the operator. */
  start(setup: RelaySetup, shards: readonly number[]): Promise<readonly Listening[]>;
  reload(setup: RelaySetup): Promise<void>;
  /** The store was changed by an operator: look at it now. */
  wake(): void;
  status(): Promise<ProcessStatus>;
  /** Finishes what is under way, for at most so long. */
  drain(timeout: Milliseconds): Promise<void>;
}

/** What a child is asked; each order is answered by one `Answer` with its number. */
export type Order =
  | { readonly kind: 'start'; readonly setup: RelaySetup; readonly shards: readonly number[] }
  | { readonly kind: 'reload'; readonly setup: RelaySetup }
  | { readonly kind: 'wake' }
  | { readonly kind: 'status' }
  | { readonly kind: 'drain'; readonly timeout: Milliseconds };

export type Answer = { readonly to: number; readonly result?: unknown; readonly problem?: Problem };

/** A setting demands what is not so; the relay does not start. The message says what should be, as those of settings do. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
  readonly setting: SettingPath;

  constructor(setting: SettingPath, message: string) {
    super(message);
    this.setting = setting;
  }
}

export type SettingPath = readonly (string | number)[];

/** An error on its way between processes; what tells errors apart goes with them. */
export type Problem = {
  readonly text: string;
  readonly storage?: StorageUnavailable['code'];
  readonly setting?: SettingPath;
};

export function problemOf(error: unknown): Problem {
  if (error instanceof StorageUnavailable) return { text: error.message, storage: error.code };
  if (error instanceof StartRefused) return { text: error.message, setting: error.setting };
  return { text: error instanceof Error ? error.message : String(error) };
}

function errorOf({ text, storage, setting }: Problem): Error {
  if (setting !== undefined) return new StartRefused(setting, text);
  return storage === undefined ? new Error(text) : new StorageUnavailable(storage, text);
}

/** How long a child may take to answer; a drain has its own time on top. */
const ANSWER_TIMEOUT_MS = 60_000;

/** A relay in a child process. `gone` resolves when the process has ended, however it ended. */
export class ForkedRelay implements RelayProcess {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #lastOrder = 0;
  #ended: Problem | undefined;
  readonly gone: Promise<void>;

  constructor() {
    this.#worker = cluster.fork();
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    // An order to a child that is about to end; `exit` tells, and nothing else may wait for this worker's events.
    this.#worker.on('error', () => undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    this.#worker.once('exit', (code: number, signal: string | null) => {
      const problem = { text: `worker process ${this.pid} ended (${signal ?? `exit code ${code}`})` };
      this.#ended = problem;
      for (const to of this.#waiting.keys()) this.#settle({ to, problem });
      resolve();
    });
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0;
  }

  async start(setup: RelaySetup, shards: readonly number[]): Promise<readonly Listening[]> {
    return this.#order<readonly Listening[]>({ kind: 'start', setup, shards });
  }

  async reload(setup: RelaySetup): Promise<void> {
    await this.#order({ kind: 'reload', setup });
  }

  wake(): void {
    this.#order({ kind: 'wake' }).catch(() => undefined); // a child that is gone looks at its store when it comes back
  }

  async status(): Promise<ProcessStatus> {
    return this.#order<ProcessStatus>({ kind: 'status' });
  }

  async drain(timeout: Milliseconds): Promise<void> {
    await this.#order({ kind: 'drain', timeout }, timeout + ANSWER_TIMEOUT_MS);
    this.#worker.disconnect();
    await this.gone;
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL');
  }

  async #order<Result>(order: Order, timeout: Milliseconds = ANSWER_TIMEOUT_MS): Promise<Result> {
    // Nobody would answer, and nothing would end the wait.
    if (this.#ended !== undefined) throw errorOf(this.#ended);
    this.#lastOrder += 1;
    const number = this.#lastOrder;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(number, { resolve, reject });
    const problem = { text: `worker process ${this.pid} does not answer to '${order.kind}'` };
    const timer = setTimeout(() => this.#settle({ to: number, problem }), timeout);
    this.#worker.send({ number, order });
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of the channel are this program
      return (await promise) as Result;
    } finally {
      clearTimeout(timer);
    }
  }

  #settle({ to, result, problem }: Answer): void {
    const waiting = this.#waiting.get(to);
    this.#waiting.delete(to);
    if (problem === undefined) waiting?.resolve(result);
    else waiting?.reject(errorOf(problem));
  }
}
