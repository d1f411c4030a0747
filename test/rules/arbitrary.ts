/**
 * Rules and messages by chance, of so few people and words that conditions often hold. For what must be true of all rules; what a
 * condition means is in the tables.
 */
import fc from 'fast-check';
import type { ContentFacts, MessageFacts } from '#rules/facts.ts';
import type { PersonFinding } from '#rules/people.ts';
import { ACTION_NAMES, CONDITION_NAMES } from '#rules/parameters.ts';
import {
  INCIDENT_REPORT_CONTENTS,
  type Action,
  type ActionName,
  type ActionValues,
  type Condition,
  type ConditionName,
  type ConditionValues,
  type Rule,
} from '#rules/rule.ts';
import { MESSAGE_TYPES } from '#rules/values.ts';
import {
  ANNA,
  attachment,
  BOARD,
  BOB,
  CAROL,
  contentFailed,
  detected,
  directoryFailed,
  facts,
  header,
  inspected,
  kinds,
  MAX,
  NOW,
  people,
  person,
  recipients,
  rule,
  SALES,
  STRANGER,
} from './known-message.ts';

const flag = fc.constant(true as const);
const word = fc.constantFrom('report', 'secret', 'ours', 'anna', 'lab', 'utf-8', 'sales', 'max');
const words = fc.uniqueArray(word, { minLength: 1, maxLength: 3 });
const patterns = fc.uniqueArray(fc.constantFrom('^b', 're?port', '\\d{4}', '.', 'test$', '(?=refused)'), {
  minLength: 1,
  maxLength: 2,
});
const address = fc.constantFrom(ANNA, BOB, CAROL, MAX, 'eve@else.test', 'robert@ours.test');
const addresses = fc.uniqueArray(address, { minLength: 1, maxLength: 3 });
const groups = fc.uniqueArray(fc.constantFrom(SALES, BOARD, 'other@ours.test'), { minLength: 1, maxLength: 2 });
const domains = fc.uniqueArray(fc.constantFrom('ours.test', 'partner.test', 'test'), { minLength: 1, maxLength: 2 });
const size = fc.constantFrom(0, 500, 1000, 20_000, 20_001);
const level = fc.integer({ min: -1, max: 9 });
const scope = fc.constantFrom('inOrganization' as const, 'notInOrganization' as const);
const attribute = fc.constantFrom('department' as const, 'city' as const, 'company' as const);
const attributeWords = fc.array(fc.record({ attribute, words }), { minLength: 1, maxLength: 2 });
const attributePatterns = fc.array(fc.record({ attribute, patterns }), { minLength: 1, maxLength: 2 });
const field = fc.constantFrom('Subject', 'to', 'X-Lab', 'X-MS-Exchange-Organization-SCL', 'From');
const classification = fc.constantFrom('Internal', 'Public');

