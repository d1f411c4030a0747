/**
 * Which tests prove which parameters of rules. A test says so by beginning its title with the parameter's name; rows of
 * `conditionTable` are tried as exceptions too. What the page looks like is `rule-reference.ts`'s.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { exceptionName } from '#rules/parameter.ts';
import { ACTION_PARAMETERS, CONDITION_PARAMETERS } from '#rules/parameters.ts';

/** Files, by the name of the parameter that they try; one for each title. */
export type RuleTests = ReadonlyMap<string, readonly string[]>;

const TESTS = 'test/{rules/conditions,rules/actions,protection,mail-flow}/**/*.ts';

const CONDITIONS: readonly string[] = CONDITION_PARAMETERS.flatMap(namesOf);
const KNOWN: ReadonlySet<string> = new Set([
  ...CONDITIONS,
  ...CONDITIONS.map(exceptionName),
  ...ACTION_PARAMETERS.flatMap(namesOf),
]);

/** Of the tree in `directory`. */
export function ruleTests(directory: string): RuleTests {
  const found = globSync(TESTS, { cwd: directory })
    .toSorted()
    .flatMap((file) => parametersTried(readFileSync(join(directory, file), 'utf8')).map((name) => ({ name, file })));
  const byName = Map.groupBy(found, ({ name }) => name);
  return new Map([...byName].map(([name, tests]) => [name, tests.map(({ file }) => file)]));
}

/** A call that ends where a line begins with its last brackets. */
const TABLE = /^conditionTable\([\s\S]*?^\]\);/gm;

export function parametersTried(source: string): readonly string[] {
  const tables = [...source.matchAll(TABLE)].map(([table]) => table);
  return [...titled(source), ...tables.flatMap(titled).map(exceptionName)].filter((name) => KNOWN.has(name));
}

/** A literal that begins a row, or that is the first argument of `test`. */
const TITLE = /(?:\[|\btest\()\s*(['"`])(\w+(?:(?:, | and )\w+)*) [^\n]*?\1/g;

const titled = (source: string): readonly string[] =>
  [...source.matchAll(TITLE)].flatMap(([, , names = '']) => names.split(/, | and /));

function namesOf({ parameters }: { readonly parameters: readonly { readonly name: string }[] }): readonly string[] {
  return parameters.map(({ name }) => name);
}
