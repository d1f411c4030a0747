/** `postern dns`: the records that our domains are to publish, beside what DNS says now. */
import { existsSync } from 'node:fs';

import type { Command } from 'commander';

import { CertificateError } from '#certificates/server-certificates.ts';
import type { RelayConfig } from '#config/schema.ts';
import { besidesRecords, findingLines, isWrong, recordLines, summaryLine, zoneLines } from '#publishing/dns-text.ts';
import { inspect, inspectClosely, ownSide, type InspectParts, type Inspection } from '#publishing/inspect.ts';
import type { LintFinding } from '#publishing/lint/finding.ts';
import type { OwnSide } from '#publishing/records.ts';
import type { PublishedDomain } from '#publishing/settings.ts';
import { parseDomain } from '#mail/domain.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure, EXIT_CODES } from './exit.ts';
import { printable } from './table.ts';

type Options = { readonly zone?: boolean; readonly json?: boolean; readonly lint?: boolean };
type Looked = Inspection & { readonly findings?: readonly LintFinding[] };

export function registerDns(program: Command, context: CommandContext, end: (code: number) => void): void {
  const command = program
    .command('dns')
    .argument('[domain]', 'one of publishing.domains; all of them when left out')
    .option('--zone', 'as lines of a zone file')
    .option('--lint', 'with a look at every host, its certificates and the mailboxes for reports')
    .option('--json', 'as JSON')
    .description('Show the records that our domains are to publish, and what is missing or wrong in DNS.')
    .action(async (domain: string | undefined, options: Options) => {
      const isFine = await showDomains(context, domain, options);
      end(isFine ? EXIT_CODES.ok.code : EXIT_CODES.failed.code);
    });
  withExamples(command, [
    'postern dns',
    'postern dns example.org --lint',
    'postern dns example.org --zone >> db.example.org',
  ]);
}

async function showDomains(context: CommandContext, domain: string | undefined, options: Options): Promise<boolean> {
  const { config } = context.settings();
  const domains = chosen(config, domain);
  const side = await demandOwnSide(config);
  await tellDoubts(context, config, domains);
  return withLook(context, config, async (parts) => {
    const looked: Looked[] = [];
    for (const one of domains) {
      // oxlint-disable-next-line no-await-in-loop -- one domain after the other, in the order of the settings
      looked.push(await (options.lint === true ? inspectClosely : inspect)(one, side, parts));
    }
    print(context, looked, options);
    return !looked.some(({ records, findings = [] }) => isWrong(records, findings));
  });
}

function chosen({ publishing }: RelayConfig, asked: string | undefined): readonly PublishedDomain[] {
  const { domains } = publishing;
  const name = asked === undefined ? undefined : parseDomain(asked);
  const found = asked === undefined ? domains : domains.filter(({ domain }) => domain === name);
  if (found.length > 0) return found;
  throw new CommandFailure(
    'failed',
    asked === undefined ? 'publishing.domains names no domain' : `${printable(asked)} is not among publishing.domains`,
    'Add it to the configuration; docs/publishing.md shows how.',
  );
}

/** Our keys, or a sentence about the file that cannot be used. */
export async function demandOwnSide(config: RelayConfig): Promise<OwnSide> {
  try {
    return await ownSide(config);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new CommandFailure('config', error.message, 'Look at tls.certificates: postern config check');
  }
}

/** What is kept between looks is kept where the relay keeps it; without a data directory nothing is. */
export async function withLook<Result>(
  context: CommandContext,
  config: RelayConfig,
  use: (parts: InspectParts) => Promise<Result>,
): Promise<Result> {
  const store = existsSync(config.dataDirectory) ? await context.openRecords(config) : undefined;
  try {
    return await use({ ...context.viewFromOutside(config), store, now: context.now });
  } finally {
    await store?.close();
  }
}

/** Where the resolver does not validate, nobody here can tell a signed zone from another. */
async function tellDoubts(
  { console, doubtResolvers }: CommandContext,
  config: RelayConfig,
  domains: readonly PublishedDomain[],
): Promise<void> {
  const wantsDane = domains.some(({ dane, mx }) => dane && mx.length > 0);
  const doubt = wantsDane ? await doubtResolvers(config) : undefined;
  if (doubt !== undefined) console.complain(`TLSA records cannot be judged from here: ${doubt}`);
  if (wantsDane && config.tls.certificates.length === 0) {
    console.complain(
      'tls.certificates is empty: there are no keys to publish, and development certificates are for trying out',
    );
  }
}

function print({ console }: CommandContext, looked: readonly Looked[], { zone, json }: Options): void {
  if (json === true) {
    const domains = looked.map(({ wanted, records, findings }) => ({ domain: wanted.domain, records, findings }));
    return console.write(JSON.stringify({ domains }, undefined, 2));
  }
  const lines = looked.map(({ wanted, records, findings }) => {
    const others = findings === undefined ? undefined : besidesRecords(findings);
    if (zone === true) return zoneLines(wanted.domain, records);
    return [wanted.domain, ...recordLines(records), ...findingLines(others ?? []), summaryLine(records, others)];
  });
  console.write(lines.map((some) => some.map(printable).join('\n')).join('\n\n'));
}
