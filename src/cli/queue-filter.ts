/** The options by which queue commands choose deliveries. */
import type { Command } from 'commander';

import { isEmptyFilter, readFilter } from '#admin/filter.ts';
import type { QueueFilter } from '#queue/desk.ts';
import { CommandFailure } from './exit.ts';

export type FilterOptions = {
  readonly sender?: string;
  readonly recipient?: string;
  readonly domain?: string;
  readonly olderThan?: string;
  readonly youngerThan?: string;
  readonly status?: string;
  readonly state?: string;
};

const NAMES = ['sender', 'recipient', 'domain', 'olderThan', 'youngerThan', 'status', 'state'] as const;

export function withFilterOptions(command: Command): Command {
  return command
    .option('--sender <address>', 'from this address; * stands for anything, <> is the null sender')
    .option('--recipient <address>', 'to this address; * stands for anything')
    .option('--domain <domain>', 'to this domain; * stands for anything')
    .option('--older-than <duration>', 'received longer ago than, such as 2h')
    .option('--younger-than <duration>', 'received more recently than')
    .option('--status <code>', 'whose last attempt ended with this status or one below it: 4.4 or 4.4.317')
    .option('--state <state>', 'waiting, leased (being delivered) or held');
}

/** One filter for each id, or one without an id. Deliveries that any of them names are meant. */
export function filtersOf(ids: readonly string[], options: FilterOptions): readonly QueueFilter[] {
  const conditions = Object.fromEntries(NAMES.map((name) => [name, options[name]]));
  const texts = ids.length === 0 ? [conditions] : [...new Set(ids)].map((messageId) => ({ ...conditions, messageId }));
  return texts.map((each) => {
    const reading = readFilter(each);
    if (reading.kind === 'filter') return reading.filter;
    throw new CommandFailure('usage', optionText(reading.message), 'See the options with --help.');
  });
}

export function meansAll(filters: readonly QueueFilter[]): boolean {
  return filters.some(isEmptyFilter);
}

/** Conditions are named as in the HTTP interface; people typed options. */
function optionText(message: string): string {
  return message
    .replace(/^messageId\b/, 'an id')
    .replace(/^\w+/, (name) => (NAMES.some((known) => known === name) ? `--${dashed(name)}` : name));
}

const dashed = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
