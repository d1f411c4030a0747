/** `postern rule enable | disable | mode | move | remove`: changes that need no text. */
import { Argument, InvalidArgumentError, type Command } from 'commander';

import type { RuleChange } from '#config/mail-flow/change-files.ts';
import type { RuleMode } from '#rules/rule.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { withRules } from './reach.ts';
import { tellOutcome } from './rule-outcome.ts';

const NAME = 'name of the rule, in any case of letters';
const MODES: readonly RuleMode[] = ['enforce', 'audit', 'auditAndNotify'];

const PLAIN = {
  enable: { description: 'Let a rule act.', done: 'is enabled' },
  disable: { description: 'Keep a rule, but let it do nothing.', done: 'is disabled' },
  remove: { description: 'Take a rule out of its file; the audit record keeps its text.', done: 'is removed' },
} as const;

export function registerRuleActs(rule: Command, context: CommandContext): void {
  for (const kind of ['enable', 'disable', 'remove'] as const) {
    const { description, done } = PLAIN[kind];
    const command = rule
      .command(kind)
      .argument('<name>', NAME)
      .description(description)
      .action(async (name: string) => change(context, { kind, name }, done));
    withExamples(command, [`postern rule ${kind} "Card numbers"`]);
  }
  const mode = rule
    .command('mode')
    .argument('<name>', NAME)
    .addArgument(new Argument('<mode>', 'what a match leads to').choices(MODES))
    .description('Enforce a rule, or only note what it would do (audit), also with its notifications (auditAndNotify).')
    .action(async (name: string, chosen: RuleMode) =>
      change(context, { kind: 'mode', name, mode: chosen }, `is in the mode ${chosen}`),
    );
  withExamples(mode, ['postern rule mode "Card numbers" audit']);
  const move = rule
    .command('move')
    .argument('<name>', NAME)
    .argument('<position>', 'as list shows it; 0 is the first', readPosition)
    .description('Let a rule be evaluated earlier or later, in another file where it has to be.')
    .action(async (name: string, position: number) =>
      change(context, { kind: 'move', name, position }, `is at its new place`),
    );
  withExamples(move, ['postern rule move "Card numbers" 0']);
}

async function change(context: CommandContext, asked: RuleChange, done: string): Promise<void> {
  tellOutcome(context, await withRules(context, async (desk) => desk.change(asked, context.user)), done);
}

export function readPosition(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number; 0 is the first.');
  return Number(text);
}
