/**
 * What our own domains publish, put together: the HTTPS listener, the daily look, and the ways to look, which the commands use
 * too. It runs once for all processes. A part of the composition root: it connects, and decides nothing.
 */
import { acceptTls } from '#certificates/accept.ts';
import { ServerCertificates } from '#certificates/server-certificates.ts';
import { listeningProblem } from '#config/check.ts';
import type { RelayConfig } from '#config/schema.ts';
import type { Answer } from '#dns/answer.ts';
import type { Resolver } from '#dns/resolver.ts';
import { WireResolver } from '#dns/wire-resolver.ts';
import { HTTP_LIMITS } from '#http/limits.ts';
import { openHttpServer, type HttpServer } from '#http/server.ts';
import type { Report } from '#log/events.ts';
import type { Metrics } from '#log/metrics.ts';
import { isIPv4 } from '#mail/ip.ts';
import type { Live } from '#mail/units.ts';
import { webContext } from '#outbound/authorities.ts';
import { hostProbe, mailboxProbe } from '#outbound/probe.ts';
import { DailyLook } from '#publishing/daily.ts';
import type { ServedFetch } from '#publishing/facts.ts';
import { inspectClosely, ownSide, type OutsideView } from '#publishing/inspect.ts';
import type { LintFinding } from '#publishing/lint/finding.ts';
import { siteRoutes, type SiteParts } from '#publishing/site.ts';
import { TlsReportIntake } from '#reporting/tls-report/intake.ts';
import type { RecordStore } from '#records/store.ts';
import { FetchTurns } from '#tls-policy/mta-sts/fetch-turns.ts';
import { fetchPolicy, type PolicyFetch } from '#tls-policy/mta-sts/fetch.ts';
import { systemClock } from './policy-chain.ts';
import { StartRefused } from './relay-process.ts';

const FETCHES = { inAll: 8, fromOnePlace: 8 } as const;

/** As others see us: over the network, with nothing of the relay in between. */
export function outsideView(settings: Live<RelayConfig>, report: Report): OutsideView {
  const resolver = new WireResolver({
    settings: () => settings().dns,
    report,
    resolvConf: '/etc/resolv.conf',
    now: () => performance.now(),
  });
  const turns = new FetchTurns(FETCHES);
  return {
    resolver,
    fetchFrom: async (domain, address) =>
      servedFetch(
        await fetchPolicy(domain, {
          resolver: { addresses: onlyAt(address) },
          // Our own policy host may well be in our own network.
          settings: () => ({ ...settings().tlsPolicy.mtaSts, privateAddresses: true }),
          context: async () => webContext(settings()),
          turns,
        }),
      ),
    probeHost: hostProbe(settings),
    askMailbox: mailboxProbe(settings, resolver),
  };
}

function servedFetch(fetch: PolicyFetch): ServedFetch {
  switch (fetch.kind) {
    case 'policy':
      return fetch;
    case 'failed':
      return { kind: 'failed', reason: fetch.trouble.reason };
    case 'not-asked':
      return { kind: 'failed', reason: `it was not asked: ${String(fetch.error)}` };
  }
}

function onlyAt(address: string): Resolver['addresses'] {
  const rest = { secure: false, canonicalName: '', ttlMs: 0 };
  return async (_name, family): Promise<Answer<string>> => {
    const isFamily = isIPv4(address) === (family === 'ipv4');
    return Promise.resolve(
      isFamily ? { kind: 'found', records: [address], ...rest } : { kind: 'absent', why: 'nodata', ...rest },
    );
  };
}

export type PublisherParts = {
  readonly config: RelayConfig;
  readonly openRecords: () => Promise<RecordStore>;
  readonly report: Report;
  readonly metrics: Metrics;
};

type Site = { readonly place: string; readonly server: HttpServer; readonly end: () => Promise<void> };

