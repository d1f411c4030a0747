/**
 * A real `Inbound` on loopback sockets for tests: settings and ports of its neighbours are doubles, and `accepted` is the
 * queue. The queue can be made to fail or to wait.
 */
import { mkdtempSync, renameSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { Inbound } from '#inbound/listener.ts';
import type { InboundParts } from '#inbound/parts.ts';
import type { Admission, Authentication, Certificates } from '#inbound/session-facts.ts';
import type { InboundLimits, InboundSettings, ListenerSettings } from '#inbound/settings.ts';
import type { EventFields, EventName } from '#log/events.ts';
import { queueIds } from '#queue/id.ts';
import type { NewMessage } from '#queue/store.ts';
import { TestAuthority } from './certificates.ts';
import { inboundSettings, RELAY_LISTENER } from './inbound-settings.ts';

export type RelayOptions = {
  readonly listener?: Partial<ListenerSettings>;
  readonly limits?: Partial<InboundLimits>;
  readonly bareLineEnds?: 'refuse' | 'normalise';
  readonly postmaster?: string;
  /** For TLS reports. */
  readonly reportAddress?: string;
  readonly dsn?: boolean;
  readonly requireTls?: boolean;
  readonly inlineLimit?: number;
  readonly spoolDirectory?: string;
  readonly parts?: Partial<InboundParts>;
};

export type ReportedEvent = { readonly event: EventName; readonly fields: EventFields; readonly error?: unknown };

/** `refused@` may not send, `elsewhere.example` is nobody's domain here. */
const ADMISSION: Admission = {
  connect: () => undefined,
  sender: (_client, sender) => (sender.startsWith('refused@') ? { status: 'policy' } : undefined),
  recipient: (_client, _sender, recipient) =>
    recipient.endsWith('@elsewhere.example') ? { status: 'relay-denied' } : undefined,
  isOurs: ({ user }) => user !== undefined,
};

/** Ann's password is `secret`; for `broken` the verification itself fails. */
const AUTHENTICATION: Authentication = {
  verify: async (_client, _mechanism, user, password) => {
    if (user === 'broken') throw new Error('the users file is gone');
    return user === 'ann' && password === 'secret'
      ? { kind: 'ok', user }
      : { kind: 'refused', refusal: { status: 'credentials-invalid' } };
  },
};

export class TestRelay {
  readonly inbound: Inbound;
  readonly accepted: NewMessage[] = [];
  readonly events: ReportedEvent[] = [];
  readonly spoolDirectory: string;
  /** Replaced by tests that need another queue. */
  accept: InboundParts['accept'] = async () => Promise.resolve(undefined);
  /** TLS reports that were taken. */
  readonly reports: string[] = [];
  takeReport: () => ReturnType<InboundParts['takeReport']> = async () => Promise.resolve({ kind: 'taken' });
  settings: InboundSettings;
  readonly #ownsSpool: boolean;

  constructor(options: RelayOptions = {}) {
    const plain = inboundSettings();
    this.settings = {
      ...plain,
      listeners: [{ ...RELAY_LISTENER, ...options.listener }],
      tlsReports: { receive: { address: options.reportAddress ?? '' } },
      inbound: {
        ...plain.inbound,
        bareLineEnds: options.bareLineEnds ?? 'refuse',
        postmaster: options.postmaster ?? '',
        dsn: options.dsn ?? true,
        requireTls: options.requireTls ?? true,
        limits: { ...plain.inbound.limits, ...options.limits },
      },
    };
    this.#ownsSpool = options.spoolDirectory === undefined;
    this.spoolDirectory = options.spoolDirectory ?? mkdtempSync(join(tmpdir(), 'postern-spool-'));
    this.inbound = new Inbound({
      settings: () => this.settings,
      admission: ADMISSION,
      authentication: AUTHENTICATION,
      certificates: testCertificates(),
      readProxyHeader: async () => ({ kind: 'refused', reason: 'no proxies here' }),
      accept: async (message, origin) => {
        const refusal = await this.accept(message, origin);
        if (refusal === undefined) this.accepted.push(adopted(message));
        return refusal;
      },
      takeReport: async (mail) => {
        const octets = this.content(mail);
        const taking = await this.takeReport();
        if (taking.kind === 'taken') this.reports.push(octets.toString('latin1'));
        return taking;
      },
      makeQueueId: queueIds(1),
      spoolDirectory: this.spoolDirectory,
      inlineLimit: () => options.inlineLimit ?? 65_536,
      report: (event, fields, error) => this.events.push({ event, fields, error }),
      clock: () => new Date(),
      ...options.parts,
    });
  }

  static async start(options: RelayOptions = {}): Promise<TestRelay> {
    const relay = new TestRelay(options);
    await relay.inbound.start();
    return relay;
  }

  get port(): number {
    return this.inbound.addresses()[0]?.port ?? 0;
  }

  /** The last message's octets, with our fields in front. */
  content(message: Pick<NewMessage, 'content'> | undefined = this.accepted.at(-1)): Buffer {
    if (message === undefined) return Buffer.alloc(0);
    const { content } = message;
    return content.kind === 'file' ? readFileSync(content.path) : Buffer.from(content.bytes);
  }

  /** The octets behind our Received field, as the client sent them. */
  sentContent(): string {
    return this.content()
      .toString('latin1')
      .replace(/^Received: [^\r]*(?:\r\n\t[^\r]*)*\r\n/, '');
  }

  spooledFiles(): string[] {
    return readdirSync(this.spoolDirectory);
  }

  count(event: EventName): number {
    return this.events.filter((reported) => reported.event === event).length;
  }

  async stop(): Promise<void> {
    await this.inbound.drain(0);
    if (this.#ownsSpool) rmSync(this.spoolDirectory, { recursive: true });
  }
}

let certificates: Certificates | undefined;

/** One authority for a whole test process: making keys takes time. */
export function testCertificates(): Certificates {
  if (certificates !== undefined) return certificates;
  const authority = new TestAuthority();
  const options = {
    ...authority.leaf({ commonName: 'relay.example.org', names: ['relay.example.org'] }),
    ca: authority.cert,
    minVersion: 'TLSv1.2' as const,
  };
  const other = { ...authority.leaf({ names: ['other.example.org'] }), minVersion: 'TLSv1.2' as const };
  authority.remove();
  const [context, otherContext] = [createSecureContext(options), createSecureContext(other)];
  certificates = {
    context: (servername) => (servername === 'other.example.org' ? otherContext : context),
    options: () => options,
  };
  return certificates;
}

/** Large content gets another name, as the queue gives it one. */
function adopted(message: NewMessage): NewMessage {
  const { content, messageId } = message;
  if (content.kind === 'inline') return message;
  const path = join(dirname(content.path), messageId);
  renameSync(content.path, path);
  return { ...message, content: { ...content, path } };
}
