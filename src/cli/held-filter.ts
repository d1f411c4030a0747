/** The options by which commands choose mail that is kept back. */
import { InvalidArgumentError, type Command } from 'commander';
import { readHeldFilter, type HeldConditions } from '#admin/held-filter.ts';
import { MAX_HELD_ROWS } from '#held/limits.ts';
import type { CommandContext } from './adapters.ts';
import { CommandFailure } from './exit.ts';
import { printable } from './table.ts';

export type HeldFilterOptions = {
  readonly rule?: string;
  readonly address?: string;
  readonly since?: string;
  readonly state?: string;
};

export function withHeldFilter(command: Command): Command {
  return command
    .option('--rule <name>', 'kept back by this rule')
    .option('--address <address>', 'from or to this address, or this domain as @example.net')
    .option('--since <time>', 'received since: 2026-05-01, 2026-05-01T08:00Z, or back from now as 24h');
}

export function heldFilterOf(
  { now }: Pick<CommandContext, 'now'>,
  { rule, address, since, state }: HeldFilterOptions,
): HeldConditions {
  const reading = readHeldFilter({ rule, address, since, state }, now());
  if (reading.kind === 'filter') return reading.filter;
  throw new CommandFailure('usage', `--${printable(reading.message)}`, 'See the options with --help.');
}

export function wholeRows(text: string): number {
  const rows = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (rows >= 1 && rows <= MAX_HELD_ROWS) return rows;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_HELD_ROWS}.`);
}

/** In any case of letters. */
export function readHeldId(text: string): string {
  const id = text.toUpperCase();
  if (/^[0-9A-Z]{16}$/.test(id)) return id;
  throw new CommandFailure(
    'usage',
    `${printable(text)} is no id`,
    'Ids have 16 letters and digits, as list shows them.',
  );
}
