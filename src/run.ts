/**
 * `postern start` once the configuration is read: certificates, processes, the HTTP interface, the words on the terminal, the
 * signals, and the end. Resolves to the exit code when the relay has stopped.
 */
import { availableParallelism } from 'node:os';
import { isIPv6 } from 'node:net';
import { makeToken, removeAccess, writeAccess } from '#admin/access.ts';
import type { Readiness, RelayState, RelayStatus, ReloadOutcome } from '#admin/relay-status.ts';
import { adminRoutes } from '#admin/routes.ts';
import { makeDevelopmentCertificates } from '#cli/certificates.ts';
import { checkConfig } from '#config/check.ts';
import { loadConfig, type LoadedConfig, type Machine } from '#config/load.ts';
import { ConfigError, problemText, settingName } from '#config/problems.ts';
import type { RelayConfig } from '#config/schema.ts';
import { dnssecText, type DnssecState } from '#dns/dnssec-state.ts';
import { openHttpServer, type HttpServer } from '#http/server.ts';
import type { Report } from '#log/events.ts';
import { makeLogger, type Logger } from '#log/logger.ts';
import { makeMetrics, METRICS_CONTENT_TYPE, renderMetrics, type Metrics } from '#log/metrics.ts';
import { makeReport } from '#log/report.ts';
import { requiresDnssec } from '#outbound/dane-use.ts';
import type { QueueAct, QueueDesk, QueueFilter } from '#queue/desk.ts';
import { ownEndpoints } from '#outbound/own-addresses.ts';
import type { QueueDepth } from '#queue/store.ts';
import type { PolicyDesk } from '#tls-policy/desk.ts';
import { RecordTlsReportDesk, type TlsReportDesk } from '#reporting/tls-report/desk.ts';
import { SqliteQueueDesk } from '#storage/sqlite/desk.ts';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';
import { listShards } from '#storage/sqlite/shards.ts';
import { SqliteTraceReader } from '#storage/sqlite/trace-reader.ts';
import { Relay } from './app.ts';
import { Publisher } from './publisher.ts';
import { StartRefused, type Listening, type ProcessStatus } from './relay-process.ts';
import { systemClock } from './policy-chain.ts';
import { RecordPolicyDesk } from './policy-desk.ts';
import { Supervisor } from './supervisor.ts';

/** How long the process may take to end by itself once everything is closed. */
const EXIT_MS = 500;
/** How long what is under way may take when the relay is told to stop. */
const DRAIN_MS = 30_000;

export type RunParts = { readonly machine: Machine; readonly version: string; readonly write: (text: string) => void };

export async function runRelay(loaded: LoadedConfig, { machine, version, write }: RunParts): Promise<number> {
  const config = await withCertificates(loaded.config);
  const logger = makeLogger(config.log);
  const metrics = makeMetrics();
  const running = new RunningRelay({ loaded: { ...loaded, config }, machine, version, logger, metrics });
  try {
    const listening = await running.start();
    write(banner({ ...loaded, config }, listening, running));
    await running.stopped;
    return 0;
  } finally {
    await running.close();
    await logger.flush();
    // What is left then is a peer that hangs in a session that the drain has given up.
    setTimeout(() => process.exit(), EXIT_MS).unref();
  }
}

