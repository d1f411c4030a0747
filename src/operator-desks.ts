/**
 * What the HTTP interface of operators asks, put together over the databases of a running relay. Most of it is asked seldom, so little
 * is kept open in between. A part of the composition root: it connects, and decides nothing.
 */
import type { AdminParts } from '#admin/routes.ts';
import type { RelayConfig } from '#config/schema.ts';
import { WakingHeldDesk } from '#held/desk.ts';
import type { Report } from '#log/events.ts';
import type { Live } from '#mail/units.ts';
import { ownEndpoints } from '#outbound/own-addresses.ts';
import type { QueueAct, QueueDesk, QueueFilter } from '#queue/desk.ts';
import type { RecordStore } from '#records/store.ts';
import { RecordTlsReportDesk, type TlsReportDesk } from '#reporting/tls-report/desk.ts';
import { SqliteQueueDesk } from '#storage/sqlite/desk.ts';
import { SqliteTraceReader } from '#storage/sqlite/trace-reader.ts';
import type { PolicyDesk } from '#tls-policy/desk.ts';
import { openHeldDesk, OpeningHeldDesk } from './held-desk.ts';
import { systemClock } from './policy-chain.ts';
import { RecordPolicyDesk } from './policy-desk.ts';
import { dnssecOf } from './process-sums.ts';
import type { ProcessStatus } from './relay-process.ts';

export type OperatorDeskParts = {
  readonly config: Live<RelayConfig>;
  readonly processes: () => Promise<readonly ProcessStatus[]>;
  readonly openRecords: () => Promise<RecordStore>;
  /** The relay is to look at what was changed. */
  readonly wake: () => void;
  readonly report: Report;
};

export type OperatorDesks = Pick<AdminParts, 'desk' | 'traces' | 'policies' | 'tlsReports' | 'held' | 'now'>;

export function operatorDesks(parts: OperatorDeskParts): OperatorDesks {
  const { config, wake, report } = parts;
  const { dataDirectory } = config();
  return {
    desk: new WakingDesk(new SqliteQueueDesk(dataDirectory), wake),
    traces: new SqliteTraceReader(dataDirectory),
    policies: {
      explain: async (asked, probe) => withPolicies(parts, async (policies) => policies.explain(asked, probe)),
      list: async (limit, after) => withPolicies(parts, async (policies) => policies.list(limit, after)),
    },
    tlsReports: {
      list: async (query) => withTlsReports(parts, async (reports) => reports.list(query)),
      show: async (id) => withTlsReports(parts, async (reports) => reports.show(id)),
    },
    held: new WakingHeldDesk(new OpeningHeldDesk(async () => openHeldDesk(dataDirectory)), wake, report),
    now: systemClock,
  };
}

async function withPolicies<Answer>(
  parts: OperatorDeskParts,
  ask: (policies: PolicyDesk) => Promise<Answer>,
): Promise<Answer> {
  const processes = await parts.processes();
  const config = parts.config();
  const isOurs = ownEndpoints(processes.flatMap(({ listening }) => listening));
  const records = await parts.openRecords();
  const desk = new RecordPolicyDesk({ settings: () => config, records, isOurs, dnssec: dnssecOf(processes) });
  try {
    return await ask(desk);
  } finally {
    await desk.close();
  }
}

async function withTlsReports<Answer>(
  { openRecords }: OperatorDeskParts,
  ask: (reports: TlsReportDesk) => Promise<Answer>,
): Promise<Answer> {
  const desk = new RecordTlsReportDesk(await openRecords());
  try {
    return await ask(desk);
  } finally {
    await desk.close();
  }
}

/** The operator's desk over the databases; what it changes is looked at by the relay at once. */
class WakingDesk implements Omit<QueueDesk, 'close'> {
  readonly #desk: QueueDesk;
  readonly #wake: () => void;

  constructor(desk: QueueDesk, wake: () => void) {
    this.#desk = desk;
    this.#wake = wake;
  }

  async list(...question: Parameters<QueueDesk['list']>): ReturnType<QueueDesk['list']> {
    return this.#desk.list(...question);
  }

  async count(filter: QueueFilter): Promise<number> {
    return this.#desk.count(filter);
  }

  async show(messageId: string): ReturnType<QueueDesk['show']> {
    return this.#desk.show(messageId);
  }

  async pauses(): ReturnType<QueueDesk['pauses']> {
    return this.#desk.pauses();
  }

  async act(filter: QueueFilter, act: QueueAct): Promise<number> {
    const changed = await this.#desk.act(filter, act);
    this.#wake();
    return changed;
  }
}
