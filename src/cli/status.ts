/** `postern status` and `postern reload`: the running relay as a whole. */
import type { Command } from 'commander';

import type { RelayStatus } from '#admin/relay-status.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { roughDuration } from './format.ts';
import { demandRelay } from './reach.ts';

export function registerStatus(program: Command, context: CommandContext): void {
  const status = program
    .command('status')
    .option('--json', 'as JSON')
    .description('Tell how the running relay is: where it listens, what its TLS floor is, what waits.')
    .action(async (options: { json?: boolean }) => {
      const { console, settings, now } = context;
      const relay = await (await demandRelay(settings().config)).status();
      console.write(options.json === true ? JSON.stringify(relay, undefined, 2) : statusLines(relay, now()).join('\n'));
    });
  withExamples(status, ['postern status']);
  const reload = program
    .command('reload')
    .description('Let the running relay read its configuration again, without dropping a session.')
    .action(async () => {
      const { console, settings } = context;
      const outcome = await (await demandRelay(settings().config)).reload();
      if (outcome.kind === 'reloaded') return console.write('The configuration is in force.');
      throw new CommandFailure('config', outcome.problems.join('\n'), 'The old configuration stays in force.');
    });
  withExamples(reload, ['postern config check && postern reload']);
}

function statusLines(relay: RelayStatus, now: Date): readonly string[] {
  const { queue } = relay;
  const oldest =
    queue.oldestReceivedAt === undefined
      ? ''
      : `, the oldest for ${roughDuration(now.getTime() - queue.oldestReceivedAt.getTime())}`;
  return [
    `${relay.hostname} (Postern ${relay.version}): ${relay.state} for ${roughDuration(now.getTime() - relay.startedAt.getTime())}`,
    ...relay.listeners.map(({ name, address, port, tls }) => `  ${name.padEnd(14)}${address}:${port}, TLS ${tls}`),
    `  ${'TLS floor'.padEnd(14)}${relay.tlsFloor}`,
    `  ${'processes'.padEnd(14)}${relay.processes.map(({ pid }) => pid).join(', ')}`,
    `  ${'queue'.padEnd(14)}${queue.waiting} waiting, ${queue.leased} being delivered, ${queue.held} held${oldest}`,
    ...(queue.pausedDestinations === 0 ? [] : [`  ${'paused'.padEnd(14)}${queue.pausedDestinations} destinations`]),
    `  ${'configuration'.padEnd(14)}${relay.configFile}`,
  ];
}
