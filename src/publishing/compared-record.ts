/** One record of a domain of ours: what it is to be beside what DNS says. Types, and the words for answers that are none. */
import type { Answer } from '#dns/answer.ts';
import type { ZoneRecord } from './zone-text.ts';

export type RecordState =
  | 'ok'
  | 'missing'
  | 'wrong'
  /** It is there, and nothing of ours wants it. */
  | 'extra'
  /** DNS gave no answer. */
  | 'unknown'
  /** It is not to be published yet. */
  | 'waits';

export type ComparedRecord = ZoneRecord & {
  readonly state: RecordState;
  /** Why it is in that state; what is there instead. One line; `''` for what is well and needs no word. */
  readonly reason: string;
  /** What it is for, where the name does not tell: which key of ours. */
  readonly about?: string;
  /** `content` belongs into the zone as it is. Not of MX records, which are the operator's to write, nor of what waits. */
  readonly publish: boolean;
};

/** Why there is no answer; `undefined` when there is one. A denial is an answer. */
export function failureText(answer: Answer<unknown> | undefined): string | undefined {
  if (answer === undefined) return 'it was not looked up';
  if (answer.kind === 'bogus')
    return `DNSSEC validation failed (${answer.extendedError}): the signatures are broken or old`;
  return answer.kind === 'failed' ? `DNS gave no answer (${answer.why})` : undefined;
}

export function absence(answer: Answer<unknown> | undefined): string {
  return answer?.kind === 'absent' && answer.why === 'nxdomain' ? 'there is no such name' : 'there is no such record';
}
