/** What the wire side of inbound is put together from; `main.ts` and tests fill it. Types only. */
import type { Bytes, Live } from '#mail/units.ts';
import type { Report } from '#log/events.ts';
import type { MakeQueueId } from '#queue/id.ts';
import type { NewMessage } from '#queue/store.ts';
import type { Admission, Authentication, Certificates, ReadProxyHeader } from './session-facts.ts';
import type { InboundSettings } from './settings.ts';

/** Resolves once the report is safe or was passed over; `later` asks the client to come again. */
export type TakeReport = (
  mail: Pick<NewMessage, 'messageId' | 'content'> & { readonly sizeBytes: Bytes },
) => Promise<{ readonly kind: 'taken' } | { readonly kind: 'later'; readonly reason: string }>;

export type InboundParts = {
  readonly settings: Live<InboundSettings>;
  readonly admission: Admission;
  readonly authentication: Authentication;
  readonly certificates: Certificates;
  readonly readProxyHeader: ReadProxyHeader;
  /** Resolves when the messages are safe (RFC 5321 §6.1); rejects with `StorageUnavailable` when they are not. */
  readonly accept: (messages: readonly NewMessage[]) => Promise<void>;
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
