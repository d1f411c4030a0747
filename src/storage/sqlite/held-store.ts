/**
 * Mail that is kept back, on SQLite: one folder in the data directory, shared by every process of the relay and by the operator's
 * commands. This side turns entries into rows and rows into entries; no request ever waits for the disk on the event loop.
 */
import { join } from 'node:path';
import type { Content } from '#mail/content.ts';
import { StorageUnavailable } from '#queue/store.ts';
import type {
  Held,
  HeldDecision,
  HeldFilter,
  HeldGroup,
  HeldKind,
  HeldQuery,
  HeldState,
  HeldStore,
  HeldSummaryRow,
  NewHeld,
} from '#held/store.ts';
import { heldFiles, type HeldFiles } from './held-file.ts';
import type { HeldAnswers, HeldRequest, WireHeld, WireHeldFilter, WireNewHeld } from './held-wire.ts';
import { ThreadPort } from './thread-port.ts';

type HeldPort = ThreadPort<HeldRequest, HeldAnswers>;

const THREAD = new URL('./held-thread.ts', import.meta.url);

/** Ids are names of files. */
const ID = /^[0-9A-Z]{16}$/;

export class SqliteHeldStore implements HeldStore {
  readonly spoolDirectory: string;
  readonly #files: HeldFiles;
  readonly #port: HeldPort;

  private constructor(files: HeldFiles, port: HeldPort) {
    this.spoolDirectory = files.incoming;
    this.#files = files;
    this.#port = port;
  }

  /** Rejects with `StorageUnavailable` and a sentence that says what to do. */
  static async open(dataDirectory: string): Promise<SqliteHeldStore> {
    const files = heldFiles(dataDirectory);
    const port: HeldPort = await ThreadPort.open({ script: THREAD, workerData: files, name: files.directory });
    return new SqliteHeldStore(files, port);
  }

  async add(entries: readonly NewHeld[]): Promise<void> {
    demandIds(entries.map(({ id }) => id));
    await this.#port.ask({ kind: 'add', entries: entries.map((entry) => this.#wireOf(entry)) });
  }

  async get(id: string): Promise<Held | undefined> {
    const found = await this.#port.ask({ kind: 'get', id });
    return found === null ? undefined : heldOf(found);
  }

  async content(id: string): Promise<Content | undefined> {
    const sizeBytes = await this.#port.ask({ kind: 'content', id });
    return sizeBytes === null ? undefined : { kind: 'file', path: join(this.#files.content, id), sizeBytes };
  }

  async list({ after, limit, ...filter }: HeldQuery): Promise<readonly Held[]> {
    const query = { filter: wireFilter(filter), after: after ?? null, limit };
    return (await this.#port.ask({ kind: 'list', ...query })).map(heldOf);
  }

  async summary(filter: HeldFilter, by: HeldGroup, limit: number): Promise<readonly HeldSummaryRow[]> {
    const rows = await this.#port.ask({ kind: 'summary', filter: wireFilter(filter), by, limit });
    return rows.map(({ key, size, ...counts }) => ({ key, counts, sizeBytes: size }));
  }

  async counts(): Promise<{ readonly [kind in HeldKind]: number }> {
    return this.#port.ask({ kind: 'counts' });
  }

  async decide(id: string, { at, ...decision }: HeldDecision): Promise<boolean> {
    if (decision.part !== undefined) demandIds([decision.part.id]);
    return this.#port.ask({ kind: 'decide', id, decision: { ...decision, at: at.getTime() } });
  }

  async unfinished(limit: number, after = ''): Promise<readonly Held[]> {
    return (await this.#port.ask({ kind: 'unfinished', after, limit })).map(heldOf);
  }

  async finish(id: string, state: HeldState): Promise<void> {
    await this.#port.ask({ kind: 'finish', id, state });
  }

  async overdue(now: Date, limit: number): Promise<readonly Held[]> {
    return (await this.#port.ask({ kind: 'overdue', now: now.getTime(), limit })).map(heldOf);
  }

  /** In steps, between which others get their turn. */
  async prune(before: Date): Promise<number> {
    let removed = 0;
    for (let more = true; more;) {
      const step = await this.#port.ask({ kind: 'prune', before: before.getTime() });
      removed += step.removed;
      more = step.more;
    }
    return removed;
  }

  async linkKey(): Promise<Uint8Array> {
    return this.#port.ask({ kind: 'linkKey' });
  }

  async close(): Promise<void> {
    await this.#port.close();
  }

  #wireOf({ id, kind, rule, subject, ...entry }: NewHeld): WireNewHeld {
    const { envelope, recipients, facts, moderators, content } = entry;
    return {
      id,
      kind,
      rule,
      subject,
      received: entry.receivedAt.getTime(),
      expires: entry.expiresAt.getTime(),
      about: { envelope, recipients, facts, moderators },
      content: content.kind === 'file' ? { path: content.path } : this.#port.enclose(content.bytes),
    };
  }
}

function demandIds(ids: readonly string[]): void {
  const odd = ids.find((id) => !ID.test(id));
  if (odd === undefined) return;
  throw new StorageUnavailable(
    'io',
    `an entry of kept mail has an id of 16 letters and digits, not ${JSON.stringify(odd)}`,
  );
}

function wireFilter({ kind, state, rule, address, since }: HeldFilter): WireHeldFilter {
  const name = address?.toLowerCase();
  const isDomain = name?.startsWith('@') === true;
  return {
    kind: orNull(kind),
    state: orNull(state),
    rule: orNull(rule),
    address: orNull(isDomain ? undefined : name),
    domain: orNull(isDomain ? name?.slice(1) : undefined),
    since: orNull(since?.getTime()),
  };
}

const orNull = <Value>(value: Value | undefined): Value | null => value ?? null;

function heldOf({ received, expires, ended, about, decider, partOf, ...plain }: WireHeld): Held {
  return {
    ...plain,
    ...about,
    by: decider,
    receivedAt: new Date(received),
    expiresAt: new Date(expires),
    ...(ended === null ? {} : { endedAt: new Date(ended) }),
    ...(partOf === null ? {} : { partOf }),
  };
}
