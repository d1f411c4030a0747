/** What rules are tried with: the rules of the configuration or of another directory, and the people that they ask for. */
import { loadDocuments, type MailFlowDocuments } from '#config/mail-flow/documents.ts';
import { ConfigError } from '#config/problems.ts';
import type { RelayConfig } from '#config/schema.ts';
import type { Directory } from '#directory/directory.ts';
import { openDirectory } from '#directory/open.ts';
import { CommandFailure } from './exit.ts';
import { printable } from './table.ts';

/** Throws `ConfigError` for rules that do not load, and `CommandFailure` for a directory without any. */
export function rulesToTry(config: RelayConfig, directory: string | undefined): MailFlowDocuments {
  const reading = loadDocuments(config, directory);
  if (reading.kind === 'refused') throw new ConfigError(reading.problems);
  const { documents } = reading;
  if (documents.ruleSet.rules.length > 0 || directory === undefined) return documents;
  const message = `there are no rules in ${printable(directory)}`;
  throw new CommandFailure('failed', message, 'Name a directory of rule files (*.yaml).');
}

export async function withDirectory<Result>(
  config: RelayConfig,
  { directoryEntries: entries }: MailFlowDocuments,
  use: (directory: Directory) => Promise<Result>,
): Promise<Result> {
  const { directory: settings } = config.mailFlow;
  const directory = openDirectory({ settings, entries, report: untold, now: () => performance.now() });
  try {
    return await use(directory);
  } finally {
    await directory.close();
  }
}

/** What fails is told by the rules that hang on it. */
const untold = (): void => undefined;
