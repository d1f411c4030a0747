/** A text in the editor of whoever runs the command: $VISUAL, $EDITOR or vi, as git does it. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { CommandFailure } from './exit.ts';

export type EditedText = {
  readonly text: string;
  /** Where it stays until it is discarded. */
  readonly file: string;
  readonly discard: () => Promise<void>;
};

type Environment = Readonly<Record<string, string | undefined>>;

export async function editText(text: string, environment: Environment): Promise<EditedText> {
  const editor = environment['VISUAL'] ?? environment['EDITOR'] ?? 'vi';
  const directory = await mkdtemp(join(tmpdir(), 'postern-edit-'));
  const file = join(directory, 'rule.yaml');
  await writeFile(file, text, { mode: 0o600 });
  const discard = async (): Promise<void> => rm(dirname(file), { recursive: true, force: true });
  const trouble = await run(editor, file);
  if (trouble === undefined) return { text: await readFile(file, 'utf8'), file, discard };
  await discard();
  throw new CommandFailure(
    'failed',
    `the editor (${editor}) ${trouble}`,
    'Nothing was changed. $EDITOR names another.',
  );
}

/** By the shell: what the variable holds may have options of its own. */
function run(editor: string, file: string): Promise<string | undefined> {
  return new Promise((settle) => {
    const child = spawn('/bin/sh', ['-c', `${editor} "$0"`, file], { stdio: 'inherit' });
    child.once('error', (error) => settle(`cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => settle(code === 0 ? undefined : `ended with ${signal ?? code}`));
  });
}
