/**
 * `postern start` once the configuration is read: certificates, processes, the HTTP interface, the words on the terminal, the
 * signals, and the end. Resolves to the exit code when the relay has stopped.
 */
import { availableParallelism } from 'node:os';
import { makeToken, removeAccess, writeAccess } from '#admin/access.ts';
import type { Readiness, RelayState, RelayStatus, ReloadOutcome } from '#admin/relay-status.ts';
import { adminRoutes } from '#admin/routes.ts';
import { ruleRoutes } from '#admin/rule-routes.ts';
import { makeDevelopmentCertificates } from '#cli/certificates.ts';
import { checkConfig } from '#config/check.ts';
import { loadConfig, type LoadedConfig, type Machine } from '#config/load.ts';
import { demandDocuments, type MailFlowDocuments } from '#config/mail-flow/documents.ts';
import { ConfigError, problemText, settingName } from '#config/problems.ts';
import type { RelayConfig } from '#config/schema.ts';
import { dnssecText, type DnssecState } from '#dns/dnssec-state.ts';
import { openHttpServer, type HttpServer } from '#http/server.ts';
import type { Report } from '#log/events.ts';
import { makeLogger, type Logger } from '#log/logger.ts';
import { makeMetrics, METRICS_CONTENT_TYPE, renderMetrics, type Metrics } from '#log/metrics.ts';
import { makeReport } from '#log/report.ts';
import { requiresDnssec } from '#outbound/dane-use.ts';
import { SqliteAuditStore } from '#storage/sqlite/audit.ts';
import { SqliteHeldStore } from '#storage/sqlite/held-store.ts';
import { SqliteRecordStore } from '#storage/sqlite/records.ts';
import { listShards } from '#storage/sqlite/shards.ts';
import { Relay } from './app.ts';
import { banner } from './banner.ts';
import { depthOf, dnssecOf } from './process-sums.ts';
import { ModerationSite } from './moderation-site.ts';
import { operatorDesks } from './operator-desks.ts';
import { Publisher } from './publisher.ts';
import { StartRefused, type Listening } from './relay-process.ts';
import { systemClock } from './policy-chain.ts';
import { openRuleDesk } from './rule-desk.ts';
import { Supervisor } from './supervisor.ts';

/** How long the process may take to end by itself once everything is closed. */
const EXIT_MS = 500;
/** How long what is under way may take when the relay is told to stop. */
const DRAIN_MS = 30_000;

export type RunParts = { readonly machine: Machine; readonly version: string; readonly write: (text: string) => void };

