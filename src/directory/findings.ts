/** What adapters of the directory do alike with what they have found. Pure. */
import type { Person, PersonFinding } from '#rules/people.ts';

export const ABSENT = { kind: 'absent' } as const satisfies PersonFinding;

export const found = (person: Person): PersonFinding => ({ kind: 'person', person });

export const failed = (reason: string) => ({ kind: 'failed', reason }) as const satisfies PersonFinding;

/** Addresses of the managers of those that were found. */
export function managersOf(findings: Iterable<PersonFinding>): readonly string[] {
  const managers = new Set<string>();
  for (const finding of findings) {
    if (finding.kind === 'person' && finding.person.manager !== undefined) managers.add(finding.person.manager);
  }
  return [...managers];
}

/** The attribute `manager`: rules may look for a name or for an address in it. */
export function managerText(displayName: string | undefined, address: string): string {
  return displayName === undefined || displayName === '' ? address : `${displayName} <${address}>`;
}
