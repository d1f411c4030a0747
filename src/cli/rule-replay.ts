/** `postern rule replay`: rules tried on the mail of the last days, and for which of it they would have made a difference. */
import { InvalidArgumentError, type Command } from 'commander';

import { MAX_ROWS } from '#admin/filter.ts';
import { parseDuration } from '#config/fields.ts';
import type { Milliseconds } from '#mail/units.ts';
import { AcceptedDomains } from '#mail-flow/accepted-domains.ts';
import { recall, type Outcome, type Remembered } from '#mail-flow/memory.ts';
import { replay, type Replay, type ReplayParts } from '#mail-flow/replay.ts';
import { compileRules } from '#rules/compile.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { foldedLines } from './fold.ts';
import { timeText } from './format.ts';
import { demandDirectory } from './reach.ts';
import { rulesToTry, withDirectory } from './rule-place.ts';
import { branchLines } from './rule-view.ts';
import { printable } from './table.ts';

type ReplayOptions = {
  readonly last?: Milliseconds;
  readonly rules?: string;
  readonly limit: number;
  readonly json?: boolean;
};

/** A message for which not everything stays as it was. */
type Told = { readonly message: Remembered; readonly replay: Exclude<Replay, { kind: 'same' }> };

type Tally = {
  readonly counts: Record<Replay['kind'], number>;
  /** The first of them. */
  readonly told: readonly Told[];
};

const DEFAULT_ROWS = 50;
const DEFAULT_TIME: Milliseconds = 7 * 86_400_000;

export function registerRuleReplay(rule: Command, context: CommandContext): void {
  const command = rule
    .command('replay')
    .option('--last <duration>', 'mail of this time, such as 24h; 7d when left out', readTime)
    .option('--rules <directory>', 'other rules than those of the configuration')
    .option('--limit <messages>', 'messages that are told at most', readLimit, DEFAULT_ROWS)
    .option('--json', 'as JSON')
    .description(
      'Try rules on the mail that was evaluated lately: for which of it would something else have happened? Texts are not kept, only whether the conditions on them held that were asked: where it hangs on others, it cannot be told.',
    )
    .action(async (options: ReplayOptions) => replayMail(context, options));
  withExamples(command, ['postern rule replay --last 7d --rules drafts/', 'postern rule replay --last 24h --json']);
}

async function replayMail(context: CommandContext, options: ReplayOptions): Promise<void> {
  const { console, now, settings, openRecords } = context;
  const { config } = settings();
  const documents = rulesToTry(config, options.rules);
  const { ruleSet } = documents;
  const since = new Date(now().getTime() - (options.last ?? DEFAULT_TIME));
  const store = await openRecords(demandDirectory(config));
  const accepted = new AcceptedDomains().by(config.inbound.acceptedDomains);
  const parts = { rules: compileRules(ruleSet), isAcceptedDomain: accepted };
  try {
    const tally = await withDirectory(config, documents, async (directory) =>
      tallied(recall(store, since), { ...parts, directory }, options.limit),
    );
    if (options.json === true)
      return console.write(JSON.stringify(reportOf(tally, ruleSet.version, since), undefined, 2));
    return tell(context, tally, { rules: ruleSet.rules.length, since });
  } finally {
    await store.close();
  }
}

async function tallied(messages: ReturnType<typeof recall>, parts: ReplayParts, limit: number): Promise<Tally> {
  const counts = { same: 0, different: 0, deferred: 0, unknown: 0 };
  const told: Told[] = [];
  for await (const message of messages) {
    const outcome = await replay(message, parts);
    counts[outcome.kind] += 1;
    if (isTold(outcome) && told.length < limit) told.push({ message, replay: outcome });
  }
  return { counts, told };
}

const isTold = (outcome: Replay): outcome is Told['replay'] => outcome.kind !== 'same';

type About = { readonly rules: number; readonly since: Date };

function tell({ console }: CommandContext, { counts, told }: Tally, { rules, since }: About): void {
  const { same, different, deferred, unknown } = counts;
  const total = same + different + deferred + unknown;
  if (total === 0) {
    throw new CommandFailure(
      'failed',
      `no mail since ${timeText(since)} was evaluated by rules`,
      'Mail is kept for this from the first rule on, for the time of mailFlow.trail.keep.',
    );
  }
  const view = { columns: console.columns };
  const write = (lines: readonly string[]): void => {
    for (const line of lines) console.write(line);
  };
  for (const { message, replay: outcome } of told) {
    const { facts } = message;
    const sender = facts.envelopeSender === '' ? '<>' : facts.envelopeSender;
    console.write(printable(`${facts.messageId}  ${timeText(facts.now)}  from ${sender}`));
    if (outcome.kind === 'different') {
      write(outcomeLines('  was  ', message.outcome, view.columns));
      write(outcomeLines('  now  ', outcome.after, view.columns));
    } else if (outcome.kind === 'deferred') {
      write(foldedLines('  now  ', printable(`would wait: ${outcome.rule}: ${outcome.reason}`), view.columns));
    } else write(foldedLines('  cannot be told: ', printable(outcome.reason), view.columns));
  }
  if (told.length > 0) console.write('');
  const more = different + deferred + unknown - told.length;
  if (more > 0) console.write(`${more} more of these; --limit shows them.`);
  console.write(
    `${counted(total, 'message')} since ${timeText(since)}, tried with ${counted(rules, 'rule')}: ${same} the same, ${different} different, ${deferred} would wait, ${unknown} cannot be told.`,
  );
}

function outcomeLines(lead: string, { branches }: Outcome, columns: number | undefined): readonly string[] {
  const inner = columns === undefined ? undefined : columns - lead.length;
  return branchLines(branches, { columns: inner }).map((line, index) => (index === 0 ? lead : '       ') + line);
}

function reportOf({ counts, told }: Tally, version: string, since: Date): unknown {
  const messages = told.map(({ message: { facts, outcome }, replay: { kind, ...rest } }) => {
    const { messageId, now: at, envelopeSender: sender, recipients } = facts;
    return {
      messageId,
      at,
      sender,
      recipients: recipients.map(({ address }) => address),
      kind,
      before: outcome,
      ...rest,
    };
  });
  return { version, since, counts, messages };
}

function readTime(text: string): Milliseconds {
  const time = parseDuration(text);
  if (time === undefined || time <= 0) throw new InvalidArgumentError('It must be a duration such as 24h or 7d.');
  return time;
}

function readLimit(text: string): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_ROWS) throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_ROWS}.`);
  return limit;
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
