import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventFields, EventName } from '#log/events.ts';
import { diagnose } from '#mail/diagnosis.ts';
import type { OpenRequest } from '#outbound/attempt.ts';
import { TlsTeller } from '#outbound/tls-events.ts';
import type { Session, SessionOpening } from '#outbound/transaction.ts';
import type { Published } from '#tls-policy/decision.ts';
import type { DecisionRecord } from '#tls-policy/last-decisions.ts';
import type { PolicyResult, SessionResults } from '#tls-policy/results.ts';
import { decisionFor } from '../doubles/decisions.ts';
import { outboundSettings, tlsPolicySettings } from '../doubles/outbound-settings.ts';

const AT = new Date('2026-05-01T12:00:00Z');
const endpoint = { host: 'mx.dest.test', ip: '127.0.0.9', port: 25, implicitTls: false };
const route = { kind: 'mx', domain: 'dest.test', port: 25, key: 'dest.test:25' } as const;
const policy = { type: 'sts', domain: 'dest.test', strings: [], mxPatterns: ['mx.dest.test'] } as const;
const failure = { type: 'certificate-host-mismatch', reason: 'SubjectMismatch', mxHost: 'mx.dest.test' } as const;
const published = (enforced: boolean): Published => ({
  policy,
  enforced,
  demand: { kind: 'prefer' },
  failure: undefined,
  key: '',
});
const request = (enforced = false): OpenRequest => ({
  endpoint,
  decision: decisionFor({ kind: 'encrypt' }, { published: [published(enforced)] }),
  route,
  settings: outboundSettings(),
});

class Told {
  readonly events: [EventName, EventFields][] = [];
  readonly counted: SessionResults[] = [];
  readonly decisions: DecisionRecord[] = [];

  teller(opening: SessionOpening): TlsTeller {
    return new TlsTeller(async () => Promise.resolve(opening), {
      report: (event, fields) => void this.events.push([event, fields]),
      count: (results) => void this.counted.push(results),
      remember: (decision) => void this.decisions.push(decision),
      now: () => AT,
    });
  }

  get names(): readonly EventName[] {
    return this.events.map(([event]) => event);
  }
}

async function told(opening: SessionOpening, asked = request()): Promise<Told> {
  const all = new Told();
  assert.equal(await all.teller(opening).open(asked), opening);
  return all;
}

type Tls = { version: string; cipher: string; authenticated: boolean; by?: string };

const sessionWith = (tls: Tls | undefined, results: readonly PolicyResult[] = []): SessionOpening => ({
  kind: 'open',
  results,
  session: {
    endpoint,
    tls,
    usable: true,
    transfer: async () => Promise.resolve({ recipients: [] }),
    close: async () => Promise.resolve(),
  },
});
const failed = (diagnosis: ReturnType<typeof diagnose>): SessionOpening => ({
  kind: 'failed',
  scope: 'session',
  weight: 'transient',
  diagnosis,
  results: [],
});
const TLS = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', authenticated: true };

test('TLS-22 a session that meets its decision is told with what was wanted and what there was', async () => {
  const { events, decisions } = await told(sessionWith({ ...TLS, by: 'dane' }));
  const [decided, verified] = events;
  assert.deepEqual([decided?.[0], decided?.[1].decision, decided?.[1].by], ['tls.decided', 'encrypt', 'floor']);
  const words = 'TLSv1.3 TLS_AES_256_GCM_SHA384 authenticated by dane';
  assert.deepEqual([verified?.[0], verified?.[1].tls], ['tls.verified', words]);
  const last = { domain: 'dest.test', host: 'mx.dest.test', decision: 'encrypt', by: 'floor', outcome: words, at: AT };
  assert.deepEqual(decisions, [last]);
});

test('DNS-19 records that fit behind insecure MX records are not told as verified (RFC 7672 §2.2.1)', async () => {
  const { events } = await told(sessionWith({ ...TLS, authenticated: false, by: 'dane' }));
  assert.equal(events[1]?.[1].tls, 'TLSv1.3 TLS_AES_256_GCM_SHA384 matched by dane');
});

test('MIX-15 a session under an override tells whose it is, and until when', async () => {
  const override = {
    name: 'ticket',
    destinations: ['dest.test'],
    hosts: [],
    level: 'none',
    match: [],
    reason: 'their TLS is broken',
    author: 'alice',
    expires: new Date('2026-06-01T00:00:00Z'),
  } as const;
  const { events } = await told(sessionWith(undefined), {
    ...request(),
    decision: decisionFor({ kind: 'clear' }, { by: 'override', name: 'ticket' }),
    settings: { ...outboundSettings(), tlsPolicy: tlsPolicySettings({ overrides: [override] }) },
  });
  const [event, { policy: name, reason } = {}] = events.at(-1) ?? [];
  const words = 'none, by alice until 2026-06-01T00:00:00.000Z: their TLS is broken';
  assert.deepEqual([event, name, reason], ['tls.overridden', 'ticket', words]);
});

