/**
 * Parameters of Exchange that this relay refuses, each with the reason and what to do instead. A rule with one is refused as a whole:
 * without the part that is not carried out it would be another rule.
 */
const PROTECTION =
  'is not carried out: this Postern has no message protection yet, so the message would leave as it is; routeMessageOutboundRequireTls sends it over TLS only';
const REMOVAL =
  'is not carried out: this Postern has no message protection yet, so there is none to remove; take it out';
const RESERVED = 'is reserved by Microsoft and has never done anything; take it out';
const EDGE = 'is for Edge Transport servers';
const POLICY_TIPS = 'needs policy tips in the client, which Exchange has on its own servers only; take it out';

const REFUSED: { readonly [parameter: string]: string } = {
  applyRightsProtectionTemplate: PROTECTION,
  applyRightsProtectionCustomizationTemplate: PROTECTION,
  applyOME: PROTECTION,
  removeOME: REMOVAL,
  removeOMEv2: REMOVAL,
  removeRMSAttachmentEncryption: REMOVAL,
  senderInRecipientList: RESERVED,
  recipientInSenderList: RESERVED,
  exceptIfSenderInRecipientList: RESERVED,
  exceptIfRecipientInSenderList: RESERVED,
  hasSenderOverride: POLICY_TIPS,
  exceptIfHasSenderOverride: POLICY_TIPS,
  disconnect: `${EDGE}; deleteMessage or rejectMessageReasonText ends the message here`,
  logEventText: `${EDGE}; setAuditSeverity and generateIncidentReport tell of a message here`,
  smtpRejectMessageRejectText: `${EDGE}; write rejectMessageReasonText`,
  smtpRejectMessageRejectStatusCode: `${EDGE}; write rejectMessageEnhancedStatusCode (5.7.1, or 5.7.900 to 5.7.999)`,
  useLegacyRegex:
    'is refused: patterns are always regular expressions here, and those of Exchange 2010 mean something else when they are read as such; write the patterns anew and take it out',
  priority:
    'is not written: rules are evaluated in the order of the files and of the rules within them; `postern rule move` changes it',
  dlpPolicy: 'is refused: rules are not collected into policies here; name the rule after the policy',
  incidentReportOriginalMail: 'is written incidentReportContent: [attachOriginalMail]',
  state: 'is written enabled: true or enabled: false',
};

/** Why the parameter is refused; `undefined` for one that is not. */
export function whyRefused(parameter: string): string | undefined {
  return Object.hasOwn(REFUSED, parameter) ? REFUSED[parameter] : undefined;
}

/** For the reference. */
export const REFUSED_PARAMETERS: readonly (readonly [name: string, reason: string])[] = Object.entries(REFUSED);
