/** Examples of commands: shown under `--help` and in `docs/reference/commands.md`. */
import type { Command } from 'commander';

const EXAMPLES = new WeakMap<Command, readonly string[]>();

export function withExamples(command: Command, examples: readonly string[]): Command {
  EXAMPLES.set(command, examples);
  const title = examples.length === 1 ? 'Example:' : 'Examples:';
  return command.addHelpText('after', ['', title, ...examples.map((example) => `  $ ${example}`)].join('\n'));
}

export function examplesOf(command: Command): readonly string[] {
  return EXAMPLES.get(command) ?? [];
}
