/** Kept mail in memory, for tests of those who use the store. It passes the contract of the real one. */
import { readFileSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import type { Content } from '#mail/content.ts';
import { domainOf } from '#mail/address.ts';
import {
  HELD_STATES,
  type Held,
  type HeldDecision,
  type HeldFilter,
  type HeldGroup,
  type HeldKind,
  type HeldQuery,
  type HeldState,
  type HeldStore,
  type HeldSummaryRow,
  type NewHeld,
} from '#held/store.ts';
import { StorageUnavailable } from '#queue/store.ts';

type Row = { held: Held; isUnfinished: boolean; bytes: Uint8Array | undefined };

/** What several processes share. */
export class SharedHeld {
  readonly rows = new Map<string, Row>();
  readonly linkKey = new Uint8Array(randomBytes(32));
}

const ID = /^[0-9A-Z]{16}$/;

export class MemoryHeldStore implements HeldStore {
  readonly spoolDirectory: string;
  readonly #shared: SharedHeld;
  #isClosed = false;
  /** While set, every request is refused with it, as on a full disk. */
  failure: StorageUnavailable | undefined;

  constructor(spoolDirectory: string, shared: SharedHeld = new SharedHeld()) {
    this.spoolDirectory = spoolDirectory;
    this.#shared = shared;
  }

  async add(entries: readonly NewHeld[]): Promise<void> {
    this.#demand(entries.map(({ id }) => id));
    if (entries.some(({ id }) => this.#shared.rows.has(id))) throw new StorageUnavailable('io', 'it is there already');
    for (const { content, ...plain } of entries) {
      const bytes = content.kind === 'file' ? readFileSync(content.path) : content.bytes;
      const held: Held = { ...plain, state: 'held', by: '', comment: '' };
      this.#shared.rows.set(plain.id, { held, isUnfinished: plain.kind === 'moderation', bytes });
    }
    for (const { content } of entries) if (content.kind === 'file') rmSync(content.path, { force: true });
    return Promise.resolve();
  }

  async get(id: string): Promise<Held | undefined> {
    this.#demand();
    return Promise.resolve(this.#shared.rows.get(id)?.held);
  }

  async content(id: string): Promise<Content | undefined> {
    this.#demand();
    const bytes = this.#shared.rows.get(id)?.bytes;
    return Promise.resolve(bytes === undefined ? undefined : { kind: 'inline', bytes });
  }

  async list({ after, limit, ...filter }: HeldQuery): Promise<readonly Held[]> {
    const isBehind = ({ id }: Held): boolean => after === undefined || id < after;
    const found = this.#matching(filter).filter(isBehind);
    return Promise.resolve(found.toSorted((one, other) => byId(other, one)).slice(0, limit));
  }

  async summary(filter: HeldFilter, by: HeldGroup, limit: number): Promise<readonly HeldSummaryRow[]> {
    const groups = Map.groupBy(this.#matching(filter), (held) => keyOf(held, by));
    const rows = [...groups].map(([key, own]): HeldSummaryRow => {
      const counts = Object.fromEntries(
        HELD_STATES.map((state) => [state, own.filter((held) => held.state === state).length]),
      );
      return {
        key,
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made of all states
        counts: counts as HeldSummaryRow['counts'],
        sizeBytes: own.reduce((sum, { facts }) => sum + facts.sizeBytes, 0),
      };
    });
    const sizeOf = ({ key }: HeldSummaryRow): number => groups.get(key)?.length ?? 0;
    const order = (one: HeldSummaryRow, other: HeldSummaryRow): number =>
      by === 'day' ? compare(other.key, one.key) : sizeOf(other) - sizeOf(one) || compare(one.key, other.key);
    return Promise.resolve(rows.toSorted(order).slice(0, limit));
  }

  async counts(): Promise<{ readonly [kind in HeldKind]: number }> {
    const count = (kind: HeldKind): number => this.#matching({ kind, state: 'held' }).length;
    return Promise.resolve({ quarantine: count('quarantine'), moderation: count('moderation') });
  }

  async decide(id: string, { part, state, by, comment, at }: HeldDecision): Promise<boolean> {
    this.#demand(part === undefined ? [] : [part.id]);
    const row = this.#shared.rows.get(id);
    if (row?.held.state !== 'held') return Promise.resolve(false);
    const target = part === undefined ? row : this.#split(row, part);
    if (target === undefined) return Promise.resolve(false);
    target.held = { ...target.held, state, by, comment, endedAt: at };
    target.isUnfinished = true;
    if (state === 'deleted') target.bytes = undefined;
    return Promise.resolve(true);
  }

  async unfinished(limit: number, after = ''): Promise<readonly Held[]> {
    this.#demand();
    const open = [...this.#shared.rows.values()].filter(({ isUnfinished, held }) => isUnfinished && held.id > after);
    return Promise.resolve(
      open
        .map(({ held }) => held)
        .toSorted(byId)
        .slice(0, limit),
    );
  }

  async finish(id: string, state: HeldState): Promise<void> {
    this.#demand();
    const row = this.#shared.rows.get(id);
    if (row === undefined || row.held.state !== state || !row.isUnfinished) return Promise.resolve();
    row.isUnfinished = false;
    if (state !== 'held') row.bytes = undefined;
    if (state === 'releasing') row.held = { ...row.held, state: 'released' };
    return Promise.resolve();
  }

  async overdue(now: Date, limit: number): Promise<readonly Held[]> {
    const late = this.#matching({ state: 'held' }).filter(({ expiresAt }) => expiresAt <= now);
    return Promise.resolve(late.toSorted(byEnd).slice(0, limit));
  }

  async prune(before: Date): Promise<number> {
    this.#demand();
    const ended = [...this.#shared.rows.values()].filter(
      ({ isUnfinished, held: { endedAt } }) => !isUnfinished && endedAt !== undefined && endedAt < before,
    );
    for (const { held } of ended) this.#shared.rows.delete(held.id);
    return Promise.resolve(ended.length);
  }

  async linkKey(): Promise<Uint8Array> {
    this.#demand();
    return Promise.resolve(this.#shared.linkKey);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }

  #split(row: Row, { id, recipients: wanted }: NonNullable<HeldDecision['part']>): Row | undefined {
    const { recipients } = row.held;
    const chosen = recipients.filter(({ address }) => wanted.includes(address));
    const others = recipients.filter(({ address }) => !wanted.includes(address));
    const areKnown = wanted.every((address) => chosen.some((one) => one.address === address));
    if (chosen.length === 0 || others.length === 0 || !areKnown) return undefined;
    const part: Row = { ...row, held: { ...row.held, id, recipients: chosen, partOf: row.held.id } };
    row.held = { ...row.held, recipients: others };
    this.#shared.rows.set(id, part);
    return part;
  }

  #matching({ kind, state, rule, address, since }: HeldFilter): readonly Held[] {
    this.#demand();
    return [...this.#shared.rows.values()]
      .map(({ held }) => held)
      .filter(
        (held) =>
          (kind === undefined || held.kind === kind) &&
          (state === undefined || held.state === state) &&
          (rule === undefined || held.rule === rule) &&
          (address === undefined || names(held, address.toLowerCase())) &&
          (since === undefined || held.receivedAt >= since),
      );
  }

  #demand(ids: readonly string[] = []): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.#isClosed) throw new StorageUnavailable('io', 'kept mail is closed');
    if (ids.some((id) => !ID.test(id))) throw new StorageUnavailable('io', 'that is no id');
  }
}

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other));
const byEnd = (one: Held, other: Held): number => one.expiresAt.getTime() - other.expiresAt.getTime();
const byId = (one: Held, other: Held): number => compare(one.id, other.id);

function keyOf({ rule, envelope, receivedAt }: Held, by: HeldGroup): string {
  return { rule, sender: envelope.sender, day: receivedAt.toISOString().slice(0, 10) }[by];
}

function names({ envelope, recipients }: Held, wanted: string): boolean {
  const all = [envelope.sender, ...recipients.map(({ address }) => address)].map((address) => address.toLowerCase());
  return all.some((address) => address === wanted || (address !== '' && `@${domainOf(address)}` === wanted));
}
