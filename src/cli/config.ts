/** `postern config check | describe | schema`. */
import type { Command } from 'commander';

import { checkConfig } from '#config/check.ts';
import { configJsonSchema, describeConfig } from '#config/describe.ts';
import { ConfigError, problemText } from '#config/problems.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { runningRelay } from './reach.ts';

export function registerConfig(program: Command, context: CommandContext): void {
  const config = program.command('config').description('Look at the configuration.');
  const check = config
    .command('check')
    .description(
      'Tell everything that is wrong with the configuration and what it points to: files, certificates, ports, resolvers.',
    )
    .action(() => checkAll(context));
  withExamples(check, ['postern config check', 'postern --config /etc/postern/relay.yaml config check']);
  const describe = config
    .command('describe')
    .description('Print the manual of every setting as Markdown.')
    .action(() => context.console.write(describeConfig().trimEnd()));
  withExamples(describe, ['postern config describe | less']);
  const schema = config
    .command('schema')
    .description('Print the JSON Schema of the configuration, for editors.')
    .action(() => context.console.write(configJsonSchema().trimEnd()));
  withExamples(schema, ['postern config schema > relay.schema.json']);
}

async function checkAll(context: CommandContext): Promise<void> {
  const loaded = context.settings();
  const problems = await checkConfig(loaded, {
    now: context.now,
    relayRuns: async () => (await runningRelay(loaded.config)) !== undefined,
    askResolver: context.askResolver,
    doubtResolvers: async () => context.doubtResolvers(loaded.config),
  });
  if (problems.some(({ warning = false }) => !warning)) throw new ConfigError(problems);
  for (const problem of problems) context.console.complain(problemText(problem));
  context.console.write(`${loaded.file} is fine.`);
}
