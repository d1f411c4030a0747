/**
 * The daily job with a real resolver on a zone and real HTTPS hosts; the clock, the record store and the queue's end are the
 * test's. What was counted yesterday is told in the words of `sample.ts`.
 */
import { gunzipSync } from 'node:zlib';
import { generateKeyPairSync } from 'node:crypto';
import { simpleParser } from 'mailparser';
import { authorityContext } from '#http/dial.ts';
import type { EventFields, EventName } from '#log/events.ts';
import { queueIds } from '#queue/id.ts';
import type { NewMessage } from '#queue/store.ts';
import { readReport } from '#reporting/tls-report/read-report.ts';
import type { TlsReport } from '#reporting/tls-report/report.ts';
import { TlsReportSender } from '#reporting/tls-report/sending.ts';
import type { TlsReportSettings } from '#reporting/tls-report/settings.ts';
import { Tally } from '#reporting/tls-report/tally.ts';
import type { SessionResults } from '#tls-policy/results.ts';
import { TestAuthority } from '../../doubles/certificates.ts';
import { MemoryRecordStore, type SharedRecords } from '../../doubles/records.ts';
import { resolverFor } from '../../doubles/resolver.ts';
import { startZone, type Zone, type ZoneName } from '../../doubles/zone.ts';
import { PolicyHost, type PolicyAnswer } from '../../doubles/policy-host.ts';
import { reportSettings } from './sample.ts';

export const KEY = String(
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
);

/** One for a whole test process: making keys takes time. */
export const authority = new TestAuthority();
process.once('exit', () => authority.remove());

/** A zone in which the domain asks for reports at these URIs. */
export const asking = (domain: string, ...uris: readonly string[]): { readonly [name: string]: ZoneName } => ({
  [`_smtp._tls.${domain}`]: { TXT: [`v=TLSRPTv1; rua=${uris.join(',')}`] },
});

export class SendingWorld {
  /** When all reports of the first of May are due, on the second. */
  now = new Date('2024-05-02T04:00:00Z');
  settings: TlsReportSettings = reportSettings();
  readonly shared: SharedRecords = new Map();
  readonly store = new MemoryRecordStore(() => this.now, this.shared);
  readonly queue: NewMessage[] = [];
  readonly events: { readonly event: EventName; readonly fields: EventFields }[] = [];
  readonly zone: Zone;
  /** Replaced by tests that need another queue. */
  enqueue = async (message: NewMessage): Promise<void> => {
    this.queue.push(message);
    return Promise.resolve();
  };
  readonly #makeQueueId = queueIds(1);
  #sender: TlsReportSender;

  private constructor(zone: Zone) {
    this.zone = zone;
    this.#sender = this.#newSender();
  }

  static async start(records: { readonly [name: string]: ZoneName } = {}): Promise<SendingWorld> {
    return new SendingWorld(await startZone({ records }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sender.stop();
    await this.zone.close();
  }

  async count(...sessions: readonly SessionResults[]): Promise<void> {
    const { store, settings } = this;
    const tally = new Tally({ store, settings: () => settings, report: () => undefined });
    for (const session of sessions) tally.count(session);
    await tally.flush();
  }

  async round(): Promise<void> {
    await this.#sender.run();
  }

  /** The process dies and another takes its place: only the store is left. */
  restart(): void {
    this.#sender = this.#newSender();
  }

  later(ms: number): void {
    this.now = new Date(this.now.getTime() + ms);
  }

  told(event: EventName): readonly EventFields[] {
    return this.events.filter((one) => one.event === event).map(({ fields }) => fields);
  }

  /** Keys of all that is stored in a collection. */
  kept(collection: string): readonly string[] {
    return [...(this.shared.get(collection) ?? new Map<string, unknown>()).keys()];
  }

  #newSender(): TlsReportSender {
    return new TlsReportSender({
      store: this.store,
      resolver: resolverFor(this.zone),
      settings: () => this.settings,
      context: async () => Promise.resolve(authorityContext([authority.cert])),
      signer: async () => Promise.resolve({ domain: 's.test', selector: 'postern', privateKey: KEY }),
      enqueue: async (message) => this.enqueue(message),
      makeQueueId: this.#makeQueueId,
      report: (event, fields) => this.events.push({ event, fields }),
      now: () => this.now,
    });
  }
}

/** A host for reports on loopback, under a name of the world's zone. */
export async function startHost(world: SendingWorld, answer: PolicyAnswer): Promise<PolicyHost> {
  const host = await PolicyHost.start({ authority, answers: { 'dest.test': answer } });
  world.zone.set('mta-sts.dest.test', { A: [host.address] });
  const url = `https://mta-sts.dest.test:${host.port}/v1/tlsrpt?a=b`;
  for (const [name, node] of Object.entries(asking('dest.test', url))) world.zone.set(name, node);
  world.settings = reportSettings({ privateAddresses: true });
  return host;
}

export const status = (code: number): PolicyAnswer => ({ kind: 'answer', status: code });

export const textOf = ({ content }: NewMessage): string =>
  content.kind === 'inline' ? Buffer.from(content.bytes).toString('latin1') : '';

export function unpacked(gzip: Uint8Array): TlsReport {
  const reading = readReport(gunzipSync(gzip).toString());
  if (reading.kind === 'refused') throw new Error(reading.reason);
  return reading.report;
}

/** What the attachment of a report's mail says. */
export async function attached(message: NewMessage | undefined): Promise<TlsReport> {
  if (message?.content.kind !== 'inline') throw new Error('there is no mail');
  const { attachments } = await simpleParser(Buffer.from(message.content.bytes));
  const [attachment, ...others] = attachments;
  if (attachment === undefined || others.length > 0) throw new Error('there is not one attachment');
  return unpacked(attachment.content);
}
