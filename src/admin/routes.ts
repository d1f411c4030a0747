/**
 * The operator's HTTP interface: health, metrics, queue, trace, status, reload, mail that is kept back. Every answer comes from the small
 * interfaces below; who is behind them is decided in `app.ts`.
 */
import { refusal, type HttpAnswer, type HttpQuestion, type HttpRoute } from '#http/server.ts';
import type { QueueAct, QueueDesk } from '#queue/desk.ts';
import type { TraceStore } from '#queue/trace-store.ts';
import { MAX_REPORTS, type TlsReportDesk } from '#reporting/tls-report/desk.ts';
import { MAX_DECISIONS, type PolicyDesk } from '#tls-policy/desk.ts';
import { isEmptyFilter, MAX_ROWS, readFilter } from './filter.ts';
import { heldRoutes, type HeldRouteParts } from './held-routes.ts';
import type { Readiness, RelayStatus, ReloadOutcome } from './relay-status.ts';

export type AdminParts = HeldRouteParts & {
  readonly desk: Omit<QueueDesk, 'close'>;
  readonly traces: Pick<TraceStore, 'find'>;
  readonly policies: Pick<PolicyDesk, 'explain' | 'list'>;
  readonly tlsReports: Pick<TlsReportDesk, 'list' | 'show'>;
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
  readonly readiness: () => Promise<Readiness>;
  readonly status: () => Promise<RelayStatus>;
  readonly reload: () => Promise<ReloadOutcome>;
};

const QUEUE_ACTS = ['retry', 'hold', 'release', 'cancel', 'fail'] as const satisfies readonly QueueAct[];

const REPORT_DIRECTIONS = ['received', 'sent'] as const;

export function adminRoutes(parts: AdminParts): readonly HttpRoute[] {
  const { metrics, desk } = parts;
  return [
    // Alive: the process answers. Whether it should get mail is for /readyz.
    { method: 'GET', path: '/healthz', access: 'open', answer: () => ({ body: { status: 'ok' } }) },
    { method: 'GET', path: '/readyz', access: 'open', answer: () => ready(parts) },
    {
      method: 'GET',
      path: '/metrics',
      access: 'open',
      answer: async () => ({ type: metrics.contentType, body: await metrics.render() }),
    },
    { method: 'GET', path: '/api/status', access: 'token', answer: async () => ({ body: await parts.status() }) },
    { method: 'POST', path: '/api/reload', access: 'token', answer: () => reload(parts) },
    { method: 'GET', path: '/api/queue', access: 'token', answer: (question) => list(parts, question) },
    { method: 'GET', path: '/api/queue/count', access: 'token', answer: (question) => count(parts, question) },
    { method: 'POST', path: '/api/queue/act', access: 'token', answer: ({ body }) => act(parts, body) },
    { method: 'GET', path: '/api/queue/:id', access: 'token', answer: (question) => show(parts, question) },
    {
      method: 'GET',
      path: '/api/pauses',
      access: 'token',
      answer: async () => ({ body: { pauses: await desk.pauses() } }),
    },
    { method: 'GET', path: '/api/trace', access: 'token', answer: (question) => trace(parts, question) },
    { method: 'GET', path: '/api/policy', access: 'token', answer: (question) => listPolicies(parts, question) },
    { method: 'GET', path: '/api/policy/explain', access: 'token', answer: (question) => explain(parts, question) },
    { method: 'GET', path: '/api/tls-reports', access: 'token', answer: (question) => listReports(parts, question) },
    { method: 'GET', path: '/api/tls-reports/:id', access: 'token', answer: (question) => showReport(parts, question) },
    ...heldRoutes(parts),
  ];
}

async function ready({ readiness }: AdminParts): Promise<HttpAnswer> {
  const { state, checks } = await readiness();
  const isReady = state === 'accepting' && checks.every(({ ok }) => ok);
  return { status: isReady ? 200 : 503, body: { ready: isReady, state, checks } };
}

async function reload({ reload: start, report }: AdminParts): Promise<HttpAnswer> {
  const outcome = await start();
  report('admin.changed', { decision: `reload ${outcome.kind}` });
  return { status: outcome.kind === 'reloaded' ? 200 : 422, body: outcome };
}

async function list({ desk }: AdminParts, { query }: HttpQuestion): Promise<HttpAnswer> {
  const reading = readFilter(query, ['limit', 'after']);
  if (reading.kind === 'wrong') return refusal(400, reading.message);
  const limit = wholeNumber(query['limit'] ?? '100', 1, MAX_ROWS);
  if (limit === undefined) return refusal(400, `limit must be a whole number from 1 to ${MAX_ROWS}`);
  const after = readPlace(query['after'] ?? '');
  if (after === 'wrong') return refusal(400, 'after must be the messageId and the index of a row: 01J...:0');
  return { body: { rows: await desk.list(reading.filter, limit, after) } };
}

