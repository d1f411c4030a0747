/** Mail that is kept back, as the running relay tells of it over `held-routes.ts`: the same desk as without a relay. */
import type { HeldAct, HeldDesk, HeldDetail, HeldOutcome } from '#held/desk.ts';
import type { Held, HeldKind, HeldSummaryRow } from '#held/store.ts';
import { heldFilterTexts } from './held-filter.ts';
import type { RelayLine } from './relay-line.ts';

/** For as long as the largest message may take on the way to a slow disk. */
const CONTENT_TIMEOUT_MS = 600_000;

export class HeldClient implements HeldDesk {
  readonly #line: RelayLine;

  constructor(line: RelayLine) {
    this.#line = line;
  }

  async list(kind: HeldKind, { after, limit, ...filter }: Parameters<HeldDesk['list']>[1]): Promise<readonly Held[]> {
    const place: Record<string, string> = after === undefined ? {} : { after };
    const query = { ...heldFilterTexts(filter), ...place, limit: String(limit) };
    return (await this.#line.ask<{ entries: readonly Held[] }>({ path: `/api/${kind}`, query })).entries;
  }

  async summary(
    kind: HeldKind,
    { filter, by, limit }: Parameters<HeldDesk['summary']>[1],
  ): Promise<readonly HeldSummaryRow[]> {
    const query = { ...heldFilterTexts(filter), by, limit: String(limit) };
    return (await this.#line.ask<{ rows: readonly HeldSummaryRow[] }>({ path: `/api/${kind}/summary`, query })).rows;
  }

  async show(kind: HeldKind, id: string): Promise<HeldDetail | undefined> {
    const response = await this.#line.call({ path: pathOf(kind, id) });
    return response.status === 404 ? undefined : this.#line.read(response);
  }

  async content(kind: HeldKind, id: string, by: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const call = { path: `${pathOf(kind, id)}/content`, query: { by }, timeout: CONTENT_TIMEOUT_MS };
    const response = await this.#line.call(call);
    if (response.status === 404) return undefined;
    return response.ok ? this.#line.octets(response) : this.#line.read(response);
  }

  async act(kind: HeldKind, id: string, act: HeldAct): Promise<HeldOutcome> {
    // A release is an approval where moderators decide.
    const name = kind === 'moderation' && act.kind === 'release' ? 'approve' : act.kind;
    const path = `${pathOf(kind, id)}/${name}`;
    const response = await this.#line.call({ path, post: membersOf(act) });
    return response.status === 404 ? { kind: 'unknown' } : this.#line.read(response, 409, 422);
  }

  async close(): Promise<void> {
    return Promise.resolve();
  }
}

const pathOf = (kind: HeldKind, id: string): string => `/api/${kind}/${encodeURIComponent(id)}`;

function membersOf({ kind: _kind, ...members }: HeldAct): object {
  const isForAll = 'recipients' in members && members.recipients.length === 0;
  return isForAll ? { by: members.by } : members;
}
