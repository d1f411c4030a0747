/**
 * From a directory of sensitive information types of one's own (`mailFlow.sensitiveInformationTypes`) to the types: all or none, and
 * everything that is wrong in any file at once. YAML is read by `sit-schema.ts`, rule packages of Microsoft by `sit-package.ts`.
 */
import { join } from 'node:path';

import { builtInTypes } from '#rules/sit/built-in.ts';
import { problemsOf, TYPE_LIMITS } from '#rules/sit/check-type.ts';
import type { CustomType } from '#rules/sit/custom.ts';
import { listFiles } from './file-list.ts';
import { findingsOf, settingName, type ConfigProblem } from './problems.ts';
import { readPackage } from './sit-package.ts';
import { namesAt, typesFileSchema } from './sit-schema.ts';
import { readOctets } from './text-file.ts';
import { decodeXml } from './xml.ts';
import { readYaml } from './yaml.ts';

/** A type, and where it stands. */
export type PlacedType = {
  readonly type: CustomType;
  readonly file: string;
  readonly line?: number | undefined;
  /** As problems name it: `types[2]`. */
  readonly setting: string;
};

export type TypesReading =
  | {
      readonly kind: 'loaded';
      readonly types: readonly CustomType[];
      /** In the order of `types`. */
      readonly placed: readonly PlacedType[];
    }
  /** `problems` is never empty. */
  | { readonly kind: 'refused'; readonly problems: readonly ConfigProblem[] };

/** What one file holds. */
export type FileTypes = { readonly placed: readonly PlacedType[]; readonly problems: readonly ConfigProblem[] };

/** A file by its path as problems name it. */
export type TypesFile = { readonly file: string; readonly octets: Uint8Array };

const FILE_LIMIT_MIB = 4;
const MOST_FILES = 300;
const MOST_PROBLEMS = 200;

/** A directory that is not there has no types. */
export function loadTypes(directory: string): TypesReading {
  const listed = listFiles(directory, /^[^.].*\.(?:ya?ml|xml)$/i);
  if ('message' in listed)
    return { kind: 'refused', problems: [{ file: directory, setting: '', message: listed.message }] };
  const files: TypesFile[] = [];
  const problems: ConfigProblem[] = [];
  for (const name of listed.names.slice(0, MOST_FILES)) {
    const file = join(directory, name);
    const reading = readOctets(file, FILE_LIMIT_MIB);
    if (reading.kind === 'octets') files.push({ file, octets: reading.octets });
    // Somebody has taken it away since it was listed.
    else if (!reading.isMissing) problems.push({ file, setting: '', message: reading.message });
  }
  if (listed.names.length > MOST_FILES)
    problems.push({ file: directory, setting: '', message: `must hold at most ${MOST_FILES} files of types` });
  return problems.length > 0 ? { kind: 'refused', problems } : parseTypes(files);
}

export function parseTypes(files: readonly TypesFile[]): TypesReading {
  const read = files.map(readFile);
  const placed = read.flatMap((each) => each.placed);
  const problems = [...read.flatMap((each) => each.problems), ...placed.flatMap(wrongAlone), ...wrongTogether(placed)];
  if (problems.length > 0) return { kind: 'refused', problems: problems.slice(0, MOST_PROBLEMS) };
  return { kind: 'loaded', types: placed.map(({ type }) => type), placed };
}

function readFile({ file, octets }: TypesFile): FileTypes {
  const isXml = /\.xml$/i.test(file);
  const text = isXml ? decodeXml(octets) : decodeText(octets);
  if (text === undefined) {
    const message = isXml ? 'must be text in UTF-8 or UTF-16' : 'must be text in UTF-8';
    return { placed: [], problems: [{ file, setting: '', message }] };
  }
  return isXml ? readPackage(text, file) : readTypesFile(text, file);
}

function decodeText(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    return undefined; // octets that are no UTF-8, said by whoever asks
  }
}

function readTypesFile(text: string, file: string): FileTypes {
  const reading = readYaml(text);
  if (reading.kind === 'broken')
    return { placed: [], problems: reading.problems.map((problem) => ({ file, setting: '', ...problem })) };
  const { value, lineOf } = reading;
  const result = typesFileSchema.safeParse(value);
  if (result.success) {
    const placed = result.data.types.map((type, index) => {
      const path = ['types', index];
      return { type, file, line: lineOf(path), setting: settingName(path) };
    });
    return { placed, problems: [] };
  }
  const problems = findingsOf(result.error.issues, value, namesAt).map(({ path, ...finding }) => ({
    file,
    line: lineOf(path),
    setting: settingName(path),
    ...finding,
  }));
  return { placed: [], problems };
}

function wrongAlone({ type, file, line, setting }: PlacedType): readonly ConfigProblem[] {
  return problemsOf(type).map((message) => ({ file, line, setting, message }));
}

/** Names and GUIDs lead to one type each; the built-in ones count. */
function wrongTogether(placed: readonly PlacedType[]): readonly ConfigProblem[] {
  const owners = new Map(
    builtInTypes.flatMap(({ id, name }): [string, string][] => [
      [id.toLowerCase(), `the built-in type ${name}`],
      [name.toLowerCase(), `the built-in type ${name}`],
    ]),
  );
  const problems: ConfigProblem[] = [];
  for (const { type, file, line, setting } of placed) {
    const taken = [type.name, type.id].filter((text) => owners.has(text.toLowerCase()));
    for (const text of taken) {
      const message = `must have a name and a GUID of its own; ${owners.get(text.toLowerCase())} has ${text} too`;
      problems.push({ file, line, setting, message });
    }
    const place = line === undefined ? file : `${file}:${line}`;
    for (const text of [type.name, type.id]) owners.set(text.toLowerCase(), place);
  }
  const extra = placed[TYPE_LIMITS.types];
  if (extra !== undefined) {
    const { file, line, setting } = extra;
    problems.push({
      file,
      line,
      setting,
      message: `is one type too many: there may be ${TYPE_LIMITS.types} in all files`,
    });
  }
  return problems;
}
