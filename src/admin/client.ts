/**
 * The running relay as seen from a command: the queue desk, trace records, status and reload over the HTTP interface of
 * `routes.ts`. Both ends are of one version and one machine's file, so answers are believed to have their form.
 */
import type { QueueAct, QueueDesk, QueueDetail, QueueFilter, QueueRow } from '#queue/desk.ts';
import type { Pause } from '#queue/store.ts';
import type { Milliseconds } from '#mail/units.ts';
import type { TraceRecord, TraceStore } from '#queue/trace-store.ts';
import type { ReportListing, TlsReportDesk } from '#reporting/tls-report/desk.ts';
import type { PolicyDesk } from '#tls-policy/desk.ts';
import type { DecisionRecord } from '#tls-policy/last-decisions.ts';
import type { Access } from './access.ts';
import { filterTexts, isEmptyFilter } from './filter.ts';
import type { RelayStatus, ReloadOutcome } from './relay-status.ts';

const TIMEOUT_MS = 30_000;
/** Hosts may be slow, and a policy is waited for as long as a delivery waits for it. */
const PROBE_TIMEOUT_MS = 600_000;
const DATES = new Set([
  'receivedAt',
  'dueAt',
  'until',
  'at',
  'startedAt',
  'oldestReceivedAt',
  'fetchedAt',
  'expiresAt',
  'expires',
]);

/** Nobody listens at the address (`nobody`), or who does is not our relay or is in trouble. */
export class RelayUnreachable extends Error {
  override readonly name = 'RelayUnreachable';
  readonly code: 'nobody' | 'no-answer' | 'refused';

  constructor(code: RelayUnreachable['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

type Call = {
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly post?: object;
  readonly timeout?: Milliseconds;
};

export class RelayClient implements QueueDesk, Pick<TraceStore, 'find'> {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  async list(
    filter: QueueFilter,
    limit: number,
    after?: { messageId: string; index: number },
  ): Promise<readonly QueueRow[]> {
    const place: Record<string, string> = after === undefined ? {} : { after: `${after.messageId}:${after.index}` };
    const query = { ...filterTexts(filter), limit: String(limit), ...place };
    return (await this.#ask<{ rows: readonly QueueRow[] }>({ path: '/api/queue', query })).rows;
  }

  async count(filter: QueueFilter): Promise<number> {
    return (await this.#ask<{ count: number }>({ path: '/api/queue/count', query: filterTexts(filter) })).count;
  }

  async show(messageId: string): Promise<QueueDetail | undefined> {
    const response = await this.#call({ path: `/api/queue/${encodeURIComponent(messageId)}` });
    return response.status === 404 ? undefined : this.#read(response);
  }

  async act(filter: QueueFilter, act: QueueAct): Promise<number> {
    const post = { act, filter: filterTexts(filter), all: isEmptyFilter(filter) };
    return (await this.#ask<{ changed: number }>({ path: '/api/queue/act', post })).changed;
  }

  async pauses(): Promise<readonly Pause[]> {
    return (await this.#ask<{ pauses: readonly Pause[] }>({ path: '/api/pauses' })).pauses;
  }

  async find(subject: string, limit: number): Promise<readonly TraceRecord[]> {
    const query = { subject, limit: String(limit) };
    return (await this.#ask<{ records: readonly TraceRecord[] }>({ path: '/api/trace', query })).records;
  }

  policies(): PolicyDesk {
    return {
      explain: async (asked, probe) => {
        const query = { name: asked, probe: String(probe) };
        const response = await this.#call({ path: '/api/policy/explain', query, timeout: PROBE_TIMEOUT_MS });
        return response.status === 404 ? undefined : this.#read(response);
      },
      list: async (limit, after = '') => {
        const query = { limit: String(limit), after };
        return (await this.#ask<{ decisions: readonly DecisionRecord[] }>({ path: '/api/policy', query })).decisions;
      },
      close: async () => this.close(),
    };
  }

  tlsReports(): TlsReportDesk {
    return {
      list: async ({ direction = '', domain = '', limit }) => {
        const query = { direction, domain, limit: String(limit) };
        return this.#ask<ReportListing>({ path: '/api/tls-reports', query });
      },
      show: async (id) => {
        const response = await this.#call({ path: `/api/tls-reports/${encodeURIComponent(id)}` });
        return response.status === 404 ? undefined : this.#read(response);
      },
      close: async () => this.close(),
    };
  }

  status(): Promise<RelayStatus> {
    return this.#ask({ path: '/api/status' });
  }

  async reload(): Promise<ReloadOutcome> {
    const response = await this.#call({ path: '/api/reload', post: {} });
    return this.#read(response, 422);
  }

  /** Whether a relay answers at the address: after a crash nobody may be there, or meanwhile another program. */
  async answers(): Promise<boolean> {
    try {
      const response = await this.#call({ path: '/healthz' });
      const health = parseAnswer(await response.text());
      return health !== undefined && 'status' in health && health.status === 'ok';
    } catch (error) {
      if (error instanceof RelayUnreachable && error.code === 'nobody') return false;
      throw error;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #ask<Answer>(call: Call): Promise<Answer> {
    return this.#read<Answer>(await this.#call(call));
  }

  async #call({ path, query = {}, post, timeout = TIMEOUT_MS }: Call): Promise<Response> {
    const url = new URL(path, this.#access.url);
    url.search = new URLSearchParams(query).toString();
    const headers = { authorization: `Bearer ${this.#access.token}`, 'content-type': 'application/json' };
    const request = post === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(post) };
    try {
      return await fetch(url, { ...request, redirect: 'error', signal: AbortSignal.timeout(timeout) });
    } catch (error) {
      const isNobody = error instanceof Error && codeOf(error.cause) === 'ECONNREFUSED';
      const what = isNobody ? 'nobody listens' : 'no answer came';
      throw new RelayUnreachable(isNobody ? 'nobody' : 'no-answer', `${what} at ${this.#access.url}`, error);
    }
  }

  async #read<Answer>(response: Response, alsoFine = 200): Promise<Answer> {
    const text = await response.text();
    const answer = parseAnswer(text);
    if (answer === undefined) {
      throw new RelayUnreachable('refused', `another program than the relay answers at ${this.#access.url}`);
    }
    if (!response.ok && response.status !== alsoFine) {
      throw new RelayUnreachable('refused', `the relay refused (${response.status}): ${errorOf(answer)}`);
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- routes.ts wrote it; both ends are one version
    return answer as Answer;
  }
}

function parseAnswer(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text, (name, member: unknown) =>
      DATES.has(name) && typeof member === 'string' ? new Date(member) : member,
    );
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(answer: object): string {
  return 'error' in answer && typeof answer.error === 'string' ? answer.error : 'without a reason';
}

function codeOf(error: unknown): unknown {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
