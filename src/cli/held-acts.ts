/**
 * `postern quarantine release | delete` and `postern moderation approve | reject`: an operator decides about messages, named by their
 * ids or by what they have in common.
 */
import type { Command } from 'commander';
import type { HeldAct } from '#held/desk.ts';
import { COMMENT_LIMIT, readComment } from '#held/limits.ts';
import type { Held, HeldKind } from '#held/store.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { heldFilterOf, readHeldId, withHeldFilter, type HeldFilterOptions } from './held-filter.ts';
import { foresee, resultOf, type ActResult } from './held-outcome.ts';
import { whereToLook, type HeldPlace } from './held-place.ts';
import { withHeld } from './reach.ts';
import { printable } from './table.ts';

/** Entries that are looked at together. */
const PAGE = 200;
const RECIPIENTS_SHOWN = 10;

type ActOptions = HeldFilterOptions & {
  readonly to?: readonly string[];
  readonly comment?: string;
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
};

type ActName = 'release' | 'delete' | 'approve' | 'reject';

type ActRow = {
  readonly description: string;
  readonly done: string;
  readonly actOf: (by: string, options: ActOptions) => HeldAct;
  readonly examples: readonly string[];
};

const ACTS: { readonly [name in ActName]: ActRow } = {
  release: {
    description: 'Let messages go to their recipients; rules are not evaluated again.',
    done: 'released',
    actOf: (by, { to = [] }) => ({ kind: 'release', by, recipients: to }),
    examples: [
      'postern quarantine release 01J9ZK3F8Q2R00AB',
      'postern quarantine release 01J9ZK3F8Q2R00AB --to bob@example.net --to carol@example.net',
      'postern quarantine release --rule "Card numbers" --since 2h --dry-run',
    ],
  },
  delete: {
    description: 'Delete messages; nobody is told.',
    done: 'deleted',
    actOf: (by) => ({ kind: 'delete', by }),
    examples: ['postern quarantine delete 01J9ZK3F8Q2R00AB', 'postern quarantine delete --address @spam.example'],
  },
  approve: {
    description: 'Let messages go to their recipients, in the place of a moderator.',
    done: 'approved',
    actOf: (by) => ({ kind: 'release', by, recipients: [] }),
    examples: ['postern moderation approve 01J9ZK3F8Q2R00AB'],
  },
  reject: {
    description: 'Return messages to their senders, in the place of a moderator.',
    done: 'rejected',
    actOf: (by, options) => ({ kind: 'reject', by, comment: commentOf(options) }),
    examples: ['postern moderation reject 01J9ZK3F8Q2R00AB --comment "Please send it to the press office."'],
  },
};

const NAMES: { readonly [kind in HeldKind]: readonly ActName[] } = {
  quarantine: ['release', 'delete'],
  moderation: ['approve', 'reject'],
};

export function registerHeldActs(parent: Command, context: CommandContext, kind: HeldKind): void {
  for (const name of NAMES[kind]) {
    const { description, examples } = ACTS[name];
    const command = withHeldFilter(parent.command(name).argument('[ids...]', 'as list shows them')).description(
      description,
    );
    if (name === 'release') {
      command.option('--to <recipient>', 'only to this recipient; the others stay; may be repeated', collect);
    }
    if (name === 'reject') command.option('--comment <text>', 'what the sender is told');
    command
      .option('--all', 'every message; needed when nothing else says which')
      .option('--dry-run', 'only say which messages it would be')
      .option('--json', 'as JSON')
      .action((ids: readonly string[], options: ActOptions) =>
        withHeld(context, async (desk) => act({ context, desk, kind }, { name, ids: ids.map(readHeldId), options })),
      );
    withExamples(command, examples);
  }
}

const collect = (recipient: string, before: readonly string[] = []): readonly string[] => [...before, recipient];

type Order = { readonly name: ActName; readonly ids: readonly string[]; readonly options: ActOptions };

