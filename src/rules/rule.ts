/**
 * A mail flow rule as it is after its document was checked: names resolved, lists spelled out, sizes in octets. The same
 * whatever file or command it came from. Types only.
 */
import type {
  Addresses,
  AttributeComparison,
  AttributePatterns,
  AttributeWords,
  AuditSeverity,
  Domains,
  GroupPair,
  Groups,
  HeaderPatterns,
  HeaderWords,
  Importance,
  IpRanges,
  ManagementRelationship,
  ManagerIs,
  MessageType,
  Patterns,
  PropertyWords,
  Scope,
  SensitiveInformation,
  Size,
  SpamConfidenceLevel,
  Words,
} from './values.ts';

/**
 * Conditions by the parameter that names them. Two parameters of Exchange that form one condition are one entry here, under the
 * name of the one that holds what is searched for: `headerContainsWords` holds `headerContainsMessageHeader` too,
 * `betweenMemberOf` both groups, `managerAddresses` also `managerForEvaluatedUser`, `adComparisonAttribute` its operator.
 */
export type ConditionValues = {
  readonly from: Addresses;
  readonly fromScope: Scope;
  readonly fromMemberOf: Groups;
  readonly fromAddressContainsWords: Words;
  readonly fromAddressMatchesPatterns: Patterns;
  readonly senderADAttributeContainsWords: readonly AttributeWords[];
  readonly senderADAttributeMatchesPatterns: readonly AttributePatterns[];
  readonly senderIpRanges: IpRanges;
  readonly senderDomainIs: Domains;
  readonly sentTo: Addresses;
  readonly sentToScope: Scope;
  readonly sentToMemberOf: Groups;
  readonly recipientAddressContainsWords: Words;
  readonly recipientAddressMatchesPatterns: Patterns;
  readonly recipientADAttributeContainsWords: readonly AttributeWords[];
  readonly recipientADAttributeMatchesPatterns: readonly AttributePatterns[];
  readonly recipientDomainIs: Domains;
  readonly subjectOrBodyContainsWords: Words;
  readonly subjectOrBodyMatchesPatterns: Patterns;
  readonly subjectContainsWords: Words;
  readonly subjectMatchesPatterns: Patterns;
  readonly attachmentContainsWords: Words;
  readonly attachmentMatchesPatterns: Patterns;
  readonly attachmentIsUnsupported: true;
  readonly attachmentNameMatchesPatterns: Patterns;
  readonly attachmentExtensionMatchesWords: Words;
  readonly attachmentSizeOver: Size;
  readonly attachmentProcessingLimitExceeded: true;
  readonly attachmentHasExecutableContent: true;
  readonly attachmentIsPasswordProtected: true;
  readonly attachmentPropertyContainsWords: readonly PropertyWords[];
  readonly anyOfRecipientAddressContainsWords: Words;
  readonly anyOfRecipientAddressMatchesPatterns: Patterns;
  readonly messageContainsDataClassifications: readonly SensitiveInformation[];
  readonly anyOfToHeader: Addresses;
  readonly anyOfToHeaderMemberOf: Groups;
  readonly anyOfCcHeader: Addresses;
  readonly anyOfCcHeaderMemberOf: Groups;
  readonly anyOfToCcHeader: Addresses;
  readonly anyOfToCcHeaderMemberOf: Groups;
  readonly messageSizeOver: Size;
  readonly contentCharacterSetContainsWords: Words;
  readonly senderManagementRelationship: ManagementRelationship;
  readonly betweenMemberOf: GroupPair;
  readonly managerAddresses: ManagerIs;
  readonly adComparisonAttribute: AttributeComparison;
  readonly messageTypeMatches: MessageType;
  readonly hasClassification: string;
  readonly hasNoClassification: true;
  readonly withImportance: Importance;
  readonly sclOver: SpamConfidenceLevel;
  readonly headerContainsWords: HeaderWords;
  readonly headerMatchesPatterns: HeaderPatterns;
};
export type ConditionName = keyof ConditionValues;

