/**
 * From a rule as a document has it to a `Rule`, or everything that is wrong with it. Which rules may stand together is decided in
 * `rule-set.ts`.
 */
import { findingsOf, nearest, type Finding } from '#config/problems.ts';
import { ACTION_PARAMETERS } from '#rules/parameters.ts';
import type { Parameter } from '#rules/parameter.ts';
import type { Rule } from '#rules/rule.ts';
import type { DocumentContext } from './context.ts';
import { actionRowsOf, actionsOf, CONDITION_SLOTS, conditionsOf, EXCEPTION_SLOTS, type Values } from './parts.ts';
import { whyRefused } from './refused.ts';
import { FLAG_NAMES, PARAMETER_NAMES, PROPERTIES, propertiesSchema, valuesSchema } from './rule-schema.ts';

/** Characters of conditions, exceptions and actions together, as the rule writes them. */
export const LARGEST_RULE = 8192;

export type RuleReading =
  { readonly kind: 'rule'; readonly rule: Rule } | { readonly kind: 'wrong'; readonly findings: readonly Finding[] };

/** Paths of findings begin within the rule. */
export type RuleReader = (document: unknown) => RuleReading;

/** Makes the schema once for many rules. */
export function ruleReader(context: DocumentContext): RuleReader {
  const properties = propertiesSchema();
  const schema = valuesSchema(context);
  return (document) => {
    if (typeof document !== 'object' || document === null || Array.isArray(document))
      return { kind: 'wrong', findings: [{ path: [], message: 'must be a rule: name: and its parameters' }] };
    if (Object.keys(document).length > PARAMETER_NAMES.length)
      return { kind: 'wrong', findings: [{ path: [], message: 'has more parameters than there are' }] };
    const { known, findings } = sorted(document);
    const own = properties.safeParse(known.properties);
    const values = schema.safeParse(known.values);
    const all = [
      ...findings,
      ...(own.success
        ? []
        : unlessTold(
            findings,
            findingsOf(own.error.issues, document, () => []),
          )),
      ...(values.success ? [] : findingsOf(values.error.issues, document, () => [])),
      ...together(known),
      // What was not understood may have been the action.
      ...(findings.length > 0 ? [] : idle(known)),
    ];
    if (all.length > 0 || !own.success || !values.success) return { kind: 'wrong', findings: all };
    // As the document orders them: the schema has an order of its own.
    const ordered = Object.fromEntries(Object.keys(known.values).map((name) => [name, values.data[name]]));
    const rule: Rule = {
      ...own.data,
      conditions: conditionsOf(ordered, CONDITION_SLOTS),
      exceptions: conditionsOf(ordered, EXCEPTION_SLOTS),
      actions: actionsOf(ordered),
    };
    return { kind: 'rule', rule };
  };
}

/** A property without a value is not told twice. */
function unlessTold(told: readonly Finding[], findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ path: [name] }) => told.every(({ path }) => path[0] !== name));
}

type Known = { readonly properties: Values; readonly values: Values };

/** What is known, without flags that are false; and what is wrong with names alone. */
function sorted(document: object): { readonly known: Known; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const properties: [string, unknown][] = [];
  const values: [string, unknown][] = [];
  for (const [name, value] of Object.entries(document)) {
    const message = wrongName(name) ?? (value === null ? NOTHING : undefined);
    if (message !== undefined) findings.push({ path: [name], message });
    else if (Object.hasOwn(PROPERTIES, name)) properties.push([name, value]);
    else if (value !== false || !FLAG_NAMES.has(name)) values.push([name, value]);
  }
  return { known: { properties: Object.fromEntries(properties), values: Object.fromEntries(values) }, findings };
}

/** A condition that were left out would make the rule match more. */
const NOTHING = 'has no value; give it one, or take the line out';

