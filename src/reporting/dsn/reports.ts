/**
 * The reports that the end of an attempt calls for: deliveries of one message grouped by how they ended, what nobody asked
 * for left out, each group composed. What comes out is added to the queue in the commit that settles the lease; the events
 * are reported after that commit, since only then the reports exist.
 */
import type { EventFields, EventName } from '#log/events.ts';
import { enhancedStatus } from '#mail/status.ts';
import type { Live } from '#mail/units.ts';
import type { MakeQueueId } from '#queue/id.ts';
import type { NewMessage, QueuedMessage } from '#queue/store.ts';
import type { ReportSettings } from '#reporting/settings.ts';
import { Allowance, type Grant, type UntoldLot } from './allowance.ts';
import { composeDsn, isGlobal, type Addressee } from './compose.ts';
import { outcomeOf, type ReportedRecipient } from './delivery-status.ts';
import { readReturnedContent, type Returned } from './returned.ts';
import { composeSummary } from './summary.ts';
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

export function reportMaker(settings: Live<ReportSettings>, makeQueueId: MakeQueueId): MakeReports {
  const maker = new Maker(settings, makeQueueId);
  return async (message, endings, at) => maker.make(message, endings, at);
}

type Event = readonly [event: EventName, fields: EventFields];
type Made = { readonly report?: NewMessage; readonly event: Event };
type Group = { readonly kind: DsnKind; readonly recipients: readonly Ending[] };

/** One message whose deliveries have ended. */
type Occasion = {
  readonly message: QueuedMessage;
  readonly at: Date;
  readonly settings: ReportSettings;
  readonly read: (full: boolean) => Promise<Returned>;
};

class Maker {
  readonly #settings: Live<ReportSettings>;
  readonly #makeQueueId: MakeQueueId;
  readonly #allowance: Allowance;
  /** A stranger may have given another's address as the sender: that one gets the content once, not once for each report. */
  readonly #returnedInFull = new Set<string>();

  constructor(settings: Live<ReportSettings>, makeQueueId: MakeQueueId) {
    this.#settings = settings;
    this.#makeQueueId = makeQueueId;
    this.#allowance = new Allowance(() => settings().reports.perSender);
  }

  async make(message: QueuedMessage, endings: readonly Ending[], at: Date): Promise<Reports> {
    const asked = endings.filter(({ kind, recipient }) => isAskedFor(kind, recipient));
    const settings = this.#settings();
    const made = asked.length === 0 ? [] : await this.#tell(asked, occasionOf(message, at, settings));
    // Whatever is settled next takes them along, so that they are in the queue as surely as any report.
    for (const lot of this.#allowance.due(at)) made.push(this.#summary(lot, settings, at));
    return {
      messages: made.flatMap(({ report }) => (report === undefined ? [] : [report])),
      events: made.map(({ event }) => event),
    };
  }

  async #tell(asked: readonly Ending[], occasion: Occasion): Promise<Made[]> {
    const { message } = occasion;
    const { sender } = message.envelope;
    const made: Made[] = hasReader(sender) ? [] : [{ event: suppressed(message, asked) }];
    for (const group of (['failed', 'delayed', 'relayed', 'delivered'] as const).flatMap((kind) =>
      split(kind, asked),
    )) {
      if (hasReader(sender)) made.push(await this.#report({ role: 'sender', address: sender }, group, occasion));
      const copy = copyOf(group, occasion);
      if (copy !== undefined) made.push(await this.#report(copy.addressee, copy.group, occasion));
    }
    return made;
  }

  async #report(addressee: Addressee, group: Group, occasion: Occasion): Promise<Made> {
    const { message, at, settings, read } = occasion;
    const grant = this.#allowance.take(addressee.address, group.kind, at);
    if (grant === 'spent') return this.#keepBack(addressee, group, occasion);
    const full = addressee.role === 'sender' && this.#mayReturnAll(group, message);
    const returned = await read(full);
    if (returned.kind === 'full') this.#remember(message.messageId);
    const queueId = this.#makeQueueId(at);
    const report = composeDsn({ ...group, addressee, isLast: isLast(grant), message, returned, settings, queueId, at });
    return { report, event: sent(message, report, group) };
  }

  #keepBack({ address }: Addressee, { kind, recipients }: Group, { message, at }: Occasion): Made {
    const untold = recipients.map(({ recipient, diagnosis }) => ({
      recipient: recipient.address,
      status: enhancedStatus(outcomeOf(kind), diagnosis.detail),
      queueId: message.messageId,
    }));
    this.#allowance.keepBack(address, kind, { untold, requireTls: message.envelope.requireTls === true, at });
    const [event, fields] = suppressed(message, recipients);
    return {
      event: [event, { ...fields, reason: 'the address had its reports of this hour; they are told together' }],
    };
  }

