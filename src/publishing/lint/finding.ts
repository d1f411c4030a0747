/** What a look at a domain of ours can find to be said: a code for machines, a sentence, and what to do. Types only. */
import type { OwnKeys } from '#certificates/own-keys.ts';
import type { ComparedRecord } from '#publishing/compared-record.ts';
import type { DnsFacts, HostFacts, MailboxFacts, ServedPolicy } from '#publishing/facts.ts';
import type { PolicyHistory } from '#publishing/history.ts';
import type { WantedRecords } from '#publishing/records.ts';

/** `error`: mail is lost or unprotected, or will be. `warning`: it can be. `advice`: there is a better way. `note`: to know. */
export type Severity = 'error' | 'warning' | 'advice' | 'note';

export type LintFinding = {
  readonly severity: Severity;
  /** `mx-not-listed` */
  readonly code: string;
  /** The name, host or address that it is about. */
  readonly subject: string;
  readonly text: string;
  /** What to do; `''` for what needs nothing. */
  readonly remedy: string;
};

export type LintFacts = {
  readonly wanted: WantedRecords;
  readonly keys: readonly OwnKeys[];
  readonly dns: DnsFacts;
  readonly records: readonly ComparedRecord[];
  readonly served: readonly ServedPolicy[];
  readonly hosts: readonly HostFacts[];
  readonly mailboxes: readonly MailboxFacts[];
  readonly history: PolicyHistory;
  /** Days of which reports of others came while the policy was in testing; `undefined` where we take none. */
  readonly reportDays: number | undefined;
  readonly now: Date;
};

/** How soon the end of a certificate is a matter. */
export const ENDS_SOON_MS = 14 * 86_400_000;

export const dayOf = (date: Date): string => date.toISOString().slice(0, 10);