export class Publisher {
  readonly #parts: PublisherParts;
  readonly #view: OutsideView;
  #config: RelayConfig;
  #records: RecordStore | undefined;
  #daily: DailyLook | undefined;
  #certificates: ServerCertificates | undefined;
  #site: Site | undefined;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#view = outsideView(() => this.#config, parts.report);
  }

  /** `''` while it does not listen. */
  get url(): string {
    return this.#site?.server.url ?? '';
  }

  /** Throws a `StartRefused` when the address of the listener cannot be used. */
  async start(): Promise<void> {
    await this.reload(this.#config);
  }

  /** As `start`; what was there before stays when the new settings cannot be used. */
  async reload(config: RelayConfig): Promise<void> {
    const before = this.#config;
    this.#config = config;
    try {
      await this.#follow();
    } catch (error) {
      this.#config = before;
      await this.#follow().catch(() => undefined); // what is told is why the new ones are refused
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#daily?.stop();
    await this.#site?.end();
    this.#certificates?.close();
    await this.#records?.close();
  }

  async #follow(): Promise<void> {
    const { https, domains } = this.#config.publishing;
    await this.#certificates?.refresh();
    if (!https.enabled && domains.length === 0 && this.#site === undefined) return;
    const records = (this.#records ??= await this.#parts.openRecords());
    this.#daily ??= this.#startDaily(records);
    await this.#settle(placeOf(this.#config), records);
  }

  async #settle(place: string, records: RecordStore): Promise<void> {
    if (place === (this.#site?.place ?? '')) return;
    await this.#site?.end();
    this.#site = undefined;
    if (place !== '') this.#site = await this.#open(place, records);
  }

  async #open(place: string, store: RecordStore): Promise<Site> {
    const { report } = this.#parts;
    const { address, port } = this.#config.publishing.https;
    const certificates = (this.#certificates ??= new ServerCertificates(() => this.#config, report));
    const intake = new TlsReportIntake({
      store,
      resolver: this.#view.resolver,
      settings: () => this.#config,
      report,
      now: systemClock,
    });
    try {
      const server = await openHttpServer({
        address,
        port,
        secure: async (socket) =>
          acceptTls(socket, { certificates, protocol: 'http/1.1', timeoutMs: HTTP_LIMITS.handshakeMs }),
        routes: siteRoutes({
          domains: () => this.#config.publishing.domains,
          reports: reportsOf(this.#config, intake),
        }),
        report,
      });
      report('publishing.listening', { ip: address, port: Number(new URL(server.url).port) });
      return { place, server, end: async () => void (await Promise.all([server.close(), intake.close()])) };
    } catch (error) {
      await intake.close();
      if (!(error instanceof Error)) throw error;
      throw new StartRefused(['publishing', 'https', 'port'], listeningProblem(error, address, port));
    }
  }

  #startDaily(store: RecordStore): DailyLook {
    const { report, metrics } = this.#parts;
    const daily = new DailyLook({
      domains: () => {
        const { lint, domains } = this.#config.publishing;
        return lint === 'off' ? [] : domains.map(({ domain }) => domain);
      },
      look: async (domain) => this.#look(domain, store),
      store,
      report,
      setFigures: ({ errors, warnings }) => {
        metrics.set('publishingErrors', errors);
        metrics.set('publishingWarnings', warnings);
      },
      now: systemClock,
    });
    daily.start();
    return daily;
  }

  async #look(domain: string, store: RecordStore): Promise<readonly LintFinding[]> {
    const published = this.#config.publishing.domains.find((one) => one.domain === domain);
    if (published === undefined) return []; // it was taken out while others were looked at
    const side = await ownSide(this.#config);
    const { findings } = await inspectClosely(published, side, { ...this.#view, store, now: systemClock });
    return findings;
  }
}

/** What a change of makes the listener another one; `''` for none. */
function placeOf({ publishing: { https }, tlsReports }: RelayConfig): string {
  return https.enabled ? JSON.stringify([https, tlsReports.receive.messageLimit]) : '';
}

function reportsOf({ publishing: { https } }: RelayConfig, intake: TlsReportIntake): SiteParts['reports'] {
  if (https.tlsReportPath === '') return undefined;
  return {
    path: https.tlsReportPath,
    limit: intake.bodyLimit,
    receive: async (body, contentType) => {
      const { status, headers, text } = await intake.receiveHttp({ method: 'POST', contentType, body });
      return { status, headers, body: `${text}\n` };
    },
  };
}
