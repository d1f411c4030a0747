/** `postern rule list | show`: the mail flow rules as they stand in their files. What changes them is in `rule-acts.ts` and `rule-write.ts`. */
import { basename } from 'node:path';

import type { Command } from 'commander';

import type { RuleDesk, RuleRow } from '#mail-flow/rule-desk.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { withRules } from './reach.ts';
import { registerRuleActs } from './rule-acts.ts';
import { registerRuleExport } from './rule-export.ts';
import { registerRuleImport } from './rule-import.ts';
import { noSuchRule } from './rule-outcome.ts';
import { registerRuleReplay } from './rule-replay.ts';
import { registerRuleTest } from './rule-test.ts';
import { registerRuleWrite } from './rule-write.ts';
import { printable, tableLines, type Column } from './table.ts';

const COLUMNS: readonly Column[] = [
  { head: '#', align: 'right' },
  { head: 'NAME', elastic: true },
  { head: 'STATE' },
  { head: 'MODE' },
  { head: 'WHEN', elastic: true },
  { head: 'DOES', elastic: true },
  { head: 'FILE', elastic: true },
];

type Output = { readonly json?: boolean };

export function registerRule(program: Command, context: CommandContext): void {
  const rule = program
    .command('rule')
    .description('Look at mail flow rules and change them; also while no relay runs.');
  const list = rule
    .command('list')
    .option('--json', 'as JSON')
    .description('List the rules in the order in which they are evaluated.')
    .action((options: Output) => withRules(context, async (desk) => listRules(context, desk, options)));
  withExamples(list, ['postern rule list']);
  const show = rule
    .command('show')
    .argument('<name>', 'name of the rule, in any case of letters')
    .option('--json', 'as JSON, with named lists spelled out')
    .description('Show a rule as it stands in its file.')
    .action((name: string, options: Output) =>
      withRules(context, async (desk) => showRule(context, desk, { ...options, name })),
    );
  withExamples(show, ['postern rule show "Card numbers"', 'postern rule show "Card numbers" --json']);
  registerRuleWrite(rule, context);
  registerRuleActs(rule, context);
  registerRuleImport(rule, context);
  registerRuleExport(rule, context);
  registerRuleTest(rule, context);
  registerRuleReplay(rule, context);
}

async function listRules({ console }: CommandContext, desk: RuleDesk, { json = false }: Output): Promise<void> {
  const listing = await desk.list();
  if (json) console.write(JSON.stringify(listing, undefined, 2));
  if (listing.problems.length > 0) throw refusedFiles(listing.problems);
  if (json) return;
  if (listing.rules.length === 0)
    return console.write('There are no rules. Add one with: postern rule add FILE; config/rules/ has examples.');
  for (const line of tableLines(COLUMNS, listing.rules.map(cellsOf), console.columns)) console.write(line);
}

function cellsOf({ priority, name, enabled, mode, file, line, ...row }: RuleRow): readonly string[] {
  const count = row.exceptions.length;
  const exceptions = count === 0 ? '' : ` (${count} ${count === 1 ? 'exception' : 'exceptions'})`;
  return [
    String(priority),
    name,
    enabled ? 'enabled' : 'disabled',
    mode,
    `${row.conditions.join(', ') || 'always'}${exceptions}`,
    row.actions.join(', ') || '-',
    `${basename(file)}:${line}`,
  ];
}

type Shown = Output & { readonly name: string };

async function showRule({ console }: CommandContext, desk: RuleDesk, { name, json = false }: Shown): Promise<void> {
  const detail = await desk.show(name);
  if (detail === undefined) {
    const { problems } = await desk.list();
    throw problems.length > 0
      ? refusedFiles(problems)
      : noSuchRule(`there is no rule ${JSON.stringify(printable(name))}`);
  }
  if (json) return console.write(JSON.stringify(detail, undefined, 2));
  const { file, line, priority, text } = detail;
  console.write(`# ${printable(file)}:${line}, position ${priority}`);
  console.write(text.trimEnd().split('\n').map(printable).join('\n'));
}

const refusedFiles = (problems: readonly string[]): CommandFailure =>
  new CommandFailure('config', problems.join('\n'), 'Until this is corrected, the rules cannot be used.');