async function act(place: HeldPlace, order: Order): Promise<void> {
  demandChoice(order);
  const { ids, name, options } = order;
  const { context, desk, kind } = place;
  const { dryRun: isDry = false, json: isJson = false } = options;
  const given = ACTS[name].actOf(context.user, options);
  const results: ActResult[] = [];
  try {
    for await (const id of ids.length > 0 ? new Set(ids) : idsOf(place, options)) {
      const outcome = isDry ? await foresee(desk, kind, { id, act: given }) : await desk.act(kind, id, given);
      const result = resultOf(id, outcome);
      results.push(result);
      if (!isJson) tell(context, order, result);
    }
  } finally {
    // Also when the store fails on the way: what was done is done.
    if (isJson) context.console.write(JSON.stringify({ act: name, dryRun: isDry, results }, undefined, 2));
  }
  conclude(place, order, results);
}

function demandChoice({ name, ids, options }: Order): void {
  const { rule, address, since, all = false, to = [] } = options;
  const isFiltered = [rule, address, since].some((condition) => condition !== undefined);
  const ways = [ids.length > 0, isFiltered, all].filter(Boolean).length;
  if (ways === 0) {
    throw new CommandFailure(
      'usage',
      `nothing says which messages to ${name}`,
      'Give ids, or conditions such as --rule, or --all for every message.',
    );
  }
  if (ways > 1) throw new CommandFailure('usage', 'ids, conditions and --all do not go together', 'Give one of them.');
  if (to.length > 0 && ids.length !== 1) {
    throw new CommandFailure('usage', '--to needs one id', 'Recipients are those of one message.');
  }
}

/** All that are held now; an act takes an entry out of what is looked for, and the next page begins behind it. */
async function* idsOf({ context, desk, kind }: HeldPlace, options: ActOptions): AsyncIterable<string> {
  const filter = { ...heldFilterOf(context, options), state: 'held' } as const;
  let after: string | undefined;
  do {
    const page: readonly Held[] = await desk.list(kind, {
      ...filter,
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
    });
    for (const { id } of page) yield id;
    after = page.length < PAGE ? undefined : page.at(-1)?.id;
  } while (after !== undefined);
}

function tell({ console }: CommandContext, { name, options }: Order, { id, recipients, as, failure }: ActResult): void {
  const { done } = ACTS[name];
  if (failure !== undefined)
    return console.complain(`${id} ${options.dryRun === true ? 'would not be' : 'was not'} ${done}: ${failure}`);
  const to = name === 'release' || name === 'approve' ? ` to ${shortList(recipients)}` : '';
  const part = as === undefined ? '' : ` as ${as}; the others stay`;
  console.write(printable(`${id} ${options.dryRun === true ? 'would be ' : ''}${done}${to}${part}`));
}

function conclude({ kind, context }: HeldPlace, { name, options }: Order, results: readonly ActResult[]): void {
  const { done } = ACTS[name];
  const failed = results.filter(({ failure }) => failure !== undefined);
  if (results.length === 0) {
    throw new CommandFailure('failed', 'nothing that is held matches', `See what there is with: postern ${kind} list`);
  }
  if (failed.length > 0) {
    const [one] = failed;
    const count = `${failed.length} of ${results.length}`;
    throw new CommandFailure('failed', `${count} not ${done}`, whereToLook(kind, one?.id ?? ''));
  }
  if (options.json === true || results.length === 1) return;
  context.console.write(`${results.length} messages ${options.dryRun === true ? 'would be ' : ''}${done}.`);
}

function shortList(recipients: readonly string[]): string {
  const shown = recipients.slice(0, RECIPIENTS_SHOWN).join(', ');
  const others = recipients.length - RECIPIENTS_SHOWN;
  return others > 0 ? `${shown} and ${others} more` : shown;
}

function commentOf({ comment: text = '' }: ActOptions): string {
  const comment = readComment(text);
  if (comment !== undefined) return comment;
  throw new CommandFailure('usage', '--comment is too long', `There are ${COMMENT_LIMIT} characters at most.`);
}