type Parts = {
  readonly loaded: LoadedConfig;
  readonly machine: Machine;
  readonly version: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

class RunningRelay {
  readonly #parts: Parts;
  readonly #report: Report;
  readonly #supervisor: Supervisor;
  readonly #publisher: Publisher;
  readonly #startedAt = new Date();
  readonly #stop = Promise.withResolvers<void>();
  #config: RelayConfig;
  #state: RelayState = 'starting';
  #http: HttpServer | undefined;
  /** Where commands find us; another one in a configuration read later is not ours. */
  #accessFile: string | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#config = parts.loaded.config;
    this.#report = makeReport(parts);
    this.#supervisor = new Supervisor(this.#config, {
      report: this.#report,
      shardsPresent: listShards,
      inProcess: () => new Relay(parts.logger, parts.metrics),
      cores: availableParallelism(),
    });
    const openRecords = async (): Promise<SqliteRecordStore> => this.#openRecords();
    const { metrics } = parts;
    this.#publisher = new Publisher({ config: this.#config, openRecords, report: this.#report, metrics });
  }

  get url(): string {
    return this.#http?.url ?? '';
  }

  get policyUrl(): string {
    return this.#publisher.url;
  }

  /** Resolves when a signal has asked for the end. */
  get stopped(): Promise<void> {
    return this.#stop.promise;
  }

  async start(): Promise<readonly Listening[]> {
    const refused = (error: unknown): never => {
      throw error instanceof StartRefused ? this.#problemOf(error) : error;
    };
    const listening = await this.#supervisor.start().catch(refused);
    await this.#publisher.start().catch(refused);
    const token = makeToken();
    const { address, port, tokenFile } = this.#config.http;
    this.#http = await openHttpServer({ address, port, token, routes: this.#routes(), report: this.#report });
    await writeAccess(tokenFile, { token, url: this.#http.url });
    this.#accessFile = tokenFile;
    this.#state = 'accepting';
    this.#report('relay.started', { count: listening.length });
    process.on('SIGHUP', () => void this.#reload());
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.#askedToStop());
    return listening;
  }

  #problemOf({ setting, message }: StartRefused): ConfigError {
    const { file, lineOf } = this.#parts.loaded;
    return new ConfigError([{ file, line: lineOf(setting), setting: settingName(setting), message }]);
  }

  async close(): Promise<void> {
    this.#state = 'draining';
    await Promise.all([this.#publisher.close(), this.#supervisor.drain(DRAIN_MS)]);
    await this.#http?.close();
    if (this.#accessFile !== undefined) await removeAccess(this.#accessFile);
    this.#report('relay.stopped', {});
  }

  #askedToStop(): void {
    // Asked twice: the second time somebody does not want to wait. Nothing is lost, mail under way may be sent twice.
    if (this.#state === 'draining') process.exit(1);
    this.#state = 'draining';
    this.#report('relay.draining', {});
    this.#stop.resolve();
  }

  async #reload(): Promise<ReloadOutcome> {
    try {
      const { requested, file } = this.#parts.loaded;
      const loaded = loadConfig(requested, this.#parts.machine);
      const findings = await checkConfig(loaded, {
        now: () => new Date(),
        relayRuns: async () => Promise.resolve(true),
        askResolver: async () => Promise.resolve(),
        doubtResolvers: async () => Promise.resolve(undefined),
      });
      const problems = findings.filter(({ warning = false }) => !warning);
      if (problems.length > 0) throw new ConfigError(problems);
      const config = await withCertificates(loaded.config);
      await this.#publisher.reload(config).catch((error: unknown) => {
        throw error instanceof StartRefused ? this.#problemOf(error) : error;
      });
      this.#config = config;
      await this.#supervisor.reload(config);
      this.#report('relay.reloaded', { file });
      return { kind: 'reloaded' };
    } catch (error) {
      const problems = error instanceof ConfigError ? error.problems.map(problemText) : [String(error)];
      this.#report('relay.reload-refused', { count: problems.length, reason: problems[0] ?? '' });
      return { kind: 'refused', problems };
    }
  }

  #routes(): ReturnType<typeof adminRoutes> {
    const { dataDirectory } = this.#config;
    return adminRoutes({
      desk: new WakingDesk(new SqliteQueueDesk(dataDirectory), () => this.#supervisor.wake()),
      traces: new SqliteTraceReader(dataDirectory),
      policies: {
        explain: async (asked, probe) => this.#withPolicies(async (policies) => policies.explain(asked, probe)),
        list: async (limit, after) => this.#withPolicies(async (policies) => policies.list(limit, after)),
      },
      tlsReports: {
        list: async (query) => this.#withTlsReports(async (reports) => reports.list(query)),
        show: async (id) => this.#withTlsReports(async (reports) => reports.show(id)),
      },
      metrics: { contentType: METRICS_CONTENT_TYPE, render: async () => this.#renderMetrics() },
      readiness: async () => this.#readiness(),
      status: async () => this.#status(),
      reload: async () => this.#reload(),
      report: this.#report,
    });
  }

  /** Asked seldom, so nothing is kept open in between. */
  async #withPolicies<Answer>(ask: (policies: PolicyDesk) => Promise<Answer>): Promise<Answer> {
    const { processes } = await this.#supervisor.statuses();
    const config = this.#config;
    const isOurs = ownEndpoints(processes.flatMap(({ listening }) => listening));
    const records = await this.#openRecords();
    const desk = new RecordPolicyDesk({ settings: () => config, records, isOurs, dnssec: dnssecOf(processes) });
    try {
      return await ask(desk);
    } finally {
      await desk.close();
    }
  }

  async #withTlsReports<Answer>(ask: (reports: TlsReportDesk) => Promise<Answer>): Promise<Answer> {
    const desk = new RecordTlsReportDesk(await this.#openRecords());
    try {
      return await ask(desk);
    } finally {
      await desk.close();
    }
  }

  async #openRecords(): Promise<SqliteRecordStore> {
    return SqliteRecordStore.open({
      dataDirectory: this.#config.dataDirectory,
      now: systemClock,
      onDamage: (file) => this.#report('records.damaged', { file }),
    });
  }

  async #renderMetrics(): Promise<string> {
    const { processes } = await this.#supervisor.statuses();
    const ofProcesses = processes.map(({ metrics }) => metrics);
    // A relay in this process counts with the same figures.
    if (processes.some(({ pid }) => pid === process.pid)) return renderMetrics(ofProcesses);
    return renderMetrics([await this.#parts.metrics.snapshot(), ...ofProcesses]);
  }

  async #readiness(): Promise<Readiness> {
    const { troubles, processes } = await this.#supervisor.statuses();
    const dnssec = dnssecOf(processes);
    // Under `warn` mail goes on without DANE, and whoever looks is told.
    const isFine = !requiresDnssec(this.#config) || dnssec?.kind === 'validates';
    return {
      state: this.#state,
      checks: [
        { name: 'workers', ok: troubles.length === 0, detail: troubles.join('; ') || 'ok' },
        { name: 'dnssec', ok: isFine, detail: textOf(dnssec) },
      ],
    };
  }

  async #status(): Promise<RelayStatus> {
    const { processes } = await this.#supervisor.statuses();
    const { hostname, tlsPolicy, listeners } = this.#config;
    const [first] = processes;
    return {
      version: this.#parts.version,
      state: this.#state,
      hostname,
      startedAt: this.#startedAt,
      configFile: this.#parts.loaded.file,
      tlsFloor: tlsPolicy.floor,
      dnssec: textOf(dnssecOf(processes)),
      listeners: (first?.listening ?? []).map((bound) => ({
        ...bound,
        tls: listeners.find(({ name }) => name === bound.name)?.tls ?? '',
      })),
      processes: processes.map(({ pid }) => ({ pid, shards: this.#supervisor.shardsOf(pid), state: this.#state })),
      queue: depthOf(processes),
    };
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

/** Without certificates in the configuration the development ones are used, made now if they are missing. */
async function withCertificates(config: RelayConfig): Promise<RelayConfig> {
  if (config.tls.certificates.length > 0) return config;
  const { certFile, keyFile } = await makeDevelopmentCertificates(config.certificateDirectory, [config.hostname]);
  return { ...config, tls: { ...config.tls, certificates: [{ certFile, keyFile }] } };
}

function depthOf(processes: readonly ProcessStatus[]): QueueDepth {
  const sum = (count: (depth: QueueDepth) => number): number =>
    processes.reduce((total, { depth }) => total + count(depth), 0);
  const oldest = processes
    .flatMap(({ depth: { oldestReceivedAt } }) => (oldestReceivedAt === undefined ? [] : [new Date(oldestReceivedAt)]))
    .toSorted((one, other) => one.getTime() - other.getTime());
  return {
    waiting: sum(({ waiting }) => waiting),
    leased: sum(({ leased }) => leased),
    held: sum(({ held }) => held),
    messages: sum(({ messages }) => messages),
    pausedDestinations: Math.max(0, ...processes.map(({ depth }) => depth.pausedDestinations)),
    oldestReceivedAt: oldest[0],
  };
}

/** The worst that any process has found; `undefined` when none has a use for DANE. */
function dnssecOf(processes: readonly ProcessStatus[]): DnssecState | undefined {
  const states = processes.map(({ dnssec }) => dnssec).filter((state) => state !== undefined);
  const worst =
    states.find(({ kind }) => kind === 'does-not-validate') ?? states.find(({ kind }) => kind === 'unknown');
  return worst ?? states[0];
}

const textOf = (dnssec: DnssecState | undefined): string =>
  dnssec === undefined ? 'not tested: nothing asks for DANE' : dnssecText(dnssec);

const FLOORS = {
  opportunistic: 'opportunistic: clear text where a host has no TLS',
  encrypted: 'encrypted: nothing leaves in clear or below TLS 1.2',
  authenticated: 'authenticated: only to hosts whose certificate is verified',
} as const;

const at = ({ address, port }: Listening): string => `${isIPv6(address) ? `[${address}]` : address}:${port}`;

/** What a person at a terminal wants to know first. */
function banner(
  { config, requested }: LoadedConfig,
  listening: readonly Listening[],
  { url, policyUrl }: Pick<RunningRelay, 'url' | 'policyUrl'>,
): string {
  const { tlsPolicy, listeners, hostname } = config;
  const postern = requested === undefined ? 'npx postern' : `npx postern --config ${requested}`;
  const tlsOf = (name: string): string => listeners.find((listener) => listener.name === name)?.tls ?? '';
  const [mail] = listening;
  return [
    `Postern accepts mail as ${hostname}:`,
    ...listening.map((bound) => `  ${bound.name.padEnd(12)} ${at(bound).padEnd(22)} TLS ${tlsOf(bound.name)}`),
    `  ${'http'.padEnd(12)} ${url}`,
    ...(policyUrl === '' ? [] : [`  ${'policies'.padEnd(12)} ${policyUrl}`]),
    `TLS floor for delivery: ${FLOORS[tlsPolicy.floor]}`,
    `Try: ${postern} send --from you@${hostname} --to someone@example.net --server ${mail === undefined ? '' : at(mail)}`,
    'Stop with Ctrl-C; what is queued is kept.',
  ].join('\n');
}
