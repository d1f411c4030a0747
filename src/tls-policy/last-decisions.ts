/**
 * The last TLS decision for each domain and what came of it, for `postern policy list`. Kept for all processes; what repeats
 * itself is written seldom. Decides nothing.
 */
import type { RecordStore } from '#records/store.ts';
import type { Milliseconds } from '#mail/units.ts';

export type DecisionRecord = {
  /** The nexthop: a domain, or a smart host. */
  readonly domain: string;
  readonly host: string;
  /** `encrypt`, `authenticate host mx.dest.test`, `dane mx.dest.test`, or `skip`. */
  readonly decision: string;
  readonly by: string;
  /** What TLS there was (`TLSv1.3 TLS_AES_256_GCM_SHA384 authenticated by dane`, `none`), or the status of the failure. */
  readonly outcome: string;
  readonly at: Date;
};

const COLLECTION = 'tls-decision';
const KEPT_MS: Milliseconds = 90 * 86_400_000;
/** The same again is written no sooner. */
const REPEAT_MS: Milliseconds = 600_000;
const REMEMBERED = 10_000;
const PAGE = 500;

export class LastDecisions {
  readonly #store: Pick<RecordStore, 'put' | 'list'>;
  readonly #onFailure: (error: unknown) => void;
  readonly #written = new Map<string, DecisionRecord>();

  constructor(store: Pick<RecordStore, 'put' | 'list'>, onFailure: (error: unknown) => void) {
    this.#store = store;
    this.#onFailure = onFailure;
  }

  /** Returns at once; a record that is lost is told to `onFailure`. */
  remember(decision: DecisionRecord): void {
    const { domain, at } = decision;
    const last = this.#written.get(domain);
    if (last !== undefined && isSame(last, decision) && at.getTime() - last.at.getTime() < REPEAT_MS) return;
    this.#written.delete(domain);
    this.#written.set(domain, decision);
    if (this.#written.size > REMEMBERED) this.#written.delete(this.#written.keys().next().value ?? '');
    const value = JSON.stringify({ ...decision, at: at.toISOString() });
    const expiresAt = new Date(at.getTime() + KEPT_MS);
    this.#store.put(COLLECTION, { key: domain, value, expiresAt }).catch(this.#onFailure);
  }

  /** In the order of their domains, behind `after`. */
  async list(limit: number, after = ''): Promise<readonly DecisionRecord[]> {
    const records = await this.#store.list(COLLECTION, { limit: Math.min(limit, PAGE), after });
    return records.flatMap(({ value }) => readDecision(value) ?? []);
  }
}

function isSame(one: DecisionRecord, other: DecisionRecord): boolean {
  return (
    one.host === other.host && one.decision === other.decision && one.by === other.by && one.outcome === other.outcome
  );
}

/** `undefined` when the text is none, as an older program or a damaged file may leave it. */
function readDecision(text: string): DecisionRecord | undefined {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== 'object' || read === null) return undefined;
    const { domain, host, decision, by, outcome, at } = Object.fromEntries(
      Object.entries(read).map(([name, value]) => [name, String(value)]),
    );
    const time = new Date(at ?? '');
    if (domain === undefined || host === undefined || decision === undefined || !isTime(time)) return undefined;
    return { domain, host, decision, by: by ?? '', outcome: outcome ?? '', at: time };
  } catch {
    return undefined; // no JSON
  }
}

const isTime = (date: Date): boolean => !Number.isNaN(date.getTime());
