/** Rules as documents write them: for tests that must hold for any rule. What the arbitraries make is canonical and correct. */
import fc from 'fast-check';

import type { RuleContext } from '#config/mail-flow/context.ts';
import { CONDITION_SLOTS, EXCEPTION_SLOTS } from '#config/mail-flow/parts.ts';
import type { RuleDocument } from '#config/mail-flow/write-rule.ts';
import type { Parameter, ParameterType } from '#rules/parameter.ts';
import { ACTION_PARAMETERS } from '#rules/parameters.ts';
import { INCIDENT_REPORT_CONTENTS } from '#rules/rule.ts';
import { DIRECTORY_ATTRIBUTES, MESSAGE_TYPES } from '#rules/values.ts';

const TYPE_NAMES = ['Credit Card Number', 'U.S. Social Security Number (SSN)', 'ABA Routing Number'];

export const ruleContext: RuleContext = {
  connectors: ['partner', 'archive'],
  isKnownType: (name) => TYPE_NAMES.some((known) => known.toLowerCase() === name.toLowerCase()),
  typeNames: TYPE_NAMES,
};

const LETTERS = Array.from('abcxyz0189äßİ$#:-\'"{}[]&*!|>%@, ');
const letters = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 20 });
const word = letters
  .map((text) => text.trim() || 'x')
  .map((text) => (/^\$(?:\$|[A-Za-z])/.test(text) ? `$${text}` : text));
const line = letters.map((text) => text.trim() || 'x');
const text = fc
  .array(letters, { minLength: 1, maxLength: 3 })
  .map((lines) => lines.join('\n'))
  .filter((lines) => lines.trim() !== '');
const address = fc.constantFrom(
  'alice@example.org',
  'Bob@example.org',
  '"a b"@x.test',
  'c@xn--bcher-kva.test',
  'd@[192.0.2.1]',
);
const domain = fc.constantFrom('example.org', 'a.b.test', 'xn--bcher-kva.test');
const ipRange = fc.constantFrom(
  '192.0.2.7',
  '192.0.2.0/24',
  '2001:db8::/32',
  '10.0.0.1-10.0.0.9',
  '2001:db8::1-2001:db8::ff',
);
const pattern = fc.constantFrom('a.b', String.raw`\A\d{3}-\d{2}\Z`, '(?:x|y)+', '[$]USD');
const listOf = (entry: fc.Arbitrary<string>) => fc.uniqueArray(entry, { minLength: 1, maxLength: 4 });
const byName = (name: fc.Arbitrary<string>, entry: fc.Arbitrary<string>) =>
  fc.dictionary(name, listOf(entry), { minKeys: 1, maxKeys: 3, noNullPrototype: true });
const attribute = fc.constantFrom(...DIRECTORY_ATTRIBUTES);

