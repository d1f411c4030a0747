/**
 * The queue's port on SQLite: one shard, whose database lives in a thread of its own. This side turns messages into rows
 * and rows into leases; content that the caller gave stays with the caller and is not read back.
 */
import type { Content, ContentFacts } from '#mail/content.ts';
import { diagnose, type Diagnosis } from '#mail/diagnosis.ts';
import { domainOf } from '#mail/address.ts';
import type { Envelope, EnvelopeRecipient } from '#mail/envelope.ts';
import { join } from 'node:path';
import type {
  Delivery,
  Lease,
  LeaseRequest,
  NewMessage,
  OverdueRequest,
  Pause,
  QueueDepth,
  QueueStore,
  SettledLease,
} from '#queue/store.ts';
import { shardFiles, type ShardFiles } from './shards.ts';
import { ThreadPort } from './thread-port.ts';
import type {
  Answers,
  Request,
  WireDelivery,
  WireLease,
  WireLot,
  WireMessage,
  WireRecipient,
  WireSettlement,
  WireTraceEntry,
} from './wire.ts';

type QueuePort = ThreadPort<Request, Answers>;

const THREAD = new URL('./queue-thread.ts', import.meta.url);

/** The JSON beside a message's content. */
export type About = { readonly envelope: Envelope; readonly facts: ContentFacts };

export class SqliteQueueStore implements QueueStore {
  readonly spoolDirectory: string;
  readonly shard: number;
  readonly #port: QueuePort;
  #lastToken = -1;

  private constructor(shard: number, files: ShardFiles, port: QueuePort) {
    this.shard = shard;
    this.spoolDirectory = files.spool;
    this.#port = port;
  }

  /** Makes the shard when it does not exist. Rejects with `StorageUnavailable` and a sentence that says what to do. */
  static async open(dataDirectory: string, shard: number): Promise<SqliteQueueStore> {
    const files = shardFiles(dataDirectory, shard);
    const port: QueuePort = await ThreadPort.open({ script: THREAD, workerData: files, name: files.directory });
    return new SqliteQueueStore(shard, files, port);
  }

  async add(
    messages: readonly NewMessage[],
    leaseUntil?: Date,
    recipientsPerLease = Infinity,
  ): Promise<readonly Lease[]> {
    const wire = messages.map((message) => this.#wireMessage(message, recipientsPerLease));
    const until = leaseUntil?.getTime() ?? 0;
    const granted = await this.#port.ask({ kind: 'add', messages: wire, until });
    if (leaseUntil === undefined || granted.length === 0) return [];
    const isGranted = new Set(granted);
    return messages.flatMap((message, index) =>
      this.#freshLeases(message, wire[index]?.lots ?? [], isGranted, leaseUntil),
    );
  }

  async lease(request: LeaseRequest): Promise<readonly Lease[]> {
    const { now, until, ...limits } = request;
    const leases = await this.#port.ask({ kind: 'lease', ...limits, now: now.getTime(), until: until.getTime() });
    return leases.map((lease) => this.#leaseOf(lease));
  }

  async leaseOverdue(request: OverdueRequest): Promise<readonly Lease[]> {
    const leases = await this.#port.ask({
      kind: 'leaseOverdue',
      now: request.now.getTime(),
      until: request.until.getTime(),
      limit: request.limit,
      noticeBefore: request.noticeBefore.getTime(),
      expireBefore: request.expireBefore.getTime(),
      exceptions: (request.exceptions ?? []).map(({ domains, noticeBefore, expireBefore }) => ({
        domains,
        noticeBefore: noticeBefore.getTime(),
        expireBefore: expireBefore.getTime(),
      })),
    });
    return leases.map((lease) => this.#leaseOf(lease));
  }

  async settle(settled: readonly SettledLease[]): Promise<readonly boolean[]> {
    const wire = settled.map((one) => this.#wireSettlement(one));
    // An outcome that needs no report is noted with the next message: under load it costs no commit of its own.
    const haste = wire.some(({ reports }) => reports.length > 0) ? 'urgent' : 'patient';
    return this.#port.ask({ kind: 'settle', settled: wire }, haste);
  }

  async pause({ destination, until, failures, diagnosis }: Pause): Promise<void> {
    const pause = { destination, until: until.getTime(), failures, diagnosis: JSON.stringify(diagnosis) };
    await this.#port.ask({ kind: 'pause', pause });
  }

  async hasten(destination: string, now: Date): Promise<void> {
    await this.#port.ask({ kind: 'hasten', destination, now: now.getTime() });
  }

  async resume(destination: string): Promise<void> {
    await this.#port.ask({ kind: 'resume', destination });
  }

  async pauses(): Promise<readonly Pause[]> {
    const pauses = await this.#port.ask({ kind: 'pauses' });
    return pauses.map((pause) => ({
      ...pause,
      until: new Date(pause.until),
      diagnosis: parseDiagnosis(pause.diagnosis),
    }));
  }

  async nextDue(): Promise<Date | undefined> {
    const due = await this.#port.ask({ kind: 'nextDue' });
    return due === null ? undefined : new Date(due);
  }

  async depth(now: Date): Promise<QueueDepth> {
    const { oldest, ...counts } = await this.#port.ask({ kind: 'depth', now: now.getTime() });
    return { ...counts, oldestReceivedAt: oldest === null ? undefined : new Date(oldest) };
  }

  /** For `SqliteTraceStore`: trace records share the thread. */
  async writeTrace(entries: readonly WireTraceEntry[]): Promise<void> {
    await this.#port.ask({ kind: 'trace', entries }, 'patient');
  }

  async pruneTrace(before: Date): Promise<{ readonly removed: number; readonly more: boolean }> {
    return this.#port.ask({ kind: 'pruneTrace', before: before.getTime() });
  }

  async close(): Promise<void> {
    await this.#port.close();
  }

  #wireMessage(
    { messageId, envelope, facts, content, recipients, receivedAt }: NewMessage,
    perLease: number,
  ): WireMessage {
    return {
      id: messageId,
      received: receivedAt.getTime(),
      about: JSON.stringify({ envelope, facts } satisfies About),
      content: content.kind === 'file' ? { path: content.path } : this.#port.enclose(content.bytes),
      lots: this.#lotsOf(recipients, perLease),
    };
  }

  /** Recipients by destination, each lot what one lease may hold. */
  #lotsOf(recipients: readonly EnvelopeRecipient[], perLease: number): readonly WireLot[] {
    const lots: WireLot[] = [];
    const open = new Map<string, WireRecipient[]>();
    for (const [position, recipient] of recipients.entries()) {
      const destination = domainOf(recipient.address);
      let members = open.get(destination);
      if (members === undefined || members.length >= perLease) {
        members = [];
        open.set(destination, members);
        lots.push({ token: this.#nextToken(), destination, recipients: members });
      }
      members.push([position, recipient.address, parametersOf(recipient)]);
    }
    return lots;
  }

  #nextToken(): number {
    this.#lastToken += 2;
    return this.#lastToken;
  }

  #freshLeases(message: NewMessage, lots: readonly WireLot[], granted: ReadonlySet<number>, until: Date): Lease[] {
    const { messageId, envelope, facts, receivedAt } = message;
    const queued = { messageId, envelope, facts, receivedAt, content: this.#keptContent(message) };
    return lots
      .filter(({ token }) => granted.has(token))
      .map(({ token, destination, recipients }) => ({
        token: String(token),
        until,
        message: queued,
        destination,
        deliveries: recipients.map(([index, address]): Delivery => {
          const recipient = message.recipients[index] ?? { address };
          return { index, recipient, attempts: 0, noticeSent: false };
        }),
      }));
  }

  #keptContent({ messageId, content }: NewMessage): Content {
    return content.kind === 'inline' ? content : { ...content, path: join(this.spoolDirectory, messageId) };
  }

