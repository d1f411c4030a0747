/**
 * A deferral that became a failure because the message is too old: the last real trouble with its 4 turned into a 5, and
 * `Message expired` before its text, in the form that Exchange Online gives (`550 5.4.317 Message expired, cannot connect
 * to remote server [...]`, `550 5.4.300 Message expired -> 421 ...`). See docs/divergences.md.
 */
import { diagnose, type Diagnosis } from '#mail/diagnosis.ts';
import { STATUS_TABLE } from '#mail/status.ts';

const MARK = 'Message expired';

export function isExpired(diagnosis: Diagnosis): boolean {
  return diagnosis.text.startsWith(MARK);
}

/** `last` is why the last attempt did not deliver; `undefined` when there was no attempt. */
export function expireDiagnosis(last: Diagnosis | undefined): Diagnosis {
  if (last === undefined) return diagnose('expired');
  const reply = last.status === 'remote-reply' ? (last.remote?.reply ?? '') : '';
  // A refusal for good is no matter of age, even if it came on the last day.
  const refusedForGood = reply.startsWith('5') || !('deferred' in STATUS_TABLE[last.status].reply);
  if (isExpired(last) || refusedForGood) return last;
  return { ...last, text: reply === '' ? `${MARK}, ${lowerFirst(last.text)}` : `${MARK} -> ${reply}` };
}

/** `DNS query` stays as it is: only a word that is capital by its place becomes small. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
