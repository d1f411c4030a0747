/**
 * Header fields in which an organisation tells itself what it found out about a message. Who is not authenticated is not believed:
 * what strangers write into them counts only as a header field like any other.
 */
import { valueOf } from './header-view.ts';
import type { Look } from './look.ts';
import type { SpamConfidenceLevel } from './values.ts';
import { needs, type Verdict } from './verdict.ts';

export const SCL_FIELD = 'X-MS-Exchange-Organization-SCL';
export const CLASSIFICATION_FIELD = 'X-MS-Exchange-Organization-Classification';
/** Stands in a message that a rule has redirected, so that it is not redirected for ever. */
export const LOOP_FIELD = 'X-MS-Exchange-Transport-Rules-Loop';

/** Goes on with what a rule before has set, else with what came from inside; `undefined` is nothing. */
export function onOrganizationField(
  look: Look,
  name: string,
  verdictOf: (value: string | undefined) => Verdict,
): Verdict {
  const change = look.changes.findLast(
    (made) =>
      (made.kind === 'set-header' || made.kind === 'remove-header') && made.name.toLowerCase() === name.toLowerCase(),
  );
  if (change?.kind === 'set-header') return verdictOf(present(change.value));
  if (change !== undefined || !look.facts.client.authenticated) return verdictOf(undefined);
  return look.header === undefined ? needs('header') : verdictOf(present(valueOf(look.header.fields, name) ?? ''));
}

const present = (value: string): string | undefined => (value.trim() === '' ? undefined : value.trim());

/** -1 to 9; `undefined` for anything else. */
export function readLevel(value: string | undefined): SpamConfidenceLevel | undefined {
  return value !== undefined && /^(?:-1|\d)$/.test(value) ? Number(value) : undefined;
}
