/**
 * What the end of an attempt means for the queue and for the sender: settlements with their retry times, the endings that
 * may be worth a report, and the events. Pure; the worker carries it out.
 */
import type { EventFields, EventName, Subjects } from '#log/events.ts';
import { diagnose, type Diagnosis, type TlsEvidence } from '#mail/diagnosis.ts';
import { enhancedStatus, statusCode } from '#mail/status.ts';
import { isLate, nextRetry } from '#queue/schedule.ts';
import type { ScheduleSettings } from '#queue/settings.ts';
import type { Delivery, Lease, Settlement } from '#queue/store.ts';
import { expireDiagnosis } from '#reporting/dsn/expiry.ts';
import type { Ending } from '#reporting/dsn/reports.ts';
import type { Delivered, Outcome } from './outcome.ts';

export type Conclusion = {
  readonly settlements: ReadonlyMap<number, Settlement>;
  readonly endings: readonly Ending[];
  readonly events: readonly (readonly [EventName, EventFields & Subjects])[];
};

export type Terms = {
  readonly schedule: ScheduleSettings;
  readonly now: Date;
  /** The message is older than the queue keeps mail: a failure is told as its expiry. */
  readonly expired: boolean;
  /** In [0, 1). */
  readonly random: number;
  readonly durationMs: number;
  /** When no attempt was made: the time of the next one stays as it is. */
  readonly retryAt?: Date | undefined;
};

export function concludeLease(lease: Lease, outcomes: ReadonlyMap<number, Outcome>, terms: Terms): Conclusion {
  const settlements = new Map<number, Settlement>();
  const endings: Ending[] = [];
  const events: [EventName, EventFields & Subjects][] = [];
  for (const delivery of lease.deliveries) {
    const outcome = outcomes.get(delivery.index);
    if (outcome === undefined) continue;
    const settlement = settle(outcome, delivery, lease, terms);
    settlements.set(delivery.index, settlement);
    const ending = endingOf(outcome, settlement, delivery, { lease, terms });
    if (ending !== undefined) endings.push(ending);
    // What was not tried goes on waiting: nothing happened but the notice, which has an event of its own.
    if (settlement.kind === 'deferred' && !settlement.tried) continue;
    events.push(eventOf(outcome, settlement, delivery, { lease, terms }));
  }
  return { settlements, endings, events };
}

/**
 * Deliveries that end without an attempt, or are only told about: the operator returns them, or their destination is paused
 * (`waitingFor` says why).
 */
export function outcomesWithoutAttempt(
  { deliveries }: Lease,
  waitingFor: Diagnosis | undefined,
  expired: boolean,
): ReadonlyMap<number, Outcome> {
  return new Map(
    deliveries.map(({ index, last, operatorFailed }): [number, Outcome] => {
      if (operatorFailed === true) return [index, { kind: 'failed', diagnosis: diagnose('operator-failed') }];
      const diagnosis = waitingFor ?? last ?? diagnose('expired');
      return [index, { kind: expired ? 'failed' : 'deferred', diagnosis }];
    }),
  );
}

/** The same with failures put off until `retryAt`: their senders cannot be told at the moment. */
export function withoutFailures({ settlements, events }: Conclusion, retryAt: Date): Conclusion {
  const diagnosis = diagnose('internal-error');
  const putOff = (one: Settlement): Settlement => {
    if (one.kind !== 'failed') return one;
    const tried = one.diagnosis.status !== 'operator-failed';
    return { kind: 'deferred', tried, diagnosis, retryAt, noticeSent: true };
  };
  return {
    settlements: new Map([...settlements].map(([index, one]) => [index, putOff(one)])),
    endings: [],
    events: events.filter(([event]) => event !== 'delivery.failed'),
  };
}

function settle(outcome: Outcome, delivery: Delivery, { message }: Lease, terms: Terms): Settlement {
  const { schedule, now, random } = terms;
  switch (outcome.kind) {
    case 'delivered':
      return { kind: 'delivered' };
    case 'failed': {
      const { diagnosis } = outcome;
      return { kind: 'failed', diagnosis: terms.expired ? expireDiagnosis(diagnosis) : diagnosis };
    }
    case 'deferred': {
      const retryAt = terms.retryAt ?? nextRetry(schedule, { failures: delivery.attempts + 1, now, random });
      const noticeSent = delivery.noticeSent || isLate(schedule, message.receivedAt, now);
      const tried = terms.retryAt === undefined;
      return { kind: 'deferred', tried, diagnosis: outcome.diagnosis, retryAt, noticeSent };
    }
  }
}

