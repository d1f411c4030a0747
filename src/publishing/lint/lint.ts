/** All that is to be said about a domain of ours, the gravest first. Pure over what `gather.ts` has found. */
import { lintDane } from './dane.ts';
import type { LintFacts, LintFinding, Severity } from './finding.ts';
import { lintHosts } from './hosts.ts';
import { lintPolicy } from './policy.ts';
import { lintRecords } from './records.ts';
import { lintTexts } from './texts.ts';

const ORDER: readonly Severity[] = ['error', 'warning', 'advice', 'note'];

export function lint(facts: LintFacts): readonly LintFinding[] {
  const findings = [lintRecords, lintPolicy, lintHosts, lintDane, lintTexts].flatMap((each) => each(facts));
  // The same may be found at several hosts, and is said once.
  const texts = findings.map(({ code, subject, text }) => `${code}\n${subject}\n${text}`);
  return findings
    .filter((_, index) => texts.indexOf(texts[index] ?? '') === index)
    .toSorted((one, other) => ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity));
}
