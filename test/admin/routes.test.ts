/** The operator's interface: routes behind a real server, asked by the client that commands use. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';

import { RelayClient } from '#admin/client.ts';
import { RelayUnreachable } from '#admin/relay-line.ts';
import type { Readiness, RelayStatus, ReloadOutcome } from '#admin/relay-status.ts';
import { adminRoutes } from '#admin/routes.ts';
import { ruleRoutes } from '#admin/rule-routes.ts';
import { openHttpServer, type HttpServer } from '#http/server.ts';
import { diagnose } from '#mail/diagnosis.ts';
import { FileRuleDesk } from '#mail-flow/file-rule-desk.ts';
import type { TraceRecord } from '#queue/trace-store.ts';
import { keepSent } from '#reporting/tls-report/sent.ts';
import { RecordTlsReportDesk } from '#reporting/tls-report/desk.ts';
import type { DecisionRecord } from '#tls-policy/last-decisions.ts';
import { MemoryAuditStore } from '../doubles/audit.ts';
import { MemoryPolicyDesk, sampleExplanation } from '../doubles/policy-desk.ts';
import { MemoryDesk, sampleRows } from '../doubles/desk.ts';
import { heldDesk } from '../doubles/held-desk.ts';
import { MemoryRecordStore } from '../doubles/records.ts';
import { ruleContext } from '../doubles/rule-documents.ts';

const now = new Date('2026-11-21T08:00:00Z');
const token = 'token';

const status: RelayStatus = {
  version: '0.1.0',
  state: 'accepting',
  hostname: 'mail.example.org',
  startedAt: now,
  configFile: 'config/relay.yaml',
  tlsFloor: 'encrypted',
  dnssec: 'the resolver validates',
  rules: { version: 'f00d', enabled: 2, disabled: 1 },
  listeners: [{ name: 'mail', address: '127.0.0.1', port: 2525, tls: 'offered' }],
  processes: [{ pid: 1, shards: [0], state: 'accepting' }],
  queue: { waiting: 2, leased: 0, held: 1, messages: 2, pausedDestinations: 0, oldestReceivedAt: now },
};

const record: TraceRecord = {
  at: now,
  messageId: '01J000000000000A',
  event: 'delivery.deferred',
  fields: { recipient: 'bob@example.net', status: '4.4.317' },
};

describe('the operator interface', () => {
  let desk = new MemoryDesk([]);
  let readiness: Readiness = { state: 'accepting', checks: [] };
  let outcome: ReloadOutcome = { kind: 'reloaded' };
  let server: HttpServer;
  let client: RelayClient;

  const policies = new MemoryPolicyDesk();
  const records = new MemoryRecordStore(() => now);
  const parts = {
    desk: {
      list: (...given: Parameters<MemoryDesk['list']>) => desk.list(...given),
      count: (...given: Parameters<MemoryDesk['count']>) => desk.count(...given),
      show: (...given: Parameters<MemoryDesk['show']>) => desk.show(...given),
      act: (...given: Parameters<MemoryDesk['act']>) => desk.act(...given),
      pauses: () => desk.pauses(),
    },
    traces: { find: (subject: string) => Promise.resolve(subject === 'bob@example.net' ? [record] : []) },
    policies,
    tlsReports: new RecordTlsReportDesk(records),
    held: heldDesk({ now: () => now }),
    now: () => now,
    metrics: { contentType: 'text/plain; version=0.0.4', render: () => Promise.resolve('postern_up 1\n') },
    readiness: () => Promise.resolve(readiness),
    status: () => Promise.resolve(status),
    reload: () => Promise.resolve(outcome),
    report: () => {},
  };

  before(async () => {
    server = await openHttpServer({
      address: '127.0.0.1',
      port: 0,
      token,
      routes: adminRoutes(parts),
      report: () => {},
    });
    client = new RelayClient({ token, url: server.url });
  });
  after(() => server.close());
  beforeEach(() => {
    desk = new MemoryDesk(sampleRows(now), () => now);
  });

  const ask = async (path: string, body?: object): Promise<{ status: number; answer: unknown }> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(server.url + path, init);
    return { status: response.status, answer: await response.json() };
  };

  test('every route stands in docs/http.md', () => {
    const page = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8');
    const documented = [...page.matchAll(/^\| `(\S+ \S+)` +\| (open|token) /gm)].map(([, ...words]) => words.join(' '));
    const audit = new MemoryAuditStore();
    const rules = new FileRuleDesk({ place: () => ({ directory: '', context: ruleContext }), audit, now: () => now });
    const routes = [...adminRoutes(parts), ...ruleRoutes({ rules, audit, report: () => {} })];
    assert.deepEqual(
      documented,
      routes.map(({ method, path, access }) => `${method} ${path} ${access}`),
    );
  });

  test('healthz answers without a token', async () => assert.equal((await fetch(`${server.url}/healthz`)).status, 200));

  const codeFor = async (given: Readiness): Promise<number> => {
    readiness = given;
    return (await fetch(`${server.url}/readyz`)).status;
  };

  test('readyz is 200 only while mail is accepted and every check holds', async () => {
    const storage = { name: 'storage', ok: true, detail: 'writable' };
    assert.equal(await codeFor({ state: 'accepting', checks: [storage] }), 200);
    assert.equal(await codeFor({ state: 'accepting', checks: [storage, { ...storage, ok: false }] }), 503);
    assert.equal(await codeFor({ state: 'draining', checks: [storage] }), 503);
    assert.equal(await codeFor({ state: 'starting', checks: [] }), 503);
  });

  test('metrics come in the type of Prometheus without a token', async () => {
    const response = await fetch(`${server.url}/metrics`);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4');
    assert.equal(await response.text(), 'postern_up 1\n');
  });

  for (const path of [
    '/api/queue',
    '/api/queue/count',
    '/api/status',
    '/api/trace',
    '/api/policy',
    '/api/policy/explain?name=dest.test',
    '/api/pauses',
    '/api/queue/01J000000000000A',
  ]) {
    test(`${path} is closed without the token`, async () => assert.equal((await fetch(server.url + path)).status, 401));
  }

  test('rows come over unchanged, dates included', async () =>
    assert.deepEqual(await client.list({}, 10), sampleRows(now)));

  test('every condition of a filter reaches the desk', async () => {
    const counts = await Promise.all([
      client.count({ recipient: '*@example.net' }),
      client.count({ sender: '' }),
      client.count({ olderThan: 3_600_000 }),
      client.count({ youngerThan: 3_600_000, state: 'held', domain: 'example.com' }),
      client.count({ status: '4.4' }),
      client.count({ messageId: '01J000000000000A', recipient: 'bob@*' }),
    ]);
    assert.deepEqual(counts, [2, 1, 2, 1, 2, 1]);
  });

  test('a list is read on in pages', async () => {
    const [first] = await client.list({}, 1);
    assert.ok(first !== undefined);
    const rest = await client.list({}, 10, first);
    assert.deepEqual(
      rest.map(({ recipient }) => recipient),
      ['carol@example.net', 'dave@example.com'],
    );
  });

  test('a message is shown with its header; an unknown one is undefined', async () => {
    const detail = await client.show('01J000000000000A');
    assert.equal(detail?.rows.length, 2);
    assert.match(detail.header, /Subject/);
    assert.equal(await client.show('01J000000000000Z'), undefined);
  });

  test('an act changes what the filter names and says how many', async () => {
    assert.equal(await client.act({ domain: 'example.net' }, 'hold'), 2);
    assert.deepEqual(
      desk.rows.map(({ state }) => state),
      ['held', 'held', 'held'],
    );
    assert.equal(await client.act({ recipient: 'bob@example.net' }, 'fail'), 1);
    assert.deepEqual(desk.rows[0]?.last, diagnose('operator-failed'));
  });

  for (const [what, body] of [
    ['without a filter', { act: 'cancel' }],
    ['with an empty filter', { act: 'cancel', filter: {} }],
    ['with an unknown act', { act: 'delete', all: true }],
    ['with a member that means nothing', { act: 'cancel', all: true, dryRun: true }],
    ['with a mistyped condition', { act: 'cancel', filter: { domain: 'example.net', recipent: 'bob@example.net' } }],
    ['with an empty condition', { act: 'cancel', filter: { domain: '' } }],
    ['with a condition that is no text', { act: 'cancel', filter: { olderThan: 5 } }],
    ['with a name out of the prototype', { act: 'cancel', filter: { constructor: 'x' } }],
  ] as const) {
    test(`an act ${what} is refused and changes nothing`, async () => {
      assert.equal((await ask('/api/queue/act', body)).status, 400);
      assert.deepEqual(desk.acts, []);
    });
  }

  test('everything is meant only when all says so', async () => {
    assert.deepEqual(await ask('/api/queue/act', { act: 'retry', all: true }), { status: 200, answer: { changed: 3 } });
  });

  for (const path of ['?limit=0', '?limit=1e9', '?olderThan=soon', '?status=9.9', '?after=x', '?recipent=x']) {
    test(`/api/queue${path} is refused with 400`, async () =>
      assert.equal((await ask(`/api/queue${path}`)).status, 400));
  }

  test('an explanation comes as it is, with its dates', async () => {
    const explanation = sampleExplanation();
    policies.explanations.set('bob@dest.test', explanation);
    assert.deepEqual(await client.policies().explain('bob@dest.test', true), explanation);
    assert.deepEqual(policies.asked.at(-1), ['bob@dest.test', true]);
    assert.equal(await client.policies().explain('no destination', false), undefined);
    assert.equal((await ask('/api/policy/explain')).status, 404);
  });

  test('the last decisions come in pages', async () => {
    const at = new Date('2026-05-01T12:00:00Z');
    const of = (domain: string): DecisionRecord => ({
      domain,
      host: `mx.${domain}`,
      decision: 'encrypt',
      by: 'floor',
      outcome: 'none',
      at,
    });
    policies.decisions.push(of('a.test'), of('b.test'));
    assert.deepEqual(await client.policies().list(1), [of('a.test')]);
    assert.deepEqual(await client.policies().list(5, 'a.test'), [of('b.test')]);
    assert.equal((await ask('/api/policy?limit=501')).status, 400);
  });

  test('trace records come with their dates', async () => {
    assert.deepEqual(await client.find('bob@example.net', 10), [record]);
    assert.equal((await ask('/api/trace')).status, 400);
  });

  test('TLS reports are told as a command without a relay tells them', async () => {
    const place = { day: '2026-11-20', domain: 'dest.test' };
    const totals = { successes: 1, failures: 0 };
    const gzip = new Uint8Array();
    const sent = { ...place, outcome: 'sent' as const, at: now, reportId: 'x@s.test', totals, targets: [], gzip };
    await keepSent(records, sent, new Date('2026-12-01T00:00:00Z'));
    const own = new RecordTlsReportDesk(records);
    for (const query of [
      { limit: 10 },
      { limit: 10, direction: 'received' },
      { limit: 10, direction: 'sent', domain: 'dest.test' },
    ] as const) {
      assert.deepEqual(await client.tlsReports().list(query), await own.list(query));
    }
    assert.equal((await client.tlsReports().list({ limit: 10 })).reports.length, 1);
    const id = 'out-2026-11-20-dest.test';
    assert.deepEqual(await client.tlsReports().show(id), await own.show(id));
    assert.equal(await client.tlsReports().show('out-2026-11-20-other.test'), undefined);
    assert.equal((await ask('/api/tls-reports?limit=0')).status, 400);
    assert.equal((await ask('/api/tls-reports?direction=up')).status, 400);
  });

  test('status comes with its dates', async () => assert.deepEqual(await client.status(), status));

  test('a refused reload tells its problems', async () => {
    outcome = { kind: 'refused', problems: ['relay.yaml:1: hostnam is no setting'] };
    assert.deepEqual(await client.reload(), outcome);
    outcome = { kind: 'reloaded' };
    assert.deepEqual(await client.reload(), outcome);
  });

  test('a wrong token is told as such', async () => {
    const stranger = new RelayClient({ token: 'other', url: server.url });
    await assert.rejects(stranger.count({}), (error) => error instanceof RelayUnreachable && error.code === 'refused');
  });

  test('nobody at the address is told apart from trouble', async () => {
    const place = { address: '127.0.0.1', port: 0, token, routes: [], report: () => {} };
    const gone = await openHttpServer(place);
    await gone.close();
    const nobody = new RelayClient({ token, url: gone.url });
    assert.equal(await nobody.answers(), false);
    await assert.rejects(nobody.count({}), { code: 'nobody' });
    assert.equal(await client.answers(), true);
  });

  test('another program at the address is no relay', async () => {
    const routes = [{ method: 'GET', path: '/healthz', access: 'open', answer: () => ({ body: '<html>' }) }] as const;
    const other = await openHttpServer({ address: '127.0.0.1', port: 0, token, routes, report: () => {} });
    const stranger = new RelayClient({ token, url: other.url });
    assert.equal(await stranger.answers(), false);
    await assert.rejects(stranger.count({}), { code: 'refused' });
    await other.close();
  });
});
