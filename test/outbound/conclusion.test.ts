/** From outcomes to settlements, endings and events: the times, the digits and who is told. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diagnose, diagnosticText } from '#mail/diagnosis.ts';
import { concludeLease, outcomesWithoutAttempt, tlsWords, withoutFailures, type Terms } from '#outbound/conclusion.ts';
import type { Outcome } from '#outbound/outcome.ts';
import type { Delivery } from '#queue/store.ts';
import { after, delivery, ENDPOINT, leaseOf, NOON } from './lease.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SCHEDULE = { retryWaits: [15 * MINUTE, HOUR], jitter: 0.5, expireAfter: 24 * HOUR, delayNoticeAfter: 4 * HOUR };
const TLS = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', authenticated: true };
const DELIVERED: Outcome = {
  kind: 'delivered',
  endpoint: ENDPOINT,
  reply: '250 2.0.0 Ok',
  tls: TLS,
  dsnPassedOn: false,
};
const NO_ANSWER = diagnose('no-answer');
const DEFERRED: Outcome = { kind: 'deferred', diagnosis: NO_ANSWER };

const termsAt = (ms: number, change: Partial<Terms> = {}): Terms => ({
  schedule: SCHEDULE,
  now: after(ms),
  expired: false,
  random: 0.5,
  durationMs: 7,
  ...change,
});

function concluded(outcome: Outcome, terms: Terms, change: Partial<Delivery> = {}) {
  const lease = leaseOf([delivery('bob@dest.test', change)]);
  const { settlements, endings, events } = concludeLease(lease, new Map([[0, outcome]]), terms);
  return { settlement: settlements.get(0), ending: endings[0], event: events[0] };
}

describe('what is delivered', () => {
  test('is settled so, and reported as relayed by the host that took it', () => {
    const { settlement, ending, event } = concluded(DELIVERED, termsAt(MINUTE));
    assert.deepEqual(settlement, { kind: 'delivered' });
    const { host, ip } = ENDPOINT;
    assert.deepEqual(ending, {
      kind: 'relayed',
      recipient: { address: 'bob@dest.test' },
      diagnosis: { ...diagnose('delivered'), remote: { host, ip, reply: '250 2.0.0 Ok' }, tls: TLS },
      lastAttemptAt: after(MINUTE),
    });
    assert.deepEqual(event, [
      'delivery.delivered',
      {
        messageId: 'M1',
        sender: 'alice@sender.test',
        recipient: 'bob@dest.test',
        attempt: 1,
        durationMs: 7,
        ageMs: MINUTE,
        mxHost: host,
        ip,
        reason: '250 2.0.0 Ok',
        tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384 authenticated',
        status: '2.0.0',
      },
    ]);
  });

  test('MIX-15 tells the override that it went by, and what proved the host', () => {
    assert.ok(DELIVERED.kind === 'delivered');
    const { event: cleared } = concluded({ ...DELIVERED, tls: undefined, override: 'ticket' }, termsAt(0));
    assert.deepEqual([cleared?.[1].by, cleared?.[1].policy, cleared?.[1].tls], ['override', 'ticket', 'none']);
    const matched = '_25._tcp.mx.dest.test 3 1 1 ab';
    const tls = { ...TLS, by: 'dane', policy: 'mx.dest.test', matched, peerFingerprint: 'cd', chain: ['cd', 'ef'] };
    const { event: proven } = concluded({ ...DELIVERED, tls }, termsAt(0));
    const { by, policy, fingerprint, chain, subjects, matched: told } = proven?.[1] ?? {};
    assert.deepEqual([by, policy, told, fingerprint, chain], ['dane', 'mx.dest.test', matched, 'cd', 'cd ef']);
    // The record can be found by them.
    assert.deepEqual(subjects, ['mx.dest.test', '_25._tcp.mx.dest.test', 'cd']);
  });

  test('is not reported where the host answers for itself (RFC 3461 §5.2.2)', () => {
    assert.equal(concluded({ ...DELIVERED, dsnPassedOn: true }, termsAt(0)).ending, undefined);
  });
});

function retry(attempts: number, random = 0.5): unknown {
  const { settlement } = concluded(DEFERRED, termsAt(0, { random }), { attempts });
  return settlement?.kind === 'deferred' ? settlement.retryAt : undefined;
}

describe('what is deferred', () => {
  test('is tried again after the wait that its failures call for', () => {
    assert.deepEqual(retry(0), after(15 * MINUTE));
    assert.deepEqual(retry(1), after(HOUR));
    assert.deepEqual(retry(0, 0), after(7.5 * MINUTE));
  });

  test('is told once it is late, with the time when the queue gives up', () => {
    const early = concluded(DEFERRED, termsAt(4 * HOUR - 1));
    assert.deepEqual(
      [early.settlement?.kind === 'deferred' && early.settlement.noticeSent, early.ending],
      [false, undefined],
    );
    const late = concluded(DEFERRED, termsAt(4 * HOUR));
    assert.equal(late.settlement?.kind === 'deferred' && late.settlement.noticeSent, true);
    assert.deepEqual(late.ending, {
      kind: 'delayed',
      recipient: { address: 'bob@dest.test' },
      diagnosis: NO_ANSWER,
      lastAttemptAt: after(4 * HOUR),
      willRetryUntil: after(24 * HOUR),
    });
  });

  test('is not told twice', () => {
    const again = concluded(DEFERRED, termsAt(5 * HOUR), { noticeSent: true });
    assert.equal(again.settlement?.kind === 'deferred' && again.settlement.noticeSent, true);
    assert.equal(again.ending, undefined);
    // Nor when the notice was switched off meanwhile, and on again later.
    const terms = termsAt(5 * HOUR, { schedule: { ...SCHEDULE, delayNoticeAfter: 0 } });
    const { settlement } = concluded(DEFERRED, terms, { noticeSent: true });
    assert.equal(settlement?.kind === 'deferred' && settlement.noticeSent, true);
  });

  test('is logged with its code, its reason and the next time', () => {
    const { event } = concluded(DEFERRED, termsAt(MINUTE), { attempts: 2 });
    const [name, { status, reason, retryAt, attempt }] = event ?? ['relay.defect', {}];
    assert.deepEqual(
      [name, status, reason, retryAt, attempt],
      ['delivery.deferred', '4.4.1', 'No answer from host', after(MINUTE + HOUR).toISOString(), 3],
    );
  });
});

describe('what failed', () => {
  test('is settled and told with its own words', () => {
    const diagnosis = diagnose('null-mx');
    const { settlement, ending, event } = concluded({ kind: 'failed', diagnosis }, termsAt(MINUTE));
    assert.deepEqual(settlement, { kind: 'failed', diagnosis });
    const recipient = { address: 'bob@dest.test' };
    assert.deepEqual(ending, { kind: 'failed', recipient, diagnosis, lastAttemptAt: after(MINUTE) });
    assert.deepEqual([event?.[0], event?.[1].status], ['delivery.failed', '5.1.10']);
  });

  test('for its age is told so', () => {
    const terms = termsAt(24 * HOUR, { expired: true });
    const { ending } = concluded({ kind: 'failed', diagnosis: NO_ANSWER }, terms);
    assert.equal(ending?.diagnosis.text, 'Message expired, no answer from host');
  });

  test('by the operator is never told as a matter of age', () => {
    const diagnosis = diagnose('operator-failed');
    const { ending } = concluded({ kind: 'failed', diagnosis }, termsAt(24 * HOUR, { expired: true }));
    assert.deepEqual(ending?.diagnosis, diagnosis);
  });
});

test('without an attempt the next one keeps its time, and none is counted, dated or told', () => {
  const retryAt = after(9 * HOUR);
  const { settlement, ending, event } = concluded(DEFERRED, termsAt(5 * HOUR, { retryAt }), { attempts: 2 });
  assert.deepEqual(settlement, { kind: 'deferred', tried: false, diagnosis: NO_ANSWER, retryAt, noticeSent: true });
  assert.deepEqual([ending?.kind, ending?.lastAttemptAt], ['delayed', undefined]);
  assert.equal(event, undefined);
});

test('a failure without an attempt is told with the attempts before it', () => {
  const outcome: Outcome = { kind: 'failed', diagnosis: NO_ANSWER };
  const { event } = concluded(outcome, termsAt(24 * HOUR, { retryAt: after(0), expired: true }), { attempts: 2 });
  assert.deepEqual([event?.[0], event?.[1].attempt], ['delivery.failed', 2]);
});

test('failures whose senders cannot be told are put off, and count as tries where they were', () => {
  const lease = leaseOf(['b@dest.test', 'c@dest.test', 'd@dest.test'].map((to, index) => delivery(to, { index })));
  const outcomes = new Map<number, Outcome>([
    [0, { kind: 'failed', diagnosis: diagnose('null-mx') }],
    [1, { kind: 'failed', diagnosis: diagnose('operator-failed') }],
    [2, DELIVERED],
  ]);
  const { settlements, endings, events } = withoutFailures(concludeLease(lease, outcomes, termsAt(0)), after(HOUR));
  assert.deepEqual(
    [...settlements.values()].map((one) => (one.kind === 'deferred' ? [one.tried, one.retryAt] : one.kind)),
    [[true, after(HOUR)], [false, after(HOUR)], 'delivered'],
  );
  assert.deepEqual([endings, events.map(([event]) => event)], [[], ['delivery.delivered']]);
});

test('each delivery of a lease has its own end, and one without an outcome has none', () => {
  const lease = leaseOf(['b@dest.test', 'c@dest.test', 'd@dest.test'].map((to, index) => delivery(to, { index })));
  const outcomes = new Map<number, Outcome>([
    [0, { ...DELIVERED, dsnPassedOn: true }],
    [2, { kind: 'failed', diagnosis: diagnose('null-mx') }],
  ]);
  const { settlements, endings, events } = concludeLease(lease, outcomes, termsAt(0));
  assert.deepEqual(
    [...settlements].map(([index, { kind }]) => [index, kind]),
    [
      [0, 'delivered'],
      [2, 'failed'],
    ],
  );
  assert.deepEqual(
    endings.map(({ recipient }) => recipient.address),
    ['d@dest.test'],
  );
  assert.equal(events.length, 2);
});

describe('an outcome without an attempt', () => {
  const pause = diagnose('connection-refused');
  const last = diagnose('dns-failed');
  const cases: [
    rule: string,
    change: Partial<Delivery>,
    waitingFor: typeof pause | undefined,
    expired: boolean,
    end: string,
  ][] = [
    ['tells what the destination waits for', { last }, pause, false, 'deferred connection-refused'],
    ['tells what the last attempt met', { last }, undefined, false, 'deferred dns-failed'],
    ['fails when the mail is too old', { last }, pause, true, 'failed connection-refused'],
    ['fails as expired where nothing is known', {}, undefined, true, 'failed expired'],
    ['fails what the operator returns', { last, operatorFailed: true }, pause, false, 'failed operator-failed'],
  ];
  for (const [rule, change, waitingFor, expired, end] of cases) {
    test(rule, () => {
      const lease = leaseOf([delivery('bob@dest.test', change)], { receivedAt: NOON });
      const outcome = outcomesWithoutAttempt(lease, waitingFor, expired).get(0);
      assert.ok(outcome !== undefined && outcome.kind !== 'delivered');
      assert.equal(`${outcome.kind} ${outcome.diagnosis.status}`, end);
    });
  }
});

test('mail that was never attempted and is too old is told as expired', () => {
  const lease = leaseOf([delivery('bob@dest.test')]);
  const outcomes = outcomesWithoutAttempt(lease, undefined, true);
  const { endings } = concludeLease(lease, outcomes, termsAt(24 * HOUR, { expired: true }));
  assert.deepEqual(
    endings.map(({ kind, diagnosis }) => [kind, diagnosticText('failed', diagnosis)]),
    [['failed', '550 5.4.7 Message expired']],
  );
});

test('TLS is told in a few words', () => {
  assert.equal(tlsWords(undefined), 'none');
  assert.equal(tlsWords({ ...TLS, authenticated: false }), 'TLSv1.3 TLS_AES_256_GCM_SHA384');
});
