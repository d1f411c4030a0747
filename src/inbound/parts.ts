/** What the wire side of inbound is put together from; `main.ts` and tests fill it. Types only. */
import type { Bytes, Live } from '#mail/units.ts';
import type { Report } from '#log/events.ts';
import type { MakeQueueId } from '#queue/id.ts';
import type { NewMessage } from '#queue/store.ts';
import type { Admission, Authentication, Certificates, ReadProxyHeader, Refusal } from './session-facts.ts';
import type { InboundSettings } from './settings.ts';

/** Resolves once the report is safe or was passed over; `later` asks the client to come again. */
export type TakeReport = (
  mail: Pick<NewMessage, 'messageId' | 'content'> & { readonly sizeBytes: Bytes },
) => Promise<{ readonly kind: 'taken' } | { readonly kind: 'later'; readonly reason: string }>;

/** Where a message came from, as mail flow rules see it. */
export type Origin = { readonly ip: string; readonly authenticated: boolean };

/**
 * Takes a message over, whatever becomes of it. Resolves when that is safe (RFC 5321 §6.1), or to why it is refused; rejects with
 * `StorageUnavailable` when it cannot be kept.
 */
export type Accept = (message: NewMessage, origin: Origin) => Promise<Refusal | undefined>;

export type InboundParts = {
  readonly settings: Live<InboundSettings>;
  readonly admission: Admission;
  readonly authentication: Authentication;
  readonly certificates: Certificates;
  readonly readProxyHeader: ReadProxyHeader;
  readonly accept: Accept;
  /** Takes mail to the address for TLS reports; rejects with `StorageUnavailable` when it cannot be kept. */
  readonly takeReport: TakeReport;
  readonly makeQueueId: MakeQueueId;
  /** Where large content goes while it arrives; on the file system of the queue. */
  readonly spoolDirectory: string;
  /** Content up to this size stays in memory. */
  readonly inlineLimit: Live<Bytes>;
  readonly report: Report;
  readonly clock: () => Date;
};
