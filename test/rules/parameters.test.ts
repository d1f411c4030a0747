import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { exceptionName, exchangeName } from '#rules/parameter.ts';
import { ACTION_NAMES, ACTION_PARAMETERS, CONDITION_PARAMETERS } from '#rules/parameters.ts';

/** Conditions of Exchange Online that mail can have, as New-TransportRule names their parameters, in the order of its list. */
const CONDITIONS = `
  From FromScope FromMemberOf FromAddressContainsWords FromAddressMatchesPatterns SenderADAttributeContainsWords
  SenderADAttributeMatchesPatterns SenderIpRanges SenderDomainIs
  SentTo SentToScope SentToMemberOf RecipientAddressContainsWords RecipientAddressMatchesPatterns
  RecipientADAttributeContainsWords RecipientADAttributeMatchesPatterns RecipientDomainIs
  SubjectOrBodyContainsWords SubjectOrBodyMatchesPatterns SubjectContainsWords SubjectMatchesPatterns
  AttachmentContainsWords AttachmentMatchesPatterns AttachmentIsUnsupported AttachmentNameMatchesPatterns
  AttachmentExtensionMatchesWords AttachmentSizeOver AttachmentProcessingLimitExceeded AttachmentHasExecutableContent
  AttachmentIsPasswordProtected AttachmentPropertyContainsWords
  AnyOfRecipientAddressContainsWords AnyOfRecipientAddressMatchesPatterns
  MessageContainsDataClassifications AnyOfToHeader AnyOfToHeaderMemberOf AnyOfCcHeader AnyOfCcHeaderMemberOf AnyOfToCcHeader
  AnyOfToCcHeaderMemberOf MessageSizeOver ContentCharacterSetContainsWords
  SenderManagementRelationship BetweenMemberOf1 BetweenMemberOf2 ManagerForEvaluatedUser ManagerAddresses
  ADComparisonAttribute ADComparisonOperator
  MessageTypeMatches HasClassification HasNoClassification WithImportance SCLOver
  HeaderContainsMessageHeader HeaderContainsWords HeaderMatchesMessageHeader HeaderMatchesPatterns`;

const ACTIONS = `
  ModerateMessageByUser ModerateMessageByManager RedirectMessageTo RouteMessageOutboundConnector Quarantine
  RejectMessageReasonText RejectMessageEnhancedStatusCode DeleteMessage
  AddToRecipients CopyTo BlindCopyTo AddManagerAsRecipientType
  ApplyHtmlDisclaimerText ApplyHtmlDisclaimerLocation ApplyHtmlDisclaimerFallbackAction
  RemoveHeader SetHeaderName SetHeaderValue ApplyClassification SetSCL RouteMessageOutboundRequireTls PrependSubject
  NotifySender RejectMessageReasonText RejectMessageEnhancedStatusCode
  GenerateIncidentReport IncidentReportContent GenerateNotification`;

const listed = (text: string): readonly string[] => text.trim().split(/\s+/);
const conditionParameters = CONDITION_PARAMETERS.flatMap(({ parameters }) => parameters.map(({ name }) => name));
const actionParameters = ACTION_PARAMETERS.flatMap(({ parameters }) => parameters.map(({ name }) => name));

test('conditions are those of Exchange, by its names and in its order', () => {
  assert.deepEqual(conditionParameters.map(exchangeName), listed(CONDITIONS));
});

test('actions are those of Exchange by its names', () => {
  assert.deepEqual(actionParameters.map(exchangeName).toSorted(), listed(ACTIONS).toSorted());
});

test('exceptions are named as in Exchange', () => {
  assert.deepEqual(['from', 'sclOver', 'adComparisonAttribute', 'senderADAttributeContainsWords'].map(exceptionName), [
    'exceptIfFrom',
    'exceptIfSCLOver',
    'exceptIfADComparisonAttribute',
    'exceptIfSenderADAttributeContainsWords',
  ]);
});

test('an action that excludes another is excluded by it', () => {
  const excludes = new Map(ACTION_PARAMETERS.map((action) => [action.name, action.excludes]));
  // The policy tip speaks for the one, not the other way round: rejecting is one of its types.
  const pairs = ACTION_NAMES.filter((name) => name !== 'notifySender').flatMap((name) =>
    (excludes.get(name) ?? []).map((other) => [name, other] as const),
  );
  assert.ok(pairs.length > 0);
  for (const [name, other] of pairs)
    assert.ok(excludes.get(other)?.includes(name), `${other} does not exclude ${name}`);
});

describe('every parameter is proven by a test whose title begins with its name', () => {
  const directory = import.meta.dirname;
  const sources = globSync('**/*.test.ts', { cwd: directory }).map((file) =>
    readFileSync(`${directory}/${file}`, 'utf8'),
  );
  const titles = new Set(
    sources.flatMap((source) => [...source.matchAll(/(['"`])(\w+)(?:: | ).*?\1/g)].map(([, , name]) => name)),
  );
  /** Those whose rows become tests of the exception too. */
  const tables = new Set(
    sources.flatMap((source) => [...source.matchAll(/^conditionTable\('(\w+)', \[$/gm)].map(([, name]) => name)),
  );

  for (const { name, parameters } of CONDITION_PARAMETERS) {
    test(`${name} and ${exceptionName(name)}`, () => {
      assert.ok(tables.has(name), `there is no table of ${name}`);
      for (const parameter of parameters)
        assert.ok(titles.has(parameter.name), `no title begins with ${parameter.name}`);
    });
  }
  for (const name of actionParameters) {
    test(name, () => assert.ok(titles.has(name), `no title begins with ${name}`));
  }
  const SETTINGS = listed(`
    enabled mode activationDate expiryDate stopRuleProcessing ruleErrorAction senderAddressLocation recipientAddressType
    setAuditSeverity priority`);
  for (const name of SETTINGS) test(name, () => assert.ok(titles.has(name), `no title begins with ${name}`));
});