export async function runRelay(loaded: LoadedConfig, { machine, version, write }: RunParts): Promise<number> {
  const documents = demandDocuments(loaded.config);
  const config = await withCertificates(loaded.config);
  const logger = makeLogger(config.log);
  const metrics = makeMetrics();
  const running = new RunningRelay({ loaded: { ...loaded, config }, documents, machine, version, logger, metrics });
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
  readonly documents: MailFlowDocuments;
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
  readonly #moderation: ModerationSite;
  readonly #startedAt = new Date();
  readonly #stop = Promise.withResolvers<void>();
  #config: RelayConfig;
  #documents: MailFlowDocuments;
  #lastReload: Promise<unknown> = Promise.resolve();
  /** The last one, until another is carried out. */
  #refusedReload: RelayStatus['refusedReload'];
  #state: RelayState = 'starting';
  #http: HttpServer | undefined;
  /** Where commands find us; another one in a configuration read later is not ours. */
  #accessFile: string | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#config = parts.loaded.config;
    this.#documents = parts.documents;
    this.#report = makeReport(parts);
    this.#supervisor = new Supervisor(
      { config: this.#config, documents: this.#documents },
      {
        report: this.#report,
        shardsPresent: listShards,
        inProcess: () => new Relay(parts.logger, parts.metrics),
        cores: availableParallelism(),
      },
    );
    const openRecords = async (): Promise<SqliteRecordStore> => this.#openRecords();
    const { metrics } = parts;
    this.#publisher = new Publisher({ config: this.#config, openRecords, report: this.#report, metrics });
    const { dataDirectory } = this.#config;
    this.#moderation = new ModerationSite({
      config: this.#config,
      openStore: async () => SqliteHeldStore.open(dataDirectory),
      audit: new SqliteAuditStore(dataDirectory),
      onDecided: () => this.#supervisor.wake(),
      report: this.#report,
    });
  }

  get url(): string {
    return this.#http?.url ?? '';
  }

  get policyUrl(): string {
    return this.#publisher.url;
  }

  get moderationUrl(): string {
    return this.#moderation.url;
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
    await this.#moderation.start().catch(refused);
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
    await Promise.all([this.#publisher.close(), this.#moderation.close(), this.#supervisor.drain(DRAIN_MS)]);
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

  /** One after the other: files that were read earlier must not come into force later. */
  async #reload(): Promise<ReloadOutcome> {
    const mine = this.#lastReload.then(async () => this.#reloadNow());
    this.#lastReload = mine;
    return mine;
  }

  /** Never rejects. */
  async #reloadNow(): Promise<ReloadOutcome> {
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
      const documents = demandDocuments(loaded.config);
      const config = await withCertificates(loaded.config);
      for (const site of [this.#publisher, this.#moderation]) {
        await site.reload(config).catch((error: unknown) => {
          throw error instanceof StartRefused ? this.#problemOf(error) : error;
        });
      }
      await this.#supervisor.reload({ config, documents });
      this.#config = config;
      this.#documents = documents;
      this.#refusedReload = undefined;
      this.#report('relay.reloaded', { file });
      return { kind: 'reloaded' };
    } catch (error) {
      const problems = error instanceof ConfigError ? error.problems.map(problemText) : [String(error)];
      this.#refusedReload = { at: new Date(), problems };
      this.#report('relay.reload-refused', { count: problems.length, reason: problems[0] ?? '' });
      return { kind: 'refused', problems };
    }
  }

  #routes(): ReturnType<typeof adminRoutes> {
    const admin = adminRoutes({
      ...operatorDesks({
        config: () => this.#config,
        processes: async () => (await this.#supervisor.statuses()).processes,
        openRecords: async () => this.#openRecords(),
        wake: () => this.#supervisor.wake(),
        report: this.#report,
      }),
      metrics: { contentType: METRICS_CONTENT_TYPE, render: async () => this.#renderMetrics() },
      readiness: async () => this.#readiness(),
      status: async () => this.#status(),
      reload: async () => this.#reload(),
      report: this.#report,
    });
    const rules = openRuleDesk(
      () => this.#config,
      async () => {
        const outcome = await this.#reload();
        return outcome.kind === 'refused' ? outcome.problems : [];
      },
    );
    const audit = new SqliteAuditStore(this.#config.dataDirectory);
    return [...admin, ...ruleRoutes({ rules, audit, report: this.#report })];
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
        // Mail goes on by what was in force before.
        { name: 'configuration', ok: true, detail: refusalText(this.#refusedReload) },
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
      rules: rulesOf(this.#documents),
      refusedReload: this.#refusedReload,
    };
  }
}

function rulesOf({ ruleSet: { rules, version } }: MailFlowDocuments): RelayStatus['rules'] {
  return {
    version,
    enabled: rules.filter(({ enabled }) => enabled).length,
    disabled: rules.filter(({ enabled }) => !enabled).length,
  };
}

function refusalText(refused: RelayStatus['refusedReload']): string {
  if (refused === undefined) return 'ok';
  const { at: when, problems } = refused;
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : '';
  return `the reload of ${when.toISOString()} was refused, what was in force before goes on: ${problems[0]}${more}`;
}

/** Without certificates in the configuration the development ones are used, made now if they are missing. */
async function withCertificates(config: RelayConfig): Promise<RelayConfig> {
  if (config.tls.certificates.length > 0) return config;
  const { certFile, keyFile } = await makeDevelopmentCertificates(config.certificateDirectory, [config.hostname]);
  return { ...config, tls: { ...config.tls, certificates: [{ certFile, keyFile }] } };
}

const textOf = (dnssec: DnssecState | undefined): string =>
  dnssec === undefined ? 'not tested: nothing asks for DANE' : dnssecText(dnssec);
