/** `postern queue list | show`: what waits, and why. The commands that change it are in `queue-acts.ts`. */
import { InvalidArgumentError, type Command } from 'commander';

import { isEmptyFilter, MAX_ROWS } from '#admin/filter.ts';
import { diagnosticText, type Diagnosis } from '#mail/diagnosis.ts';
import { enhancedStatus, type OutcomeKind } from '#mail/status.ts';
import type { QueueDesk, QueueDetail, QueueRow } from '#queue/desk.ts';
import type { Pause } from '#queue/store.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { foldedLines } from './fold.ts';
import { pauseText, roughDuration, roughSize, timeText, untilText } from './format.ts';
import { registerQueueActs } from './queue-acts.ts';
import { filtersOf, withFilterOptions, type FilterOptions } from './queue-filter.ts';
import { withDesk } from './reach.ts';
import { printable, tableLines, type Column } from './table.ts';

type ListOptions = FilterOptions & { readonly limit: number; readonly json?: boolean };

const DEFAULT_ROWS = 50;
const MOST_PAUSES = 5;

const COLUMNS: readonly Column[] = [
  { head: 'ID' },
  { head: 'AGE', align: 'right' },
  { head: 'TRY', align: 'right' },
  { head: 'NEXT' },
  { head: 'STATUS' },
  { head: 'SENDER', elastic: true },
  { head: 'RECIPIENT', elastic: true },
];

export function registerQueue(program: Command, context: CommandContext): void {
  const queue = program.command('queue').description('Look at the queue and change it; also while no relay runs.');
  const list = withFilterOptions(queue.command('list'))
    .option('--limit <rows>', 'rows at most', wholeRows, DEFAULT_ROWS)
    .option('--json', 'as JSON')
    .description('List deliveries, oldest first.')
    .action((options: ListOptions) => withDesk(context, (desk) => listRows(context, desk, options)));
  withExamples(list, [
    'postern queue list',
    'postern queue list --domain example.net --older-than 2h',
    'postern queue list --status 4.4.317 --json',
  ]);
  const show = queue
    .command('show')
    .argument('<id>', 'queue id of the message')
    .option('--json', 'as JSON')
    .description('Show a message: envelope, deliveries with their last trouble, header.')
    .action((id: string, options: { json?: boolean }) =>
      withDesk(context, (desk) => showMessage(context, desk, { id, json: options.json === true })),
    );
  withExamples(show, ['postern queue show 01J9ZK3F8Q2R00AB']);
  registerQueueActs(queue, context);
}

async function listRows(
  context: CommandContext,
  desk: QueueDesk,
  { limit, json, ...options }: ListOptions,
): Promise<void> {
  const { console, now } = context;
  const [filter = {}] = filtersOf([], options);
  const rows = await desk.list(filter, limit);
  if (json === true) return console.write(JSON.stringify(rows, undefined, 2));
  if (rows.length === 0) {
    return console.write(isEmptyFilter(filter) ? 'The queue is empty.' : 'Nothing in the queue matches.');
  }
  const cells = rows.map((row) => rowCells(row, now()));
  for (const line of tableLines(COLUMNS, cells, console.columns)) console.write(line);
  const total = rows.length < limit ? rows.length : await desk.count(filter);
  if (total > rows.length) console.write(`${rows.length} of ${total}; more with --limit ${Math.min(total, MAX_ROWS)}`);
  for (const pause of (await pausesOf(desk, rows)).slice(0, MOST_PAUSES)) {
    for (const line of foldedLines(`${pause.destination} rests: `, pauseText(pause, now()), console.columns))
      console.write(line);
  }
}

/** The pauses that keep back rows which have no trouble of their own to tell. */
async function pausesOf(desk: QueueDesk, rows: readonly QueueRow[]): Promise<readonly Pause[]> {
  const untried = new Set(
    rows.filter(({ last, state }) => last === undefined && state === 'waiting').map(({ destination }) => destination),
  );
  return untried.size === 0 ? [] : (await desk.pauses()).filter(({ destination }) => untried.has(destination));
}

function rowCells(row: QueueRow, now: Date): readonly string[] {
  return [
    row.messageId,
    roughDuration(now.getTime() - row.receivedAt.getTime()),
    String(row.attempts),
    nextText(row, now),
    row.last === undefined ? '-' : enhancedStatus(outcomeOf(row.last), row.last.detail),
    row.sender === '' ? '<>' : row.sender,
    row.recipient,
  ];
}

