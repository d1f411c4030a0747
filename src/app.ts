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
import type { HeldStore } from '#held/store.ts';
import { heldNotices } from '#mail-flow/notices/held-notices.ts';
import { queueIds, type MakeQueueId } from '#queue/id.ts';
import { Queue } from '#queue/queue.ts';
import type { TraceStore } from '#queue/trace-store.ts';
import type { RecordStore } from '#records/store.ts';
import { reportMaker } from '#reporting/dsn/reports.ts';
import { suppressingRefused } from '#reporting/tls-report/suppression.ts';
import { SqliteHeldStore } from '#storage/sqlite/held-store.ts';
import { SqliteQueueStore } from '#storage/sqlite/queue-store.ts';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';
import { SqliteTraceStore } from '#storage/sqlite/trace-store.ts';
import { Delivery } from './delivery.ts';
import { HeldMail, type HeldMailParts } from './held-mail.ts';
import { MailRules } from './mail-rules.ts';
import { systemClock } from './policy-chain.ts';
import {
  StartRefused,
  type Listening,
  type ProcessStatus,
  type RelayProcess,
  type RelaySetup,
} from './relay-process.ts';
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
  #setup: RelaySetup | undefined;
  #running: Running | undefined;
  #storageFailedAt = -Infinity;

  constructor(logger: Logger, metrics: Metrics = makeMetrics()) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  async start(setup: RelaySetup, shards: readonly number[]): Promise<readonly Listening[]> {
    // Queued mail is nobody else's business, wherever the data directory lies.
    process.umask(0o077);
    this.#take(setup);
    const reporting: Reporting = (trace) => {
      const report = makeReport({ logger: this.#logger, metrics: this.#metrics, trace });
      return (event, fields, error) => {
        if (event === 'queue.storage-failed') this.#storageFailedAt = performance.now();
        report(event, fields, error);
      };
    };
    this.#running = await Running.open({
      live: () => this.#setup ?? setup,
      shards,
      reporting,
      setFigures: ({ quarantine, moderation }) => {
        this.#metrics.set('heldQuarantine', quarantine);
        this.#metrics.set('heldModeration', moderation);
      },
    });
    return this.#running.inbound.addresses();
  }

  async reload(setup: RelaySetup): Promise<void> {
    this.#take(setup);
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

  #take(setup: RelaySetup): void {
    this.#setup = setup;
    this.#logger.setLevel(setup.config.log.level);
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
  readonly #mailRules: MailRules;
  readonly #heldMail: HeldMail;
  readonly #traces: TraceStore;
  readonly #records: RecordStore;
  readonly #held: HeldStore;
  readonly #timers: readonly NodeJS.Timeout[];

  private constructor({ live: setup, reporting, setFigures }: RunningParts, stores: Stores) {
    const live = (): RelayConfig => setup().config;
    this.#settings = live;
    const report = reporting(tracing(stores.traces));
    const makeQueueId = queueIds(randomInt(32_768));

    this.queue = stores.queue;
    this.#traces = stores.traces;
    this.#records = stores.records;
    this.#held = stores.held;
    this.#certificates = new ServerCertificates(live, report);
    this.inbound = this.#makeInbound(stores.queue, makeQueueId, report);
    const makeReports = suppressingRefused(reportMaker(live, makeQueueId), {
      store: stores.records,
      settings: live,
      report,
    });
    this.#heldMail = new HeldMail({
      settings: live,
      store: stores.held,
      queue: stores.queue,
      notices: heldNotices({ settings: live, makeQueueId, markKey: stores.noticeKey, now: systemClock }),
      makeQueueId,
      report,
      setFigures,
      doesChores: stores.ownsRecords,
    });
    this.#mailRules = new MailRules({
      settings: live,
      documents: () => setup().documents,
      queue: stores.queue,
      held: stores.held,
      onHeld: () => this.#heldMail.wake(),
      records: stores.records,
      makeReports,
      makeQueueId,
      noticeKey: stores.noticeKey,
      report,
    });
    this.#delivery = new Delivery({
      settings: live,
      queue: stores.queue,
      records: stores.records,
      report,
      count: (session) => this.#tlsReports.count(session),
      makeReports,
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

  #makeInbound(queue: Queue, makeQueueId: MakeQueueId, report: Report): Inbound {
    const settings = this.#settings;
    const users = new UserDirectory(() => this.#settings().inbound.authentication.usersFile);
    return new Inbound({
      settings,
      admission: makeAdmission(settings),
      authentication: makeAuthentication({
        settings,
        verifyUser: async (user, password) => users.verify(user, password),
        report,
        now: () => performance.now(),
      }),
      certificates: this.#certificates,
      readProxyHeader: async (socket) => readProxyHeader(socket, PROXY_HEADER_MS),
      accept: async (message, origin) => this.#mailRules.accept(message, origin),
      takeReport: async (mail) => this.#tlsReports.take(mail),
      makeQueueId,
      spoolDirectory: queue.spoolDirectory,
      inlineLimit: () => this.#settings().queue.inlineLimit,
      report,
      clock: systemClock,
    });
  }

  /** Rejects with a sentence for the operator, and leaves nothing open. */
  static async open(parts: RunningParts): Promise<Running> {
    const stores = await openStores(() => parts.live().config, parts.shards, parts.reporting());
    let running: Running | undefined;
    try {
      running = new Running(parts, stores);
      await running.#start();
      return running;
    } catch (error) {
      await running?.drain(0);
      await stores.queue.close();
      await stores.records.close();
      await stores.held.close();
      throw error;
    }
  }

  async reload(): Promise<void> {
    // At once: the rules in force must not ask the directory of those before, which may know nobody.
    await this.#mailRules.reload();
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
    this.#heldMail.wake();
  }

  async drain(timeout: Milliseconds): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([this.inbound.drain(timeout), this.#delivery.drain(timeout)]);
    await Promise.all([this.#tlsReports.drain(timeout), this.#heldMail.drain(timeout), this.#mailRules.drain()]);
    this.#certificates.close();
  }

  /** After `drain`. */
  async close(): Promise<void> {
    await this.#traces.close();
    await this.queue.close();
    await this.#records.close();
    await this.#held.close();
  }

  async #start(): Promise<void> {
    await this.#delivery.load();
    const tested = this.#delivery.trust.test();
    if (requiresDnssec(this.#settings())) demandDnssec(await tested);
    await this.inbound.start();
    this.#tlsReports.start();
    this.#mailRules.start();
    this.#heldMail.start();
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

type RunningParts = {
  readonly live: Live<RelaySetup>;
  readonly shards: readonly number[];
  readonly reporting: Reporting;
  readonly setFigures: HeldMailParts['setFigures'];
};

type Stores = {
  readonly queue: Queue;
  readonly traces: TraceStore;
  readonly records: RecordStore;
  readonly held: HeldStore;
  readonly noticeKey: Uint8Array;
  /** All processes share the records; this one clears them up. */
  readonly ownsRecords: boolean;
};

async function openStores(live: Live<RelayConfig>, shards: readonly number[], report: Report): Promise<Stores> {
  const opened: SqliteQueueStore[] = [];
  const others: { close: () => Promise<void> }[] = [];
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
    others.push(records);
    const held = await SqliteHeldStore.open(live().dataDirectory);
    others.push(held);
    return { queue, traces, records, held, noticeKey: await held.linkKey(), ownsRecords: shards.includes(0) };
  } catch (error) {
    await Promise.all([...opened, ...others].map(async (store) => store.close()));
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
