/**
 * The chore of one relay process for all: at short intervals it ends what nobody decided in time, carries out what was decided
 * anywhere, forgets what ended long ago, and counts what is held. What fails is tried again, ever more seldom.
 */
import type { Report } from '#log/events.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { ContentLost, type Custody } from './custody.ts';
import type { HeldSettings } from './settings.ts';
import type { Held, HeldKind, HeldStore } from './store.ts';

/** Other processes, and commands while no relay answers, leave their decisions in the store. */
const ROUND_EVERY_MS = 5_000;
const PRUNE_EVERY_MS = 3_600_000;
const PAGE = 100;
/** Pages of what is overdue in one round: the others of the round have their turn too. */
const OVERDUE_PAGES = 20;
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 600_000;
/** So many failures of the store or the queue in a row are the store's or the queue's, not the entries'. */
const FAILURES_IN_A_ROW = 3;
/** Rounds that are left out at most while they fail. */
const LONGEST_REST = 12;
/** Entries that wait for another try; of more than so many, the first are tried again at once. */
const RETRIES_KEPT = 10_000;

export type RoundsParts = {
  readonly store: HeldStore;
  readonly custody: Pick<Custody, 'carryOut'>;
  readonly settings: Live<Pick<HeldSettings, 'trace'>>;
  readonly setFigures: (held: { readonly [kind in HeldKind]: number }) => void;
  readonly report: Report;
  readonly now: () => Date;
};

type Retry = { readonly tries: number; readonly notBefore: number };

export class Rounds {
  readonly #parts: RoundsParts;
  readonly #retries = new Map<string, Retry>();
  #prunedAt = -Infinity;
  #failedRounds = 0;
  #rest = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isWoken = false;
  #isStopped = false;

  constructor(parts: RoundsParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), ROUND_EVERY_MS);
    this.wake();
  }

  /** Something was decided or added: it is looked at now, or once more when the round under way is over. */
  wake(): void {
    if (this.#isStopped) return;
    if (this.#running !== undefined) {
      this.#isWoken = true;
      return;
    }
    this.#running = this.#run();
  }

  /** Resolves when the entry under way is done with; the others are found unfinished at the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  #tick(): void {
    if (this.#rest > 0) this.#rest -= 1;
    else this.wake();
  }

  async #run(): Promise<void> {
    do {
      this.#isWoken = false;
      await this.round();
    } while (this.#isWoken && !this.#isStopped);
    this.#running = undefined;
  }

  /** One look at everything. Never rejects. */
  async round(): Promise<void> {
    const { store, setFigures } = this.#parts;
    try {
      await this.#endOverdue();
      await this.#carryOut();
      setFigures(await store.counts());
      await this.#prune();
      this.#failedRounds = 0;
    } catch (error) {
      this.#failedRounds += 1;
      this.#rest = Math.min(2 ** this.#failedRounds, LONGEST_REST);
      this.#parts.report('held.storage-failed', { reason: reasonOf(error) }, error);
    }
  }

  async #endOverdue(): Promise<void> {
    const { store, now } = this.#parts;
    for (let page = 0; page < OVERDUE_PAGES && !this.#isStopped; page += 1) {
      const at = now();
      const overdue = await store.overdue(at, PAGE);
      await Promise.all(overdue.map(async ({ id }) => store.decide(id, { state: 'expired', by: '', comment: '', at })));
      if (overdue.length < PAGE) return;
    }
  }

  async #carryOut(): Promise<void> {
    let failures = 0;
    let after: string | undefined;
    do {
      const page = await this.#parts.store.unfinished(PAGE, after);
      for (const held of page) {
        if (this.#isStopped) return;
        const failure = await this.#try(held);
        failures = failure === undefined ? 0 : failures + 1;
        if (failure !== undefined && failures >= FAILURES_IN_A_ROW) throw failure;
      }
      after = page.length < PAGE ? undefined : page.at(-1)?.id;
    } while (after !== undefined);
  }

  /** Returns what the store or the queue failed with, which the next entry may meet too. */
  async #try(held: Held): Promise<StorageUnavailable | undefined> {
    const { custody, now, report } = this.#parts;
    // Another state is another matter.
    const matter = `${held.id} ${held.state}`;
    const retry = this.#retries.get(matter);
    if (retry !== undefined && retry.notBefore > now().getTime()) return undefined;
    try {
      await custody.carryOut(held);
      this.#retries.delete(matter);
      return undefined;
    } catch (error) {
      const next = this.#retryAfter(retry?.tries ?? 0);
      if (this.#retries.size >= RETRIES_KEPT) this.#retries.clear();
      this.#retries.set(matter, next);
      const { id: messageId, rule, state: decision } = held;
      const retryAt = new Date(next.notBefore).toISOString();
      report(
        'held.failed',
        { messageId, rule, decision, reason: reasonOf(error), attempt: next.tries, retryAt },
        error,
      );
      return error instanceof StorageUnavailable ? error : undefined;
    }
  }

  #retryAfter(tries: number): Retry {
    const wait: Milliseconds = Math.min(FIRST_RETRY_MS * 2 ** tries, LONGEST_RETRY_MS);
    return { tries: tries + 1, notBefore: this.#parts.now().getTime() + wait };
  }

  async #prune(): Promise<void> {
    const { store, settings, now } = this.#parts;
    const at = now().getTime();
    if (this.#isStopped || at - this.#prunedAt < PRUNE_EVERY_MS) return;
    await store.prune(new Date(at - settings().trace.keep));
    this.#prunedAt = at;
  }
}

/** A few words of ours: what the file system or a composer said is logged beside them. */
function reasonOf(error: unknown): string {
  if (error instanceof StorageUnavailable) return error.code;
  return error instanceof ContentLost ? 'its content is not there any more' : 'it could not be done';
}
