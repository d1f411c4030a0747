/** `postern trace`: what became of a message, in order, also long after it has left the queue. */
import type { Command } from 'commander';

import { EVENTS, type EventName } from '#log/events.ts';
import type { TraceRecord } from '#queue/trace-store.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { timeText } from './format.ts';
import { withTraces } from './reach.ts';
import { printable } from './table.ts';

const LIMIT = 1000;

export function registerTrace(program: Command, context: CommandContext): void {
  const command = program
    .command('trace')
    .argument('<subject>', 'a queue id, a Message-ID, or the address of a sender or recipient')
    .option('--json', 'as JSON')
    .description('Tell what happened to a message, in order.')
    .action((subject: string, options: { json?: boolean }) => trace(context, subject, options.json === true));
  withExamples(command, [
    'postern trace 01J9ZK3F8Q2R00AB',
    'postern trace "<1234@example.org>"',
    'postern trace bob@example.net --json',
  ]);
}

async function trace(context: CommandContext, subject: string, json: boolean): Promise<void> {
  const records = await withTraces(context, (traces) => traces.find(subject, LIMIT));
  if (records.length === 0) {
    throw new CommandFailure(
      'failed',
      `nothing is recorded of ${printable(subject)}`,
      `Records are kept for the time of trace.keep and appear about a second after the event.`,
    );
  }
  context.console.write(json ? JSON.stringify(records, undefined, 2) : storyLines(records).join('\n'));
  if (records.length === LIMIT)
    context.console.complain(`Only the first ${LIMIT} records are shown; a queue id names fewer.`);
}

/** Message by message, in the order of their first records. */
function storyLines(records: readonly TraceRecord[]): readonly string[] {
  const messages = Map.groupBy(records, ({ messageId }) => messageId);
  return [...messages].flatMap(([messageId, own], index) => [
    ...(index === 0 ? [] : ['']),
    messageId,
    ...own.flatMap(recordLines),
  ]);
}

function recordLines({ at, event, fields }: TraceRecord): readonly string[] {
  const details = Object.entries(fields)
    .filter(([name, value]) => name !== 'messageId' && value !== '')
    .map(([name, value]) => `      ${name.padEnd(16)}${printable(String(value))}`);
  return [`  ${timeText(at)}  ${event}${isKnown(event) ? `: ${EVENTS[event].text}` : ''}`, ...details];
}

const isKnown = (event: string): event is EventName => Object.hasOwn(EVENTS, event);
