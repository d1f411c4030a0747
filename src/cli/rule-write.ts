/** `postern rule add | edit`: rules from a file, from standard input, from parameters on the command line or out of an editor. */
import { isUtf8 } from 'node:buffer';

import { InvalidArgumentError, type Command } from 'commander';

import type { RuleChange } from '#config/mail-flow/change-files.ts';
import { readSetValue } from '#config/mail-flow/set-value.ts';
import { yamlText } from '#config/yaml-list.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { readInput } from './input.ts';
import { withRules } from './reach.ts';
import { readPosition } from './rule-acts.ts';
import { noSuchRule, tellOutcome } from './rule-outcome.ts';
import { printable } from './table.ts';

type Values = Readonly<Record<string, unknown>>;
type AddOptions = { readonly set?: Values; readonly to?: string; readonly position?: number };
type EditOptions = { readonly set?: Values; readonly unset?: readonly string[]; readonly file?: string };

export function registerRuleWrite(rule: Command, context: CommandContext): void {
  const add = rule
    .command('add')
    .argument('[file]', 'YAML of a rule, or of several under rules:; - for standard input')
    .option('--set <name=value>', 'a parameter of the new rule; can be given often', collectValues)
    .option('--to <file>', 'file of the directory of rules; the last one when left out')
    .option('--position <number>', 'before the rule at this position; 0 is the first', readPosition)
    .description('Add rules, behind all others when nothing else is said.')
    .action(async (file: string | undefined, options: AddOptions) => addRules(context, file, options));
  withExamples(add, [
    'postern rule add card-numbers.yaml',
    'postern rule add --set name="No programs" --set attachmentHasExecutableContent=true --set rejectMessageReasonText="No programs by mail."',
  ]);
  const edit = rule
    .command('edit')
    .argument('<name>', 'name of the rule, in any case of letters')
    .option('--set <name=value>', 'sets a parameter; can be given often', collectValues)
    .option('--unset <name>', 'takes a parameter out; can be given often', collectNames)
    .option('--file <file>', 'the whole rule anew; - for standard input')
    .description('Change a rule: in $EDITOR, or by --set, --unset or --file.')
    .action(async (name: string, options: EditOptions) => editRule(context, name, options));
  withExamples(edit, [
    'postern rule edit "Card numbers"',
    'postern rule edit "Card numbers" --set "exceptIfSentTo=[audit@example.net]" --unset comments',
  ]);
}

async function addRules(context: CommandContext, file: string | undefined, options: AddOptions): Promise<void> {
  const { set = {}, to, position } = options;
  const isBySetting = Object.keys(set).length > 0;
  if (isBySetting === (file !== undefined)) {
    throw new CommandFailure(
      'usage',
      isBySetting ? 'a file and --set cannot be given together' : 'nothing says what to add',
      'Give a file (- for standard input), or --set name=... and its parameters.',
    );
  }
  const text = file === undefined ? yamlText(set) : await readText(context, file);
  await change(context, { kind: 'add', text, file: to, position }, 'is added');
}

async function editRule(
  context: CommandContext,
  name: string,
  { set = {}, unset = [], file }: EditOptions,
): Promise<void> {
  const isBySetting = Object.keys(set).length > 0 || unset.length > 0;
  if (isBySetting && file !== undefined)
    throw new CommandFailure('usage', '--file is the whole rule; --set and --unset cannot be given with it');
  if (isBySetting) return change(context, { kind: 'set', name, set, unset }, 'is changed');
  if (file !== undefined)
    return change(context, { kind: 'edit', name, text: await readText(context, file) }, 'is changed');
  const before = (await withRules(context, async (desk) => desk.show(name)))?.text;
  if (before === undefined) throw noSuchRule(`there is no rule ${JSON.stringify(printable(name))} in files that load`);
  const draft = await context.editText(before);
  try {
    await change(context, { kind: 'edit', name, text: draft.text, before }, 'is changed');
  } catch (error) {
    if (error instanceof CommandFailure)
      context.console.complain(`What you wrote is kept in ${draft.file}; --file takes it.`);
    throw error;
  }
  await draft.discard();
}

async function change(context: CommandContext, asked: RuleChange, done: string): Promise<void> {
  tellOutcome(context, await withRules(context, async (desk) => desk.change(asked, context.user)), done);
}

const LIMIT_MIB = 4;

async function readText(context: CommandContext, file: string): Promise<string> {
  const octets = await readInput(context, file, LIMIT_MIB);
  if (!isUtf8(octets)) throw new CommandFailure('failed', `${printable(file)} is not in UTF-8; save it as UTF-8`);
  return octets.toString('utf8');
}

/** A name that is given again makes a list. */
function collectValues(pair: string, values: Values = {}): Values {
  const [, name, text = ''] = /^(\w+)=([^]*)$/.exec(pair) ?? [];
  if (name === undefined)
    throw new InvalidArgumentError('It must be a parameter and its value: sentTo=bob@example.net');
  const reading = readSetValue(name, text);
  if ('wrong' in reading) throw new InvalidArgumentError(`${name} ${reading.wrong}`);
  const before = Object.hasOwn(values, name) ? [values[name]].flat() : [];
  return { ...values, [name]: before.length === 0 ? reading.value : [...before, reading.value] };
}

const collectNames = (name: string, names: readonly string[] = []): readonly string[] => [...names, name];