type Around = { readonly lease: Lease; readonly terms: Terms };

function endingOf(
  outcome: Outcome,
  settlement: Settlement,
  delivery: Delivery,
  { lease, terms }: Around,
): Ending | undefined {
  const { recipient, noticeSent } = delivery;
  const lastAttemptAt = terms.retryAt === undefined ? terms.now : undefined;
  switch (settlement.kind) {
    case 'delivered':
      // A host that takes the request over answers for itself (RFC 3461 §5.2.2).
      if (outcome.kind !== 'delivered' || outcome.dsnPassedOn) return undefined;
      return { kind: 'relayed', recipient, diagnosis: diagnosisOfSuccess(outcome), lastAttemptAt };
    case 'failed':
      return { kind: 'failed', recipient, diagnosis: settlement.diagnosis, lastAttemptAt };
    case 'deferred': {
      if (noticeSent || !settlement.noticeSent) return undefined;
      const willRetryUntil = new Date(lease.message.receivedAt.getTime() + terms.schedule.expireAfter);
      return { kind: 'delayed', recipient, diagnosis: settlement.diagnosis, lastAttemptAt, willRetryUntil };
    }
  }
}

function diagnosisOfSuccess({ endpoint: { host, ip }, reply, tls }: Delivered): Diagnosis {
  return { ...diagnose('delivered'), remote: { host, ip, reply }, tls };
}

function eventOf(
  outcome: Outcome,
  settlement: Settlement,
  delivery: Delivery,
  { lease, terms }: Around,
): [EventName, EventFields & Subjects] {
  const { message } = lease;
  const fields: EventFields = {
    messageId: message.messageId,
    sender: message.envelope.sender,
    recipient: delivery.recipient.address,
    attempt: delivery.attempts + (terms.retryAt === undefined ? 1 : 0),
    durationMs: terms.durationMs,
    ageMs: terms.now.getTime() - message.receivedAt.getTime(),
  };
  if (outcome.kind === 'delivered') {
    const { endpoint, tls, reply, override } = outcome;
    const reached = {
      mxHost: endpoint.host,
      ip: endpoint.ip,
      reason: reply,
      tls: tlsWords(tls),
      ...evidenceFields(tls),
      ...(override === undefined ? {} : { by: 'override', policy: override }),
    };
    return ['delivery.delivered', { ...fields, ...reached, status: statusCode('delivered', 'delivered') }];
  }
  const { diagnosis } = settlement.kind === 'delivered' ? outcome : settlement;
  const { remote, detail, text, tls, policy } = diagnosis;
  const kind = settlement.kind === 'failed' ? 'failed' : 'deferred';
  const told: EventFields = {
    ...fields,
    ...(remote === undefined ? {} : { mxHost: remote.host, ip: remote.ip }),
    ...(tls === undefined ? {} : { tls: tlsWords(tls), ...evidenceFields(tls) }),
    ...(policy === undefined ? {} : { by: policy.kind, policy: policy.domain }),
    ...(settlement.kind === 'deferred' ? { retryAt: settlement.retryAt.toISOString() } : {}),
    status: enhancedStatus(kind, detail),
    reason: text,
  };
  return [kind === 'failed' ? 'delivery.failed' : 'delivery.deferred', told];
}

/**
 * `TLSv1.3 TLS_AES_256_GCM_SHA384 authenticated by dane`, or `none`; `matched by dane` where the records fit and nothing proves that
 * the host is the right one (RFC 7672 §2.2.1).
 */
export function tlsWords(tls: TlsEvidence | undefined): string {
  if (tls === undefined) return 'none';
  const { version, cipher, authenticated, by } = tls;
  const isPublished = by === 'dane' || by === 'mta-sts';
  const how = authenticated ? ' authenticated' : isPublished ? ' matched' : '';
  return `${version} ${cipher}${how}${isPublished ? ` by ${by}` : ''}`;
}

/** The rest of the evidence, and what a delivery can be found by besides: the policy and the certificate. */
function evidenceFields(tls: TlsEvidence | undefined): EventFields & Subjects {
  if (tls?.by === undefined) return {};
  const { by, policy, matched, peerFingerprint, chain } = tls;
  const found = [policy, matched?.split(' ')[0], peerFingerprint].filter((subject) => subject !== undefined);
  return {
    by,
    ...(policy === undefined ? {} : { policy }),
    ...(matched === undefined ? {} : { matched }),
    ...(peerFingerprint === undefined ? {} : { fingerprint: peerFingerprint }),
    ...(chain === undefined ? {} : { chain: chain.join(' ') }),
    subjects: found,
  };
}
