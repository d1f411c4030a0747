/** `postern rule export`: the rules as one file, as commands for Exchange, or as Exchange shows its own. */
import type { Command } from 'commander';

import { exchangeObjects } from '#config/exchange/write-json.ts';
import { powerShellOf } from '#config/exchange/write-power-shell.ts';
import { demandDocuments } from '#config/mail-flow/documents.ts';
import { documentOf } from '#config/mail-flow/write-rule.ts';
import { yamlText } from '#config/yaml-list.ts';
import type { Rule } from '#rules/rule.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { noSuchRule } from './rule-outcome.ts';
import { printable } from './table.ts';

type ExportOptions = { readonly yaml?: boolean; readonly powershell?: boolean; readonly json?: boolean };

export function registerRuleExport(rule: Command, context: CommandContext): void {
  const command = rule
    .command('export')
    .argument('[names...]', 'names of rules, in any case of letters; all when left out')
    .option('--yaml', 'as a file of rules, with named lists spelled out (this when nothing else is said)')
    .option('--powershell', 'as New-TransportRule commands, which make the same rules in Exchange')
    .option('--json', 'as Get-TransportRule | ConvertTo-Json shows rules')
    .description('Write rules to standard output, in their order.')
    .action((names: readonly string[], options: ExportOptions) => exportRules(context, names, options));
  withExamples(command, ['postern rule export > rules.yaml', 'postern rule export --powershell "Card numbers"']);
}

function exportRules({ console, settings }: CommandContext, names: readonly string[], options: ExportOptions): void {
  const { yaml = false, powershell = false, json = false } = options;
  if ([yaml, powershell, json].filter(Boolean).length > 1)
    throw new CommandFailure('usage', 'one of --yaml, --powershell and --json is enough');
  const rules = chosen(demandDocuments(settings().config).ruleSet.rules, names);
  if (json) return console.write(JSON.stringify(exchangeObjects(rules), undefined, 2));
  return console.write((powershell ? powerShellOf(rules) : yamlText({ rules: rules.map(documentOf) })).trimEnd());
}

function chosen(rules: readonly Rule[], names: readonly string[]): readonly Rule[] {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const found = rules.filter(({ name }) => wanted.size === 0 || wanted.has(name.toLowerCase()));
  const missing = names.find((name) => found.every((rule) => rule.name.toLowerCase() !== name.toLowerCase()));
  if (missing === undefined) return found;
  throw noSuchRule(`there is no rule ${JSON.stringify(printable(missing))}`);
}
