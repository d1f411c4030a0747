/**
 * The composition root: chooses the adapters and connects the folders of one relay process. No decisions are made here, and
 * nothing here is worth a test of its own: the flow tests run it whole.
 */
import { randomInt } from 'node:crypto';
import { ServerCertificates } from '#certificates/server-certificates.ts';
import type { RelayConfig } from '#config/schema.ts';
import { UserDirectory } from '#config/user-directory.ts';
import type { DnssecState } from '#dns/dnssec-state.ts';
import { makeAdmission } from '#inbound/admission.ts';
import { makeAuthentication } from '#inbound/authentication.ts';
import { Inbound } from '#inbound/listener.ts';
import { readProxyHeader } from '#inbound/proxy-protocol.ts';
import type { Report } from '#log/events.ts';
import type { Logger } from '#log/logger.ts';
import { makeMetrics, type Metrics } from '#log/metrics.ts';
import { makeReport, type Trace } from '#log/report.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import { requiresDnssec, usesDane } from '#outbound/dane-use.ts';
import { ownEndpoints } from '#outbound/own-addresses.ts';
import { queueIds } from '#queue/id.ts';
import { Queue } from '#queue/queue.ts';
import type { TraceStore } from '#queue/trace-store.ts';
import type { RecordStore } from '#records/store.ts';
import { SqliteQueueStore } from '#storage/sqlite/queue-store.ts';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';
import { SqliteTraceStore } from '#storage/sqlite/trace-store.ts';
import { Delivery } from './delivery.ts';
import { systemClock } from './policy-chain.ts';
import { StartRefused, type Listening, type ProcessStatus, type RelayProcess } from './relay-process.ts';
import { TlsReports } from './tls-reports.ts';

/** A proxy speaks first and at once. */
const PROXY_HEADER_MS = 5_000;
const PRUNE_EVERY_MS = 3_600_000;

/** A trouble of the store is told by /readyz for so long. */
const TROUBLE_SHOWN_MS = 10_000;

/** One relay process with its queue shards. */
export class Relay implements RelayProcess {
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  #config: RelayConfig | undefined;
  #running: Running | undefined;
  #storageFailedAt = -Infinity;

