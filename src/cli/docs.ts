/** `postern docs write | check`: the generated pages, for those who work on the program. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Command } from 'commander';

import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { CommandFailure } from './exit.ts';
import { generatedFiles, type GeneratedFile } from './references.ts';

export function registerDocs(program: Command, context: CommandContext): void {
  const docs = program
    .command('docs')
    .description('Generated pages: docs/reference/, config/relay.yaml and its JSON Schema.');
  const write = docs
    .command('write')
    .description('Write the generated pages.')
    .action(() => writePages(program, context));
  withExamples(write, ['postern docs write']);
  const check = docs
    .command('check')
    .description('Tell which generated pages are stale.')
    .action(() => checkPages(program, context));
  withExamples(check, ['postern docs check']);
}

async function writePages(program: Command, { packageDirectory, console }: CommandContext): Promise<void> {
  for (const { path, content } of await stale(program, packageDirectory)) {
    const file = join(packageDirectory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    console.write(`Wrote ${path}.`);
  }
}

async function checkPages(program: Command, { packageDirectory, console }: CommandContext): Promise<void> {
  const paths = (await stale(program, packageDirectory)).map(({ path }) => path);
  if (paths.length === 0) return console.write('The generated pages are fresh.');
  throw new CommandFailure('failed', `stale: ${paths.join(', ')}`, 'Write them with: postern docs write');
}

async function stale(program: Command, directory: string): Promise<readonly GeneratedFile[]> {
  const verdicts = await Promise.all(
    generatedFiles(program, directory).map(async (file) => ({
      file,
      isFresh: (await readFile(join(directory, file.path), 'utf8').catch(() => undefined)) === file.content,
    })),
  );
  return verdicts.filter(({ isFresh }) => !isFresh).map(({ file }) => file);
}