test('a session in clear is not told as verified', async () => {
  const { names, decisions } = await told(sessionWith(undefined));
  assert.deepEqual(names, ['tls.decided']);
  assert.equal(decisions[0]?.outcome, 'none');
});

test('a demand that is not met is told with its code and reason', async () => {
  const { events, decisions } = await told(failed(diagnose('tls-required', '[Message=UntrustedRoot]')));
  const [event, { status, reason } = {}] = events.at(-1) ?? [];
  const text = 'Cannot connect to remote server [Message=UntrustedRoot]';
  assert.deepEqual([event, status, reason], ['tls.failed', '4.4.317', text]);
  assert.equal(decisions[0]?.outcome, '4.4.317');
});

test('a host that cannot be reached says nothing about TLS', async () => {
  assert.deepEqual((await told(failed(diagnose('connection-refused')))).names, ['tls.decided']);
});

test('RPTB-15 only what came to TLS is counted (RFC 8460 §4.3.4)', async () => {
  assert.deepEqual((await told(failed(diagnose('connection-refused')))).counted, []);
  const results = [{ policy, failure: undefined }];
  assert.deepEqual((await told(sessionWith(TLS, results))).counted, [{ domain: 'dest.test', results, at: AT }]);
});

test('RPTB-16 a failure that is not enforced is told as such', async () => {
  const results = [{ policy, failure }];
  const { events } = await told(sessionWith(TLS, results));
  const [event, { nexthop, reason } = {}] = events.at(-1) ?? [];
  const words = 'sts dest.test: certificate-host-mismatch: SubjectMismatch';
  assert.deepEqual([event, nexthop, reason], ['tls.not-enforced', 'dest.test', words]);
  const enforced = new Told();
  const opening = sessionWith(TLS, results);
  await enforced.teller(opening).open(request(true));
  assert.ok(!enforced.names.includes('tls.not-enforced'));
});

test('RPTB-34 a host that is left alone is told, and counted where the policy is why', () => {
  const all = new Told();
  const diagnosis = diagnose('sts-no-mx');
  const unlisted = { ...published(true), failure };
  const refusal = { by: 'mta-sts', diagnosis, ofMessage: false, published: [unlisted, published(true)] } as const;
  all.teller(sessionWith(undefined)).skip({ host: 'mx9.dest.test', route, refusal });
  assert.deepEqual(
    all.events.map(([event, { mxHost, status, by }]) => [event, mxHost, status, by]),
    [['tls.failed', 'mx9.dest.test', '4.4.8', 'mta-sts']],
  );
  assert.deepEqual(all.counted, [{ domain: 'dest.test', results: [{ policy, failure }], at: AT }]);
  assert.deepEqual(all.decisions[0]?.decision, 'skip');
});

const openedWith = async (results: readonly PolicyResult[]): Promise<[Told, TlsTeller, Session]> => {
  const all = new Told();
  const opening = sessionWith(TLS, results);
  const teller = all.teller(opening);
  await teller.open(request());
  all.counted.length = 0;
  assert.ok(opening.kind === 'open');
  return [all, teller, opening.session];
};
const noPolicy = (domain: string): PolicyResult['policy'] => ({
  type: 'no-policy-found',
  domain,
  strings: [],
  mxPatterns: [],
});
const under = (...policies: readonly PolicyResult['policy'][]): OpenRequest['decision'] =>
  decisionFor({ kind: 'prefer' }, { published: policies.map((one) => ({ ...published(false), policy: one })) });

describe('a session that carries another message', () => {
  test('RPTB-14 is told as used again', async () => {
    const results = [{ policy, failure: undefined }];
    const [{ counted }, teller, session] = await openedWith(results);
    teller.reuse(session, request());
    assert.deepEqual(counted, [{ domain: 'dest.test', results, at: AT, reused: true }]);
  });

  test('RPTB-03 counts for the domain whose message it is, of which the one before must not hear', async () => {
    const [{ counted }, teller, session] = await openedWith([{ policy: noPolicy('dest.test'), failure: undefined }]);
    const others = { ...route, domain: 'other.test', key: 'other.test:25' };
    teller.reuse(session, { ...request(), route: others, decision: under(noPolicy('other.test')) });
    const results = [{ policy: noPolicy('other.test'), failure: undefined }];
    assert.deepEqual(counted, [{ domain: 'other.test', results, at: AT, reused: true }]);
  });

  test('RPTS-08 counts for nothing where it carries a TLS report (RFC 8460 §3)', async () => {
    const [{ counted }, teller, session] = await openedWith([{ policy: noPolicy('dest.test'), failure: undefined }]);
    teller.reuse(session, { ...request(), decision: under() });
    assert.deepEqual(counted, []);
  });
});
