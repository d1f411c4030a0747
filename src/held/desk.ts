/**
 * The operator's view of kept mail: list, look at, decide. The port that `postern quarantine`, `postern moderation` and the HTTP API
 * use, whether or not the relay runs; what a decision leads to is `custody.ts`'s and happens in the relay.
 */
import type { Report } from '#log/events.ts';
import type { MakeQueueId } from '#queue/id.ts';
import { decideAsPerson, noteOfExport, type DecisionParts } from './decide.ts';
import { headerOf, octetsOf } from './octets.ts';
import type {
  Held,
  HeldDecision,
  HeldFilter,
  HeldGroup,
  HeldKind,
  HeldQuery,
  HeldStore,
  HeldSummaryRow,
} from './store.ts';

/** The header is text as it stands in the mail; `''` once the content is gone. */
export type HeldDetail = { readonly held: Held; readonly header: string };

export type HeldAct =
  /** `recipients`: only to these of the entry's; empty for all. */
  | { readonly kind: 'release'; readonly by: string; readonly recipients: readonly string[] }
  | { readonly kind: 'delete'; readonly by: string }
  /** The sender is told, with the comment. */
  | { readonly kind: 'reject'; readonly by: string; readonly comment: string };

export type HeldOutcome =
  /** `id` names those about whom was decided: another than the entry's when it was only some of its recipients. */
  | { readonly kind: 'done'; readonly id: string; readonly recipients: readonly string[] }
  | { readonly kind: 'unknown' }
  /** Somebody was faster, or time was. */
  | { readonly kind: 'ended'; readonly held: Held }
  | { readonly kind: 'no-such-recipient'; readonly recipients: readonly string[] };

export interface HeldDesk {
  list(kind: HeldKind, query: Omit<HeldQuery, 'kind'>): Promise<readonly Held[]>;
  summary(kind: HeldKind, query: HeldSummaryQuery): Promise<readonly HeldSummaryRow[]>;
  /** `undefined` when there is none of this kind and id. */
  show(kind: HeldKind, id: string): Promise<HeldDetail | undefined>;
  /** All octets, as they would be delivered, for whom the audit record names; `undefined` when they are gone or never were. */
  content(kind: HeldKind, id: string, by: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  act(kind: HeldKind, id: string, act: HeldAct): Promise<HeldOutcome>;
  close(): Promise<void>;
}

export type HeldSummaryQuery = {
  readonly filter: Omit<HeldFilter, 'kind'>;
  readonly by: HeldGroup;
  readonly limit: number;
};

/** Others may change an entry between our look and our decision; whoever loses so often is told what there is then. */
const TRIES = 3;

export type HeldDeskParts = {
  readonly store: HeldStore;
  readonly audit: DecisionParts['audit'];
  readonly makeQueueId: MakeQueueId;
  readonly now: () => Date;
};

export class StoreHeldDesk implements HeldDesk {
  readonly #parts: HeldDeskParts;
  readonly #store: HeldStore;