  #leaseOf({ token, until, id, received, about, content, destination, deliveries }: WireLease): Lease {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own JSON
    const { envelope, facts } = JSON.parse(about) as About;
    const stored: Content =
      content === null
        ? { kind: 'file', path: join(this.spoolDirectory, id), sizeBytes: facts.sizeBytes }
        : { kind: 'inline', bytes: content };
    return {
      token: String(token),
      until: new Date(until),
      message: { messageId: id, envelope, facts, receivedAt: new Date(received), content: stored },
      destination,
      deliveries: deliveries.map((delivery) => deliveryOf(delivery)),
    };
  }

  #wireSettlement({ lease, settlements, reports }: SettledLease): WireSettlement {
    const gone: number[] = [];
    const deferred: WireSettlement['deferred'][number][] = [];
    for (const [position, settlement] of settlements) {
      if (settlement.kind !== 'deferred') gone.push(position);
      else {
        const { tried, retryAt, noticeSent, diagnosis } = settlement;
        deferred.push({
          position,
          tries: tried ? 1 : 0,
          due: retryAt.getTime(),
          phase: noticeSent ? 1 : 0,
          last: JSON.stringify(diagnosis),
        });
      }
    }
    const wireReports = reports.map((report) => this.#wireMessage(report, Infinity));
    return { token: Number(lease.token), gone, deferred, reports: wireReports };
  }
}

function parametersOf({ notify, originalRecipient }: EnvelopeRecipient): string | null {
  return notify === undefined && originalRecipient === undefined ? null : JSON.stringify({ notify, originalRecipient });
}

function recipientOf(address: string, parameters: string | null): EnvelopeRecipient {
  if (parameters === null) return { address };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own JSON
  return { address, ...(JSON.parse(parameters) as Omit<EnvelopeRecipient, 'address'>) };
}

export function parseDiagnosis(text: string): Diagnosis {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own JSON
  return JSON.parse(text) as Diagnosis;
}

function deliveryOf({ position, recipient, parameters, attempts, phase, last }: WireDelivery): Delivery {
  const delivery: Delivery = {
    index: position,
    recipient: recipientOf(recipient, parameters),
    attempts,
    noticeSent: phase === 1,
    last: last === null ? undefined : parseDiagnosis(last),
  };
  return phase === 2 ? { ...delivery, operatorFailed: true, last: diagnose('operator-failed') } : delivery;
}
