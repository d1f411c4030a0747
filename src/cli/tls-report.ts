/** `postern tls-report list | show`: TLS reports (RFC 8460) that others sent about us, and ours about them. */
import { InvalidArgumentError, type Command } from 'commander';

import { MAX_REPORTS, type ReportDetail, type ReportRow, type TlsReportDesk } from '#reporting/tls-report/desk.ts';
import type { FailureDetail, PolicyReport } from '#reporting/tls-report/report.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { foldedLines } from './fold.ts';
import { withTlsReports } from './reach.ts';
import { printable, tableLines, type Column } from './table.ts';

const COLUMNS: readonly Column[] = [
  { head: 'ID', elastic: true },
  { head: 'ABOUT', elastic: true },
  { head: 'GOOD', align: 'right' },
  { head: 'FAILED', align: 'right' },
  { head: 'STATE' },
  { head: 'FROM OR TO', elastic: true },
];
const DEFAULT_ROWS = 50;

type ListOptions = {
  readonly received?: boolean;
  readonly sent?: boolean;
  readonly domain?: string;
  readonly limit: number;
  readonly json?: boolean;
};

export function registerTlsReport(program: Command, context: CommandContext): void {
  const reports = program
    .command('tls-report')
    .description('Reports about TLS between mail servers (TLS-RPT, RFC 8460).');
  const list = reports
    .command('list')
    .option('--received', "only others' reports about us")
    .option('--sent', 'only our reports about others, those that wait included')
    .option('--domain <domain>', 'only reports about this domain')
    .option('--limit <rows>', 'rows at most', wholeRows, DEFAULT_ROWS)
    .option('--json', 'as JSON')
    .description('List reports, the newest days first, and addresses that refused ours.')
    .action((options: ListOptions) => withTlsReports(context, (desk) => listReports(context, desk, options)));
  withExamples(list, ['postern tls-report list', 'postern tls-report list --received --domain example.org --json']);
  const show = reports
    .command('show')
    .argument('<id>', 'as list shows it')
    .option('--json', 'as JSON')
    .description('Show a report: policies, sessions, each kind of failure.')
    .action((id: string, options: { json?: boolean }) =>
      withTlsReports(context, (desk) => showReport(context, desk, { id, json: options.json === true })),
    );
  withExamples(show, ['postern tls-report show out-2026-05-01-example.net']);
}

async function listReports(
  { console }: CommandContext,
  desk: TlsReportDesk,
  { received = false, sent = false, domain, limit, json }: ListOptions,
): Promise<void> {
  const direction = received === sent ? undefined : received ? 'received' : 'sent';
  const listing = await desk.list({ direction, domain: domain?.toLowerCase(), limit });
  if (json === true) return console.write(JSON.stringify(listing, undefined, 2));
  const { reports, suppressed } = listing;
  if (reports.length === 0) console.write('There are no such reports.');
  else console.write(tableLines(COLUMNS, reports.map(cellsOf), console.columns).join('\n'));
  for (const { address, reason, lastsUntil } of suppressed) {
    const words = printable(`${address} gets no reports until ${lastsUntil}: ${reason}`);
    console.write(foldedLines('', words, console.columns).join('\n'));
  }
}

function cellsOf({ id, domains, totals, state, party, remarks }: ReportRow): readonly string[] {
  const { successes, failures } = totals;
  // The one of what is odd that a reader of the list must not miss is that there is something.
  const told = remarks.length > 0 ? `${state} (!)` : state;
  return [id, domains.join(' '), String(successes), String(failures), told, party];
}

async function showReport(
  { console }: CommandContext,
  desk: TlsReportDesk,
  { id, json }: { readonly id: string; readonly json: boolean },
): Promise<void> {
  const report = await desk.show(id);
  if (report === undefined) {
    throw new CommandFailure(
      'failed',
      `there is no report ${printable(id)}`,
      'postern tls-report list shows those there are.',
    );
  }
  console.write(json ? JSON.stringify(report, undefined, 2) : detailLines(report).map(printable).join('\n'));
}

function detailLines(report: ReportDetail): readonly string[] {
  const { id, direction, state, organizationName, contactInfo, signer, via, handled, begins, ends, reportId } = report;
  const origin = signer === '' ? `${via}, unsigned` : `${via}, signed by ${signer}`;
  return [
    `${id}: ${direction === 'sent' ? 'ours' : "another's"}, ${state} ${handled}`,
    ...line('from', `${organizationName} (${contactInfo})`),
    ...line('number', reportId),
    ...line('range', `${begins} to ${ends}`),
    ...(direction === 'received' ? line('came by', origin) : []),
    ...report.targets.flatMap(({ to, state: taken, reason }) => line('to', `${to} ${taken}${reason && `: ${reason}`}`)),
    ...(direction === 'received' ? report.remarks.flatMap((remark) => line('odd', remark)) : []),
    ...report.policies.flatMap(policyLines),
  ];
}

function policyLines({
  type,
  domain,
  strings,
  mxHosts,
  successes,
  failures,
  details,
}: PolicyReport): readonly string[] {
  return [
    `Policy ${type} of ${domain}: ${successes} good, ${failures} failed`,
    ...strings.flatMap((text) => line('policy', text)),
    ...mxHosts.flatMap((text) => line('mx', text)),
    ...details.map(failureLine),
  ];
}

function failureLine({
  type,
  sessions,
  mxHost,
  receivingIp,
  sendingIp,
  mxHelo,
  reason,
  additional,
}: FailureDetail): string {
  const places = [
    mxHost === undefined ? '' : ` at ${mxHost}`,
    mxHelo === undefined ? '' : ` (${mxHelo})`,
    receivingIp === undefined ? '' : ` [${receivingIp}]`,
    sendingIp === undefined ? '' : ` from [${sendingIp}]`,
  ];
  const words = [reason, additional].filter((text) => text !== undefined).join('; ');
  return `  ${sessions} x ${type}${places.join('')}${words === '' ? '' : `: ${words}`}`;
}

const line = (name: string, text: string): readonly string[] => [`  ${name.padEnd(9)}${text}`];

function wholeRows(text: string): number {
  const rows = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (rows >= 1 && rows <= MAX_REPORTS) return rows;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_REPORTS}.`);
}
