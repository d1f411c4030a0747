/** The files of a rule directory as they are: which they are, their texts, their order. What stands in them is `rule-set.ts`'s. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { listFiles } from '#config/file-list.ts';
import type { ConfigProblem } from '#config/problems.ts';
import { readTextFile } from '#config/text-file.ts';

/** One file, by its path as problems name it. */
export type RuleFile = { readonly file: string; readonly text: string };

export type FilesReading =
  | { readonly kind: 'files'; readonly files: readonly RuleFile[] }
  | { readonly kind: 'refused'; readonly problems: readonly ConfigProblem[] };

export const FILE_LIMIT_MIB = 4;
export const MOST_FILES = 300;
/** Those that begin with a dot are drafts. */
const NAMES = /^[^.].*\.ya?ml$/i;

/** In the order of their names. A directory that is not there has none. */
export function readRuleFiles(directory: string): FilesReading {
  const listed = listFiles(directory, NAMES, 'it is a file; the setting mailFlow.rules names a directory');
  if ('message' in listed)
    return { kind: 'refused', problems: [{ file: directory, setting: '', message: listed.message }] };
  const { names } = listed;
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
