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
  /** The override by which it went, if any: then it may have gone with less than is published. */
  readonly override?: string | undefined;
};

export type Outcome = Delivered | { readonly kind: 'deferred' | 'failed'; readonly diagnosis: Diagnosis };

/** Where a delivery stands while hosts are being asked. */
export type Standing =
  | {
      readonly kind: 'open';
      readonly last: Trouble | undefined;
      /** What an earlier host of this attempt met, if it may pass: its word may differ from a later host's. */
      readonly passing: Trouble | undefined;
    }
  | Outcome;

export const UNTRIED: Standing = { kind: 'open', last: undefined, passing: undefined };

/** A trouble met by every delivery that is still open; `hostsLeft` says whether the attempt goes on. */
export function meetTrouble(
  standing: Standing,
  trouble: Trouble,
  circumstances: { hostsLeft: boolean; expired: boolean },
): Standing {
  if (standing.kind !== 'open') return standing;
  const { passing } = standing;
  const step = nextStep(trouble, { ...circumstances, othersMayAnswer: passing !== undefined });
  if (step === 'next-host') return { kind: 'open', last: trouble, passing: passingOf(trouble) ?? passing };
  return endAt(step, trouble, passing);
}

/** What a host said of one recipient. */
export function meetResult(
  standing: Standing,
  result: RecipientResult,
  at: {
    endpoint: Endpoint;
    tls: TlsEvidence | undefined;
    override?: string | undefined;
    hostsLeft: boolean;
    expired: boolean;
  },
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
        ...(at.override === undefined ? {} : { override: at.override }),
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
  const { passing } = standing;
  const step = nextStep(last, { hostsLeft: false, othersMayAnswer: passing !== undefined, expired });
  return endAt(step === 'fail' ? 'fail' : 'defer', last, passing);
}

const passingOf = (trouble: Trouble): Trouble | undefined => (trouble.weight === 'transient' ? trouble : undefined);

/**
 * A host that takes no mail at all is not why mail waits for another one, nor why that one was never reached: a relay that is
 * the backup tells of the host that it waited for, not of the loop that it avoids.
 */
function endAt(step: 'defer' | 'fail', trouble: Trouble, passing: Trouble | undefined): Outcome {
  const isOther = trouble.scope === 'host' && trouble.weight === 'permanent' && passing !== undefined;
  const { diagnosis } = isOther ? passing : trouble;
  return { kind: step === 'fail' ? 'failed' : 'deferred', diagnosis };
}
