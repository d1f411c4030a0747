/** `postern status` and `postern reload`: the running relay as a whole. */
import type { Command } from 'commander';

import type { RelayStatus } from '#admin/relay-status.ts';
import type { Pause } from '#queue/store.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { foldedLines } from './fold.ts';
import { pauseText, roughDuration } from './format.ts';
import { demandRelay } from './reach.ts';

const MOST_PAUSES = 10;

export function registerStatus(program: Command, context: CommandContext): void {
  const status = program
    .command('status')
    .option('--json', 'as JSON')
    .description('Tell how the running relay is: where it listens, what its TLS floor is, what waits.')
    .action(async (options: { json?: boolean }) => {
      const { console, settings, now } = context;
      const client = await demandRelay(settings().config);
      const relay = await client.status();
      if (options.json === true) return console.write(JSON.stringify(relay, undefined, 2));
      console.write(statusLines(relay, now()).join('\n'));
      if (relay.queue.pausedDestinations === 0) return;
      // One that has ended is kept for its count of failures until the destination answers.
      const pauses = (await client.pauses()).filter(({ until }) => until > now());
      for (const line of pauseLines(pauses, now(), console.columns)) console.write(line);
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
    `${relay.hostname} (Postern ${relay.version}): ${relay.state}, up ${roughDuration(now.getTime() - relay.startedAt.getTime())}`,
    ...relay.listeners.map(({ name, address, port, tls }) => `  ${name.padEnd(14)}${address}:${port}, TLS ${tls}`),
    `  ${'TLS floor'.padEnd(14)}${relay.tlsFloor}`,
    `  ${'DNSSEC'.padEnd(14)}${relay.dnssec}`,
    `  ${'processes'.padEnd(14)}${relay.processes.map(({ pid }) => pid).join(', ')}`,
    `  ${'queue'.padEnd(14)}${queue.waiting} waiting, ${queue.leased} being delivered, ${queue.held} held${oldest}`,
    `  ${'configuration'.padEnd(14)}${relay.configFile}`,
    `  ${'rules'.padEnd(14)}${rulesText(relay.rules)}`,
    ...refusedLines(relay.refusedReload),
  ];
}

function rulesText({ enabled, disabled, version }: RelayStatus['rules']): string {
  if (enabled + disabled === 0) return 'none';
  return `${enabled} enabled, ${disabled} disabled (version ${version.slice(0, 12)})`;
}

function refusedLines(refused: RelayStatus['refusedReload']): readonly string[] {
  if (refused === undefined) return [];
  const { at, problems } = refused;
  const [first = '', ...rest] = problems;
  const more = rest.length === 0 ? '' : ` and ${rest.length} more; \`postern config check\` shows all`;
  return [`  ${'reload'.padEnd(14)}refused at ${at.toISOString()}, what was in force before goes on: ${first}${more}`];
}

/** Those that have failed most often first; a relay among dead hosts has thousands. */
function pauseLines(pauses: readonly Pause[], now: Date, columns: number | undefined): readonly string[] {
  const shown = pauses.toSorted((one, other) => other.failures - one.failures).slice(0, MOST_PAUSES);
  const lines = shown.flatMap((pause) =>
    foldedLines(`  ${'resting'.padEnd(14)}`, `${pause.destination}, ${pauseText(pause, now)}`, columns),
  );
  const rest = pauses.length - shown.length;
  return rest === 0
    ? lines
    : [...lines, `  ${'resting'.padEnd(14)}${rest} more ${rest === 1 ? 'destination' : 'destinations'}`];
}
