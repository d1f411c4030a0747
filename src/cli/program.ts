/**
 * The command line as a whole: every command registered, every failure turned into words and an exit code. Nothing here
 * touches the process; `main.ts` hands in the adapters and ends with the code.
 */
import { Command, CommanderError } from 'commander';

import { RelayUnreachable } from '#admin/relay-line.ts';
import { DEFAULT_CONFIG_FILE, loadConfig } from '#config/load.ts';
import { ConfigError } from '#config/problems.ts';
import { UsersFileError } from '#config/users-file.ts';
import { StorageUnavailable } from '#queue/store.ts';
import type { CommandAdapters, CommandContext, Console } from './adapters.ts';
import { registerAudit } from './audit.ts';
import { registerCerts } from './certs.ts';
import { registerConfig } from './config.ts';
import { registerDns } from './dns.ts';
import { registerDocs } from './docs.ts';
import { CommandFailure, EXIT_CODES, type ExitName } from './exit.ts';
import { registerHeld } from './held.ts';
import { registerPolicy } from './policy.ts';
import { registerQueue } from './queue.ts';
import { registerRule } from './rule.ts';
import { registerSend } from './send.ts';
import { registerSit } from './sit.ts';
import { registerStart } from './start.ts';
import { registerStatus } from './status.ts';
import { registerTlsReport } from './tls-report.ts';
import { registerTrace } from './trace.ts';
import { registerUser } from './user.ts';

/** `argv` without the names of the runtime and the script. Resolves to the exit code and never rejects. */
export async function runCommandLine(argv: readonly string[], adapters: CommandAdapters): Promise<number> {
  let ended: number = EXIT_CODES.ok.code;
  const program = buildProgram(adapters, (code) => {
    ended = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return ended;
  } catch (error) {
    return explain(error, adapters.console);
  }
}

/** `end` takes the exit code of a command that chooses its own. */
export function buildProgram(adapters: CommandAdapters, end: (code: number) => void): Command {
  const { console, machine, version } = adapters;
  const program = new Command('postern');
  const file = (): string | undefined => program.opts<{ config?: string }>().config;
  const context: CommandContext = { ...adapters, settings: () => loadConfig(file(), machine) };
  program
    .description('A self-hosted SMTP relay that enforces encryption.')
    .version(version)
    .option('-c, --config <file>', `configuration; ${DEFAULT_CONFIG_FILE} when left out`)
    .showHelpAfterError('(add --help for the options and an example)')
    .configureOutput({
      writeOut: (text) => console.write(text.trimEnd()),
      writeErr: (text) => console.complain(text.trimEnd()),
      getOutHelpWidth: () => console.columns ?? 100,
      getErrHelpWidth: () => console.columns ?? 100,
    })
    .exitOverride();
  registerStart(program, context, end);
  registerStatus(program, context);
  registerQueue(program, context);
  registerHeld(program, context);
  registerRule(program, context);
  registerSit(program, context);
  registerTrace(program, context);
  registerPolicy(program, context);
  registerTlsReport(program, context);
  registerSend(program, context);
  registerConfig(program, context);
  registerCerts(program, context);
  registerDns(program, context, end);
  registerUser(program, context);
  registerAudit(program, context);
  registerDocs(program, context);
  return program;
}

type Explanation = { readonly exit: ExitName; readonly text: string; readonly remedy?: string | undefined };

function explain(error: unknown, console: Console): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok.code : EXIT_CODES.usage.code;
  const { exit, text, remedy } = explanationOf(error);
  console.complain(text);
  if (remedy !== undefined) console.complain(remedy);
  return EXIT_CODES[exit].code;
}

function explanationOf(error: unknown): Explanation {
  if (error instanceof CommandFailure)
    return { exit: error.exit, text: `postern: ${error.message}`, remedy: error.remedy };
  if (error instanceof ConfigError) {
    return {
      exit: 'config',
      text: error.message,
      remedy: error.problems.every(({ setting }) => setting.startsWith('rules['))
        ? 'docs/reference/rules.md tells each parameter of a rule.'
        : 'docs/reference/config.md and `postern config describe` tell each setting.',
    };
  }
  if (error instanceof RelayUnreachable) {
    const remedy =
      error.code === 'nobody' ? 'Start it with: postern start' : 'Look at its log and at: postern config check';
    return { exit: 'unreachable', text: `postern: ${error.message}`, remedy };
  }
  if (error instanceof StorageUnavailable)
    return { exit: 'storage', text: `postern: ${error.message}`, remedy: STORAGE[error.code] };
  if (error instanceof UsersFileError) {
    return {
      exit: 'failed',
      text: `postern: ${error.message}`,
      remedy: 'Nothing was changed. Correct the file, then try again.',
    };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exit: 'defect', text: `postern: a defect: ${text}` };
}

const STORAGE: { readonly [code in StorageUnavailable['code']]: string } = {
  full: 'Make room on the disk of dataDirectory.',
  corrupt:
    'Do not delete it: copy dataDirectory away first, then restore a backup or salvage it with sqlite3 .recover.',
  'newer-schema': 'A newer Postern has written it: run that version, or one later.',
  locked: 'Another process uses it: see whether a relay runs with another configuration and the same dataDirectory.',
  'too-large': 'Nothing was stored.',
  io: 'Look at the rights and the health of the disk of dataDirectory.',
};
