/** What is wrong with a configuration, all of it at once, in words that say what would be right. */
import type { z } from 'zod';

export type ConfigProblem = {
  readonly file: string;
  /** 1 is the first line; left out when nothing of the setting stands in the file. */
  readonly line?: number | undefined;
  /** `queue.retryWaits[1]`; `''` for the file as a whole. */
  readonly setting: string;
  /** What is wrong or what it must be: `must be a duration such as 15m`. */
  readonly message: string;
  /** The value as it stands, shortened. */
  readonly value?: string | undefined;
  /** The relay can run all the same. */
  readonly warning?: boolean | undefined;
};

/** The configuration cannot be used; `problems` is never empty. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config-problems';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(problemText).join('\n'));
    this.problems = problems;
  }
}

/** `config/relay.yaml:12: queue.retryWaits[1] must be a duration ..., not "soon"` */
export function problemText({ file, line, setting, message, value, warning = false }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  const subject = `${warning ? 'warning: ' : ''}${setting === '' ? message : `${setting} ${message}`}`;
  return value === undefined ? `${place}: ${subject}` : `${place}: ${subject} (it is ${value})`;
}

export function settingName(path: readonly PropertyKey[]): string {
  let name = '';
  for (const step of path) {
    if (typeof step === 'number') name += `[${step}]`;
    else name += name === '' ? String(step) : `.${String(step)}`;
  }
  return name;
}

export type Finding = {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly value?: string;
};

/** One finding for each thing that the schema did not like; `known` names the settings beside an unknown one. */
export function findingsOf(
  issues: readonly z.core.$ZodIssue[],
  root: unknown,
  known: (path: readonly (string | number)[]) => readonly string[],
): readonly Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.filter((step) => typeof step !== 'symbol');
    if (issue.code !== 'unrecognized_keys') return [described(path, issue.message, root)];
    return issue.keys.map((key) => ({ path: [...path, key], message: `is no setting${suggestion(key, known(path))}` }));
  });
}

function described(path: readonly (string | number)[], message: string, root: unknown): Finding {
  const value = valueAt(root, path);
  if (value === undefined)
    return { path, message: message.startsWith('must be ') ? `is missing; it ${message}` : message };
  return { path, message, value: shown(value) };
}

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `; did you mean fromScope?`, or what there is, or nothing. */
export function suggestion(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  if (meant !== undefined) return `; did you mean ${meant}?`;
  return known.length > 0 ? `; the settings here are ${known.join(', ')}` : '';
}

/** The name that was most likely meant. */
export function nearest(key: string, known: readonly string[]): string | undefined {
  if (key.length > LONGEST_KEY) return undefined;
  const [found] = known
    .map((name) => ({ name, distance: distance(name.toLowerCase(), key.toLowerCase()) }))
    .filter(({ name, distance: steps }) => steps <= Math.max(1, Math.floor(name.length / 3)))
    .toSorted((one, other) => one.distance - other.distance);
  return found?.name;
}

/** Nobody means a name with so long a text. */
const LONGEST_KEY = 200;

/** Levenshtein's distance: letters to change, to add or to take away. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let index = 0; index < one.length; index += 1) {
    const next = [index + 1];
    for (let at = 1; at <= other.length; at += 1) {
      const change = (row[at - 1] ?? 0) + (other[at - 1] === one[index] ? 0 : 1);
      next.push(Math.min(change, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
