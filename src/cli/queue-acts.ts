/** `postern queue retry | hold | release | cancel | fail`: one command for each act, all with the same choice of deliveries. */
import type { Command } from 'commander';

import type { DeliveryState, QueueAct, QueueDesk, QueueFilter } from '#queue/desk.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { filtersOf, meansAll, withFilterOptions, type FilterOptions } from './queue-filter.ts';
import { withDesk } from './reach.ts';

type ActOptions = FilterOptions & { readonly all?: boolean; readonly dryRun?: boolean; readonly json?: boolean };

type ActRow = {
  readonly description: string;
  readonly done: string;
  /** The states in which the act does something; left out for all. What is counted is what changes. */
  readonly states?: readonly DeliveryState[];
  readonly none: string;
  readonly advice?: string;
  readonly examples: readonly string[];
};

const ACTS: { readonly [act in QueueAct]: ActRow } = {
  retry: {
    description: 'Try deliveries at once, and end pauses of their destinations.',
    done: 'will be tried now',
    states: ['waiting'],
    none: 'nothing that waits matches',
    advice: 'What is held is tried once it is released: postern queue release',
    examples: ['postern queue retry 01J9ZK3F8Q2R00AB', 'postern queue retry --domain example.net'],
  },
  hold: {
    description: 'Keep deliveries back until they are released.',
    done: 'held',
    states: ['waiting', 'leased'],
    none: 'nothing matches that is not held already',
    examples: ['postern queue hold --sender newsletter@example.org'],
  },
  release: {
    description: 'Let held deliveries go on.',
    done: 'released',
    // Also what was held while it was being delivered.
    states: ['held', 'leased'],
    none: 'nothing that is held matches',
    examples: ['postern queue release --sender newsletter@example.org'],
  },
  cancel: {
    description: 'Remove deliveries without telling their senders.',
    done: 'removed',
    none: 'nothing in the queue matches',
    examples: ['postern queue cancel --recipient "*@example.com" --dry-run', 'postern queue cancel 01J9ZK3F8Q2R00AB'],
  },
  fail: {
    description: 'Return deliveries to their senders with a report.',
    done: 'will be returned',
    none: 'nothing in the queue matches',
    examples: ['postern queue fail --domain example.com --older-than 12h'],
  },
};

export function registerQueueActs(queue: Command, context: CommandContext): void {
  const names: readonly QueueAct[] = ['retry', 'hold', 'release', 'cancel', 'fail'];
  for (const name of names) {
    const { description, examples } = ACTS[name];
    const command = withFilterOptions(queue.command(name).argument('[ids...]', 'queue ids of messages'))
      .option('--all', 'every delivery; needed when nothing else says which')
      .option('--dry-run', 'only say how many deliveries it would be')
      .option('--json', 'as JSON')
      .description(description)
      .action((ids: readonly string[], options: ActOptions) => act(context, name, ids, options));
    withExamples(command, examples);
  }
}

// oxlint-disable-next-line max-params -- commander gives arguments and options one by one
async function act(
  context: CommandContext,
  name: QueueAct,
  ids: readonly string[],
  options: ActOptions,
): Promise<void> {
  const chosen = filtersOf(ids, options);
  if (meansAll(chosen) && options.all !== true) {
    throw new CommandFailure(
      'usage',
      `nothing says which deliveries to ${name}`,
      'Give ids or a filter such as --domain example.net, or --all for every delivery.',
    );
  }
  const { done, none, states, advice = 'See what there is with: postern queue list' } = ACTS[name];
  const filters = inStates(chosen, states);
  const count = await withDesk(context, (desk) =>
    total(filters, (filter) => actOrCount(desk, filter, { name, options })),
  );
  const isDry = options.dryRun === true;
  if (options.json === true) context.console.write(JSON.stringify({ act: name, dryRun: isDry, deliveries: count }));
  else context.console.write(`${deliveries(count)} ${isDry ? `would be chosen by this ${name}` : done}.`);
  if (count === 0) throw new CommandFailure('failed', none, advice);
}

function inStates(
  filters: readonly QueueFilter[],
  states: readonly DeliveryState[] | undefined,
): readonly QueueFilter[] {
  if (states === undefined) return filters;
  return filters.flatMap((filter) =>
    states
      .filter((state) => filter.state === undefined || filter.state === state)
      .map((state) => ({ ...filter, state })),
  );
}

type Chosen = { readonly name: QueueAct; readonly options: ActOptions };

const actOrCount = (desk: QueueDesk, filter: QueueFilter, { name, options }: Chosen): Promise<number> =>
  options.dryRun === true ? desk.count(filter) : desk.act(filter, name);

/** One after the other: each may be a long transaction of the database. */
async function total(
  filters: readonly QueueFilter[],
  countOf: (filter: QueueFilter) => Promise<number>,
): Promise<number> {
  let sum = 0;
  for (const filter of filters) sum += await countOf(filter); // oxlint-disable-line no-await-in-loop -- see above
  return sum;
}

const deliveries = (count: number): string => (count === 1 ? '1 delivery' : `${count} deliveries`);
