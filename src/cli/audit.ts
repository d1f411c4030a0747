/** `postern audit list`: who changed what, as the audit record has it. Nothing changes the record. */
import { InvalidArgumentError, type Command } from 'commander';

import { AUDIT_LIMITS, type AuditRecord } from '#audit/store.ts';
import type { CommandContext } from './adapters.ts';
import { differenceOf } from './difference.ts';
import { withExamples } from './examples.ts';
import { timeText } from './format.ts';
import { withAudit } from './reach.ts';
import { printable } from './table.ts';

type ListOptions = {
  readonly who?: string;
  readonly act?: string;
  readonly subject?: string;
  readonly below?: number;
  readonly limit: number;
  readonly json?: boolean;
};

const DEFAULT_ENTRIES = 20;

export function registerAudit(program: Command, context: CommandContext): void {
  const audit = program.command('audit').description('The record of what operators and moderators did.');
  const list = audit
    .command('list')
    .option('--who <name>', 'what this one did')
    .option('--act <act>', 'acts of a kind: rule, rule.edited, quarantine')
    .option('--subject <name>', 'what was done to this rule or message')
    .option('--below <number>', 'entries older than the one of this number', wholeNumber)
    .option('--limit <entries>', `entries at most, up to ${AUDIT_LIMITS.rows}`, wholeRows, DEFAULT_ENTRIES)
    .option('--json', 'as JSON')
    .description('List what was done, the newest first, with what it was before and after.')
    .action(async (options: ListOptions) => listEntries(context, options));
  withExamples(list, ['postern audit list', 'postern audit list --act rule --subject "Card numbers"']);
}

async function listEntries(context: CommandContext, { json = false, ...query }: ListOptions): Promise<void> {
  const { console } = context;
  const entries = await withAudit(context, async (audit) => audit.list(query));
  if (json) return console.write(JSON.stringify(entries, undefined, 2));
  if (entries.length === 0) return console.write('Nothing is noted.');
  console.write(entries.map(entryLines).join('\n\n'));
  const last = entries.at(-1)?.number ?? 1;
  if (entries.length === query.limit && last > 1) console.write(`\nMore with: --below ${last}`);
}

function entryLines({ number, at, who, act, subject, before, after }: AuditRecord): string {
  const head = printable(`${number}  ${timeText(at)}  ${who}  ${act}  ${subject}`);
  return [head, ...differenceOf(before, after).map(({ kind, text }) => `  ${SIGNS[kind]} ${printable(text)}`)].join(
    '\n',
  );
}

const SIGNS = { same: ' ', out: '-', in: '+' } as const;

function wholeNumber(text: string): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number >= 1) return number;
  throw new InvalidArgumentError('It must be a whole number from 1.');
}

function wholeRows(text: string): number {
  const rows = wholeNumber(text);
  if (rows <= AUDIT_LIMITS.rows) return rows;
  throw new InvalidArgumentError(`It must be at most ${AUDIT_LIMITS.rows}.`);
}
