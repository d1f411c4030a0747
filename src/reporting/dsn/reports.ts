/**
 * The reports that the end of an attempt calls for: deliveries of one message grouped by how they ended, what nobody asked
 * for left out, each group composed. What comes out is added to the queue in the commit that settles the lease; the events
 * are reported after that commit, since only then the reports exist.
 */
import type { EventFields, EventName } from '#log/events.ts';
import type { Live } from '#mail/units.ts';
import type { MakeQueueId } from '#queue/id.ts';
import type { NewMessage, QueuedMessage } from '#queue/store.ts';
import type { ReportSettings } from '#reporting/settings.ts';
import { composeDsn } from './compose.ts';
import type { ReportedRecipient } from './delivery-status.ts';
import { readReturnedContent, type Returned } from './returned.ts';
import { hasReader, isAskedFor, type DsnKind } from './wanted.ts';

/** How one delivery ended, if that is worth a report. */
export type Ending = ReportedRecipient & { readonly kind: DsnKind };

export type Reports = {
  readonly messages: readonly NewMessage[];
  readonly events: readonly (readonly [event: EventName, fields: EventFields])[];
};

/** Never rejects for what the message holds. */
export type MakeReports = (message: QueuedMessage, endings: readonly Ending[], at: Date) => Promise<Reports>;

/** Recipients of one report; more make more reports, so that each stays of a bounded size. */
export const RECIPIENTS_PER_REPORT = 100;

/** Messages that are remembered as returned in full; what is older than these is hardly in the queue any more. */
const REMEMBERED = 10_000;

const NONE: Reports = { messages: [], events: [] };

export function reportMaker(settings: Live<ReportSettings>, makeQueueId: MakeQueueId): MakeReports {
  // A stranger may have given another's address as the sender: that one gets the content once, not once for each report.
  const returnedInFull = new Set<string>();
  return async (message, endings, at) => {
    const asked = endings.filter(({ kind, recipient }) => isAskedFor(kind, recipient));
    if (asked.length === 0) return NONE;
    if (!hasReader(message.envelope.sender)) return { messages: [], events: [suppressed(message, asked)] };
    const now = settings();
    const groups = (['failed', 'delayed', 'relayed', 'delivered'] as const).flatMap((kind) => split(kind, asked));
    const read = new Map<boolean, Returned>();
    const made: { message: NewMessage; group: Group }[] = [];
    for (const group of groups) {
      // RET speaks of failures only (RFC 3461 §4.3), and counts for nothing where TLS was demanded (RFC 8689 §5).
      const { returnContent, requireTls } = message.envelope;
      const asksForFull = group.kind === 'failed' && returnContent === 'full' && requireTls !== true;
      const full = asksForFull && !returnedInFull.has(message.messageId);
      const request = { full, fullContentLimit: now.reports.fullContentLimit };
      const returned = read.get(full) ?? (await readReturnedContent(message.content, message.facts, request));
      read.set(full, returned);
      if (returned.kind === 'full') remember(returnedInFull, message.messageId);
      made.push({
        group,
        message: composeDsn({ ...group, message, returned, settings: now, queueId: makeQueueId(at), at }),
      });
    }
    return {
      messages: made.map((report) => report.message),
      events: made.map((report) => sent(message, report.message, report.group)),
    };
  };
}

/** The oldest is forgotten for it. */
function remember(returned: Set<string>, messageId: string): void {
  const [oldest] = returned;
  if (returned.size >= REMEMBERED && oldest !== undefined) returned.delete(oldest);
  returned.add(messageId);
}

type Group = { readonly kind: DsnKind; readonly recipients: readonly Ending[] };

function split(kind: DsnKind, endings: readonly Ending[]): Group[] {
  const same = endings.filter((ending) => ending.kind === kind);
  return Array.from({ length: Math.ceil(same.length / RECIPIENTS_PER_REPORT) }, (_, index) => ({
    kind,
    recipients: same.slice(index * RECIPIENTS_PER_REPORT, (index + 1) * RECIPIENTS_PER_REPORT),
  }));
}

/** Traced with the message that it is about; `headerMessageId` names the report. */
function sent(
  about: QueuedMessage,
  report: NewMessage,
  { kind, recipients }: Group,
): readonly [EventName, EventFields] {
  return [
    'dsn.sent',
    {
      messageId: about.messageId,
      decision: kind,
      recipient: about.envelope.sender,
      recipients: recipients.length,
      headerMessageId: report.facts.messageIdField,
      sizeBytes: report.facts.sizeBytes,
    },
  ];
}

function suppressed(about: QueuedMessage, endings: readonly Ending[]): readonly [EventName, EventFields] {
  const [first] = endings;
  return [
    'dsn.suppressed',
    { messageId: about.messageId, decision: first?.kind ?? 'failed', recipients: endings.length },
  ];
}
