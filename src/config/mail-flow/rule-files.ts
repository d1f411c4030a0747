/** The files of a rule directory as they are: which they are, their texts, their order. What stands in them is `rule-set.ts`'s. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { isListed } from '#config/file-list.ts';
import type { ConfigProblem } from '#config/problems.ts';
import { readTextFile } from '#config/text-file.ts';

/** One file, by its path as problems name it. */
export type RuleFile = { readonly file: string; readonly text: string };

export type FilesReading =
  | { readonly kind: 'files'; readonly files: readonly RuleFile[] }
  | { readonly kind: 'refused'; readonly problems: readonly ConfigProblem[] };

export const FILE_LIMIT_MIB = 4;
export const MOST_FILES = 300;

/** In the order of their names. A directory that is not there has none. */
export function readRuleFiles(directory: string): FilesReading {
  const names = listNames(directory);
  if ('message' in names)
    return { kind: 'refused', problems: [{ file: directory, setting: '', message: names.message }] };
  const files: RuleFile[] = [];
  const problems: ConfigProblem[] = [];
  for (const name of names.slice(0, MOST_FILES)) {
    const file = join(directory, name);
    const reading = readTextFile(file, FILE_LIMIT_MIB);
    if (reading.kind === 'text') files.push({ file, text: reading.text });
    // Somebody has taken it away since it was listed.
    else if (!reading.isMissing) problems.push({ file, setting: '', message: reading.message });
  }
  if (names.length > MOST_FILES)
    problems.push({ file: directory, setting: '', message: `must hold at most ${MOST_FILES} files of rules` });
  return problems.length > 0 ? { kind: 'refused', problems } : { kind: 'files', files };
}

/** Changes whenever a file does, also by its name. */
export function versionOf(files: readonly RuleFile[]): string {
  const hash = createHash('sha256');
  for (const { file, text } of files) hash.update(JSON.stringify([nameOf(file), text]));
  return hash.digest('hex').slice(0, 12);
}

export const nameOf = (file: string): string => file.slice(file.lastIndexOf('/') + 1);

/** Names that begin with a dot are drafts. Code points decide, so that the order is the same for every locale. */
function listNames(directory: string): readonly string[] | { readonly message: string } {
  try {
    const names = readdirSync(directory).filter((name) => /^[^.].*\.ya?ml$/i.test(name));
    return names.filter((name) => isListed(join(directory, name))).toSorted();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return code === 'ENOENT' ? [] : { message: `cannot be read (${LISTING[code] ?? code})` };
  }
}

const LISTING: { readonly [code: string]: string } = {
  ENOTDIR: 'it is a file; the setting mailFlow.rules names a directory',
  EACCES: 'this user may not read it',
};
