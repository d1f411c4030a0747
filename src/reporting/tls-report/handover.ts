/**
 * Hands a composed report over to one destination: as signed mail to the relay's own queue, or over HTTPS to its host
 * (RFC 8460 §5.3, RFC 8460 §5.4). When to try, and what follows, is decided in `sending.ts`.
 */
import type { SecureContext } from 'node:tls';
import type { Resolver } from '#dns/resolver.ts';
import { addressesOf, type WebAddresses } from '#dns/web-addresses.ts';
import { askHttps, type HttpsRequest, type HttpsResult } from '#http/client.ts';
import type { Report } from '#log/events.ts';
import { isIp } from '#mail/ip.ts';
import { isPublicAddress } from '#mail/public-address.ts';
import type { Live, Milliseconds } from '#mail/units.ts';
import { signed, type DkimSigner } from '#mime/dkim.ts';
import type { MakeQueueId } from '#queue/id.ts';
import type { NewMessage } from '#queue/store.ts';
import { composeReportMail } from './message.ts';
import type { JobPlace, SendingJob } from './job.ts';
import type { TlsReportSettings } from './settings.ts';

export type HandoverParts = {
  readonly resolver: Pick<Resolver, 'addresses'>;
  readonly settings: Live<TlsReportSettings>;
  /** The authorities that hosts are trusted by; rejects when they cannot be read. */
  readonly context: () => Promise<SecureContext>;
  readonly signer: () => Promise<DkimSigner>;
  /** Resolves once the queue has it. */
  readonly enqueue: (message: NewMessage) => Promise<void>;
  readonly makeQueueId: MakeQueueId;
  readonly report: Report;
  readonly now: () => Date;
};

export type Handover =
  | { readonly kind: 'accepted'; readonly messageId?: string }
  /** `reason` is one line for operators; it may quote what the host sent. */
  | { readonly kind: 'failed'; readonly reason: string; readonly error?: unknown };

const REQUEST_TIMEOUT_MS: Milliseconds = 60_000;
const REASON_LENGTH_AT_MOST = 300;

/** Never rejects. */
export async function mailReport(
  to: string,
  { day, domain }: JobPlace,
  job: SendingJob,
  parts: HandoverParts,
): Promise<Handover> {
  const { reports, tlsReports } = parts.settings();
  const at = parts.now();
  const queueId = parts.makeQueueId(at);
  const { submitter } = tlsReports;
  const { reportId, gzip } = job;
  try {
    const signer = await parts.signer();
    const mail = composeReportMail({ day, domain, submitter, reportId, gzip, from: reports.from, to, queueId, at });
    await parts.enqueue(await withSignature(mail, signer, at));
    return { kind: 'accepted', messageId: queueId };
  } catch (error) {
    return failed('the mail could not be queued', error);
  }
}

async function withSignature(mail: NewMessage, signer: DkimSigner, at: Date): Promise<NewMessage> {
  const { content, facts } = mail;
  if (content.kind !== 'inline') throw new TypeError('a report is composed in memory');
  const bytes = await signed(content.bytes, signer, at);
  const added = bytes.length - content.bytes.length;
  return {
    ...mail,
    content: { kind: 'inline', bytes },
    facts: { ...facts, sizeBytes: facts.sizeBytes + added, headerBytes: facts.headerBytes + added },
  };
}

/** Never rejects. */
export async function postReport(
  url: string,
  place: JobPlace,
  job: SendingJob,
  parts: HandoverParts,
): Promise<Handover> {
  try {
    const target = new URL(url);
    const host = target.hostname.replaceAll(/[[\]]/g, '');
    const { privateAddresses, allowUntrustedHttps } = parts.settings().tlsReports;
    const found = await findAddresses(host, parts.resolver);
    if (found.kind === 'none') return failed(`${host}: ${found.reason}`);
    // Whoever writes the record would else have us ask hosts of our own network.
    const allowed = privateAddresses ? found.addresses : found.addresses.filter(isPublicAddress);
    if (allowed.length === 0) return failed(`${host} has no public address`);
    const request: HttpsRequest = {
      method: 'POST',
      host,
      port: target.port === '' ? 443 : Number(target.port),
      path: `${target.pathname}${target.search}`,
      headers: { 'content-type': 'application/tlsrpt+gzip' },
      body: job.gzip,
      addresses: allowed,
      context: await parts.context(),
      timeoutMs: REQUEST_TIMEOUT_MS,
    };
    const result = await askHttps(request);
    if (result.kind !== 'failed' || result.why !== 'tls-untrusted' || !allowUntrustedHttps) return read(host, result);
    parts.report('tls-report.untrusted', { nexthop: place.domain, recipient: url, reason: clean(result.reason) });
    return read(host, await askHttps({ ...request, anyCertificate: true }));
  } catch (error) {
    return failed('the request could not be made', error);
  }
}

async function findAddresses(host: string, resolver: Pick<Resolver, 'addresses'>): Promise<WebAddresses> {
  return isIp(host) ? { kind: 'found', addresses: [host] } : addressesOf(host, resolver);
}

/** RFC 8460 §5.4: 2xx alone is success; a redirect is not followed. */
function read(host: string, result: HttpsResult): Handover {
  if (result.kind === 'failed') return failed(`${host}: ${result.reason}`);
  const { status } = result;
  return status >= 200 && status <= 299 ? { kind: 'accepted' } : failed(`${host} answers with status ${status}`);
}

function failed(reason: string, error?: unknown): Handover {
  return { kind: 'failed', reason: clean(reason), error };
}

const clean = (text: string): string => text.slice(0, REASON_LENGTH_AT_MOST).replaceAll(/[^\x20-\x7e]+/g, '?');
