/**
 * Figures for /metrics: counted events, how long mail takes, and levels that callers set. The only door of prom-client.
 *
 * Each process keeps its own and hands out a snapshot (plain JSON, fit for any channel between processes); whoever answers
 * /metrics renders the sum of all snapshots. Labels are bounded whatever remote servers answer.
 */
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { STATUS_TABLE } from '#mail/status.ts';
import type { EventFields, EventName } from './events.ts';

export const METRIC_NAMES = {
  events: 'postern_events_total',
  deliveryAge: 'postern_delivery_age_seconds',
  attempt: 'postern_attempt_seconds',
  cpu: 'postern_process_cpu_seconds_total',
  memory: 'postern_process_resident_bytes',
} as const;

/** Levels that their owners set; over several processes they add up, or the highest or lowest counts. */
export const GAUGES = {
  queueWaiting: { name: 'postern_queue_waiting', help: 'Deliveries that wait for an attempt.', merge: 'sum' },
  queueLeased: { name: 'postern_queue_leased', help: 'Deliveries that are being attempted.', merge: 'sum' },
  queueHeld: { name: 'postern_queue_held', help: 'Deliveries that an operator holds.', merge: 'sum' },
  queueMessages: { name: 'postern_queue_messages', help: 'Messages in the queue.', merge: 'sum' },
  queuePaused: { name: 'postern_queue_paused_destinations', help: 'Destinations that are paused.', merge: 'sum' },
  queueOldest: { name: 'postern_queue_oldest_seconds', help: 'Age of the oldest message.', merge: 'max' },
  inboundSessions: { name: 'postern_inbound_sessions', help: 'Open client sessions.', merge: 'sum' },
  publishingErrors: {
    name: 'postern_publishing_errors',
    help: 'Errors in what our own domains publish, as of the last look.',
    merge: 'max',
  },
  publishingWarnings: {
    name: 'postern_publishing_warnings',
    help: 'Warnings about what our own domains publish, as of the last look.',
    merge: 'max',
  },
  outboundSessions: {
    name: 'postern_outbound_sessions',
    help: 'Attempts under way and idle sessions that are kept.',
    merge: 'sum',
  },
  heldQuarantine: { name: 'postern_held_quarantine', help: 'Messages in quarantine.', merge: 'max' },
  heldModeration: { name: 'postern_held_moderation', help: 'Messages that wait for a moderator.', merge: 'max' },
  dnssecValidates: {
    name: 'postern_dnssec_validates',
    help: '1 while the resolver is known to validate DNSSEC; 0 while it is not and DANE is off; missing when nothing asks for DANE.',
    merge: 'min',
  },
} as const satisfies Record<string, { name: string; help: string; merge: 'sum' | 'max' | 'min' }>;

export type GaugeName = keyof typeof GAUGES;

/** What one process knows; can be cloned. */
export type MetricsSnapshot = readonly object[];

export interface Metrics {
  /** Cheap: one map look-up. */
  count(event: EventName, fields: EventFields): void;
  set(gauge: GaugeName, value: number): void;
  snapshot(): Promise<MetricsSnapshot>;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400];
// Enough for every event with every status of ours; what comes after shares one row per event.
const LABEL_SETS = 2000;
const OUR_CODES: ReadonlySet<string> = new Set(
  Object.values(STATUS_TABLE).flatMap(({ detail }) => [2, 4, 5].map((digit) => `${digit}.${detail}`)),
);
const LABELS = ['event', 'status', 'decision', 'listener'] as const;

type Tally = { readonly labels: { readonly [label in (typeof LABELS)[number]]: string }; count: number };

export function makeMetrics(): Metrics {
  const registry = new Registry();
  const tallies = new Map<string, Tally>();
  countEvents(registry, tallies);
  measureProcess(registry);
  const age = histogram(registry, METRIC_NAMES.deliveryAge, 'Seconds from reception to delivery.');
  const attempt = histogram(registry, METRIC_NAMES.attempt, 'Seconds that delivered attempts took.');
  const gauges = new Map<GaugeName, Gauge>();
  return {
    count(event, fields) {
      const { ageMs, durationMs } = fields;
      tallyOf(tallies, event, fields).count += 1;
      if (event !== 'delivery.delivered') return;
      if (ageMs !== undefined) age.observe(ageMs / 1000);
      if (durationMs !== undefined) attempt.observe(durationMs / 1000);
    },
    set(name, value) {
      const gauge = gauges.get(name) ?? makeGauge(registry, name);
      gauges.set(name, gauge);
      gauge.set(value);
    },
    snapshot: () => registry.getMetricsAsJSON(),
  };
}

/** The text that Prometheus reads (format 0.0.4), summed over all snapshots. */
export function renderMetrics(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate([...snapshots]).metrics();
}

export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

function tallyOf(tallies: Map<string, Tally>, event: EventName, fields: EventFields): Tally {
  const { status = '', decision = '', listener = '' } = fields;
  return tallies.get(keyOf(event, status, decision, listener)) ?? newTally(tallies, event, fields);
}

function newTally(tallies: Map<string, Tally>, event: EventName, fields: EventFields): Tally {
  const full = tallies.size >= LABEL_SETS;
  const status = full ? '' : boundedStatus(fields.status ?? '');
  const decision = full ? 'other' : (fields.decision ?? '');
  const listener = full ? '' : (fields.listener ?? '');
  const key = keyOf(event, status, decision, listener);
  const tally = tallies.get(key) ?? { labels: { event, status, decision, listener }, count: 0 };
  tallies.set(key, tally);
  return tally;
}

const keyOf = (event: EventName, status: string, decision: string, listener: string): string =>
  `${event} ${status} ${decision} ${listener}`;

/** A remote server may make codes up without end: those that are not ours are counted by class and subject. */
function boundedStatus(status: string): string {
  if (status === '' || OUR_CODES.has(status)) return status;
  return /^[245]\.[0-7]\./.test(status) ? `${status.slice(0, 3)}.x` : 'other';
}

function countEvents(registry: Registry, tallies: ReadonlyMap<string, Tally>): void {
  registry.registerMetric(
    new Counter({
      name: METRIC_NAMES.events,
      help: 'Counted events.',
      labelNames: LABELS,
      registers: [],
      collect() {
        this.reset();
        for (const { labels, count } of tallies.values()) this.inc(labels, count);
      },
    }),
  );
}

function measureProcess(registry: Registry): void {
  registry.registerMetric(
    new Counter({
      name: METRIC_NAMES.cpu,
      help: 'Seconds of processor time of all processes.',
      registers: [],
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: METRIC_NAMES.memory,
      help: 'Resident octets of all processes.',
      registers: [],
      collect() {
        this.set(process.memoryUsage.rss());
      },
    }),
  );
}

function histogram(registry: Registry, name: string, help: string): Histogram {
  return new Histogram({ name, help, buckets: SECONDS, registers: [registry] });
}

function makeGauge(registry: Registry, gauge: GaugeName): Gauge {
  const { name, help, merge } = GAUGES[gauge];
  return new Gauge({ name, help, aggregator: merge, registers: [registry] });
}
