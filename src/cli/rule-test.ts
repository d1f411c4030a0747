/** `postern rule test`: what the rules would make of a message, and why. Nothing is sent, kept back or noted. */
import { InvalidArgumentError, type Command } from 'commander';

import { parseAddress } from '#mail/address.ts';
import { isIp } from '#mail/ip.ts';
import { isInNetworks, parseNetworks } from '#mail/network.ts';
import type { Evaluated, Submission } from '#mail-flow/evaluator.ts';
import { tryMessage } from '#mail-flow/trial.ts';
import type { Trail } from '#rules/evaluation.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { roughSize } from './format.ts';
import { readInput } from './input.ts';
import { rulesToTry, withDirectory } from './rule-place.ts';
import { branchLines, noticeLines, noticeView, trailLines, type View } from './rule-view.ts';
import { printable } from './table.ts';

type TestOptions = {
  readonly from: string;
  readonly to: readonly string[];
  readonly authenticated?: boolean;
  readonly clientIp: string;
  readonly rules?: string;
  readonly json?: boolean;
};

/** RFC 5737 §3: nobody has this address, so it is a stranger's. */
const SOMEWHERE_ELSE = '203.0.113.1';

export function registerRuleTest(rule: Command, context: CommandContext): void {
  const command = rule
    .command('test')
    .argument('<message>', 'file of a message with its header; - for standard input')
    .requiredOption('--from <address>', 'sender of the envelope; <> for none', readSender)
    .requiredOption('--to <address...>', 'recipients of the envelope', readRecipient)
    .option('--authenticated', 'as if the client had signed in')
    .option(
      '--client-ip <address>',
      'as if the message came from there; who is in inbound.relayNetworks counts as signed in',
      readIp,
      SOMEWHERE_ELSE,
    )
    .option('--rules <directory>', 'other rules than those of the configuration')
    .option('--json', 'as JSON')
    .description('Evaluate the rules for a message and show how each came to its answer. Nothing else happens.')
    .action(async (message: string, options: TestOptions) => testMessage(context, message, options));
  withExamples(command, [
    'postern rule test message.eml --from alice@example.org --to bob@example.net --authenticated',
    'postern rule test message.eml --from alice@example.org --to bob@example.net carol@example.com --rules drafts/',
  ]);
}

async function testMessage(context: CommandContext, file: string, options: TestOptions): Promise<void> {
  const { console, settings } = context;
  const { config } = settings();
  const documents = rulesToTry(config, options.rules);
  const isOurs = isInNetworks(parseNetworks(config.inbound.relayNetworks), options.clientIp);
  const authenticated = options.authenticated === true || isOurs;
  const submission = submissionOf(withNetworkLines(await readInput(context, file, LIMIT_MIB)), {
    ...options,
    authenticated,
  });
  const evaluated = await withDirectory(config, documents, async (directory) =>
    tryMessage(submission, { documents, config, directory, now: context.now }),
  );
  if (options.json === true) return console.write(JSON.stringify(reportOf(evaluated), undefined, 2));
  const lines = viewLines(evaluated, submission, { columns: console.columns });
  return console.write(lines.join('\n'));
}

const LIMIT_MIB = 256;

/** Files often have the lines of their system; messages have CRLF (RFC 5322 §2.1). */
function withNetworkLines(octets: Buffer): Buffer {
  if (octets.includes('\r\n')) return octets;
  return Buffer.from(octets.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
}

function submissionOf(
  octets: Buffer,
  { from, to, authenticated, clientIp }: TestOptions & { readonly authenticated: boolean },
): Submission {
  const end = octets.indexOf('\r\n\r\n');
  return {
    messageId: 'test',
    envelopeSender: from,
    recipients: [...new Set(to)].map((address) => ({ address, original: address })),
    client: { ip: clientIp, authenticated },
    content: { kind: 'inline', bytes: octets },
    facts: { sizeBytes: octets.length, headerBytes: end === -1 ? octets.length : end + 4 },
  };
}

function viewLines({ result, facts }: Evaluated<Trail>, { recipients }: Submission, view: View): readonly string[] {
  const { trail } = result;
  const subject = facts.header === undefined ? '' : `, ${JSON.stringify(facts.header.subject)}`;
  const head = `Message of ${roughSize(facts.sizeBytes)}${subject}, for ${recipients.length} ${recipients.length === 1 ? 'recipient' : 'recipients'}`;
  const rules = trail.rules.length === 0 ? ['There are no rules.'] : trailLines(trail, view);
  if (result.kind === 'deferred') {
    const why = `It would not be taken now (451 4.7.0): ${result.rule} could not be evaluated: ${result.reason}`;
    return [printable(head), '', ...rules, '', printable(why)];
  }
  const notices = noticeLines(result.notices, view);
  return [
    printable(head),
    '',
    ...rules,
    '',
    ...branchLines(result.branches, view),
    ...(notices.length === 0 ? [] : ['', ...notices]),
  ];
}

/** Reports hold what was found as it is; here it stays masked. */
function reportOf({ result }: Evaluated<Trail>): unknown {
  const { trail } = result;
  if (result.kind === 'deferred') return { kind: result.kind, rule: result.rule, reason: result.reason, trail };
  return { kind: result.kind, branches: result.branches, notices: result.notices.map(noticeView), trail };
}

function readSender(text: string): string {
  return text === '<>' || text === '' ? '' : canonical(text);
}

function readRecipient(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), canonical(text)];
}

function canonical(text: string): string {
  const address = parseAddress(text);
  if (address === undefined) throw new InvalidArgumentError('It must be an address such as alice@example.org.');
  return address.text.toLowerCase();
}

function readIp(text: string): string {
  if (!isIp(text)) throw new InvalidArgumentError('It must be an IP address.');
  return text;
}