const CONDITION_ARBITRARIES: { readonly [Name in ConditionName]: fc.Arbitrary<ConditionValues[Name]> } = {
  from: addresses,
  fromScope: scope,
  fromMemberOf: groups,
  fromAddressContainsWords: words,
  fromAddressMatchesPatterns: patterns,
  senderADAttributeContainsWords: attributeWords,
  senderADAttributeMatchesPatterns: attributePatterns,
  senderIpRanges: fc.subarray(['192.0.2.0/24', '198.51.100.7', '::1-::2', 'no range'], { minLength: 1 }),
  senderDomainIs: domains,
  sentTo: addresses,
  sentToScope: scope,
  sentToMemberOf: groups,
  recipientAddressContainsWords: words,
  recipientAddressMatchesPatterns: patterns,
  recipientADAttributeContainsWords: attributeWords,
  recipientADAttributeMatchesPatterns: attributePatterns,
  recipientDomainIs: domains,
  subjectOrBodyContainsWords: words,
  subjectOrBodyMatchesPatterns: patterns,
  subjectContainsWords: words,
  subjectMatchesPatterns: patterns,
  attachmentContainsWords: words,
  attachmentMatchesPatterns: patterns,
  attachmentIsUnsupported: flag,
  attachmentNameMatchesPatterns: patterns,
  attachmentExtensionMatchesWords: fc.subarray(['pdf', 'exe', 'zip'], { minLength: 1 }),
  attachmentSizeOver: size,
  attachmentProcessingLimitExceeded: flag,
  attachmentHasExecutableContent: flag,
  attachmentIsPasswordProtected: flag,
  attachmentPropertyContainsWords: fc.array(fc.record({ property: fc.constantFrom('Impact', 'Project'), words }), {
    minLength: 1,
    maxLength: 2,
  }),
  anyOfRecipientAddressContainsWords: words,
  anyOfRecipientAddressMatchesPatterns: patterns,
  messageContainsDataClassifications: fc.array(
    fc.record({ name: fc.constantFrom('Credit Card Number', 'SWIFT Code'), minCount: fc.integer({ min: 1, max: 3 }) }),
    { minLength: 1, maxLength: 2 },
  ),
  anyOfToHeader: addresses,
  anyOfToHeaderMemberOf: groups,
  anyOfCcHeader: addresses,
  anyOfCcHeaderMemberOf: groups,
  anyOfToCcHeader: addresses,
  anyOfToCcHeaderMemberOf: groups,
  messageSizeOver: size,
  contentCharacterSetContainsWords: words,
  senderManagementRelationship: fc.constantFrom('manager', 'directReport'),
  betweenMemberOf: fc.record({ one: groups, other: groups }),
  managerAddresses: fc.record({ of: fc.constantFrom('sender' as const, 'recipient' as const), addresses }),
  adComparisonAttribute: fc.record({ attribute, operator: fc.constantFrom('equal' as const, 'notEqual' as const) }),
  messageTypeMatches: fc.constantFrom(...MESSAGE_TYPES),
  hasClassification: classification,
  hasNoClassification: flag,
  withImportance: fc.constantFrom('low', 'normal', 'high'),
  sclOver: level,
  headerContainsWords: fc.record({ header: field, words }),
  headerMatchesPatterns: fc.record({ header: field, patterns }),
};

const rejection = fc.constant({ enhancedStatusCode: '5.7.1', reasonText: 'no' });

const ACTION_ARBITRARIES: { readonly [Name in ActionName]: fc.Arbitrary<ActionValues[Name]> } = {
  moderateMessageByUser: addresses,
  moderateMessageByManager: flag,
  redirectMessageTo: addresses,
  quarantine: flag,
  routeMessageOutboundConnector: fc.constantFrom('a', 'b'),
  rejectMessage: rejection,
  deleteMessage: flag,
  addToRecipients: addresses,
  copyTo: addresses,
  blindCopyTo: addresses,
  addManagerAsRecipientType: fc.constantFrom('to', 'cc', 'bcc', 'redirect'),
  applyHtmlDisclaimer: fc.record({
    html: fc.constantFrom('<p>secret</p>', 'lab'),
    location: fc.constantFrom('append' as const, 'prepend' as const),
    fallbackAction: fc.constantFrom('wrap' as const, 'ignore' as const, 'reject' as const),
  }),
  removeHeader: field,
  setHeader: fc.record({ name: field, value: fc.constantFrom('', 'lab', `Max <${MAX}>, ${BOB}`, '7') }),
  applyClassification: classification,
  setSCL: level,
  routeMessageOutboundRequireTls: flag,
  prependSubject: fc.constantFrom('[secret] ', ''),
  notifySender: fc.record({ type: fc.constantFrom('notifyOnly' as const, 'rejectMessage' as const), rejection }),
  generateIncidentReport: fc.record({
    to: fc.constant('soc@ours.test'),
    content: fc.subarray([...INCIDENT_REPORT_CONTENTS]),
  }),
  generateNotification: fc.constant('Hello'),
};

// oxlint-disable typescript/no-unsafe-type-assertion -- name and value belong together by the tables above, which a union cannot be told
const conditionOf = (parameter: ConditionName): fc.Arbitrary<Condition> =>
  fc.record({ parameter: fc.constant(parameter), value: CONDITION_ARBITRARIES[parameter] }) as fc.Arbitrary<Condition>;
const actionOf = (parameter: ActionName): fc.Arbitrary<Action> =>
  fc.record({ parameter: fc.constant(parameter), value: ACTION_ARBITRARIES[parameter] }) as fc.Arbitrary<Action>;
