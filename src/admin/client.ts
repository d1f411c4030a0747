/**
 * The running relay as seen from a command: the queue desk, trace records, status and reload over the HTTP interface of
 * `routes.ts`. How it is asked is `relay-line.ts`.
 */
import type { AuditStore } from '#audit/store.ts';
import type { HeldDesk } from '#held/desk.ts';
import type { RuleDesk } from '#mail-flow/rule-desk.ts';
import type { QueueAct, QueueDesk, QueueDetail, QueueFilter, QueueRow } from '#queue/desk.ts';
import type { Pause } from '#queue/store.ts';
import type { TraceRecord, TraceStore } from '#queue/trace-store.ts';
import type { ReportListing, TlsReportDesk } from '#reporting/tls-report/desk.ts';
import type { PolicyDesk } from '#tls-policy/desk.ts';
import type { DecisionRecord } from '#tls-policy/last-decisions.ts';
import type { Access } from './access.ts';
import { filterTexts, isEmptyFilter } from './filter.ts';
import { HeldClient } from './held-client.ts';
import { parseAnswer, RelayLine, RelayUnreachable } from './relay-line.ts';
import type { RelayStatus, ReloadOutcome } from './relay-status.ts';
import { AuditClient, RuleClient } from './rule-client.ts';

/** Hosts may be slow, and a policy is waited for as long as a delivery waits for it. */
const PROBE_TIMEOUT_MS = 600_000;

export class RelayClient implements QueueDesk, Pick<TraceStore, 'find'> {
  readonly #line: RelayLine;

  constructor(access: Access) {
    this.#line = new RelayLine(access);
  }

  async list(
    filter: QueueFilter,
    limit: number,
    after?: { messageId: string; index: number },
  ): Promise<readonly QueueRow[]> {
    const place: Record<string, string> = after === undefined ? {} : { after: `${after.messageId}:${after.index}` };
    const query = { ...filterTexts(filter), limit: String(limit), ...place };
    return (await this.#line.ask<{ rows: readonly QueueRow[] }>({ path: '/api/queue', query })).rows;
  }

  async count(filter: QueueFilter): Promise<number> {
    return (await this.#line.ask<{ count: number }>({ path: '/api/queue/count', query: filterTexts(filter) })).count;
  }

  async show(messageId: string): Promise<QueueDetail | undefined> {
    const response = await this.#line.call({ path: `/api/queue/${encodeURIComponent(messageId)}` });
    return response.status === 404 ? undefined : this.#line.read(response);
  }

  async act(filter: QueueFilter, act: QueueAct): Promise<number> {
    const post = { act, filter: filterTexts(filter), all: isEmptyFilter(filter) };
    return (await this.#line.ask<{ changed: number }>({ path: '/api/queue/act', post })).changed;
  }

  async pauses(): Promise<readonly Pause[]> {
    return (await this.#line.ask<{ pauses: readonly Pause[] }>({ path: '/api/pauses' })).pauses;
  }

  async find(subject: string, limit: number): Promise<readonly TraceRecord[]> {
    const query = { subject, limit: String(limit) };
    return (await this.#line.ask<{ records: readonly TraceRecord[] }>({ path: '/api/trace', query })).records;
  }

  policies(): PolicyDesk {
    return {
      explain: async (asked, probe) => {
        const query = { name: asked, probe: String(probe) };
        const response = await this.#line.call({ path: '/api/policy/explain', query, timeout: PROBE_TIMEOUT_MS });
        return response.status === 404 ? undefined : this.#line.read(response);
      },
      list: async (limit, after = '') => {
        const query = { limit: String(limit), after };
        return (await this.#line.ask<{ decisions: readonly DecisionRecord[] }>({ path: '/api/policy', query }))
          .decisions;
      },
      close: async () => this.close(),
    };
  }

  tlsReports(): TlsReportDesk {
    return {
      list: async ({ direction = '', domain = '', limit }) => {
        const query = { direction, domain, limit: String(limit) };
        return this.#line.ask<ReportListing>({ path: '/api/tls-reports', query });
      },
      show: async (id) => {
        const response = await this.#line.call({ path: `/api/tls-reports/${encodeURIComponent(id)}` });
        return response.status === 404 ? undefined : this.#line.read(response);
      },
      close: async () => this.close(),
    };
  }

  held(): HeldDesk {
    return new HeldClient(this.#line);
  }

  rules(): RuleDesk {
    return new RuleClient(this.#line);
  }

  audit(): Pick<AuditStore, 'list' | 'close'> {
    return new AuditClient(this.#line);
  }

  status(): Promise<RelayStatus> {
    return this.#line.ask({ path: '/api/status' });
  }

  async reload(): Promise<ReloadOutcome> {
    const response = await this.#line.call({ path: '/api/reload', post: {} });
    return this.#line.read(response, 422);
  }

  /** Whether a relay answers at the address: after a crash nobody may be there, or meanwhile another program. */
  async answers(): Promise<boolean> {
    try {
      const response = await this.#line.call({ path: '/healthz' });
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
}
