/** `postern user add | list | remove`: who may sign in. A password never stands on the command line. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Command } from 'commander';

import { readUsers, removeUser, writeUser } from '#config/users-file.ts';
import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';

const LEAST_LENGTH = 8;

export function registerUser(program: Command, context: CommandContext): void {
  const user = program.command('user').description('Manage the users who may submit mail.');
  const add = user
    .command('add')
    .argument('<name>', 'name to sign in with, often a mail address')
    .description('Add a user, or set a new password. It is asked for, or read from the first line of standard input.')
    .action((name: string) => addUser(context, name));
  withExamples(add, ['postern user add alice@example.org', 'pass mail/alice | postern user add alice@example.org']);
  const list = user
    .command('list')
    .option('--json', 'as JSON')
    .description('List the users.')
    .action((options: { json?: boolean }) => listUsers(context, options.json === true));
  withExamples(list, ['postern user list']);
  const remove = user
    .command('remove')
    .argument('<name>', 'name of the user')
    .description('Remove a user.')
    .action((name: string) => remover(context, name));
  withExamples(remove, ['postern user remove alice@example.org']);
}

async function addUser({ console, settings }: CommandContext, name: string): Promise<void> {
  const file = fileOf(settings);
  const password = await console.readSecret(`Password for ${name}: `);
  if (password === '') {
    throw new CommandFailure(
      'failed',
      'no password was given',
      'Type one, or give it as the first line of standard input.',
    );
  }
  if (Array.from(password).length < LEAST_LENGTH) {
    throw new CommandFailure(
      'failed',
      `the password is shorter than ${LEAST_LENGTH} characters`,
      'Choose a longer one.',
    );
  }
  await mkdir(dirname(file), { recursive: true });
  const outcome = await writeUser(file, name, password);
  console.write(outcome === 'added' ? `${name} may sign in now.` : `${name} has a new password.`);
}

async function listUsers({ console, settings }: CommandContext, json: boolean): Promise<void> {
  const names = [...(await readUsers(fileOf(settings))).keys()].toSorted();
  if (json) console.write(JSON.stringify(names));
  else if (names.length === 0) console.write('There are no users. Add one with: postern user add NAME');
  else console.write(names.join('\n'));
}

async function remover({ console, settings }: CommandContext, name: string): Promise<void> {
  if (!(await removeUser(fileOf(settings), name))) {
    throw new CommandFailure('failed', `there is no user ${name}`, 'See who there is with: postern user list');
  }
  console.write(`${name} may not sign in any more.`);
}

const fileOf = (settings: CommandContext['settings']): string => settings().config.inbound.authentication.usersFile;
