/** `postern policy explain | list`: how mail for a destination is protected and why, and what came of it last. */
import { InvalidArgumentError, type Command } from 'commander';

import { MAX_DECISIONS, type PolicyDesk } from '#tls-policy/desk.ts';
import { explanationLines } from '#tls-policy/explain.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { timeText } from './format.ts';
import { withPolicies } from './reach.ts';
import { printable, tableLines, type Column } from './table.ts';

const COLUMNS: readonly Column[] = [
  { head: 'DOMAIN', elastic: true },
  { head: 'HOST', elastic: true },
  { head: 'DECISION', elastic: true },
  { head: 'BY' },
  { head: 'OUTCOME', elastic: true },
  { head: 'LAST' },
];

type ExplainOptions = { readonly probe?: boolean; readonly json?: boolean };
type ListOptions = { readonly limit: number; readonly after?: string; readonly json?: boolean };

export function registerPolicy(program: Command, context: CommandContext): void {
  const policy = program.command('policy').description('TLS policies of destinations, and why mail goes as it goes.');
  const explain = policy
    .command('explain')
    .argument('<destination>', 'a domain or an address')
    .option('--probe', 'talk to each host up to its TLS verdict; no mail is handed over')
    .option('--json', 'as JSON')
    .description(
      'Show the evidence: hosts, DNSSEC, TLSA records, MTA-STS policy, overrides, and the decision for each host.',
    )
    .action((asked: string, options: ExplainOptions) =>
      withPolicies(context, (desk) => explainDestination(context, desk, { asked, ...options })),
    );
  withExamples(explain, [
    'postern policy explain example.net',
    'postern policy explain bob@example.net --probe',
    'postern policy explain example.net --json',
  ]);
  const list = policy
    .command('list')
    .option('--limit <rows>', 'rows at most', wholeRows, 100)
    .option('--after <domain>', 'domains behind this one')
    .option('--json', 'as JSON')
    .description('List the domains that mail went to, with the last decision and what came of it.')
    .action((options: ListOptions) => withPolicies(context, (desk) => listDecisions(context, desk, options)));
  withExamples(list, ['postern policy list', 'postern policy list --after example.net --limit 20']);
}

async function explainDestination(
  { console }: CommandContext,
  desk: PolicyDesk,
  { asked, probe = false, json = false }: ExplainOptions & { readonly asked: string },
): Promise<void> {
  const explanation = await desk.explain(asked, probe);
  if (explanation === undefined) {
    throw new CommandFailure(
      'usage',
      `${printable(asked)} is no domain and no address`,
      'Try: postern policy explain example.net',
    );
  }
  if (json) return console.write(JSON.stringify(explanation, undefined, 2));
  console.write(explanationLines(explanation).map(printable).join('\n'));
}

async function listDecisions(
  { console }: CommandContext,
  desk: PolicyDesk,
  { limit, after, json }: ListOptions,
): Promise<void> {
  const decisions = await desk.list(limit, after);
  if (json === true) return console.write(JSON.stringify(decisions, undefined, 2));
  if (decisions.length === 0) return console.write('No decision is recorded yet.');
  const cells = decisions.map(({ domain, host, decision, by, outcome, at }) => [
    domain,
    host,
    decision,
    by,
    outcome,
    timeText(at),
  ]);
  for (const line of tableLines(COLUMNS, cells, console.columns)) console.write(line);
  const last = decisions.at(-1)?.domain ?? '';
  if (decisions.length === limit) console.write(`More with: --after ${printable(last)}`);
}

function wholeRows(text: string): number {
  const rows = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (rows < 1 || rows > MAX_DECISIONS)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_DECISIONS}.`);
  return rows;
}