const numbers = fc.record(
  {
    maxCount: fc.integer({ min: 250, max: 500 }),
    minConfidence: fc.integer({ min: 1, max: 50 }),
    maxConfidence: fc.integer({ min: 51, max: 100 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const information = fc
  .tuple(fc.constantFrom(...TYPE_NAMES), fc.integer({ min: 1, max: 249 }), numbers)
  .map(([name, minCount, more]) =>
    minCount === 1 && Object.keys(more).length === 0 ? name : { name, minCount, ...more },
  );

const VALUES: { readonly [type in ParameterType]: fc.Arbitrary<unknown> } = {
  address,
  addresses: listOf(address),
  attribute,
  attributePatterns: byName(attribute, pattern),
  attributeWords: byName(attribute, word),
  changeableHeaderName: fc.constantFrom('X-Test', 'Subject', "!#$%&'*+-.^_`|~"),
  classification: line,
  comparisonOperator: fc.constant('notEqual'),
  connector: fc.constantFrom(...ruleContext.connectors),
  disclaimerFallback: fc.constantFrom('ignore', 'reject'),
  disclaimerLocation: fc.constant('prepend'),
  domains: listOf(domain),
  enhancedStatusCode: fc.constantFrom('5.7.900', '5.7.999'),
  evaluatedUser: fc.constantFrom('sender', 'recipient'),
  flag: fc.constant(true),
  groups: listOf(address),
  headerName: fc.constantFrom('X-Test', 'Subject', "!#$%&'*+-.^_`|~"),
  html: text,
  importance: fc.constantFrom('low', 'normal', 'high'),
  incidentReportContent: fc.uniqueArray(fc.constantFrom(...INCIDENT_REPORT_CONTENTS), { minLength: 1 }),
  ipRanges: listOf(ipRange),
  managementRelationship: fc.constantFrom('manager', 'directReport'),
  managerRecipientType: fc.constantFrom('to', 'cc', 'bcc', 'redirect'),
  messageType: fc.constantFrom(...MESSAGE_TYPES),
  notifySenderType: fc.constantFrom('notifyOnly', 'rejectMessage', 'rejectUnlessExplicitOverride'),
  patterns: listOf(pattern),
  propertyWords: byName(fc.oneof(line, fc.constantFrom('constructor', 'toString', '__proto__')), word),
  scope: fc.constantFrom('inOrganization', 'notInOrganization'),
  sensitiveInformation: fc.array(information, { minLength: 1, maxLength: 3 }),
  size: fc.constantFrom(1000, '1KB', '10MB', '3GB', '2TB', 0),
  spamConfidenceLevel: fc.integer({ min: -1, max: 9 }),
  text: line,
  words: listOf(word),
};

/** All parameters of a condition or an action; those that may be left out sometimes are. */
function together(parameters: readonly Parameter[]): fc.Arbitrary<object> {
  const fields = Object.fromEntries(parameters.map(({ name, type }) => [name, VALUES[type]]));
  const requiredKeys = parameters.filter(({ preset }) => preset === undefined).map(({ name }) => name);
  return fc
    .record(fields, { requiredKeys, noNullPrototype: true })
    .map((given) => (Object.keys(given).length > 0 ? given : { [parameters[0]?.name ?? '']: 'x' }));
}

type Slot = { readonly parameters: readonly Parameter[] };

const allOf = (slots: readonly Slot[]): fc.Arbitrary<object> =>
  fc.tuple(...slots.map(({ parameters }) => together(parameters))).map((parts) => Object.assign({}, ...parts));

const someOf = (slots: readonly Slot[]): fc.Arbitrary<object> => fc.subarray([...slots], { maxLength: 5 }).chain(allOf);

/** Actions that may stand in one rule. */
const actions = fc
  .shuffledSubarray([...ACTION_PARAMETERS], { minLength: 1, maxLength: 5 })
  .map((rows) =>
    rows.filter(
      (row, index) =>
        row.name !== 'notifySender' &&
        rows.slice(0, index).every((other) => !other.excludes.includes(row.name) && !row.excludes.includes(other.name)),
    ),
  )
  .chain(allOf);

/** A policy tip needs what it tips at. */
const policyTip = fc.tuple(
  together(ACTION_PARAMETERS.find(({ name }) => name === 'notifySender')?.parameters ?? []),
  fc.record({ messageContainsDataClassifications: VALUES.sensitiveInformation }, { noNullPrototype: true }),
);

const properties = fc.record(
  {
    name: line,
    comments: text.map((comments) => comments.trim()),
    mode: fc.constantFrom('audit', 'auditAndNotify'),
    activationDate: fc.constant('2026-01-01T00:00:00.000Z'),
    expiryDate: fc.constant('2026-12-31T23:59:59.999Z'),
    stopRuleProcessing: fc.constant(true),
    ruleErrorAction: fc.constant('defer'),
    senderAddressLocation: fc.constantFrom('envelope', 'headerOrEnvelope'),
    recipientAddressType: fc.constant('original'),
    setAuditSeverity: fc.constantFrom('doNotAudit', 'low', 'medium', 'high'),
  },
  { requiredKeys: ['name'], noNullPrototype: true },
);

/** A correct rule, as `documentOf` writes it. Disabled, so that it may be without an action. */
export const ruleDocument: fc.Arbitrary<RuleDocument> = fc
  .tuple(
    properties,
    someOf(CONDITION_SLOTS),
    someOf(EXCEPTION_SLOTS),
    fc.oneof(
      actions,
      policyTip.map(([tip, what]) => ({ ...what, ...tip })),
    ),
  )
  .map(([own, conditions, exceptions, acts]) => ({ ...own, enabled: false, ...conditions, ...exceptions, ...acts }));