/** What an operator has failed is returned as soon as the relay looks at it, whatever its time was before. */
function nextText({ state, dueAt, last }: QueueRow, now: Date): string {
  if (state !== 'waiting') return state;
  return last !== undefined && outcomeOf(last) === 'failed' ? 'return' : untilText(dueAt, now);
}

const outcomeOf = ({ status }: Diagnosis): OutcomeKind => (status === 'operator-failed' ? 'failed' : 'deferred');

type Shown = { readonly id: string; readonly json: boolean };

async function showMessage({ console, now }: CommandContext, desk: QueueDesk, { id, json }: Shown): Promise<void> {
  const detail = await desk.show(id.toUpperCase());
  const pauses = detail === undefined ? [] : await pausesOf(desk, detail.rows);
  if (detail === undefined) {
    throw new CommandFailure(
      'failed',
      `no message ${printable(id)} is in the queue`,
      `See what became of it with: postern trace ${printable(id)}`,
    );
  }
  console.write(
    json
      ? JSON.stringify(detail, undefined, 2)
      : detailLines(detail, pauses, { now: now(), columns: console.columns }).join('\n'),
  );
}

const TLS_WISHES = {
  required: 'authenticated on the whole way, or the message comes back (REQUIRETLS)',
  'not-required': 'may be missing, whatever the destination publishes (TLS-Required: No)',
} as const;

type View = { readonly now: Date; readonly columns: number | undefined };

function detailLines({ envelope, rows, header }: QueueDetail, pauses: readonly Pause[], view: View): readonly string[] {
  const { now } = view;
  const [first] = rows;
  const facts = [
    ['Id', first?.messageId ?? ''],
    [
      'Received',
      first === undefined
        ? ''
        : `${timeText(first.receivedAt)} (${roughDuration(now.getTime() - first.receivedAt.getTime())} ago)`,
    ],
    ['Size', roughSize(first?.sizeBytes ?? 0)],
    ['Sender', envelope.sender === '' ? '<> (a report)' : envelope.sender],
    ['Body', `${envelope.body}${envelope.smtpUtf8 ? ', SMTPUTF8' : ''}`],
    ...(first?.tls === undefined ? [] : [['TLS', TLS_WISHES[first.tls]]]),
    ...(envelope.envelopeId === undefined ? [] : [['Envelope id', envelope.envelopeId]]),
  ];
  return [
    ...facts.map(([name = '', value = '']) => `${name.padEnd(12)}${printable(value)}`),
    ...rows.flatMap((row) => [
      '',
      ...deliveryLines(
        row,
        pauses.find(({ destination }) => destination === row.destination),
        view,
      ),
    ]),
    '',
    ...header.trimEnd().split(/\r?\n/).map(printable),
  ];
}

function deliveryLines(row: QueueRow, pause: Pause | undefined, { now, columns }: View): readonly string[] {
  const { recipient, state, attempts, last } = row;
  const next = state === 'waiting' ? `, next ${nextText(row, now)}` : '';
  const fold = (text: string): readonly string[] => foldedLines('  ', printable(text), columns);
  const lines = [`To ${printable(recipient)}: ${state}, ${attempts} ${attempts === 1 ? 'try' : 'tries'}${next}`];
  if (last === undefined) {
    return pause === undefined ? lines : [...lines, ...fold(`${pause.destination} rests: ${pauseText(pause, now)}`)];
  }
  lines.push(...fold(diagnosticText(outcomeOf(last), last)));
  const { remote, tls, policy } = last;
  if (policy !== undefined) lines.push(...fold(`${policy.kind} of ${policy.domain}: ${policy.detail}`));
  if (remote !== undefined) lines.push(...fold(`from ${remote.host} [${remote.ip}]: ${remote.reply || 'no reply'}`));
  if (tls !== undefined)
    lines.push(`  over ${tls.version} ${tls.cipher}${tls.authenticated ? ', certificate verified' : ''}`);
  return lines;
}

function wholeRows(text: string): number {
  const rows = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (rows < 1 || rows > MAX_ROWS) throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_ROWS}.`);
  return rows;
}
