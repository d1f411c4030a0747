/**
 * A domain of ours with everything real around it: a signed zone behind unbound, a listener with our certificates, the HTTPS
 * listener with our policy, and the command line. Only the clock is moved by hand.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { acceptTls } from '#certificates/accept.ts';
import { ServerCertificates } from '#certificates/server-certificates.ts';
import type { CertificateSettings } from '#certificates/settings.ts';
import { openHttpServer, type HttpServer } from '#http/server.ts';
import type { PublishedDomain } from '#publishing/settings.ts';
import { siteRoutes } from '#publishing/site.ts';
import { keepReceived, receivedReport } from '#reporting/tls-report/received.ts';
import { ChainMaker, type ChainCertificate, type KeyKind } from '../doubles/chains.ts';
import { CommandBench, type Run } from '../doubles/console.ts';
import { TestRelay } from '../doubles/inbound-relay.ts';
import { inboundSettings } from '../doubles/inbound-settings.ts';
import { MemoryRecordStore, type SharedRecords } from '../doubles/records.ts';
import { mergeSettings, type Settings } from '../doubles/settings.ts';
import { startSignedZones, type SignedZone, type SignedZones } from '../doubles/signed-zone.ts';
import { ownDomain } from './published.ts';

const NAMES = ['mx.own.test', 'mta-sts.own.test'];

export type OwnWorldOptions = {
  readonly key?: KeyKind;
  /** Shows a second certificate, with a key of this kind. */
  readonly secondKey?: KeyKind;
  readonly state?: SignedZone['state'];
};

export class OwnWorld {
  readonly directory = mkdtempSync(join(tmpdir(), 'postern-own-'));
  readonly chains = new ChainMaker();
  readonly authority: ChainCertificate = this.chains.make({ commonName: 'Authority', isAuthority: true });
  readonly files = {
    certFile: join(this.directory, 'own.pem'),
    keyFile: join(this.directory, 'own.key'),
    nextKeyFile: join(this.directory, 'own-next.key'),
  };
  readonly bench = new CommandBench();
  readonly shared: SharedRecords = new Map();
  readonly relay: TestRelay;
  domain: PublishedDomain = ownDomain({ mtaSts: { mode: 'testing', maxAge: 604_800_000, mx: [] } });
  /** Added to the time of the commands. */
  minutes = 0;
  readonly #certificates: ServerCertificates;
  readonly #state: SignedZone['state'];
  readonly #pairs: CertificateSettings[];
  #zones: SignedZones | undefined;
  #site: HttpServer | undefined;

