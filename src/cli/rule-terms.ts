/**
 * What the reference of rules says beside conditions and actions: properties, limits, codes, parameters that are refused. Each from the
 * constants and tables that the program itself goes by.
 */
import { FILE_LIMIT_MIB, MOST_FILES } from '#config/mail-flow/rule-files.ts';
import { LIST_LIMITS } from '#config/mail-flow/lists.ts';
import { LARGEST_RULE } from '#config/mail-flow/read-rule.ts';
import { REFUSED_PARAMETERS } from '#config/mail-flow/refused.ts';
import { LONGEST_COMMENTS, LONGEST_NAME, propertiesSchema } from '#config/mail-flow/rule-schema.ts';
import { RULE_SET_LIMITS } from '#config/mail-flow/rule-set.ts';
import { manualOf, type ManualRow } from '#config/manual.ts';
import { statusCode, STATUS_TABLE } from '#mail/status.ts';
import { ADDED_RECIPIENTS_LIMIT, REDIRECT_LIMIT } from '#rules/actions/limits.ts';
import { PATTERN_TEXT_CHARACTERS, WORD_TEXT_CHARACTERS } from '#rules/conditions/attachment.ts';
import { PATTERN_LIMIT, WORD_LIMIT } from '#rules/conditions/limits.ts';

export function propertyTable(): readonly string[] {
  return [
    '| property | value | when left out | meaning |',
    '| --- | --- | --- | --- |',
    ...manualOf(propertiesSchema()).map(propertyRow),
  ];
}

function propertyRow({ name, kind, required, byDefault, description }: ManualRow): string {
  return `| \`${name}\` | ${kind} | ${required ? 'must be there' : presetOf(byDefault)} | ${description} |`;
}

function presetOf(byDefault: unknown): string {
  if (byDefault === undefined || byDefault === '') return 'none';
  return `\`${typeof byDefault === 'string' ? byDefault : JSON.stringify(byDefault)}\``;
}

const LIMITS: readonly (readonly [what: string, value: string])[] = [
  ['rules in all files', String(RULE_SET_LIMITS.rules)],
  ['characters of conditions, exceptions and actions of one rule, as it is written', grouped(LARGEST_RULE)],
  ['characters of the patterns of all rules', grouped(RULE_SET_LIMITS.patternCharacters)],
  ['characters of one pattern; of one word', `${grouped(PATTERN_LIMIT)}; ${WORD_LIMIT}`],
  ['characters of the name; of the comments', `${LONGEST_NAME}; ${grouped(LONGEST_COMMENTS)}`],
  ['recipients that all rules together add to one message', String(ADDED_RECIPIENTS_LIMIT)],
  ['addresses of one redirection; a message is redirected once', String(REDIRECT_LIMIT)],
  [
    "characters of one attachment's text that `attachmentContainsWords` looks at; `attachmentMatchesPatterns`",
    `${grouped(WORD_TEXT_CHARACTERS)}; ${grouped(PATTERN_TEXT_CHARACTERS)}`,
  ],
  ['files; size of one', `${MOST_FILES}; ${FILE_LIMIT_MIB} MiB`],
  ['named lists in all files; entries of one', `${LIST_LIMITS.lists}; ${grouped(LIST_LIMITS.entries)}`],
];

export function limitTable(): readonly string[] {
  return ['| limit | value |', '| --- | --- |', ...LIMITS.map(([what, value]) => `| ${what} | ${value} |`)];
}

/** `8,192`, whatever the locale. */
function grouped(count: number): string {
  return count.toLocaleString('en');
}

const CODES: readonly (readonly [code: string, when: string])[] = [
  [
    `\`${failedReply('rule-rejected')}\`, or the code of the rule`,
    'A rule rejects the message: `TRANSPORT.RULES.RejectMessage; <reason> [Rule=<name>]`. In the session where it holds for all recipients, else in an NDR for those that it holds for.',
  ],
  ['`550 5.7.128`', 'A rule would redirect a message that a rule has redirected before.'],
  [
    `\`${failedReply('rule-rejected')}\``,
    'A disclaimer cannot be put into the message, and `applyHtmlDisclaimerFallbackAction` is `reject`.',
  ],
  [
    `\`${deferredReply('rules-unavailable')}\``,
    'A rule with `ruleErrorAction: defer` cannot be evaluated: the client sends the message again later.',
  ],
  [
    `\`${deferredReply('storage-full')}\``,
    'The disk has no room for what rules keep back or change: the client sends the message again later.',
  ],
  [
    `\`${statusCode('deferred', 'tls-required')}\`, then \`${statusCode('failed', 'tls-required')}\``,
    'No host of the destination has the TLS that `routeMessageOutboundRequireTls` demands.',
  ],
];

export function codeTable(): readonly string[] {
  return ['| code | when |', '| --- | --- |', ...CODES.map(([code, when]) => `| ${code} | ${when} |`)];
}

function failedReply(name: 'rule-rejected'): string {
  return `${STATUS_TABLE[name].reply.failed} ${statusCode('failed', name)}`;
}

function deferredReply(name: 'rules-unavailable' | 'storage-full'): string {
  return `${STATUS_TABLE[name].reply.deferred} ${statusCode('deferred', name)}`;
}

export function refusedTable(): readonly string[] {
  return [
    '| parameter | why, and what to do |',
    '| --- | --- |',
    ...REFUSED_PARAMETERS.map(([name, reason]) => `| \`${name}\` | ${reason} |`),
  ];
}
