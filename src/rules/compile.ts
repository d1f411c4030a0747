/**
 * Prepares a rule set for evaluation: words and patterns once for all messages, conditions and exceptions in the order of what they
 * cost. What the rules mean is `evaluate.ts`'s and `conditions/`'s.
 */
import { readMailboxes } from '#mime/mailboxes.ts';
import { CONDITIONS } from './conditions/table.ts';
import type { Need } from './facts.ts';
import type { RecipientEvaluator } from './look.ts';
import { Scan } from './matching/scan.ts';
import type { Action, Condition, ConditionName, ConditionValues, Rule, RuleSet } from './rule.ts';
import { searchingBy } from './search.ts';
import { textKey } from './text-key.ts';
import { failed } from './verdict.ts';

/** A condition or an exception. */
export type Test = {
  readonly parameter: ConditionName;
  readonly exception: boolean;
  readonly scope: 'message' | 'recipient';
  readonly evaluate: RecipientEvaluator;
  /** Of one that searches texts: where its key stands among the rule set's, by which its answer is kept. */
  readonly textPlace?: number | undefined;
};

export type CompiledRule = {
  readonly rule: Rule;
  readonly priority: number;
  /** The cheapest first. */
  readonly tests: readonly Test[];
  /** Those that say who the recipients are first, since others may add to them. */
  readonly actions: readonly Action[];
  /** What cannot be told holds the message up. */
  readonly defers: boolean;
};

export type CompiledRuleSet = {
  readonly version: string;
  readonly rules: readonly CompiledRule[];
  /** Whom rules may add, put in the place of others or write into the header: the directory must be asked for them too. In lower case. */
  readonly addresses: readonly string[];
  /** Whether the directory must be asked for those whom To and Cc name: a stranger may name thousands. */
  readonly asksForNamed: boolean;
  /** Names and GUIDs of the sensitive information that rules look for. In lower case. */
  readonly informationNames: readonly string[];
  /** Of the conditions that search texts. */
  readonly textKeys: readonly string[];
};

/** What is prepared for all conditions of a rule set together; keys with their places. */
type Searches = { readonly scan: Scan; readonly textKeys: Map<string, number> };

export function compileRules({ rules, version }: RuleSet): CompiledRuleSet {
  const searches: Searches = { scan: new Scan(), textKeys: new Map() };
  const compiled = rules.map((rule, priority) => ({
    rule,
    priority,
    tests: testsOf(rule, searches),
    actions: rule.actions.toSorted((one, other) => Number(redirects(other)) - Number(redirects(one))),
    // A rule that only watches must not keep mail waiting.
    defers: rule.ruleErrorAction === 'defer' && rule.mode === 'enforce',
  }));
  return {
    version,
    rules: compiled,
    addresses: unique(rules.flatMap(({ actions }) => actions.flatMap(addressesIn))),
    asksForNamed: rules.some(({ conditions, exceptions }) => [...conditions, ...exceptions].some(asksForNamed)),
    informationNames: unique(
      rules.flatMap(({ conditions, exceptions }) => [...conditions, ...exceptions].flatMap(namesIn)),
    ),
    textKeys: [...searches.textKeys.keys()],
  };
}

const COSTS: { readonly [need in Need | 'nothing']: number } = { nothing: 0, header: 1, directory: 2, content: 3 };

function testsOf({ conditions, exceptions }: Rule, searches: Searches): readonly Test[] {
  const tests = [
    ...conditions.map((condition) => testOf(condition, false, searches)),
    ...exceptions.map((exception) => testOf(exception, true, searches)),
  ];
  return tests.toSorted((one, other) => costOf(one) - costOf(other));
}

const costOf = ({ parameter }: Test): number => COSTS[CONDITIONS[parameter].need ?? 'nothing'];

function testOf<Name extends ConditionName>(
  { parameter, value }: { readonly parameter: Name; readonly value: ConditionValues[Name] },
  exception: boolean,
  { scan, textKeys }: Searches,
): Test {
  const { scope, prepare, searchesTexts } = CONDITIONS[parameter];
  const { search, refusal } = searchingBy(scan);
  const evaluate = prepare(value, search);
  const refused = refusal();
  return {
    parameter,
    exception,
    scope,
    evaluate: refused === undefined ? evaluate : () => failed(refused),
    textPlace: searchesTexts === true ? placeOf(textKey(parameter, value), textKeys) : undefined,
  };
}

/** What several rules ask is kept once. */
function placeOf(key: string, textKeys: Map<string, number>): number {
  const place = textKeys.get(key) ?? textKeys.size;
  textKeys.set(key, place);
  return place;
}

function redirects(action: Action): boolean {
  const { parameter, value } = action;
  return parameter === 'redirectMessageTo' || (parameter === 'addManagerAsRecipientType' && value === 'redirect');
}

function addressesIn(action: Action): readonly string[] {
  const { parameter, value } = action;
  if (parameter === 'setHeader') return PEOPLE_FIELDS.has(value.name.toLowerCase()) ? readMailboxes(value.value) : [];
  const names =
    parameter === 'addToRecipients' ||
    parameter === 'copyTo' ||
    parameter === 'blindCopyTo' ||
    parameter === 'redirectMessageTo';
  return names ? value : [];
}

/** Whom the header names, for the conditions that look at it behind such a rule. */
const PEOPLE_FIELDS: ReadonlySet<string> = new Set(['from', 'sender', 'to', 'cc']);

const asksForNamed = ({ parameter }: Condition): boolean =>
  parameter === 'anyOfToHeaderMemberOf' ||
  parameter === 'anyOfCcHeaderMemberOf' ||
  parameter === 'anyOfToCcHeaderMemberOf';

function namesIn(condition: Condition): readonly string[] {
  return condition.parameter === 'messageContainsDataClassifications' ? condition.value.map(({ name }) => name) : [];
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts.map((text) => text.toLowerCase()))];
