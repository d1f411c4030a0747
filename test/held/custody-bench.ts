/** Kept mail with everything that follows from it: a store, a queue that says what it was given, notices that say what was asked of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Custody } from '#held/custody.ts';
import type { HeldNotice, HeldNotices, ModeratorRequest } from '#held/notices.ts';
import { Rounds } from '#held/rounds.ts';
import type { HeldKind, HeldStore } from '#held/store.ts';
import type { EventFields, EventName, Subjects } from '#log/events.ts';
import type { NewMessage, StorageUnavailable } from '#queue/store.ts';
import { MemoryHeldStore } from '../doubles/held.ts';
import { at, message } from '../queue/mail.ts';

export type Reported = { readonly event: EventName; readonly fields: EventFields & Subjects; readonly error: unknown };

type Told = { readonly what: keyof HeldNotices; readonly notice: HeldNotice | ModeratorRequest };

export class CustodyBench {
  readonly directory = mkdtempSync(join(tmpdir(), 'postern-custody-'));
  readonly queued: NewMessage[] = [];
  readonly reported: Reported[] = [];
  readonly told: Told[] = [];
  readonly figures: { readonly [kind in HeldKind]: number }[] = [];
  readonly store: HeldStore;
  readonly custody: Custody;
  readonly rounds: Rounds;
  now = at(10);
  baseUrl = 'https://pages.example.org';
  /** While set, the queue refuses with it. */
  queueFailure: StorageUnavailable | undefined;
  /** While set, notices cannot be composed. */
  defect: Error | undefined;
  #lastId = 500;

  constructor(store?: HeldStore) {
    this.store = store ?? new MemoryHeldStore(this.directory);
    const report = (event: EventName, fields: EventFields & Subjects, error?: unknown): void =>
      void this.reported.push({ event, fields, error });
    this.custody = new Custody({
      store: this.store,
      settings: () => ({
        mailFlow: { quarantine: { keep: 0 }, moderation: { expiry: 0, baseUrl: this.baseUrl } },
      }),
      notices: {
        moderators: async (notice) => this.#tell('moderators', notice),
        rejected: async (notice) => this.#tell('rejected', notice),
        expired: async (notice) => this.#tell('expired', notice),
      },
      queue: {
        spoolDirectory: this.directory,
        accept: async (messages) => {
          if (this.queueFailure !== undefined) throw this.queueFailure;
          this.queued.push(...messages);
          return Promise.resolve();
        },
      },
      inlineLimit: () => 1000,
      makeQueueId: () => this.#nextId(),
      report,
      now: () => this.now,
    });
    this.rounds = new Rounds({
      store: this.store,
      custody: this.custody,
      settings: () => ({ trace: { keep: 60_000 } }),
      setFigures: (held) => void this.figures.push(held),
      report,
      now: () => this.now,
    });
  }

  events(): string[] {
    return this.reported.map(({ event }) => event);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }

  /** One message for each person, under an id that says what it is. */
  async #tell(what: Told['what'], notice: Told['notice']): Promise<readonly NewMessage[]> {
    if (this.defect !== undefined) throw this.defect;
    this.told.push({ what, notice });
    const { held } = notice;
    const addresses = what === 'moderators' ? held.moderators : [held.envelope.sender];
    return Promise.resolve(addresses.map((address) => message(`${what}-${held.id}`, [address])));
  }

  #nextId(): string {
    this.#lastId += 1;
    return `01Q${String(this.#lastId).padStart(13, '0')}`;
  }
}

export async function withCustody(check: (bench: CustodyBench) => Promise<void>, store?: HeldStore): Promise<void> {
  const bench = new CustodyBench(store);
  try {
    await check(bench);
  } finally {
    bench.remove();
  }
}
