/**
 * From parameters to the conditions and actions that they write, and back. Most are one parameter with one value; where several
 * parameters write one thing, the table here says which of them holds which part of it.
 */
import { exceptionName, type NamedAction, type NamedCondition, type Parameter } from '#rules/parameter.ts';
import { ACTION_PARAMETERS, CONDITION_PARAMETERS } from '#rules/parameters.ts';
import type { Action, ActionName, ActionValues, Condition, ConditionName, ConditionValues } from '#rules/rule.ts';

/** For each part of a value the parameter that holds it. */
type Parts<Value> = { readonly [part in keyof Value]: string | Parts<Value[part]> };
type PartsTable = { readonly [name: string]: { readonly [part: string]: string | object } };

const REJECTION = {
  enhancedStatusCode: 'rejectMessageEnhancedStatusCode',
  reasonText: 'rejectMessageReasonText',
} as const;

const CONDITION_PARTS = {
  headerContainsWords: { header: 'headerContainsMessageHeader', words: 'headerContainsWords' },
  headerMatchesPatterns: { header: 'headerMatchesMessageHeader', patterns: 'headerMatchesPatterns' },
  managerAddresses: { of: 'managerForEvaluatedUser', addresses: 'managerAddresses' },
  adComparisonAttribute: { attribute: 'adComparisonAttribute', operator: 'adComparisonOperator' },
  betweenMemberOf: { one: 'betweenMemberOf1', other: 'betweenMemberOf2' },
} as const satisfies { readonly [name in ConditionName]?: Parts<ConditionValues[name]> };

const ACTION_PARTS = {
  rejectMessage: REJECTION,
  applyHtmlDisclaimer: {
    html: 'applyHtmlDisclaimerText',
    location: 'applyHtmlDisclaimerLocation',
    fallbackAction: 'applyHtmlDisclaimerFallbackAction',
  },
  setHeader: { name: 'setHeaderName', value: 'setHeaderValue' },
  notifySender: { type: 'notifySender', rejection: REJECTION },
  generateIncidentReport: { to: 'generateIncidentReport', content: 'incidentReportContent' },
} as const satisfies { readonly [name in ActionName]?: Parts<ActionValues[name]> };

/** Values by the names of their parameters. */
export type Values = { readonly [parameter: string]: unknown };

/** A condition or an exception, as the rule's document has it. */
export type ConditionSlot = {
  readonly row: NamedCondition;
  /** The row's parameters under the names that they have here. */
  readonly parameters: readonly Parameter[];
};

export const CONDITION_SLOTS: readonly ConditionSlot[] = CONDITION_PARAMETERS.map((row) => ({
  row,
  parameters: row.parameters,
}));

export const EXCEPTION_SLOTS: readonly ConditionSlot[] = CONDITION_PARAMETERS.map((row) => ({
  row,
  parameters: row.parameters.map((parameter) => ({ ...parameter, name: exceptionName(parameter.name) })),
}));

/** Conditions (or exceptions) in the order in which the document names them. */
export function conditionsOf(values: Values, slots: readonly ConditionSlot[]): readonly Condition[] {
  return inOrder(values, slots).map(({ row, parameters }) => {
    const own = row.parameters.map((parameter, index) => [parameter.name, parameters[index]] as const);
    const given = own.map(([name, parameter]) => [name, parameter && (values[parameter.name] ?? parameter.preset)]);
    const value = gathered(row.name, Object.fromEntries(given), CONDITION_PARTS);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row ties the condition's name to the types of its parameters
    return { parameter: row.name, value } as Condition;
  });
}

export function actionsOf(values: Values): readonly Action[] {
  return inOrder(values, actionRowsOf(values)).map(({ name, parameters }) => {
    const given = parameters.map((parameter) => [parameter.name, values[parameter.name] ?? parameter.preset]);
    const value = gathered(name, Object.fromEntries(given), ACTION_PARTS);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row ties the action's name to the types of its parameters
    return { parameter: name, value } as Action;
  });
}

/** The explanation and the code of a rejection belong to `notifySender` where that is given, as in Exchange. */
export function actionRowsOf(values: Values): readonly NamedAction[] {
  const isNotified = values['notifySender'] !== undefined;
  return ACTION_PARAMETERS.filter(({ name }) =>
    name === 'rejectMessage' ? !isNotified : name !== 'notifySender' || isNotified,
  );
}

/** Their parameters with their values; those that are as they would be without being written are left out. */
export function valuesOfConditions(conditions: readonly Condition[], slots: readonly ConditionSlot[]): Values {
  return Object.assign(
    {},
    ...conditions.map(({ parameter: name, value }) => {
      const slot = slots.find(({ row }) => row.name === name);
      const own = scattered(name, value, CONDITION_PARTS);
      return written(slot?.parameters ?? [], (_, index) => own[slot?.row.parameters[index]?.name ?? '']);
    }),
  );
}

export function valuesOfActions(actions: readonly Action[]): Values {
  return Object.assign(
    {},
    ...actions.map(({ parameter: name, value }) => {
      const row = ACTION_PARAMETERS.find((known) => known.name === name);
      const own = scattered(name, value, ACTION_PARTS);
      const isAlone = row?.parameters.every(({ preset }) => preset !== undefined) === true;
      // With everything left out nothing would be left of the action.
      return written(row?.parameters ?? [], (parameter) => own[parameter.name], isAlone);
    }),
  );
}

function written(
  parameters: readonly Parameter[],
  valueOf: (parameter: Parameter, index: number) => unknown,
  keepsFirst = false,
): Values {
  const all = parameters.map((parameter, index) => ({ parameter, value: valueOf(parameter, index) }));
  const needed = all.filter(({ parameter, value }) => value !== parameter.preset);
  const kept = needed.length === 0 && keepsFirst ? all.slice(0, 1) : needed;
  return Object.fromEntries(kept.map(({ parameter, value }) => [parameter.name, value]));
}

/** Those that the document names, by the place of their first parameter in it. */
function inOrder<Row extends { readonly parameters: readonly Parameter[] }>(
  values: Values,
  rows: readonly Row[],
): readonly Row[] {
  const places = new Map(Object.keys(values).map((name, place) => [name, place]));
  const placeOf = ({ parameters }: Row): number =>
    Math.min(...parameters.map(({ name }) => places.get(name) ?? Infinity));
  return rows.filter((row) => placeOf(row) !== Infinity).toSorted((one, other) => placeOf(one) - placeOf(other));
}

function gathered(name: string, given: Values, table: PartsTable): unknown {
  const parts = table[name];
  return parts === undefined ? given[name] : fill(parts, given);
}

function fill(parts: object, given: Values): Values {
  const filled = Object.entries(parts).map(([part, source]: [string, unknown]) => [
    part,
    typeof source === 'string'
      ? given[source]
      : typeof source === 'object' && source !== null
        ? fill(source, given)
        : undefined,
  ]);
  return Object.fromEntries(filled);
}

function scattered(name: string, value: unknown, table: PartsTable): Values {
  const parts = table[name];
  return parts === undefined ? { [name]: value } : spread(parts, value);
}

function spread(parts: object, value: unknown): Values {
  const found = Object.entries(parts).map(([part, target]: [string, unknown]): Values => {
    const inner: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined;
    if (typeof target === 'string') return { [target]: inner };
    return typeof target === 'object' && target !== null ? spread(target, inner) : {};
  });
  return Object.assign({}, ...found);
}
