/** Records that are not as they should be: what `compare.ts` says, as findings. */
import type { ComparedRecord, RecordState } from '#publishing/compared-record.ts';
import type { LintFacts, LintFinding, Severity } from './finding.ts';

const SEVERITIES: { readonly [state in RecordState]: Severity | undefined } = {
  ok: undefined,
  missing: 'error',
  wrong: 'error',
  extra: 'note',
  unknown: 'warning',
  waits: 'warning',
};

export function lintRecords({ records, wanted }: LintFacts): readonly LintFinding[] {
  return records.flatMap((record): readonly LintFinding[] => {
    const { state, name, type, reason } = record;
    const severity = SEVERITIES[state];
    if (severity === undefined) return [];
    const remedy = remedyOf(record, wanted.domain);
    return [{ severity, code: `record-${state}`, subject: `${name} ${type}`, text: reason, remedy }];
  });
}

function remedyOf({ state, publish, type, name }: ComparedRecord, domain: string): string {
  switch (state) {
    case 'missing':
    case 'wrong':
      return publish
        ? `Publish the record that \`postern dns ${domain}\` shows.`
        : 'Change the record in DNS, or the settings.';
    case 'unknown':
      return `See that the name servers of ${name} answer, and answer for ${type} too.`;
    case 'waits':
      return 'Have the policy served first: publishing.https, and the address record of the policy host.';
    case 'extra':
      return 'Remove it if nobody needs it, or name it in the settings.';
    case 'ok':
      return '';
  }
}