function wrongName(name: string): string | undefined {
  if (PARAMETER_NAMES.includes(name)) return undefined;
  const reason = whyRefused(name) ?? whyRefused(name.slice(0, 1).toLowerCase() + name.slice(1));
  if (reason !== undefined) return reason;
  const meant = nearest(name, PARAMETER_NAMES);
  return `is no parameter of a rule; ${meant === undefined ? 'docs/reference/rules.md lists them' : `did you mean ${meant}?`}`;
}

/** Rules between parameters. They look at names only, so that they speak also where values are wrong. */
function together({ properties, values }: Known): readonly Finding[] {
  const rows = actionRowsOf(values);
  const groups = [...CONDITION_SLOTS, ...EXCEPTION_SLOTS, ...rows];
  return [
    ...groups.flatMap(({ parameters }) => missingPartners(values, parameters)),
    ...exclusive(values),
    ...policyTip(values),
    ...wrongWindow(properties),
    ...tooLarge(values),
  ];
}

function missingPartners(values: Values, parameters: readonly Parameter[]): readonly Finding[] {
  const given = parameters.find(({ name }) => Object.hasOwn(values, name));
  if (given === undefined) return [];
  const missing = parameters.filter(({ name, preset }) => preset === undefined && !Object.hasOwn(values, name));
  return missing.map(({ name }) => ({ path: [given.name], message: `needs ${name} beside it` }));
}

/** Each pair is told once, at the one that stands further below. */
function exclusive(values: Values): readonly Finding[] {
  const places = Object.keys(values);
  const given = actionRowsOf(values)
    .map((row) => ({ row, place: Math.min(...row.parameters.map(({ name }) => placeIn(places, name))) }))
    .filter(({ place }) => place !== Infinity)
    .toSorted((one, other) => one.place - other.place);
  return given.flatMap(({ row, place }, index) => {
    const before = given.slice(0, index).map((other) => other.row);
    const against = before.filter((other) => other.excludes.includes(row.name) || row.excludes.includes(other.name));
    return against.map(({ parameters }) => ({
      path: [places[place] ?? ''],
      message: `cannot stand in one rule with ${parameters.map(({ name }) => name).find((name) => places.includes(name))}: only one of them can decide what becomes of the message; make two rules`,
    }));
  });
}

function placeIn(places: readonly string[], name: string): number {
  const place = places.indexOf(name);
  return place === -1 ? Infinity : place;
}

function policyTip(values: Values): readonly Finding[] {
  const isFine = !Object.hasOwn(values, 'notifySender') || Object.hasOwn(values, 'messageContainsDataClassifications');
  return isFine ? [] : [{ path: ['notifySender'], message: 'needs messageContainsDataClassifications beside it' }];
}

const ACTION_NAMES = new Set(ACTION_PARAMETERS.flatMap(({ parameters }) => parameters.map(({ name }) => name)));

/** An unfinished rule may be kept, as long as it is not enabled. */
function idle({ properties, values }: Known): readonly Finding[] {
  const { enabled, stopRuleProcessing, setAuditSeverity } = properties;
  const acts = Object.keys(values).some((name) => ACTION_NAMES.has(name));
  if (acts || enabled === false || stopRuleProcessing === true || setAuditSeverity !== undefined) return [];
  return [{ path: [], message: 'must have an action, stopRuleProcessing or setAuditSeverity, or enabled: false' }];
}

function wrongWindow({ activationDate, expiryDate }: Values): readonly Finding[] {
  const { activationDate: from, expiryDate: to } = PROPERTIES;
  const [begin, end] = [from.safeParse(activationDate).data, to.safeParse(expiryDate).data];
  if (begin === undefined || end === undefined || begin < end) return [];
  return [{ path: ['expiryDate'], message: 'must be later than activationDate' }];
}

function tooLarge(values: Values): readonly Finding[] {
  const size = JSON.stringify(values).length;
  if (size <= LARGEST_RULE) return [];
  const message = `must have at most ${LARGEST_RULE} characters of conditions, exceptions and actions; it has ${size}, long lists can stand under lists:`;
  return [{ path: [], message }];
}