// oxlint-enable typescript/no-unsafe-type-assertion

export type RuleTerms = { readonly conditions: readonly ConditionName[]; readonly actions: readonly ActionName[] };

export function anyRules({ conditions = CONDITION_NAMES, actions = ACTION_NAMES }: Partial<RuleTerms> = {}) {
  const condition = fc.oneof(...conditions.map(conditionOf));
  const action = fc.oneof(...actions.map(actionOf));
  const known = fc.record({
    conditions: fc.array(condition, { maxLength: 2 }),
    exceptions: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(condition, { maxLength: 2 })),
    actions: fc.array(action, { maxLength: 3 }),
    enabled: fc.constantFrom(true, true, true, false),
    mode: fc.constantFrom('enforce' as const, 'enforce' as const, 'audit' as const, 'auditAndNotify' as const),
    stopRuleProcessing: fc.constantFrom(false, false, true),
    ruleErrorAction: fc.constantFrom('ignore' as const, 'ignore' as const, 'defer' as const),
    senderAddressLocation: fc.constantFrom('header' as const, 'envelope' as const, 'headerOrEnvelope' as const),
    recipientAddressType: fc.constantFrom('resolved' as const, 'original' as const),
    expiryDate: fc.constantFrom(undefined, undefined, undefined, NOW),
  });
  return fc
    .array(known, { maxLength: 6 })
    .map((all): readonly Rule[] => all.map((each, index) => rule({ ...each, name: `rule ${index}` })));
}

const finding = fc.constantFrom<PersonFinding>(
  { kind: 'absent' },
  directoryFailed,
  person({ address: BOB, groups: new Set([SALES]) }),
);

const content = fc.oneof(
  fc.constant(contentFailed),
  fc
    .record({
      text: fc.constantFrom('nothing', 'a secret, 4111', 'the lab'),
      encrypted: fc.constantFrom(false, false, false, true),
      failure: fc.constantFrom(undefined, undefined, undefined, 'the header is cut'),
      state: fc.constantFrom('text' as const, 'encrypted' as const, 'limit' as const),
      values: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ text, encrypted, failure, state, values }): ContentFacts => {
      const found = Array.from({ length: values }, (_, offset) => ({
        where: 'body',
        offset,
        length: 4,
        masked: '*',
        confidence: 85,
      }));
      const attachments = [
        attachment({ path: 'b.zip' }),
        attachment({ path: 'b.zip/report.pdf', text, state, properties: { impact: 'lab' } }),
      ];
      return inspected(
        { text, failure, attachments, kinds: kinds({ encrypted }) },
        values === 0 ? [] : [detected({ values: found, uniqueCount: values })],
      );
    }),
);

const mail = fc.record({
  from: fc.constantFrom(ANNA, MAX, 'eve@else.test', ''),
  envelopeSender: fc.constantFrom(ANNA, 'eve@else.test', ''),
  to: fc.uniqueArray(address, { maxLength: 3 }),
  loop: fc.constantFrom(false, false, false, true),
  importance: fc.constantFrom('high', 'nonsense'),
  subject: fc.constantFrom('Quarterly report', 'secret', ''),
  sentTo: fc.uniqueArray(address, { minLength: 1, maxLength: 4 }),
  isStranger: fc.boolean(),
  findings: fc.tuple(finding, finding),
  content,
});

/** Everything is gathered. */
export const anyFacts: fc.Arbitrary<MessageFacts> = mail.map((made) => {
  const { from, to, subject, importance, loop, sentTo, isStranger, findings } = made;
  const fields = [
    { name: 'Importance', value: importance },
    ...(loop ? [{ name: 'X-MS-Exchange-Transport-Rules-Loop', value: '1' }] : []),
  ];
  const known = facts();
  return {
    ...known,
    envelopeSender: made.envelopeSender,
    recipients: recipients(...sentTo),
    client: isStranger ? STRANGER : known.client,
    header: header({ from, to, subject, fields }),
    people: people(['robert@ours.test', findings[0]], ['eve@else.test', findings[1]]),
    content: made.content,
  };
});
