/** `postern rule import`: rules that Exchange has exported, put into the rule files; whatever could not come along is told rule by rule. */
import { Option, type Command } from 'commander';

import { convertRule, type Conversion } from '#config/exchange/convert.ts';
import { importText, lossText } from '#config/exchange/import-text.ts';
import { EXCHANGE_FILE_MIB, readExchangeFile, type ExchangeReading } from '#config/exchange/read-file.ts';
import { demandDocuments, ruleContext } from '#config/mail-flow/documents.ts';
import { ruleReader } from '#config/mail-flow/read-rule.ts';
import type { RuleMode } from '#rules/rule.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { readInput } from './input.ts';
import { foldedLines } from './fold.ts';
import { withRules } from './reach.ts';
import { printable } from './table.ts';

type ImportOptions = {
  readonly to: string;
  readonly mode?: RuleMode;
  readonly dryRun?: boolean;
  readonly json?: boolean;
};
type Converted = Extract<Conversion, { kind: 'converted' }>;
type LeftOut = Extract<Conversion, { kind: 'left-out' }>;
type Passed = Extract<ExchangeReading, { kind: 'rules' }>['passed'];

const MODES: readonly RuleMode[] = ['enforce', 'audit', 'auditAndNotify'];

/** What an import comes to. */
type Import = {
  readonly rules: readonly Converted[];
  readonly leftOut: readonly LeftOut[];
  /** Things in the file that are no rules. */
  readonly passed: Passed;
};

export function registerRuleImport(rule: Command, context: CommandContext): void {
  const command = rule
    .command('import')
    .argument(
      '<file>',
      'XML of Export-TransportRuleCollection, JSON of Get-TransportRule, or a script of New-TransportRule; - for standard input',
    )
    .option('--to <file>', 'file of the directory of rules; rules that it has already stay', '60-imported.yaml')
    .addOption(
      new Option('--mode <mode>', 'mode of all of them, whatever they had; audit lets them only watch').choices(MODES),
    )
    .option('--dry-run', 'only show the rules as they would be written')
    .option('--json', 'what became of each rule, as JSON')
    .description(
      'Import mail flow rules from Exchange, behind those of the same file. A rule that cannot come along whole comes disabled.',
    )
    .action(async (file: string, options: ImportOptions) => importRules(context, file, options));
  withExamples(command, [
    'postern rule import rules.xml --dry-run',
    'postern rule import rules.xml --mode audit',
    'postern rule import rules.json --to 20-exchange.yaml',
  ]);
}

async function importRules(context: CommandContext, file: string, options: ImportOptions): Promise<void> {
  const { console, user } = context;
  const made = inMode(convert(context, await readInput(context, file, EXCHANGE_FILE_MIB), file), options.mode);
  const text = importText(made.rules);
  if (options.dryRun === true && options.json !== true) console.write(text.trimEnd());
  else if (options.dryRun !== true && made.rules.length > 0) {
    const outcome = await withRules(context, async (desk) =>
      desk.change({ kind: 'add', text, file: options.to }, user),
    );
    if (outcome.kind === 'refused')
      throw new CommandFailure('config', outcome.problems.join('\n'), 'Nothing was changed.');
    if (outcome.kind === 'changed') for (const problem of outcome.notInForce) console.complain(problem);
  }
  if (options.json === true) console.write(JSON.stringify(reportOf(made), undefined, 2));
  else tell(context, made, options.dryRun === true);
  const missing = made.leftOut.length + made.passed.length;
  if (missing > 0)
    throw new CommandFailure(
      'failed',
      `${missing} ${missing === 1 ? 'thing' : 'things'} of the file could not be imported at all`,
      made.rules.length === 0
        ? 'Nothing was changed.'
        : 'All others were; correct these in Exchange, or write them anew.',
    );
}

function convert({ settings }: CommandContext, octets: Uint8Array, file: string): Import {
  const reading = readExchangeFile(octets);
  if (reading.kind === 'broken') throw new CommandFailure('failed', `${printable(file)} ${reading.message}`);
  const { config } = settings();
  const rules = ruleContext(config, demandDocuments(config).customTypes);
  const parts = { read: ruleReader({ ...rules, lists: new Map() }), isKnownType: rules.isKnownType };
  const conversions = reading.rules.map((rule) => convertRule(rule, parts));
  return {
    rules: conversions.filter((one) => one.kind === 'converted'),
    leftOut: conversions.filter((one) => one.kind === 'left-out'),
    passed: reading.passed,
  };
}

function inMode(made: Import, mode: RuleMode | undefined): Import {
  if (mode === undefined) return made;
  return { ...made, rules: made.rules.map((rule) => ({ ...rule, document: { ...rule.document, mode } })) };
}

function tell({ console }: CommandContext, { rules, leftOut, passed }: Import, isDry: boolean): void {
  // What a dry run writes is a file; what is said about it goes elsewhere.
  const say = isDry ? console.complain : console.write;
  const fold = (lead: string, text: string): void => {
    for (const line of foldedLines(lead, printable(text), console.columns)) say(line);
  };
  for (const rule of rules) {
    say(`${printable(rule.name)}: ${stateText(rule)}`);
    for (const loss of rule.losses) fold('  lost: ', lossText(loss));
    for (const note of rule.notes) fold('  left out: ', lossText(note));
  }
  for (const { name, losses } of leftOut) {
    say(`${printable(name)}: not imported`);
    for (const loss of losses) fold('  because: ', lossText(loss));
  }
  for (const { what, why } of passed) fold(`${printable(what)}: not imported; `, why);
}

function stateText({ wasEnabled, losses }: Converted): string {
  if (losses.length > 0)
    return wasEnabled ? 'imported, but disabled, since it is not whole' : 'imported, not whole; it was disabled';
  return wasEnabled ? 'imported' : 'imported, disabled as it was';
}

function reportOf({ rules, leftOut, passed }: Import): unknown {
  const imported = rules.map(({ name, document, wasEnabled, losses, notes }) => {
    const enabled = document['enabled'] !== false;
    return { name, enabled, wasEnabled, losses, notes };
  });
  return { imported, leftOut: leftOut.map(({ name, losses }) => ({ name, losses })), passed };
}
