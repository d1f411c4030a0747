/**
 * What became of the deliveries of one attempt: from the answers of hosts to settlements. Pure, tested as a table.
 *
 * An attempt keeps one `Standing` for each delivery; hosts' answers change it until it is final. What is left when no host
 * remains is deferred or, past the queue's time, failed with the last trouble.
 */
import { diagnose, type Diagnosis, type TlsEvidence } from '#mail/diagnosis.ts';
import type { Endpoint, RecipientResult, Trouble } from './transaction.ts';
import { nextStep } from './trouble.ts';

export type Delivered = {
  readonly kind: 'delivered';
  readonly endpoint: Endpoint;
  readonly reply: string;
  readonly tls: TlsEvidence | undefined;
  readonly dsnPassedOn: boolean;
};

export type Outcome = Delivered | { readonly kind: 'deferred' | 'failed'; readonly diagnosis: Diagnosis };

/** Where a delivery stands while hosts are being asked. */
export type Standing =
  { readonly kind: 'open'; readonly last: Trouble | undefined; readonly othersMayAnswer: boolean } | Outcome;

export const UNTRIED: Standing = { kind: 'open', last: undefined, othersMayAnswer: false };

/** A trouble met by every delivery that is still open; `hostsLeft` says whether the attempt goes on. */
export function meetTrouble(
  standing: Standing,
  trouble: Trouble,
  circumstances: { hostsLeft: boolean; expired: boolean },
): Standing {
  if (standing.kind !== 'open') return standing;
  const { othersMayAnswer } = standing;
  switch (nextStep(trouble, { ...circumstances, othersMayAnswer })) {
    case 'next-host':
      return { kind: 'open', last: trouble, othersMayAnswer: othersMayAnswer || trouble.weight === 'transient' };
    case 'defer':
      return { kind: 'deferred', diagnosis: trouble.diagnosis };
    case 'fail':
      return { kind: 'failed', diagnosis: trouble.diagnosis };
  }
}

/** What a host said of one recipient. */
export function meetResult(
  standing: Standing,
  result: RecipientResult,
  at: { endpoint: Endpoint; tls: TlsEvidence | undefined; hostsLeft: boolean; expired: boolean },
): Standing {
  if (standing.kind !== 'open') return standing;
  switch (result.kind) {
    case 'delivered':
      return {
        kind: 'delivered',
        endpoint: at.endpoint,
        reply: result.reply,
        tls: at.tls,
        dsnPassedOn: result.dsnPassedOn,
      };
    case 'unknown':
      // It may have been delivered: asking another host now would only make a second copy (RFC 5321 §4.5.3.2.6).
      return { kind: at.expired ? 'failed' : 'deferred', diagnosis: result.diagnosis };
    case 'refused':
      return meetTrouble(standing, result, at);
  }
}

/** The end of an attempt: nothing stays open. */
export function conclude(standing: Standing, expired: boolean): Outcome {
  if (standing.kind !== 'open') return standing;
  const last: Trouble = standing.last ?? { scope: 'session', weight: 'transient', diagnosis: diagnose('no-answer') };
  const step = nextStep(last, { hostsLeft: false, othersMayAnswer: standing.othersMayAnswer, expired });
  return { kind: step === 'fail' ? 'failed' : 'deferred', diagnosis: last.diagnosis };
}
