/**
 * docs/reference/rules.md: every condition, exception and action with what it takes, what it means and the tests that try it; and what
 * a rule is made of besides. That each has a test: `test/cli/rule-reference.test.ts`.
 */
import {
  exceptionName,
  exchangeName,
  type ActionGroup,
  type ConditionGroup,
  type NamedAction,
  type NamedCondition,
  type Parameter,
} from '#rules/parameter.ts';
import { ACTION_PARAMETERS, CONDITION_PARAMETERS } from '#rules/parameters.ts';
import { codeTable, limitTable, propertyTable, refusedTable } from './rule-terms.ts';
import { ruleTests, type RuleTests } from './rule-tests.ts';
import { valueCell, valueTable } from './rule-values.ts';

const INTRODUCTION = `# Mail flow rules

<!-- Written by \`postern docs write\` from src/rules/, src/config/mail-flow/ and the tests. -->

Everything that may stand in a rule, what it means, and the tests that hold Postern to it (paths below test/). How to begin:
[rules in five minutes](../rules-in-five-minutes.md). How files are read, changed and put in force: [rule files](../rule-files.md).

Names are those of \`New-TransportRule\` with a small letter in front; where Exchange's name differs in more than that, it stands beside ours.

## How rules are evaluated

Rules are evaluated one after the other, in the order of the files and of the rules in them, for every message that comes in, before its
client has the 250. A rule that is disabled, or outside its dates, is passed over.

- All **conditions** must hold; of several values of one any is enough. A rule without conditions is for every message. One **exception** that
  holds is enough for the rule to do nothing.
- Conditions on the _message_ hold for all its recipients or for none. Conditions on a _recipient_ are judged for each: where they hold for
  some only, the message is split, and the rule acts for those alone.
- All **actions** of a rule are done, in the order in which they stand; when one of them cannot be told, none is.
- Rules that come later see what those before have changed. After one that rejects, deletes or quarantines, and after \`stopRuleProcessing\`, no
  later rule is evaluated for the same recipients.
- What a rule does not ask for is not looked at: the header, then the directory, then the content, which is taken apart in a thread with limits
  of its own (\`mailFlow.inspection\`).
- A condition that cannot be told (the directory does not answer, the content cannot be taken apart) neither holds nor fails: \`ruleErrorAction\`
  decides, unless another condition rules the recipient out anyway.
`;

const CONDITIONS = `## Conditions and exceptions

Each condition can be written as an exception too. _For_ says whether it holds for the message or for each recipient, and what may have to be
looked at for it: what comes before it in _header, directory, content_ too. Parameters of one row belong together: what has no value
_when left out_ must be there.
`;

const ACTIONS = `## Actions

A rule that is enabled has an action, \`stopRuleProcessing\` or \`setAuditSeverity\`. In the modes \`audit\` and \`auditAndNotify\` an action is only
noted, but for reports and, in the latter, notifications. \`notifySender\` needs \`messageContainsDataClassifications\` in the same rule.
`;

const DIFFERENCES = `## What differs from Exchange

What differs in behaviour, and why: [divergences](../divergences.md#mail-flow-rules), and, for those who bring rules along,
[coming from Exchange](../coming-from-exchange.md#what-is-different).
`;

const CONDITION_GROUPS: { readonly [group in ConditionGroup]: string } = {
  sender: 'The sender',
  recipient: 'The recipient',
  'subject-or-body': 'Subject and body',
  attachment: 'Attachments',
  'any-recipient': 'Any recipient',
  message: 'The message as a whole',
  'sender-and-recipient': 'Sender and recipient',
  properties: 'Properties of the message',
  header: 'Header fields',
};

const ACTION_GROUPS: { readonly [group in ActionGroup]: string } = {
  approval: 'Approval',
  redirect: 'Another way',
  block: 'Keeping, returning, deleting',
  recipients: 'More recipients',
  disclaimer: 'Disclaimer',
  properties: 'Header fields and what they say',
  security: 'TLS',
  subject: 'Subject',
  notify: 'Telling somebody',
};

/** With the tests of the tree in `directory`. */
export function ruleReference(directory: string): string {
  const tests = ruleTests(directory);
  return [
    INTRODUCTION,
    '## Properties of a rule',
    '',
    ...propertyTable(),
    '',
    CONDITIONS,
    ...Object.entries(CONDITION_GROUPS).flatMap(([group, title]) => [
      `### ${title}`,
      '',
      '| condition | value | the rule matches when | for | exception | tried in |',
      '| --- | --- | --- | --- | --- | --- |',
      ...CONDITION_PARAMETERS.filter((row) => row.group === group).map((row) => conditionRow(row, tests)),
      '',
    ]),
    ACTIONS,
    ...Object.entries(ACTION_GROUPS).flatMap(([group, title]) => [
      `### ${title}`,
      '',
      '| action | value | what it does | not beside | tried in |',
      '| --- | --- | --- | --- | --- |',
      ...ACTION_PARAMETERS.filter((row) => row.group === group).map((row) => actionRow(row, tests)),
      '',
    ]),
    '## Values',
    '',
    ...valueTable(),
    '',
    '## Limits',
    '',
    ...limitTable(),
    '',
    '## Codes',
    '',
    ...codeTable(),
    '',
    '## Refused parameters',
    '',
    'A rule with one of these is refused as a whole: without it, it would be another rule.',
    '',
    ...refusedTable(),
    '',
    DIFFERENCES,
  ].join('\n');
}

function conditionRow({ parameters, meaning, scope, need }: NamedCondition, tests: RuleTests): string {
  const cells = [
    stacked(parameters.map(nameCell)),
    stacked(parameters.map(valueCell)),
    meaning,
    `${scope}; ${need ?? 'nothing further'}`,
    stacked(parameters.map(({ name }) => `\`${exceptionName(name)}\``)),
    filesCell(parameters, tests),
  ];
  return rowOf(cells);
}

function actionRow(row: NamedAction, tests: RuleTests): string {
  const { parameters, meaning } = row;
  const cells = [
    stacked(parameters.map(nameCell)),
    stacked(parameters.map(valueCell)),
    meaning,
    excludedBy(row)
      .map((name) => `\`${name}\``)
      .join(', '),
    filesCell(parameters, tests),
  ];
  return rowOf(cells);
}

/** Each pair is written down with one of the two at least. An action is called by the parameter that begins it. */
function excludedBy({ name, excludes }: NamedAction): readonly string[] {
  const others = ACTION_PARAMETERS.filter((row) => excludes.includes(row.name) || row.excludes.includes(name));
  return others.map(({ parameters: [first] }) => first.name);
}

function nameCell({ name }: Parameter): string {
  const plain = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
  const exchange = exchangeName(name);
  return exchange === plain ? `\`${name}\`` : `\`${name}\` (\`${exchange}\`)`;
}

function filesCell(parameters: readonly Parameter[], tests: RuleTests): string {
  const files = new Set(parameters.flatMap(({ name }) => tests.get(name) ?? []));
  return [...files]
    .toSorted()
    .map((file) => `\`${file.replace(/^test\//, '')}\``)
    .join(', ');
}

const stacked = (lines: readonly string[]): string => lines.join('<br>');

const rowOf = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
