/**
 * What one writes for each kind of value that a rule can have, in words. How values are read, and what is said of wrong ones, is
 * `config/mail-flow/parameter-types.ts`.
 */
import { INFORMATION_NUMBERS } from '#config/mail-flow/information.ts';
import { CHOICES, DEFAULT_LONGEST } from '#config/mail-flow/parameter-types.ts';
import type { Parameter, ParameterType } from '#rules/parameter.ts';

type ValueKind = { readonly name: string; readonly text: string };

const LIST = 'One, or a list of which any is enough; `$name` stands for all entries of a named list.';

const [leastCount, mostCount] = INFORMATION_NUMBERS.minCount;
const [leastConfidence, mostConfidence] = INFORMATION_NUMBERS.minConfidence;

const VALUE_KINDS: { readonly [type in ParameterType]: ValueKind } = {
  address: { name: 'address', text: 'A mail address: `alice@example.org`.' },
  addresses: { name: 'addresses', text: `Mail addresses. ${LIST}` },
  attribute: { name: 'attribute', text: `An attribute of the directory, one of ${listed(CHOICES.attribute)}.` },
  attributePatterns: {
    name: 'attributes with patterns',
    text: '`{ department: ["^Sales"] }`: attributes of the directory, each with [patterns](#patterns); any of them is enough.',
  },
  attributeWords: {
    name: 'attributes with words',
    text: '`{ city: [Dublin, Cork] }`: [attributes](#attribute) of the directory, each with [words](#words); any of them is enough.',
  },
  changeableHeaderName: {
    name: 'changeable header field',
    text: 'The name of a [header field](#header-field), but for those that say how the body is built (`Content-Type`, `Content-Transfer-Encoding`, `MIME-Version`), where the message has been (`Received`, `Return-Path`) and that it was redirected (`X-MS-Exchange-Transport-Rules-Loop`).',
  },
  classification: { name: 'classification', text: 'The name of a classification: one line of text.' },
  comparisonOperator: { name: 'operator', text: choice(CHOICES.comparisonOperator) },
  connector: { name: 'connector', text: 'The name of a connector of `outbound.connectors`.' },
  disclaimerFallback: {
    name: 'fallback',
    text: `${choice(CHOICES.disclaimerFallback)} For a message that cannot be changed (signed, encrypted): put it into a new message as an attachment, send it without the disclaimer, or return it.`,
  },
  disclaimerLocation: { name: 'location', text: choice(CHOICES.disclaimerLocation) },
  domains: { name: 'domains', text: `Domains: \`example.org\`, which stands for its subdomains too. ${LIST}` },
  enhancedStatusCode: { name: 'status code', text: '`5.7.1`, or `5.7.900` to `5.7.999`.' },
  evaluatedUser: { name: 'evaluated user', text: choice(CHOICES.evaluatedUser) },
  flag: { name: 'true', text: '`true`; `false` is the same as leaving it out.' },
  groups: {
    name: 'groups',
    text: `Mail addresses of groups in the directory; members of groups in them count. ${LIST}`,
  },
  headerName: { name: 'header field', text: 'The name of a header field, without its colon, in any case of letters.' },
  html: { name: 'HTML', text: 'HTML or plain text, in one line or several.' },
  importance: { name: 'importance', text: choice(CHOICES.importance) },
  incidentReportContent: {
    name: 'report content',
    text: `A list of what the report has: any of ${listed(CHOICES.incidentReportContent)}. \`idMatch\` shows what was found with what stands around it; the report is as sensitive as the message then.`,
  },
  ipRanges: {
    name: 'address ranges',
    text: `IP addresses, ranges and networks: \`192.0.2.7\`, \`192.0.2.7-192.0.2.20\`, \`192.0.2.0/24\`, \`2001:db8::/32\`. ${LIST}`,
  },
  managementRelationship: { name: 'relationship', text: choice(CHOICES.managementRelationship) },
  managerRecipientType: { name: 'recipient type', text: choice(CHOICES.managerRecipientType) },
  messageType: { name: 'message type', text: choice(CHOICES.messageType) },
  notifySenderType: { name: 'notification', text: choice(CHOICES.notifySenderType) },
  patterns: {
    name: 'patterns',
    text: `Regular expressions in the syntax of .NET, in any case of letters, found anywhere in the text; look-around, back-references and what else does not run in linear time is refused. ${LIST}`,
  },
  propertyWords: {
    name: 'properties with words',
    text: '`{ Department: [Finance] }`: properties of documents, by their names in any case of letters, each with [words](#words); any of them is enough.',
  },
  scope: { name: 'scope', text: choice(CHOICES.scope) },
  sensitiveInformation: {
    name: 'sensitive information',
    text: `Names or GUIDs of [types](sensitive-information-types.md), alone or with numbers: \`{ name: Credit Card Number, minCount: 10, minConfidence: 85 }\`. \`minCount\` (1 when left out) and \`maxCount\` count different values, ${leastCount} to ${mostCount}; \`minConfidence\` (what the type recommends when left out) and \`maxConfidence\` are ${leastConfidence} to ${mostConfidence}. One, or a list of which any is enough.`,
  },
  size: { name: 'size', text: '`500KB`, `10MB`, `1.5GB`; KB is 1024 octets, a number alone is octets.' },
  spamConfidenceLevel: { name: 'spam confidence level', text: 'A whole number from -1 to 9.' },
  text: { name: 'text', text: 'One line of text.' },
  words: {
    name: 'words',
    text: `Words or phrases, found whole and in any case of letters; \`*\` is no wildcard. ${LIST}`,
  },
};

/** The value of a parameter in one cell: its kind, what it may have at most, and what it is when it is left out. */
export function valueCell({ type, preset, longestCharacters, mostEntries }: Parameter): string {
  const { name } = VALUE_KINDS[type];
  const remarks = [
    ...(mostEntries === undefined ? [] : [`at most ${mostEntries}`]),
    ...(longestCharacters === undefined ? [] : [`at most ${longestCharacters} characters`]),
    ...(preset === undefined ? [] : [`\`${preset}\` when left out`]),
  ];
  return [`[${name}](#${anchorOf(name)})`, ...remarks].join(', ');
}

/** Each kind under an anchor of its name. */
export function valueTable(): readonly string[] {
  const kinds = Object.values(VALUE_KINDS).toSorted((one, other) =>
    one.name.toLowerCase() < other.name.toLowerCase() ? -1 : 1,
  );
  return [
    `A text, and each entry of a list, may have ${DEFAULT_LONGEST} characters where nothing else is said.`,
    '',
    '| value | what one writes |',
    '| --- | --- |',
    ...kinds.map(({ name, text }) => `| <a id="${anchorOf(name)}"></a>${name} | ${text} |`),
  ];
}

const anchorOf = (name: string): string => name.toLowerCase().replaceAll(' ', '-');

function listed(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(', ');
}

function choice(values: readonly string[]): string {
  return `One of ${listed(values)}.`;
}
