/**
 * Looks at what the settings of mail flow point to, and whether the rules find there what they ask for. Part of `postern config check`;
 * what is wrong within the documents is found by those who read them (`documents.ts`).
 */
import type { ConfigProblem } from '#config/problems.ts';
import type { RelayConfig } from '#config/schema.ts';
import type { ParameterType } from '#rules/parameter.ts';
import { ACTION_PARAMETERS, CONDITION_PARAMETERS } from '#rules/parameters.ts';
import type { Condition, Rule } from '#rules/rule.ts';
import { loadDocuments } from './documents.ts';

/** Of the configuration, by the path of the setting. */
export type MailFlowDoubt = { readonly path: readonly string[]; readonly message: string; readonly warning: true };

export type MailFlowFindings = {
  /** Of documents, each with its own file and line. */
  readonly problems: readonly ConfigProblem[];
  readonly doubts: readonly MailFlowDoubt[];
};

export function checkMailFlow(config: RelayConfig): MailFlowFindings {
  const reading = loadDocuments(config);
  if (reading.kind === 'refused') return { problems: reading.problems, doubts: [] };
  const rules = reading.documents.ruleSet.rules.filter(({ enabled }) => enabled);
  const doubts = [...checkDirectory(config, rules), ...checkModeration(config, rules), ...checkScopes(config, rules)];
  return { problems: reading.warnings, doubts };
}

/** Kinds of values that only a directory has something to say to. */
const OF_DIRECTORY: ReadonlySet<ParameterType> = new Set([
  'attribute',
  'attributePatterns',
  'attributeWords',
  'evaluatedUser',
  'groups',
  'managementRelationship',
  'managerRecipientType',
]);

const ASKING: ReadonlySet<string> = new Set([
  ...[...CONDITION_PARAMETERS, ...ACTION_PARAMETERS]
    .filter(({ parameters }) => parameters.some(({ type }) => OF_DIRECTORY.has(type)))
    .map(({ name }) => name),
  'moderateMessageByManager',
]);

function checkDirectory({ mailFlow: { directory } }: RelayConfig, rules: readonly Rule[]): readonly MailFlowDoubt[] {
  const asking = namesOf(rules, (rule) => partsOf(rule).some(({ parameter }) => ASKING.has(parameter)));
  if (directory.kind !== 'none' || asking === undefined) return [];
  const message = `should be a directory: ${asking} for groups, managers or attributes, and nobody has any`;
  return [{ path: ['mailFlow', 'directory'], warning: true, message }];
}

function checkModeration({ mailFlow: { moderation } }: RelayConfig, rules: readonly Rule[]): readonly MailFlowDoubt[] {
  const asking = namesOf(rules, ({ actions }) => actions.some(({ parameter }) => parameter.startsWith('moderate')));
  if (moderation.baseUrl !== '' || asking === undefined) return [];
  const message = `should say how moderators reach the pages where they decide: ${asking} for them, and only \`postern moderation\` could decide in their place`;
  return [{ path: ['mailFlow', 'moderation', 'baseUrl'], warning: true, message }];
}

function checkScopes({ inbound }: RelayConfig, rules: readonly Rule[]): readonly MailFlowDoubt[] {
  const asking = namesOf(rules, ({ conditions, exceptions }) => [...conditions, ...exceptions].some(isScope));
  if (inbound.acceptedDomains.length > 0 || asking === undefined) return [];
  const message = `should hold the domains of the organisation: ${asking} who is inside, and without a domain nobody is but people of the directory`;
  return [{ path: ['inbound', 'acceptedDomains'], warning: true, message }];
}

const isScope = ({ parameter }: Condition): boolean => parameter === 'fromScope' || parameter === 'sentToScope';

const partsOf = ({ conditions, exceptions, actions }: Rule): readonly { readonly parameter: string }[] => [
  ...conditions,
  ...exceptions,
  ...actions,
];

/** `the rule "A" asks`; `undefined` when no rule does. */
function namesOf(rules: readonly Rule[], asks: (rule: Rule) => boolean): string | undefined {
  const names = rules.filter(asks).map(({ name }) => JSON.stringify(name));
  const [first, second] = names;
  if (first === undefined) return undefined;
  if (second === undefined) return `the rule ${first} asks`;
  return names.length === 2
    ? `the rules ${first} and ${second} ask`
    : `${first} and ${names.length - 1} more rules ask`;
}
