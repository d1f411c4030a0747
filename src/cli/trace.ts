/** `postern trace`: what became of a message, in order, also long after it has left the queue. */
import type { Command } from 'commander';

import { EVENTS, type EventName } from '#log/events.ts';
import { readTrail } from '#mail-flow/trail.ts';
import type { QueueRow } from '#queue/desk.ts';
import type { TraceRecord } from '#queue/trace-store.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { foldedLines } from './fold.ts';
import { timeText, untilText } from './format.ts';
import { withDesk, withTraces } from './reach.ts';
import { compactTrailLines } from './rule-view.ts';
import { printable } from './table.ts';

const LIMIT = 1000;
/** Of so many messages it is also told what still waits. */
const MOST_LOOKED_UP = 20;
const MOST_ROWS = 100;

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
  const { console, now } = context;
  const records = await withTraces(context, async (traces) => {
    const found = await traces.find(subject, LIMIT);
    // In a shell and in mail programs the brackets of a Message-ID get lost easily.
    return found.length > 0 || !/^[^<>\s]+@[^<>\s]+$/.test(subject) ? found : traces.find(`<${subject}>`, LIMIT);
  });
  if (records.length === 0) {
    throw new CommandFailure(
      'failed',
      `nothing is recorded of ${printable(subject)}`,
      `Records are kept for the time of trace.keep and appear about a second after the event.`,
    );
  }
  if (json) console.write(JSON.stringify(records, undefined, 2));
  else {
    const messages = Map.groupBy(records, ({ messageId }) => messageId);
    const view = { rows: await waiting(context, [...messages.keys()]), now: now(), columns: console.columns };
    console.write(storyLines(messages, view).join('\n'));
  }
  if (records.length === LIMIT) console.complain(`Only the last ${LIMIT} records are shown; a queue id names fewer.`);
}

/** What is still in the queue of these messages. */
async function waiting(context: CommandContext, messageIds: readonly string[]): Promise<readonly QueueRow[]> {
  if (messageIds.length > MOST_LOOKED_UP) return [];
  return withDesk(context, async (desk) => {
    const rows = await Promise.all(messageIds.map((messageId) => desk.list({ messageId }, MOST_ROWS)));
    return rows.flat();
  });
}

type View = { readonly rows: readonly QueueRow[]; readonly now: Date; readonly columns: number | undefined };

/** Message by message, in the order of their first records. */
function storyLines(messages: ReadonlyMap<string, readonly TraceRecord[]>, view: View): readonly string[] {
  return [...messages].flatMap(([messageId, own], index) => [
    ...(index === 0 ? [] : ['']),
    messageId,
    ...own.flatMap((record) => recordLines(record, view.columns)),
    ...view.rows.filter((row) => row.messageId === messageId).map((row) => rowLine(row, view.now)),
  ]);
}

function rowLine({ state, recipient, dueAt }: QueueRow, now: Date): string {
  const how = { waiting: `waits, next try ${untilText(dueAt, now)}`, leased: 'is being delivered', held: 'is held' };
  return `  now: ${printable(recipient)} ${how[state]}`;
}

function recordLines({ at, event, fields }: TraceRecord, columns: number | undefined): readonly string[] {
  const trail = readTrail(fields['trail']);
  const details = Object.entries(fields)
    .filter(([name, value]) => name !== 'messageId' && value !== '' && !(name === 'trail' && trail !== undefined))
    .flatMap(([name, value]) => foldedLines(`      ${name.padEnd(16)}`, printable(String(value)), columns));
  const rules = trail === undefined ? [] : compactTrailLines(trail, { columns, indent: '      ' });
  return [`  ${timeText(at)}  ${event}${isKnown(event) ? `: ${EVENTS[event].text}` : ''}`, ...details, ...rules];
}

const isKnown = (event: string): event is EventName => Object.hasOwn(EVENTS, event);
