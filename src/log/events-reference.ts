/** Writes docs/reference/events.md from the event table; a test fails when the file is stale. */
import { EVENTS } from './events.ts';
import { GAUGES, METRIC_NAMES } from './metrics.ts';

const INTRODUCTION = `# Events

<!-- Written by \`postern docs write\` from src/log/events.ts and src/log/metrics.ts. -->

Everything that the relay reports, one line for each event: JSON on standard output, readable lines on a terminal. A line
has \`time\`, \`level\` (20 debug, 30 info, 40 warn, 50 error, 60 fatal), \`event\` and the fields that apply; it never holds
content of a message or a secret. Counted events are in \`/metrics\`, traced ones are found by \`postern trace\`.
`;

/** A pure function of the tables. */
export function eventsReference(): string {
  const events: readonly [string, { level: string; text: string; counted?: boolean; traced?: boolean }][] =
    Object.entries(EVENTS);
  return [
    INTRODUCTION,
    '| event | level | counted | traced | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...events.map(
      ([name, { level, text, counted, traced }]) =>
        `| \`${name}\` | ${level} | ${mark(counted)} | ${mark(traced)} | ${text} |`,
    ),
    '',
    '## Metrics',
    '',
    '| metric | kind | meaning |',
    '| --- | --- | --- |',
    `| \`${METRIC_NAMES.events}\` | counter | Counted events, by event and, where they apply, status, decision and listener. |`,
    `| \`${METRIC_NAMES.deliveryAge}\` | histogram | Seconds from reception to delivery. |`,
    `| \`${METRIC_NAMES.attempt}\` | histogram | Seconds that delivered attempts took. |`,
    `| \`${METRIC_NAMES.cpu}\` | counter | Seconds of processor time of all processes. |`,
    `| \`${METRIC_NAMES.memory}\` | gauge | Resident octets of all processes. |`,
    ...Object.values(GAUGES).map(({ name, help }) => `| \`${name}\` | gauge | ${help} |`),
    '',
  ].join('\n');
}

const mark = (is: boolean | undefined): string => (is === true ? 'yes' : '');
