/** `postern queue list | show`: what waits, and why. The commands that change it are in `queue-acts.ts`. */
import { InvalidArgumentError, type Command } from 'commander';

import { MAX_ROWS } from '#admin/filter.ts';
import { diagnosticText } from '#mail/diagnosis.ts';
import { enhancedStatus } from '#mail/status.ts';
import type { QueueDesk, QueueDetail, QueueRow } from '#queue/desk.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { roughDuration, roughSize, timeText, untilText } from './format.ts';
import { registerQueueActs } from './queue-acts.ts';
import { filtersOf, withFilterOptions, type FilterOptions } from './queue-filter.ts';
import { withDesk } from './reach.ts';
import { printable, tableLines, type Column } from './table.ts';

type ListOptions = FilterOptions & { readonly limit: number; readonly json?: boolean };

const DEFAULT_ROWS = 50;

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
  if (rows.length === 0) return console.write('Nothing in the queue matches.');
  const cells = rows.map((row) => rowCells(row, now()));
  for (const line of tableLines(COLUMNS, cells, console.columns)) console.write(line);
  const total = rows.length < limit ? rows.length : await desk.count(filter);
  if (total > rows.length) console.write(`${rows.length} of ${total}; more with --limit ${Math.min(total, MAX_ROWS)}`);
}

function rowCells(row: QueueRow, now: Date): readonly string[] {
  return [
    row.messageId,
    roughDuration(now.getTime() - row.receivedAt.getTime()),
    String(row.attempts),
    row.state === 'waiting' ? untilText(row.dueAt, now) : row.state,
    row.last === undefined ? '-' : enhancedStatus('deferred', row.last.detail),
    row.sender === '' ? '<>' : row.sender,
    row.recipient,
  ];
}

type Shown = { readonly id: string; readonly json: boolean };

async function showMessage({ console, now }: CommandContext, desk: QueueDesk, { id, json }: Shown): Promise<void> {
  const detail = await desk.show(id.toUpperCase());
  if (detail === undefined) {
    throw new CommandFailure(
      'failed',
      `no message ${printable(id)} is in the queue`,
      `See what became of it with: postern trace ${printable(id)}`,
    );
  }
  console.write(json ? JSON.stringify(detail, undefined, 2) : detailLines(detail, now()).join('\n'));
}

function detailLines({ envelope, rows, header }: QueueDetail, now: Date): readonly string[] {
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
    ...(envelope.envelopeId === undefined ? [] : [['Envelope id', envelope.envelopeId]]),
  ];
  return [
    ...facts.map(([name = '', value = '']) => `${name.padEnd(12)}${printable(value)}`),
    ...rows.flatMap((row) => ['', ...deliveryLines(row, now)]),
    '',
    ...header.trimEnd().split(/\r?\n/).map(printable),
  ];
}

function deliveryLines({ recipient, state, attempts, dueAt, last }: QueueRow, now: Date): readonly string[] {
  const next = state === 'waiting' ? `, next ${untilText(dueAt, now)}` : '';
  const lines = [`To ${printable(recipient)}: ${state}, ${attempts} ${attempts === 1 ? 'try' : 'tries'}${next}`];
  if (last === undefined) return lines;
  lines.push(`  ${printable(diagnosticText('deferred', last))}`);
  const { remote, tls } = last;
  if (remote !== undefined)
    lines.push(`  from ${printable(`${remote.host} [${remote.ip}]: ${remote.reply || 'no reply'}`)}`);
  if (tls !== undefined)
    lines.push(`  over ${tls.version} ${tls.cipher}${tls.authenticated ? ', certificate verified' : ''}`);
  return lines;
}

function wholeRows(text: string): number {
  const rows = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (rows < 1 || rows > MAX_ROWS) throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_ROWS}.`);
  return rows;
}
