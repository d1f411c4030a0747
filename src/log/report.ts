/**
 * The one way to report: a log line, a counter and a trace record from one call, as the event's row in `events.ts` says.
 * On the hot path: the fields are passed on as they are and nothing is built for events that nobody wants.
 */
import { EVENTS, type EventFields, type EventName, type Report, type Subjects } from './events.ts';
import type { Level, Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Receives traced events; keeps what it needs and returns at once. */
export type Trace = (event: EventName, fields: EventFields, at: Date, subjects: readonly string[]) => void;

export type ReportTargets = {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly trace?: Trace | undefined;
};

type Row = { readonly level: Level; readonly counted?: boolean; readonly traced?: boolean };

export function makeReport({ logger, metrics, trace }: ReportTargets): Report {
  const rows: { readonly [event in EventName]: Row } = EVENTS;
  return (event, reported, error) => {
    const { subjects = [] } = reported;
    const fields = reported.subjects === undefined ? reported : withoutSubjects(reported);
    const { level, counted, traced } = rows[event];
    logger.write(level, event, fields, error);
    if (counted === true) metrics.count(event, fields);
    if (traced === true && trace !== undefined) trace(event, fields, new Date(), subjects);
  };
}

function withoutSubjects({ subjects: _subjects, ...fields }: EventFields & Subjects): EventFields {
  return fields;
}
