/** One call reports an event everywhere that its row says, and figures of several processes add up. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventFields, EventName } from '#log/events.ts';
import type { Logger } from '#log/logger.ts';
import { makeMetrics, renderMetrics, type Metrics, type MetricsSnapshot } from '#log/metrics.ts';
import { makeReport } from '#log/report.ts';

type Line = [level: string, event: EventName, fields: EventFields, error: unknown];

function listening(): { lines: Line[]; logger: Logger } {
  const lines: Line[] = [];
  const logger: Logger = {
    write: (level, event, fields, error) => void lines.push([level, event, fields, error]),
    setLevel: () => undefined,
    flush: () => Promise.resolve(),
  };
  return { lines, logger };
}

const rendered = async (...metrics: readonly Metrics[]): Promise<string> =>
  renderMetrics(await Promise.all(metrics.map((one) => one.snapshot())));

describe('a report', () => {
  test('is a line, a count and a trace record where the row says so, with the very same fields', async () => {
    const { lines, logger } = listening();
    const metrics = makeMetrics();
    const traced: [EventName, EventFields, Date, readonly string[]][] = [];
    const report = makeReport({ logger, metrics, trace: (...record) => void traced.push(record) });
    const fields = { messageId: 'A', status: '4.4.317' };
    report('delivery.deferred', fields);
    const error = new Error('x');
    report('relay.started', {}, error);
    report('dns.failed', {});
    assert.deepEqual(lines, [
      ['info', 'delivery.deferred', fields, undefined],
      ['info', 'relay.started', {}, error],
      ['warn', 'dns.failed', {}, undefined],
    ]);
    assert.equal(traced.length, 1);
    assert.equal(traced[0]?.[1], fields);
    const text = await rendered(metrics);
    assert.match(
      text,
      /postern_events_total\{event="delivery\.deferred",status="4\.4\.317",decision="",listener=""\} 1/,
    );
    assert.match(text, /postern_events_total\{event="dns\.failed"/);
    assert.doesNotMatch(text, /relay\.started/);
  });

  test('names to the trace alone what the event can be found by', () => {
    const { lines, logger } = listening();
    const traced: [EventFields, readonly string[]][] = [];
    const report = makeReport({
      logger,
      metrics: makeMetrics(),
      trace: (_event, fields, _at, subjects) => void traced.push([fields, subjects]),
    });
    report('inbound.accepted', { messageId: 'A', subjects: ['bob@example.net', 'carl@example.net'] });
    assert.deepEqual(lines, [['info', 'inbound.accepted', { messageId: 'A' }, undefined]]);
    assert.deepEqual(traced, [[{ messageId: 'A' }, ['bob@example.net', 'carl@example.net']]]);
  });

  test('goes without a trace sink', () => {
    const { lines, logger } = listening();
    makeReport({ logger, metrics: makeMetrics() })('delivery.failed', {});
    assert.equal(lines.length, 1);
  });
});

describe('figures', () => {
  test('of several processes add up, after a way through JSON too; the oldest mail is the oldest of all', async () => {
    const [one, two] = [makeMetrics(), makeMetrics()];
    for (const metrics of [one, two, two]) metrics.count('inbound.accepted', { listener: 'relay' });
    one.set('queueWaiting', 3);
    two.set('queueWaiting', 4);
    one.set('queueOldest', 60);
    two.set('queueOldest', 5);
    one.count('delivery.delivered', { ageMs: 20, durationMs: 7 });
    two.count('delivery.delivered', { ageMs: 4_000_000, durationMs: 7 });
    const travelled: MetricsSnapshot = JSON.parse(JSON.stringify(await two.snapshot()));
    const text = await renderMetrics([await one.snapshot(), travelled]);
    assert.match(text, /event="inbound\.accepted",status="",decision="",listener="relay"\} 3\n/);
    assert.match(text, /^postern_queue_waiting 7$/m);
    assert.match(text, /^postern_queue_oldest_seconds 60$/m);
    assert.match(text, /^postern_delivery_age_seconds_bucket\{le="0\.025"\} 1$/m);
    assert.match(text, /^postern_delivery_age_seconds_bucket\{le="\+Inf"\} 2$/m);
    assert.match(text, /^postern_attempt_seconds_count 2$/m);
    assert.match(text, /^postern_process_cpu_seconds_total [\d.]+$/m);
  });

  test('are the same however often they are asked for', async () => {
    const metrics = makeMetrics();
    metrics.count('dns.failed', {});
    assert.match(await rendered(metrics), /event="dns\.failed".* 1\n/);
    assert.match(await rendered(metrics), /event="dns\.failed".* 1\n/);
  });

  test('labels stay few whatever remote servers answer', async () => {
    const metrics = makeMetrics();
    for (let detail = 0; detail < 5000; detail += 1)
      metrics.count('delivery.failed', { status: `5.7.${detail + 1000}` });
    metrics.count('delivery.failed', { status: 'x"} 1\n' });
    for (let decision = 0; decision < 5000; decision += 1) metrics.count('tls.decided', { decision: `d${decision}` });
    const text = await rendered(metrics);
    const rows: string[] = [...text.matchAll(/^postern_events_total\{.*$/gm)].map(([row]) => row);
    assert.ok(rows.length < 2100, `${rows.length} rows`);
    assert.ok(
      rows.includes('postern_events_total{event="delivery.failed",status="5.7.x",decision="",listener=""} 5000'),
    );
    const total = rows.reduce((sum, row) => sum + Number(row.slice(row.lastIndexOf(' '))), 0);
    assert.equal(total, 10_001);
  });
});