  private constructor({ key = 'p256', secondKey, state = 'signed' }: OwnWorldOptions) {
    this.#state = state;
    this.put(this.chains.make({ issuer: this.authority, names: NAMES, key }));
    writeFileSync(join(this.directory, 'ca.pem'), this.authority.cert);
    this.#pairs = [this.files];
    if (secondKey !== undefined) this.#pairs.push(this.#second(secondKey));
    const settings = inboundSettings({ tls: { certificates: this.#pairs } });
    this.#certificates = new ServerCertificates(
      () => settings,
      () => undefined,
    );
    this.relay = new TestRelay({ parts: { certificates: this.#certificates } });
  }

  static async start(options: OwnWorldOptions = {}): Promise<OwnWorld> {
    const world = new OwnWorld(options);
    await world.relay.inbound.start();
    await world.serve();
    world.#zones = await startSignedZones({ 'own.test': world.#zone([]) });
    world.configure();
    return world;
  }

  get tlsaName(): string {
    return `_${this.relay.port}._tcp.mx.own.test`;
  }

  put({ cert, key }: { readonly cert: string; readonly key: string }): void {
    writeFileSync(this.files.certFile, cert);
    writeFileSync(this.files.keyFile, key, { mode: 0o600 });
  }

  /** The listener looks at its files again, as it does every few seconds. */
  async refresh(): Promise<void> {
    await this.#certificates.refresh();
  }

  /** Lines of `postern dns --zone`, or of a zone file. */
  async publish(lines: readonly string[]): Promise<void> {
    await this.#zones?.change('own.test', this.#zone(lines));
  }

  async serve(): Promise<void> {
    const certificates = this.#certificates;
    this.#site = await openHttpServer({
      address: '127.0.0.1',
      port: 0,
      secure: async (socket) => acceptTls(socket, { certificates, protocol: 'http/1.1', timeoutMs: 10_000 }),
      routes: siteRoutes({ domains: () => [this.domain], reports: undefined }),
      report: () => undefined,
    });
  }

  async stopServing(): Promise<void> {
    await this.#site?.close();
  }

  configure(changes: Settings = {}): void {
    const { tlsReports, mtaSts, ...rest } = this.domain;
    const domain = {
      ...rest,
      ...(mtaSts === undefined ? {} : { mtaSts: { ...mtaSts, maxAge: `${mtaSts.maxAge / 1000}s` } }),
      tlsReports: tlsReports.map((place) => (place.kind === 'mailto' ? `mailto:${place.address}` : place.url)),
    };
    const settings: Settings = {
      tls: { certificates: this.#pairs },
      publishing: { domains: [domain], ports: [this.relay.port] },
      dns: { resolvers: [this.#zones?.resolver ?? ''], timeout: '3s' },
      outbound: { port: this.relay.port, addressFamilies: ['ipv4'], caFile: join(this.directory, 'ca.pem') },
      tlsPolicy: { mtaSts: { port: Number(new URL(this.#site?.url ?? 'https://x:1').port), fetchTimeout: '5s' } },
    };
    this.bench.configure(mergeSettings(settings, changes));
    const now = (): Date => new Date(Date.now() + this.minutes * 60_000);
    this.bench.overrides = {
      now,
      openRecords: async () => Promise.resolve(new MemoryRecordStore(now, this.shared)),
    };
  }

  async run(...argv: readonly string[]): Promise<Run> {
    return this.bench.run(...argv);
  }

  /** What `postern dns --zone` would have us publish. */
  async wantedLines(): Promise<readonly string[]> {
    const { out } = await this.run('dns', '--zone');
    return out.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
  }

  /** A report of somebody about the day that was so many days ago, by the clock of the commands. */
  async receiveReport(daysAgo: number, domain = 'own.test'): Promise<void> {
    const start = new Date(Date.now() + (this.minutes - daysAgo * 1440) * 60_000);
    const store = new MemoryRecordStore(() => start, this.shared);
    const arrived = {
      signer: 'sender.test',
      organizationName: 'Sender',
      reportId: `${start.toISOString()}.${domain}@sender.test`,
      start,
      end: start,
      domains: [domain],
      totals: { successes: 1, failures: 0 },
      oddities: [],
      gzip: new Uint8Array(),
      failures: [],
    };
    await keepReceived(store, receivedReport(arrived, 'mail', start), new Date('2099-01-01'));
  }

  /** As an authority does it with a request that it is sent. */
  sign(requestFile: string, days = 30): string {
    const file = join(this.directory, 'signed.pem');
    writeFileSync(join(this.directory, 'authority.key'), this.authority.key);
    const authority = [
      '-CA',
      join(this.directory, 'ca.pem'),
      '-CAkey',
      join(this.directory, 'authority.key'),
      '-CAcreateserial',
    ];
    const options = [
      'x509',
      '-req',
      '-in',
      requestFile,
      '-days',
      String(days),
      '-copy_extensions',
      'copy',
      '-out',
      file,
    ];
    execFileSync('openssl', [...options, ...authority], { stdio: 'pipe' });
    return file;
  }

  #zone(records: readonly string[]): SignedZone {
    return { state: this.#state, records: ['@ MX 10 mx', 'mx A 127.0.0.1', 'mta-sts A 127.0.0.1', ...records] };
  }

  #second(key: KeyKind): CertificateSettings {
    const made = this.chains.make({ issuer: this.authority, names: NAMES, key });
    const files = { certFile: join(this.directory, 'second.pem'), keyFile: join(this.directory, 'second.key') };
    writeFileSync(files.certFile, made.cert);
    writeFileSync(files.keyFile, made.key);
    return files;
  }

  async close(): Promise<void> {
    await this.stopServing();
    await this.relay.stop();
    await this.#zones?.close();
    this.#certificates.close();
    this.chains.remove();
    this.bench.remove();
    rmSync(this.directory, { recursive: true });
  }
}