  constructor(parts: HeldDeskParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  async list(kind: HeldKind, query: Omit<HeldQuery, 'kind'>): Promise<readonly Held[]> {
    return this.#store.list({ ...query, kind });
  }

  async summary(kind: HeldKind, { filter, by, limit }: HeldSummaryQuery): Promise<readonly HeldSummaryRow[]> {
    return this.#store.summary({ ...filter, kind }, by, limit);
  }

  async show(kind: HeldKind, id: string): Promise<HeldDetail | undefined> {
    const held = await this.#find(kind, id);
    if (held === undefined) return undefined;
    const content = await this.#store.content(id);
    return { held, header: content === undefined ? '' : await headerOf(content, held.facts.headerBytes) };
  }

  async content(kind: HeldKind, id: string, by: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const held = await this.#find(kind, id);
    const content = held === undefined ? undefined : await this.#store.content(id);
    if (held === undefined || content === undefined) return undefined;
    await this.#parts.audit.append(noteOfExport(held, by, this.#parts.now()));
    return octetsOf(content);
  }

  async act(kind: HeldKind, id: string, act: HeldAct): Promise<HeldOutcome> {
    for (let tries = 1; ; tries += 1) {
      const held = await this.#find(kind, id);
      if (held === undefined) return { kind: 'unknown' };
      if (held.state !== 'held' || tries > TRIES) return { kind: 'ended', held };
      const outcome = await this.#decide(held, act);
      if (outcome !== undefined) return outcome;
    }
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async #find(kind: HeldKind, id: string): Promise<Held | undefined> {
    const held = await this.#store.get(id);
    return held?.kind === kind ? held : undefined;
  }

  /** `undefined` when the entry was changed meanwhile. */
  async #decide(held: Held, act: HeldAct): Promise<HeldOutcome | undefined> {
    const { makeQueueId, now } = this.#parts;
    const chosen = chooseRecipients(
      held.recipients.map(({ address }) => address),
      act.kind === 'release' ? act.recipients : [],
    );
    if (chosen.kind === 'no-such-recipient') return chosen;
    const { recipients } = chosen;
    const at = now();
    const part = chosen.kind === 'some' ? { id: makeQueueId(at), recipients } : undefined;
    const isDone = await decideAsPerson(this.#parts, held, { ...decisionOf(act), at, part });
    return isDone ? { kind: 'done', id: part?.id ?? held.id, recipients } : undefined;
  }
}

export type ChosenRecipients =
  | { readonly kind: 'all' | 'some'; readonly recipients: readonly string[] }
  | { readonly kind: 'no-such-recipient'; readonly recipients: readonly string[] };

/** Addresses in any case of letters; whoever names all of them, or nobody, means all. */
export function chooseRecipients(all: readonly string[], wanted: readonly string[]): ChosenRecipients {
  if (wanted.length === 0) return { kind: 'all', recipients: all };
  const names = new Set(wanted.map((address) => address.toLowerCase()));
  const recipients = all.filter((address) => names.has(address.toLowerCase()));
  const known = new Set(recipients.map((address) => address.toLowerCase()));
  const unknown = wanted.filter((address) => !known.has(address.toLowerCase()));
  if (unknown.length > 0) return { kind: 'no-such-recipient', recipients: unknown };
  return { kind: recipients.length === all.length ? 'all' : 'some', recipients };
}

const STATES = { release: 'releasing', delete: 'deleted', reject: 'rejected' } as const;

function decisionOf(act: HeldAct): Pick<HeldDecision, 'state' | 'by' | 'comment'> {
  return { state: STATES[act.kind], by: act.by, comment: act.kind === 'reject' ? act.comment : '' };
}

/** The desk of a running relay: what is decided there is looked at by the relay at once, and is in its log. */
export class WakingHeldDesk implements Omit<HeldDesk, 'close'> {
  readonly #desk: Omit<HeldDesk, 'close'>;
  readonly #wake: () => void;
  readonly #report: Report;

  constructor(desk: Omit<HeldDesk, 'close'>, wake: () => void, report: Report) {
    this.#desk = desk;
    this.#wake = wake;
    this.#report = report;
  }

  async list(...question: Parameters<HeldDesk['list']>): ReturnType<HeldDesk['list']> {
    return this.#desk.list(...question);
  }

  async summary(...question: Parameters<HeldDesk['summary']>): ReturnType<HeldDesk['summary']> {
    return this.#desk.summary(...question);
  }

  async show(kind: HeldKind, id: string): Promise<HeldDetail | undefined> {
    return this.#desk.show(kind, id);
  }

  async content(...question: Parameters<HeldDesk['content']>): ReturnType<HeldDesk['content']> {
    return this.#desk.content(...question);
  }

  async act(kind: HeldKind, id: string, act: HeldAct): Promise<HeldOutcome> {
    const outcome = await this.#desk.act(kind, id, act);
    if (outcome.kind === 'done') {
      this.#report('admin.changed', { decision: `${kind} ${act.kind}`, messageId: outcome.id, user: act.by });
      this.#wake();
    }
    return outcome;
  }
}
