/**
 * `postern quarantine` and `postern moderation`: mail that rules keep back. Here is what looks at it; what decides about it is in
 * `held-acts.ts`, and how it is told in `held-view.ts`.
 */
import { Option, type Command } from 'commander';
import { HELD_GROUPS, type HeldGroup, type HeldKind } from '#held/store.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { registerHeldActs } from './held-acts.ts';
import { exportHeld, type ExportOptions } from './held-export.ts';
import { heldFilterOf, readHeldId, wholeRows, withHeldFilter, type HeldFilterOptions } from './held-filter.ts';
import { noSuchEntry, type HeldPlace } from './held-place.ts';
import { detailLines, listLines, summaryLines } from './held-view.ts';
import { withHeld } from './reach.ts';

const DEFAULT_ROWS = 50;

const DESCRIPTIONS: { readonly [kind in HeldKind]: string } = {
  quarantine: 'Mail that rules put into quarantine: look at it, release it or delete it.',
  moderation: 'Mail that waits for a moderator: look at it, and decide in their place.',
};

type ListOptions = HeldFilterOptions & { readonly limit: number; readonly after?: string; readonly json?: boolean };
type ReportOptions = HeldFilterOptions & { readonly by: HeldGroup; readonly limit: number; readonly json?: boolean };

export function registerHeld(program: Command, context: CommandContext): void {
  for (const kind of ['quarantine', 'moderation'] as const) {
    const command = program.command(kind).description(DESCRIPTIONS[kind]);
    registerList(command, context, kind);
    registerShow(command, context, kind);
    registerHeldActs(command, context, kind);
    registerReport(command, context, kind);
    registerExport(command, context, kind);
  }
}

function registerList(command: Command, context: CommandContext, kind: HeldKind): void {
  const list = withHeldFilter(command.command('list'))
    .option('--state <state>', 'held, releasing, released, rejected, deleted or expired; all for every state', 'held')
    .option('--limit <rows>', 'rows at most', wholeRows, DEFAULT_ROWS)
    .option('--after <id>', 'entries that are older than this one')
    .option('--json', 'as JSON')
    .description('List what is kept back, the newest first.')
    .action((options: ListOptions) => withHeld(context, async (desk) => listEntries({ context, desk, kind }, options)));
  withExamples(list, [
    `postern ${kind} list`,
    `postern ${kind} list --rule "Card numbers" --since 24h`,
    `postern ${kind} list --address @example.net --state all --json`,
  ]);
}

function registerShow(command: Command, context: CommandContext, kind: HeldKind): void {
  const show = command
    .command('show')
    .argument('<id>', 'as list shows it')
    .option('--json', 'as JSON')
    .description('Show an entry: why it is kept back, until when, its envelope and header.')
    .action((id: string, { json = false }: { json?: boolean }) =>
      withHeld(context, async (desk) => showEntry({ context, desk, kind }, readHeldId(id), json)),
    );
  withExamples(show, [`postern ${kind} show 01J9ZK3F8Q2R00AB`]);
}

function registerReport(command: Command, context: CommandContext, kind: HeldKind): void {
  const by = new Option('--by <group>', 'what is counted for itself').choices(HELD_GROUPS).default('rule');
  const report = withHeldFilter(command.command('report'))
    .addOption(by)
    .option('--limit <rows>', 'rows at most', wholeRows, DEFAULT_ROWS)
    .option('--json', 'as JSON')
    .description('Count what was kept back and what became of it, by rule, sender or day.')
    .action((options: ReportOptions) =>
      withHeld(context, async (desk) => reportEntries({ context, desk, kind }, options)),
    );
  withExamples(report, [`postern ${kind} report --since 7d`, `postern ${kind} report --by day --json`]);
}

function registerExport(command: Command, context: CommandContext, kind: HeldKind): void {
  const write = command
    .command('export')
    .argument('<id>', 'as list shows it')
    .option('--output <file>', 'a file that is not there yet; the id with .eml when left out')
    .description('Write the message to a file; the audit record says who did.')
    .action((id: string, options: ExportOptions) =>
      withHeld(context, async (desk) => exportHeld({ context, desk, kind }, readHeldId(id), options)),
    );
  withExamples(write, [`postern ${kind} export 01J9ZK3F8Q2R00AB --output suspect.eml`]);
}

async function listEntries(
  { context, desk, kind }: HeldPlace,
  { limit, after, json, state, ...options }: ListOptions,
): Promise<void> {
  const { console, now } = context;
  const filter = heldFilterOf(
    context,
    state === 'all' ? options : { ...options, ...(state === undefined ? {} : { state }) },
  );
  const place = after === undefined ? {} : { after: readHeldId(after) };
  const entries = await desk.list(kind, { ...filter, ...place, limit });
  if (json === true) return console.write(JSON.stringify(entries, undefined, 2));
  if (entries.length === 0) return console.write('Nothing of this kind is kept back.');
  console.write(listLines(entries, { now: now(), columns: console.columns }).join('\n'));
  const last = entries.length < limit ? undefined : entries.at(-1);
  if (last !== undefined) console.write(`There may be more, with --after ${last.id}`);
}

async function showEntry({ context, desk, kind }: HeldPlace, id: string, json: boolean): Promise<void> {
  const { console, now } = context;
  const detail = await desk.show(kind, id);
  if (detail === undefined) throw noSuchEntry(kind, id);
  if (json) return console.write(JSON.stringify(detail, undefined, 2));
  console.write(detailLines(detail, { now: now(), columns: console.columns }).join('\n'));
}

async function reportEntries(
  { context, desk, kind }: HeldPlace,
  { by, limit, json, ...options }: ReportOptions,
): Promise<void> {
  const { console } = context;
  const rows = await desk.summary(kind, { filter: heldFilterOf(context, options), by, limit });
  if (json === true) return console.write(JSON.stringify(rows, undefined, 2));
  if (rows.length === 0) return console.write('Nothing of this kind was kept back.');
  console.write(summaryLines({ kind, by, rows }, console.columns).join('\n'));
  if (rows.length === limit) console.write('There may be more, with --limit.');
}
