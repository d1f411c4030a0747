/** The file of rules that an import makes: what was lost stands in front of the rule that has lost it, for whoever enables it later. */
import { listFileText, makeEntry, yamlText } from '#config/yaml-list.ts';
import type { Conversion, Loss } from './convert.ts';

type Converted = Extract<Conversion, { kind: 'converted' }>;

export function importText(rules: readonly Converted[]): string {
  const entries = rules.map((rule) => makeEntry(commentsOf(rule) + yamlText(rule.document)));
  return listFileText({ head: ['rules:'], entries, tail: [] });
}

/** `ApplyOME $true: is not carried out`; one line. */
export function lossText({ parameter, value, reason }: Loss): string {
  const subject = [parameter, value].filter((part) => part !== '').join(' ');
  return subject === '' ? reason : `${subject}: ${reason}`;
}

function commentsOf({ losses, notes, wasEnabled }: Converted): string {
  const lost = losses.length === 0 ? [] : [headOf(wasEnabled), ...losses.map((loss) => `  ${lossText(loss)}`)];
  const lines = [...lost, ...notes.map((note) => `Left out: ${lossText(note)}`)];
  return lines.map((line) => `# ${line.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')}\n`).join('');
}

function headOf(wasEnabled: boolean): string {
  return wasEnabled
    ? 'Disabled, though it was enabled in Exchange: this could not be carried over, and without it, it is another rule:'
    : 'Do not enable it as it is: this could not be carried over from Exchange, and without it, it is another rule:';
}
