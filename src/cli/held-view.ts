/** Kept mail as people read it in a terminal: lists, one entry, and counts. */
import type { HeldDetail } from '#held/desk.ts';
import type { Held, HeldGroup, HeldKind, HeldSummaryRow } from '#held/store.ts';
import { foldedLines } from './fold.ts';
import { roughDuration, roughSize, timeText, untilText } from './format.ts';
import { printable, tableLines, type Column } from './table.ts';

export type View = { readonly now: Date; readonly columns: number | undefined };

type EntryColumn = Column & { readonly cellOf: (held: Held, now: Date) => string };

const RECIPIENTS: EntryColumn = { head: 'RECIPIENTS', elastic: true, cellOf: recipientsText };

const COLUMNS: readonly EntryColumn[] = [
  { head: 'ID', cellOf: ({ id }) => id },
  { head: 'AGE', align: 'right', cellOf: ({ receivedAt }, now) => roughDuration(now.getTime() - receivedAt.getTime()) },
  {
    head: 'STATE',
    cellOf: ({ state, expiresAt }, now) => (state === 'held' ? `ends ${untilText(expiresAt, now)}` : state),
  },
  { head: 'RULE', elastic: true, cellOf: ({ rule }) => rule },
  { head: 'SENDER', elastic: true, cellOf: senderText },
  RECIPIENTS,
  { head: 'SUBJECT', elastic: true, cellOf: ({ subject }) => subject.slice(0, SUBJECT_SHOWN) },
];

/** A subject may be as long as a header; a table is for orientation. */
const SUBJECT_SHOWN = 200;
/** On a narrower terminal the other columns have the place of the recipients, who can be asked for by address. */
const COLUMNS_FOR_ALL = 100;

export function listLines(entries: readonly Held[], { now, columns }: View): readonly string[] {
  const isNarrow = columns !== undefined && columns < COLUMNS_FOR_ALL;
  const shown = COLUMNS.filter((column) => !isNarrow || column !== RECIPIENTS);
  const cells = entries.map((held) => shown.map(({ cellOf }) => cellOf(held, now)));
  return tableLines(shown, cells, columns);
}

function senderText({ envelope: { sender } }: Held): string {
  return sender === '' ? '<>' : sender;
}

function recipientsText({ recipients }: Held): string {
  const [first] = recipients;
  const others = recipients.length - 1;
  return `${first?.address ?? ''}${others > 0 ? ` +${others}` : ''}`;
}

export function detailLines({ held, header }: HeldDetail, view: View): readonly string[] {
  const { id, rule, receivedAt, facts, recipients, subject, moderators, comment, partOf } = held;
  const rows: readonly (readonly [name: string, value: string])[] = [
    ['Id', id],
    ['State', stateText(held, view.now)],
    ['Rule', rule],
    ['Received', `${timeText(receivedAt)} (${roughDuration(view.now.getTime() - receivedAt.getTime())} ago)`],
    ['Size', roughSize(facts.sizeBytes)],
    ['Sender', held.envelope.sender === '' ? '<> (a report)' : held.envelope.sender],
    ...recipients.map(({ address }) => ['To', address] as const),
    ['Subject', subject],
    ...moderators.map((moderator) => ['Moderator', moderator] as const),
    ...comment.split('\n').map((line) => ['Comment', line] as const),
    ['Part of', partOf ?? ''],
  ];
  const told = rows.filter(([, value]) => value !== '');
  return [
    ...told.flatMap(([name, value]) => foldedLines(name.padEnd(12), printable(value), view.columns)),
    '',
    ...(header === '' ? ['Its content is not there any more.'] : header.trimEnd().split(/\r?\n/).map(printable)),
  ];
}

function stateText({ state, by, endedAt, expiresAt }: Held, now: Date): string {
  if (state === 'held') return `held, ends ${untilText(expiresAt, now)} (${timeText(expiresAt)})`;
  return `${state}${by === '' ? '' : ` by ${by}`}${endedAt === undefined ? '' : `, ${timeText(endedAt)}`}`;
}

type Count = { readonly head: string; readonly of: (counts: HeldSummaryRow['counts']) => number };

const COUNTS: { readonly [kind in HeldKind]: readonly Count[] } = {
  quarantine: [
    { head: 'HELD', of: ({ held }) => held },
    { head: 'RELEASED', of: ({ releasing, released }) => releasing + released },
    { head: 'DELETED', of: ({ deleted }) => deleted },
    { head: 'EXPIRED', of: ({ expired }) => expired },
  ],
  moderation: [
    { head: 'HELD', of: ({ held }) => held },
    { head: 'APPROVED', of: ({ releasing, released }) => releasing + released },
    { head: 'REJECTED', of: ({ rejected }) => rejected },
    { head: 'EXPIRED', of: ({ expired }) => expired },
  ],
};

export type Summary = { readonly kind: HeldKind; readonly by: HeldGroup; readonly rows: readonly HeldSummaryRow[] };

export function summaryLines({ kind, by, rows }: Summary, columns: number | undefined): readonly string[] {
  const counts = COUNTS[kind];
  const head: readonly Column[] = [
    { head: by.toUpperCase(), elastic: true },
    ...counts.map((count) => ({ head: count.head, align: 'right' as const })),
    { head: 'SIZE', align: 'right' },
  ];
  const cells = rows.map(({ key, counts: numbers, sizeBytes }) => [
    key === '' ? '<>' : key,
    ...counts.map(({ of }) => String(of(numbers))),
    roughSize(sizeBytes),
  ]);
  return tableLines(head, cells, columns);
}
