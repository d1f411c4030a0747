/** What `postern dns` prints of a domain: rows for people, lines for a zone file. Pure. */
import type { ComparedRecord, RecordState } from './compared-record.ts';
import type { LintFinding } from './lint/finding.ts';
import { zoneLine } from './zone-text.ts';

/** `''` between a record and what it is said to be would tell nothing: those without content show a dash. */
export function recordLines(records: readonly ComparedRecord[]): readonly string[] {
  return records.flatMap(({ state, name, type, content, reason }) => [
    `  ${state.padEnd(WIDTH)} ${name} ${type} ${content || '-'}`,
    ...(reason === '' ? [] : [`${INDENT}${reason}`]),
  ]);
}

export function findingLines(findings: readonly LintFinding[]): readonly string[] {
  return findings.flatMap(({ severity, code, subject, text, remedy }) => [
    `  ${severity.padEnd(WIDTH)} ${subject}: ${text} (${code})`,
    ...(remedy === '' ? [] : [`${INDENT}${remedy}`]),
  ]);
}

/** For a zone file: what is to be published, and as comments what is not to be published yet, or not by us. */
export function zoneLines(domain: string, records: readonly ComparedRecord[]): readonly string[] {
  return [
    `; ${domain}`,
    ...records.flatMap((record) => {
      const { state, publish, reason, type, about } = record;
      if (publish) return [...(about === undefined ? [] : [`; ${about}`]), zoneLine(record)];
      if (state === 'waits') return [`; ${record.name} ${type} is not to be changed yet: ${reason}`];
      return type === 'MX' && state === 'missing' ? [`; with the preference of your choice: ${zoneLine(record)}`] : [];
    }),
  ];
}

/** Findings that no row of a record says already. */
export function besidesRecords(findings: readonly LintFinding[]): readonly LintFinding[] {
  return findings.filter(({ code }) => !ROW_CODES.has(code));
}

const ROW_CODES: ReadonlySet<string> = new Set(
  (['missing', 'wrong', 'extra', 'unknown', 'waits'] as const satisfies readonly RecordState[]).map(
    (state) => `record-${state}`,
  ),
);
const WIDTH = 8;
const INDENT = ' '.repeat(WIDTH + 3);

/** Something is to be done, or cannot be told. */
export function isWrong(records: readonly ComparedRecord[], findings: readonly LintFinding[]): boolean {
  return (
    records.some(({ state }) => state !== 'ok' && state !== 'extra') ||
    findings.some(({ severity }) => severity === 'error')
  );
}

export function summaryLine(records: readonly ComparedRecord[], findings: readonly LintFinding[] | undefined): string {
  const open = records.filter(({ state }) => state !== 'ok' && state !== 'extra').length;
  const errors = findings?.filter(({ severity }) => severity === 'error').length ?? 0;
  const words = [
    open === 0 ? 'all records are as they should be' : `${open} of ${records.length} records are not as they should be`,
    ...(findings === undefined ? [] : [errors === 0 ? 'no errors' : errors === 1 ? '1 error' : `${errors} errors`]),
  ];
  return `  ${words.join(', ')}`;
}