  #summary(lot: UntoldLot, settings: ReportSettings, at: Date): Made {
    const report = composeSummary(lot, settings, { queueId: this.#makeQueueId(at), at });
    const { messageId, facts } = report;
    const { messageIdField: headerMessageId, sizeBytes } = facts;
    const told = { messageId, decision: lot.kind, recipient: lot.to, recipients: lot.count };
    return { report, event: ['dsn.sent', { ...told, headerMessageId, sizeBytes }] };
  }

  /** RET speaks of failures only (RFC 3461 §4.3), and counts for nothing where TLS was demanded (RFC 8689 §5). */
  #mayReturnAll({ kind }: Group, { messageId, envelope }: QueuedMessage): boolean {
    // What may only travel over TLS does not go back in a report, which may have to travel without.
    const mustBeKept = envelope.requireTls === true || envelope.terms?.tls !== undefined;
    const isAsked = kind === 'failed' && envelope.returnContent === 'full' && !mustBeKept;
    return isAsked && !this.#returnedInFull.has(messageId);
  }

  /** The oldest is forgotten for it. */
  #remember(messageId: string): void {
    const [oldest] = this.#returnedInFull;
    if (this.#returnedInFull.size >= REMEMBERED && oldest !== undefined) this.#returnedInFull.delete(oldest);
    this.#returnedInFull.add(messageId);
  }
}

const isLast = (grant: Grant): boolean => grant === 'last';

/** Content is read once, however many reports are made of it. */
function occasionOf(message: QueuedMessage, at: Date, settings: ReportSettings): Occasion {
  const read = new Map<boolean, Promise<Returned>>();
  const { fullContentLimit } = settings.reports;
  const mayBeEncoded = isGlobal(message);
  return {
    message,
    at,
    settings,
    read: (full) => {
      const reading =
        read.get(full) ?? readReturnedContent(message.content, message.facts, { full, mayBeEncoded, fullContentLimit });
      read.set(full, reading);
      return reading;
    },
  };
}

/**
 * The postmaster's copy of a failure. None to the sender, who has the report, and none about mail to the postmaster: a copy
 * that fails would make the next one.
 */
function copyOf(
  { kind, recipients }: Group,
  { message, settings }: Occasion,
): { readonly addressee: Addressee; readonly group: Group } | undefined {
  const { postmasterCopy: address } = settings.reports;
  if (kind !== 'failed' || address === '' || isSame(message.envelope.sender, address)) return undefined;
  const others = recipients.filter(({ recipient }) => !isSame(recipient.address, address));
  return others.length === 0
    ? undefined
    : { addressee: { role: 'postmaster', address }, group: { kind, recipients: others } };
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

function split(kind: DsnKind, endings: readonly Ending[]): Group[] {
  const same = endings.filter((ending) => ending.kind === kind);
  return Array.from({ length: Math.ceil(same.length / RECIPIENTS_PER_REPORT) }, (_, index) => ({
    kind,
    recipients: same.slice(index * RECIPIENTS_PER_REPORT, (index + 1) * RECIPIENTS_PER_REPORT),
  }));
}

/** Traced with the message that it is about; `headerMessageId` names the report. */
function sent(about: QueuedMessage, report: NewMessage, { kind, recipients }: Group): Event {
  return [
    'dsn.sent',
    {
      messageId: about.messageId,
      decision: kind,
      recipient: report.recipients[0]?.address ?? '',
      recipients: recipients.length,
      headerMessageId: report.facts.messageIdField,
      sizeBytes: report.facts.sizeBytes,
    },
  ];
}

function suppressed(about: QueuedMessage, endings: readonly Ending[]): Event {
  const [first] = endings;
  return [
    'dsn.suppressed',
    { messageId: about.messageId, decision: first?.kind ?? 'failed', recipients: endings.length },
  ];
}