  constructor(logger: Logger, metrics: Metrics = makeMetrics()) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  async start(config: RelayConfig, shards: readonly number[]): Promise<readonly Listening[]> {
    // Queued mail is nobody else's business, wherever the data directory lies.
    process.umask(0o077);
    this.#setConfig(config);
    const reporting: Reporting = (trace) => {
      const report = makeReport({ logger: this.#logger, metrics: this.#metrics, trace });
      return (event, fields, error) => {
        if (event === 'queue.storage-failed') this.#storageFailedAt = performance.now();
        report(event, fields, error);
      };
    };
    this.#running = await Running.open(() => this.#config ?? config, shards, reporting);
    return this.#running.inbound.addresses();
  }

  async reload(config: RelayConfig): Promise<void> {
    this.#setConfig(config);
    await this.#running?.reload();
  }

  wake(): void {
    this.#running?.wake();
  }

  async status(): Promise<ProcessStatus> {
    if (this.#running === undefined) throw new Error('the relay does not run');
    const { queue, inbound, dnssec } = this.#running;
    const depth = await queue.depth();
    const { waiting, leased, held, messages, pausedDestinations, oldestReceivedAt } = depth;
    this.#metrics.set('queueWaiting', waiting);
    this.#metrics.set('queueLeased', leased);
    this.#metrics.set('queueHeld', held);
    this.#metrics.set('queueMessages', messages);
    this.#metrics.set('queuePaused', pausedDestinations);
    const oldestMs = oldestReceivedAt === undefined ? 0 : Date.now() - oldestReceivedAt.getTime();
    this.#metrics.set('queueOldest', oldestMs / 1000);
    this.#metrics.set('inboundSessions', inbound.sessions);
    this.#metrics.set('outboundSessions', this.#running.outboundSessions);
    if (dnssec !== undefined) this.#metrics.set('dnssecValidates', dnssec.kind === 'validates' ? 1 : 0);
    const isFailing = performance.now() - this.#storageFailedAt < TROUBLE_SHOWN_MS;
    return {
      pid: process.pid,
      listening: inbound.addresses(),
      depth,
      metrics: await this.#metrics.snapshot(),
      dnssec,
      troubles: isFailing ? [`the queue of process ${process.pid} could not be written`] : [],
    };
  }

  async drain(timeout: Milliseconds): Promise<void> {
    const running = this.#running;
    await running?.drain(timeout);
    // Whoever asks from now on must not find a store that closes.
    this.#running = undefined;
    await running?.close();
    await this.#logger.flush();
  }

  #setConfig(config: RelayConfig): void {
    this.#config = config;
    this.#logger.setLevel(config.log.level);
  }
}

/** Makes the way out of events; traced ones also go to `trace`. */
type Reporting = (trace?: Trace) => Report;

class Running {
  readonly #settings: Live<RelayConfig>;
  readonly queue: Queue;
  readonly inbound: Inbound;
  readonly #certificates: ServerCertificates;
  readonly #delivery: Delivery;
  readonly #tlsReports: TlsReports;
  readonly #traces: TraceStore;
  readonly #records: RecordStore;
  readonly #timers: readonly NodeJS.Timeout[];

  private constructor(live: Live<RelayConfig>, stores: Stores, reporting: Reporting) {
    this.#settings = live;
    const report = reporting(tracing(stores.traces));
    const makeQueueId = queueIds(randomInt(32_768));

    this.queue = stores.queue;
    this.#traces = stores.traces;
    this.#records = stores.records;
    this.#certificates = new ServerCertificates(live, report);
    const users = new UserDirectory(() => live().inbound.authentication.usersFile);
    this.inbound = new Inbound({
      settings: live,
      admission: makeAdmission(live),
      authentication: makeAuthentication({
        settings: live,
        verifyUser: async (user, password) => users.verify(user, password),
        report,
        now: () => performance.now(),
      }),
      certificates: this.#certificates,
      readProxyHeader: async (socket) => readProxyHeader(socket, PROXY_HEADER_MS),
      accept: async (message) => {
        await stores.queue.accept([message]);
        return undefined;
      },
      takeReport: async (mail) => this.#tlsReports.take(mail),
      makeQueueId,
      spoolDirectory: stores.queue.spoolDirectory,
      inlineLimit: () => live().queue.inlineLimit,
      report,
      clock: systemClock,
    });

    this.#delivery = new Delivery({
      settings: live,
      queue: stores.queue,
      records: stores.records,
      report,
      count: (session) => this.#tlsReports.count(session),
      makeQueueId,
      isOurs: (ip, port) => ownEndpoints(this.inbound.addresses())(ip, port),
      doesChores: stores.ownsRecords,
    });
    this.#tlsReports = new TlsReports({
      settings: live,
      queue: stores.queue,
      records: stores.records,
      report,
      makeQueueId,
      resolver: this.#delivery.chain.resolver,
      doesChores: stores.ownsRecords,
    });
    this.#timers = this.#startTimers(report, stores.ownsRecords);
  }

  /** Rejects with a sentence for the operator, and leaves nothing open. */
  static async open(live: Live<RelayConfig>, shards: readonly number[], reporting: Reporting): Promise<Running> {
    const stores = await openStores(live, shards, reporting());
    let running: Running | undefined;
    try {
      running = new Running(live, stores, reporting);
      await running.#start();
      return running;
    } catch (error) {
      await running?.drain(0);
      await stores.queue.close();
      await stores.records.close();
      throw error;
    }
  }

  async reload(): Promise<void> {
    await this.#certificates.refresh();
    await this.inbound.reload();
    await this.#delivery.reload();
  }

  get outboundSessions(): number {
    return this.#delivery.sessions;
  }

  /** `undefined` when nothing asks for DANE. */
  get dnssec(): DnssecState | undefined {
    return usesDane(this.#settings()) ? this.#delivery.trust.dnssec() : undefined;
  }

  wake(): void {
    this.#delivery.lookAgain();
  }

  async drain(timeout: Milliseconds): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([this.inbound.drain(timeout), this.#delivery.drain(timeout)]);
    await this.#tlsReports.drain(timeout);
    this.#certificates.close();
  }

  /** After `drain`. */
  async close(): Promise<void> {
    await this.#traces.close();
    await this.queue.close();
    await this.#records.close();
  }

  async #start(): Promise<void> {
    await this.#delivery.load();
    const tested = this.#delivery.trust.test();
    if (requiresDnssec(this.#settings())) demandDnssec(await tested);
    await this.inbound.start();
    this.#tlsReports.start();
    // Mail is taken at once, and sent when it is known what the resolver's word is worth.
    void tested.then(() => this.#delivery.begin());
  }

  #startTimers(report: Report, ownsRecords: boolean): readonly NodeJS.Timeout[] {
    return [
      setInterval(() => void this.#pruneTraces(report), PRUNE_EVERY_MS),
      ...(ownsRecords ? [setInterval(() => void this.#pruneRecords(report), PRUNE_EVERY_MS)] : []),
    ];
  }

  async #pruneTraces(report: Report): Promise<void> {
    try {
      await this.#traces.prune(new Date(Date.now() - this.#settings().trace.keep));
    } catch (error) {
      report('queue.storage-failed', { reason: 'old trace records could not be removed' }, error);
    }
  }

  async #pruneRecords(report: Report): Promise<void> {
    try {
      await this.#records.prune();
    } catch (error) {
      report('records.storage-failed', { reason: 'what has expired could not be removed' }, error);
    }
  }
}

type Stores = {
  readonly queue: Queue;
  readonly traces: TraceStore;
  readonly records: RecordStore;
  /** All processes share the records; this one clears them up. */
  readonly ownsRecords: boolean;
};

async function openStores(live: Live<RelayConfig>, shards: readonly number[], report: Report): Promise<Stores> {
  const opened: SqliteQueueStore[] = [];
  try {
    for (const shard of shards) {
      opened.push(await SqliteQueueStore.open(live().dataDirectory, shard));
      report('queue.opened', { shard });
    }
    const [own, ...adopted] = opened;
    if (own === undefined) throw new TypeError('a relay needs a shard of its own');
    const queue = new Queue({ store: own, settings: () => live().queue, report });
    for (const store of adopted) queue.adopt(store);
    const traces = new SqliteTraceStore(live().dataDirectory, own, (error) =>
      report('queue.storage-failed', { reason: 'trace records were lost' }, error),
    );
    const records = await SqliteRecordStore.open({
      dataDirectory: live().dataDirectory,
      now: systemClock,
      onDamage: (file) => report('records.damaged', { file }),
    });
    return { queue, traces, records, ownsRecords: shards.includes(0) };
  } catch (error) {
    await Promise.all(opened.map(async (store) => store.close()));
    throw error;
  }
}

function demandDnssec(state: DnssecState): void {
  if (state.kind === 'validates') return;
  const message = `is require, so the resolver must validate DNSSEC; ${state.reason}`;
  throw new StartRefused(['tlsPolicy', 'dane', 'resolver'], message);
}

/** What is traced can be found by its addresses and by its Message-ID. */
function tracing(traces: TraceStore): Trace {
  return (event, fields, at, others) => {
    const { messageId, sender = '', recipient = '', headerMessageId = '' } = fields;
    if (messageId === undefined) return;
    // The sender is known from the first record of a message; naming it again would only cost.
    const subjects = event === 'inbound.accepted' ? [sender, headerMessageId, ...others] : [recipient, ...others];
    traces.append({ at, messageId, event, fields, subjects });
  };
}
