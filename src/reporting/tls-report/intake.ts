/**
 * Takes others' reports in: as mail to our address for them, or as a request of HTTPS. What is no report about us is counted
 * and forgotten, never bounced: nobody would read it. What is kept is in the store before the other side hears that it was
 * taken.
 */
import { readFile } from 'node:fs/promises';
import type { Resolver } from '#dns/resolver.ts';
import type { EventFields, Report } from '#log/events.ts';
import type { Content } from '#mail/content.ts';
import type { Bytes, Live, Milliseconds } from '#mail/units.ts';
import type { RecordStore } from '#records/store.ts';
import { listText } from '#tls-policy/words.ts';
import type { Arrived } from './arrival.ts';
import { isKnown, keepReceived, newToday, receivedReport, takeRoom } from './received.ts';
import { ReportReader } from './reader.ts';
import { RESULT_TYPES } from './report.ts';
import type { TlsReportSettings } from './settings.ts';

export type IntakeSettings = TlsReportSettings & {
  readonly hostname: string;
  readonly inbound: { readonly acceptedDomains: readonly string[] };
  readonly publishing: { readonly domains: readonly { readonly domain: string; readonly mx: readonly string[] }[] };
};

export type IntakeParts = {
  readonly store: RecordStore;
  readonly resolver: Pick<Resolver, 'txt'>;
  readonly settings: Live<IntakeSettings>;
  readonly report: Report;
  readonly now: () => Date;
};

export type ReportMessage = { readonly messageId: string; readonly content: Content; readonly sizeBytes: Bytes };

/** `later`: it cannot be judged at the moment, and its sender should come again. */
export type Taking = { readonly kind: 'taken' } | { readonly kind: 'later'; readonly reason: string };

export type ReportRequest = {
  readonly method: string;
  /** The Content-Type field. */
  readonly contentType: string | undefined;
  /** Without its transfer coding; whoever reads it stops at `bodyLimit`, or a little behind it. */
  readonly body: Uint8Array;
};

export type ReportReply = {
  readonly status: 200 | 400 | 405 | 413 | 415 | 429 | 503;
  readonly headers: Readonly<Record<string, string>>;
  /** One line for people. */
  readonly text: string;
};

const TYPES = ['application/tlsrpt+gzip', 'application/tlsrpt+json'];
/** A client waits for minutes after the final dot (RFC 5321 §4.5.3.2.6). */
const READ_TIMEOUT_MS: Milliseconds = 30_000;

type Origin = { readonly via: 'mail' | 'https'; readonly fields: EventFields };
type Kept = { readonly kind: 'kept' } | { readonly kind: 'ignored'; readonly reason: string };