async function count({ desk }: AdminParts, { query }: HttpQuestion): Promise<HttpAnswer> {
  const reading = readFilter(query);
  if (reading.kind === 'wrong') return refusal(400, reading.message);
  return { body: { count: await desk.count(reading.filter) } };
}

async function show({ desk }: AdminParts, { parameters }: HttpQuestion): Promise<HttpAnswer> {
  const detail = await desk.show((parameters['id'] ?? '').toUpperCase());
  return detail === undefined ? refusal(404, 'no message of this id is in the queue') : { body: detail };
}

async function act({ desk, report }: AdminParts, body: unknown): Promise<HttpAnswer> {
  const { act: name, filter: conditions, all, ...more } = membersOf(body);
  // A member that is passed over may have been meant as a brake, such as dryRun.
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) return refusal(400, `${unknown} is no member; there are act, filter and all`);
  const chosen = QUEUE_ACTS.find((known) => known === name);
  if (chosen === undefined) return refusal(400, `act must be one of ${QUEUE_ACTS.join(', ')}`);
  const reading = readFilter(textMembers(conditions));
  if (reading.kind === 'wrong') return refusal(400, reading.message);
  if (isEmptyFilter(reading.filter) && all !== true) return refusal(400, 'a filter is needed, or all: true');
  const changed = await desk.act(reading.filter, chosen);
  report('admin.changed', { decision: chosen, count: changed });
  return { body: { changed } };
}

async function trace({ traces }: AdminParts, { query }: HttpQuestion): Promise<HttpAnswer> {
  const subject = query['subject'] ?? '';
  if (subject === '') return refusal(400, 'subject must be a queue id, a Message-ID or an address');
  const limit = wholeNumber(query['limit'] ?? '1000', 1, MAX_ROWS);
  if (limit === undefined) return refusal(400, `limit must be a whole number from 1 to ${MAX_ROWS}`);
  return { body: { records: await traces.find(subject, limit) } };
}

async function listPolicies({ policies }: AdminParts, { query }: HttpQuestion): Promise<HttpAnswer> {
  const limit = wholeNumber(query['limit'] ?? '100', 1, MAX_DECISIONS);
  if (limit === undefined) return refusal(400, `limit must be a whole number from 1 to ${MAX_DECISIONS}`);
  return { body: { decisions: await policies.list(limit, query['after'] ?? '') } };
}

async function explain({ policies }: AdminParts, { query }: HttpQuestion): Promise<HttpAnswer> {
  const explanation = await policies.explain(query['name'] ?? '', query['probe'] === 'true');
  return explanation === undefined ? refusal(404, 'name must be a domain or an address') : { body: explanation };
}

async function listReports({ tlsReports }: AdminParts, { query }: HttpQuestion): Promise<HttpAnswer> {
  const limit = wholeNumber(query['limit'] ?? '100', 1, MAX_REPORTS);
  if (limit === undefined) return refusal(400, `limit must be a whole number from 1 to ${MAX_REPORTS}`);
  const { direction: wanted = '', domain = '' } = query;
  const direction = REPORT_DIRECTIONS.find((known) => known === wanted);
  if (wanted !== '' && direction === undefined) return refusal(400, 'direction must be received or sent');
  return { body: await tlsReports.list({ direction, domain: domain === '' ? undefined : domain, limit }) };
}

async function showReport({ tlsReports }: AdminParts, { parameters }: HttpQuestion): Promise<HttpAnswer> {
  const report = await tlsReports.show(parameters['id'] ?? '');
  return report === undefined ? refusal(404, 'there is no report of this id') : { body: report };
}

function wholeNumber(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function readPlace(text: string): { messageId: string; index: number } | undefined | 'wrong' {
  if (text === '') return undefined;
  const [, messageId, index] = /^([0-9A-Z]{16}):(\d{1,6})$/.exec(text) ?? [];
  return messageId === undefined ? 'wrong' : { messageId, index: Number(index) };
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Members that are no texts are written as JSON, so that the refusal can show them. */
function textMembers(value: unknown): Readonly<Record<string, string>> {
  const members = Object.entries(membersOf(value));
  return Object.fromEntries(
    members.map(([name, text]) => [name, typeof text === 'string' ? text : JSON.stringify(text)]),
  );
}
