/**
 * From a configuration file to settings. Everything that is wrong with the file is found at once and told as a
 * `ConfigError`; nothing outside the file is looked at here (`check.ts` does that).
 */
import { parseDomain } from '#mail/domain.ts';
import { manualOf } from './manual.ts';
import { ConfigError, findingsOf, settingName, type ConfigProblem } from './problems.ts';
import { configSchema, type RelayConfig } from './schema.ts';
import { readTextFile } from './text-file.ts';
import { readYaml } from './yaml.ts';

export const DEFAULT_CONFIG_FILE = 'config/relay.yaml';
const FILE_LIMIT_MIB = 1;

/** What a default may be taken from: `os.hostname()`. */
export type Machine = { readonly hostname: string };

export type LoadedConfig = {
  readonly file: string;
  /** What was asked for: `loadConfig` with it reads the same again (`undefined` is the default file, which may be missing). */
  readonly requested?: string | undefined;
  readonly config: RelayConfig;
  readonly lineOf: (setting: readonly (string | number)[]) => number | undefined;
};

/** Without `file` the default one is read, and its absence means the defaults. Throws `ConfigError`. */
export function loadConfig(file: string | undefined, machine: Machine): LoadedConfig {
  return { ...parseConfig(readText(file), file ?? DEFAULT_CONFIG_FILE, machine), requested: file };
}

export function parseConfig(text: string, file: string, machine: Machine): LoadedConfig {
  const reading = readYaml(text);
  if (reading.kind === 'broken') {
    throw new ConfigError(reading.problems.map(({ line, message }) => ({ file, line, setting: '', message })));
  }
  const { value, lineOf } = reading;
  const parsed = configSchema.safeParse(withHostname(value, machine));
  if (parsed.success) return { file, config: parsed.data, lineOf };
  const problems = findingsOf(parsed.error.issues, value, settingsAt).map(({ path, ...finding }): ConfigProblem => ({
    file,
    line: lineOf(path),
    setting: settingName(path),
    ...finding,
  }));
  throw new ConfigError(problems.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0)));
}

function readText(file: string | undefined): string {
  const path = file ?? DEFAULT_CONFIG_FILE;
  const reading = readTextFile(path, FILE_LIMIT_MIB);
  if (reading.kind === 'text') return reading.text;
  if (reading.isMissing && file === undefined) return '';
  throw new ConfigError([{ file: path, setting: '', message: reading.message }]);
}

function withHostname(value: unknown, { hostname }: Machine): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return { hostname: parseDomain(hostname) ?? 'localhost', ...value };
}

/** The names of the settings at a place of the file. */
function settingsAt(path: readonly (string | number)[]): readonly string[] {
  let children = manualOf(configSchema);
  for (const step of path) {
    if (typeof step === 'string') children = children.find(({ name }) => name === step)?.children ?? [];
  }
  return children.map(({ name }) => name);
}