/** Generic over its name, so that a table of evaluators can be typed row by row. */
export type ConditionOf<Name extends ConditionName> = Name extends ConditionName
  ? { readonly parameter: Name; readonly value: ConditionValues[Name] }
  : never;
export type Condition = ConditionOf<ConditionName>;

export type Rejection = {
  /** `5.7.1`, or `5.7.900` to `5.7.999`. */
  readonly enhancedStatusCode: string;
  readonly reasonText: string;
};
export type DisclaimerFallback = 'wrap' | 'ignore' | 'reject';
export type Disclaimer = {
  /** HTML with tokens such as `%%DisplayName%%`. */
  readonly html: string;
  readonly location: 'append' | 'prepend';
  readonly fallbackAction: DisclaimerFallback;
};
export const INCIDENT_REPORT_CONTENTS = [
  'sender',
  'recipients',
  'subject',
  'cc',
  'bcc',
  'severity',
  'override',
  'ruleDetections',
  'falsePositive',
  'dataClassifications',
  'idMatch',
  'attachOriginalMail',
] as const;
export type IncidentReportContent = (typeof INCIDENT_REPORT_CONTENTS)[number];
export type IncidentReportOrder = { readonly to: string; readonly content: readonly IncidentReportContent[] };
export type ManagerRecipientType = 'to' | 'cc' | 'bcc' | 'redirect';
export type NotifySenderType =
  | 'notifyOnly'
  | 'rejectMessage'
  | 'rejectUnlessFalsePositiveOverride'
  | 'rejectUnlessSilentOverride'
  | 'rejectUnlessExplicitOverride';

/** Actions by the parameter that names them; those of one action stand together as conditions do. */
export type ActionValues = {
  readonly moderateMessageByUser: Addresses;
  readonly moderateMessageByManager: true;
  readonly redirectMessageTo: Addresses;
  readonly quarantine: true;
  readonly routeMessageOutboundConnector: string;
  readonly rejectMessage: Rejection;
  readonly deleteMessage: true;
  readonly addToRecipients: Addresses;
  readonly copyTo: Addresses;
  readonly blindCopyTo: Addresses;
  readonly addManagerAsRecipientType: ManagerRecipientType;
  readonly applyHtmlDisclaimer: Disclaimer;
  readonly removeHeader: string;
  readonly setHeader: { readonly name: string; readonly value: string };
  readonly applyClassification: string;
  readonly setSCL: SpamConfidenceLevel;
  readonly routeMessageOutboundRequireTls: true;
  readonly prependSubject: string;
  readonly notifySender: { readonly type: NotifySenderType; readonly rejection: Rejection };
  readonly generateIncidentReport: IncidentReportOrder;
  /** Text for the recipient with keywords such as `%%Subject%%`. */
  readonly generateNotification: string;
};
export type ActionName = keyof ActionValues;
export type ActionOf<Name extends ActionName> = Name extends ActionName
  ? { readonly parameter: Name; readonly value: ActionValues[Name] }
  : never;
export type Action = ActionOf<ActionName>;

export type RuleMode = 'enforce' | 'audit' | 'auditAndNotify';

export type Rule = {
  /** 1-64 characters, unique in any case of letters. */
  readonly name: string;
  readonly comments: string;
  readonly enabled: boolean;
  readonly mode: RuleMode;
  readonly activationDate?: Date | undefined;
  readonly expiryDate?: Date | undefined;
  readonly stopRuleProcessing: boolean;
  readonly ruleErrorAction: 'ignore' | 'defer';
  readonly senderAddressLocation: 'header' | 'envelope' | 'headerOrEnvelope';
  readonly recipientAddressType: 'resolved' | 'original';
  readonly setAuditSeverity?: AuditSeverity | undefined;
  /** All must hold; none at all holds for every message. */
  readonly conditions: readonly Condition[];
  /** One that holds is enough for the rule to do nothing. */
  readonly exceptions: readonly Condition[];
  readonly actions: readonly Action[];
};

/** In the order of their priority, the first at 0; disabled ones too. Can be cloned to another thread. */
export type RuleSet = {
  readonly rules: readonly Rule[];
  /** Names it in logs, trails and between threads: changes whenever the rules do. */
  readonly version: string;
};
