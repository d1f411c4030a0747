/** `postern start`: checks what the configuration points to, then runs the relay until it is told to stop. */
import type { Command } from 'commander';

import { checkConfig } from '#config/check.ts';
import { ConfigError, problemText } from '#config/problems.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { runningRelay } from './reach.ts';

export function registerStart(program: Command, context: CommandContext, end: (code: number) => void): void {
  const command = program
    .command('start')
    .description('Run the relay until Ctrl-C or SIGTERM, which drain it. SIGHUP reads the configuration again.')
    .action(async () => {
      const loaded = context.settings();
      const running = await runningRelay(loaded.config);
      if (running !== undefined) {
        throw new CommandFailure(
          'failed',
          'a relay runs with this configuration already',
          'Look at it with: postern status',
        );
      }
      const problems = await checkConfig(loaded, {
        now: context.now,
        relayRuns: () => Promise.resolve(false),
        // Mail is taken and kept also while no resolver answers.
        askResolver: () => Promise.resolve(),
        doubtResolvers: () => Promise.resolve(undefined),
      });
      const fatal = problems.filter(({ warning = false }) => !warning);
      if (fatal.length > 0) throw new ConfigError(fatal);
      for (const problem of problems) context.console.complain(problemText(problem));
      end(await context.startRelay(loaded));
    });
  withExamples(command, ['postern start', 'postern --config /etc/postern/relay.yaml start']);
}