export class TlsReportIntake {
  readonly #parts: IntakeParts;
  readonly #reader: ReportReader;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#reader = new ReportReader({ resolver: parts.resolver, report: parts.report, timeout: READ_TIMEOUT_MS });
  }

  get bodyLimit(): Bytes {
    return this.#receive.messageLimit;
  }

  /** Rejects with `StorageUnavailable` when it cannot be kept. */
  async takeMail({ messageId, content, sizeBytes }: ReportMessage): Promise<Taking> {
    const origin: Origin = { via: 'mail', fields: { messageId, sizeBytes } };
    if (sizeBytes > this.#receive.messageLimit) {
      this.#ignore(origin, 'too-large');
      return { kind: 'taken' };
    }
    const load = async (): Promise<Uint8Array> => (content.kind === 'inline' ? content.bytes : readFile(content.path));
    const taken = await this.#take(load, origin);
    return taken.kind === 'later' ? taken : { kind: 'taken' };
  }

  /** One request at the address that `rua=https:` of our domains names. Never rejects. */
  async receiveHttp({ method, contentType = '', body }: ReportRequest): Promise<ReportReply> {
    if (method !== 'POST') return reply(405, 'reports are sent with POST', { allow: 'POST' });
    const [type = ''] = contentType.split(';', 1);
    if (!TYPES.includes(type.trim().toLowerCase())) return reply(415, `the media type must be ${TYPES.join(' or ')}`);
    const origin: Origin = { via: 'https', fields: { sizeBytes: body.length } };
    if (body.length > this.bodyLimit) {
      this.#ignore(origin, 'too-large');
      return reply(413, 'the report is too large');
    }
    try {
      const taken = await this.#take(async () => Promise.resolve(body), origin);
      if (taken.kind === 'later') return reply(503, 'the report cannot be taken now', { 'retry-after': '3600' });
      return taken.kind === 'kept' ? reply(200, 'the report was taken') : refusedReply(taken.reason);
    } catch (error) {
      this.#parts.report('tls-report.storage-failed', { reason: 'a report was not taken' }, error);
      return reply(503, 'the report cannot be taken now', { 'retry-after': '3600' });
    }
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  get #receive(): TlsReportSettings['tlsReports']['receive'] {
    return this.#parts.settings().tlsReports.receive;
  }

  async #take(load: () => Promise<Uint8Array>, origin: Origin): Promise<Kept | Extract<Taking, { kind: 'later' }>> {
    const settings = this.#parts.settings();
    const { reportLimit } = settings.tlsReports.receive;
    const ours = ourDomains(settings);
    const arrival = await this.#reader.read({ kind: origin.via, load, reportLimit, ours, now: this.#parts.now() });
    switch (arrival.kind) {
      case 'ignored':
        return this.#ignore(origin, arrival.reason);
      case 'later':
        return arrival;
      case 'report':
        return this.#keep(arrival.arrived, origin);
    }
  }

  async #keep(arrived: Arrived, origin: Origin): Promise<Kept> {
    const { store, report, now } = this.#parts;
    const { keep, dailyLimit } = this.#receive;
    const at = now();
    const received = receivedReport(arrived, origin.via, at);
    if (await isKnown(store, received)) return this.#ignore(origin, 'duplicate');
    if (!(await takeRoom(store, received.gzip.length, dailyLimit, at))) return this.#ignore(origin, 'daily-limit');
    await keepReceived(store, received, new Date(at.getTime() + keep));
    const about = { nexthop: listText(received.domains), headerMessageId: received.reportId };
    report('tls-report.received', {
      ...origin.fields,
      ...about,
      listener: origin.via,
      count: received.totals.failures,
    });
    for (const { type, mxHost } of await newToday(store, arrived.failures, at)) {
      // Reports are counted by it: words of strangers must not become figures.
      const decision = RESULT_TYPES.includes(type) ? type : 'other';
      report('tls-report.alert', { ...about, listener: origin.via, decision, reason: type, mxHost });
    }
    return { kind: 'kept' };
  }

  /** `reason` is one of few words. */
  #ignore({ via, fields }: Origin, reason: string): Kept {
    this.#parts.report('tls-report.ignored', { ...fields, listener: via, decision: reason });
    return { kind: 'ignored', reason };
  }
}

/** Under DANE the policy domain is a host (RFC 8460 §1.1). */
function ourDomains({ hostname, inbound, publishing, tlsReports }: IntakeSettings): readonly string[] {
  const published = publishing.domains.flatMap(({ domain, mx }) => [domain, ...mx]);
  return [hostname, ...inbound.acceptedDomains, ...published, ...tlsReports.receive.domains];
}

/** What is nobody's fault is success to whoever sent it; what he may mend is told. */
function refusedReply(reason: string): ReportReply {
  switch (reason) {
    case 'not-ours':
    case 'duplicate':
      return reply(200, 'the report was taken');
    case 'too-large':
    case 'too-large-to-read':
      return reply(413, 'the report is too large');
    case 'daily-limit':
      return reply(429, 'there are too many reports today', { 'retry-after': '86400' });
    default:
      return reply(400, `this is no report that can be read (${reason})`);
  }
}

function reply(
  status: ReportReply['status'],
  text: string,
  headers: Readonly<Record<string, string>> = {},
): ReportReply {
  return { status, headers, text };
}
