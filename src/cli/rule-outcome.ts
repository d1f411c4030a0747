/** What came of a change of rules, told to whoever made it. */
import type { ChangeOutcome } from '#mail-flow/rule-desk.ts';
import type { CommandContext } from './adapters.ts';
import { CommandFailure } from './exit.ts';
import { printable } from './table.ts';

/** `done` follows on the names of the rules: `is enabled`. Throws `CommandFailure` when nothing was changed, or it is not in force. */
export function tellOutcome({ console }: CommandContext, outcome: ChangeOutcome, done: string): void {
  switch (outcome.kind) {
    case 'unchanged':
      return console.write('Nothing was to be changed.');
    case 'unknown':
      throw noSuchRule(outcome.message);
    case 'refused':
      throw new CommandFailure('config', outcome.problems.join('\n'), 'Nothing was changed.');
    case 'changed': {
      for (const name of outcome.subjects) console.write(`${printable(name)} ${done}.`);
      if (outcome.notInForce.length === 0) return;
      throw new CommandFailure(
        'config',
        ['the files are changed, but the relay goes on with what it had:', ...outcome.notInForce].join('\n'),
        'Correct this, then: postern reload',
      );
    }
  }
}

export const noSuchRule = (message: string): CommandFailure =>
  new CommandFailure('failed', message, 'See what there is with: postern rule list');
