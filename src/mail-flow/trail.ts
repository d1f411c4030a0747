/** The trail of an evaluation as it is kept: rules that did something in full, of all others what they failed at. Pure. */
import type { RuleTrail, Trail } from '#rules/evaluation.ts';
import { exceptionName } from '#rules/parameter.ts';

export type CompactTrail = {
  readonly version: string;
  /** Rules that matched, and those that could not be evaluated. */
  readonly matched: readonly RuleTrail[];
  /**
   * Why others did nothing (the condition that did not hold, the exception that did, why they were passed over), with the priorities of
   * those rules: `{ "fromScope": "0-3,7" }`.
   */
  readonly others: { readonly [why: string]: string };
};

export function compactTrail({ version, rules }: Trail): CompactTrail {
  const matched: RuleTrail[] = [];
  const others = new Map<string, number[]>();
  for (const rule of rules) {
    if (rule.outcome === 'matched' || rule.outcome === 'error') {
      matched.push(rule);
      continue;
    }
    const why = whyNot(rule);
    const priorities = others.get(why);
    if (priorities === undefined) others.set(why, [rule.priority]);
    else priorities.push(rule.priority);
  }
  return { version, matched, others: Object.fromEntries([...others].map(([why, of]) => [why, rangesOf(of)])) };
}

/** As it stands in a trace record; `undefined` for anything else. */
export function readTrail(text: unknown): CompactTrail | undefined {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the relay; another form is found out below
    const trail = JSON.parse(String(text)) as Partial<CompactTrail> | null;
    const { version = '', matched, others } = trail ?? {};
    return Array.isArray(matched) && typeof others === 'object' ? { version, matched, others } : undefined;
  } catch {
    // A record of another program.
    return undefined;
  }
}

function whyNot({ conditions, outcome, why }: RuleTrail): string {
  if (outcome === 'passed-over') return why;
  const decisive = conditions.find(({ exception, answer }) => (answer === 'yes') === exception);
  if (decisive === undefined) return why;
  return decisive.exception ? exceptionName(decisive.parameter) : decisive.parameter;
}

/** `0-3,7` of numbers that grow. */
function rangesOf(numbers: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range?.last === number - 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
