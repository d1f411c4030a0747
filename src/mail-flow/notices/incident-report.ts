/**
 * The report to one mailbox of a message that a rule matched (Microsoft, GenerateIncidentReport): what the rule's IncidentReportContent
 * asks for, and the message's id always. Excerpts hold the values as they are, since that is what they are ordered for. Pure.
 */
import type { Block } from '#mime/blocks.ts';
import { cleanLines } from '#mime/clean.ts';
import type { ReadHeader } from '#mime/header.ts';
import type { NewMessage } from '#queue/store.ts';
import type { Notice } from '#rules/evaluation.ts';
import { INCIDENT_REPORT_CONTENTS, type IncidentReportContent, type RuleMode } from '#rules/rule.ts';
import type { DetectedInformation } from '#rules/sit/detection.ts';
import type { AuditSeverity } from '#rules/values.ts';
import { firstOf, lineOf, orNone, senderOf } from './words.ts';

export type IncidentReport = Extract<Notice, { readonly kind: 'incident-report' }>;

export type Incident = {
  readonly report: IncidentReport;
  readonly message: NewMessage;
  readonly header: ReadHeader;
  /** What is said of the attachment, where the order asks for one. */
  readonly attachmentNote: string;
};

type Pair = readonly [name: string, value: string];

/** As in Exchange. */
const RECIPIENTS_SHOWN = 10;
/** A value with 150 characters on both sides. */
const EXCERPT_LIMIT = 1_000;
/** Mail has no policy tip that its sender could have answered. */
const NO_TIP = 'No (mail has no policy tip that its sender could have answered)';

const SEVERITIES: { readonly [severity in AuditSeverity]: string } = {
  doNotAudit: 'Not audited',
  low: 'Low',
  medium: 'Medium',
  high: 'High',
};

const MODES: { readonly [mode in RuleMode]: string } = {
  enforce: 'Enforced',
  audit: 'Tested: its other actions were not carried out',
  auditAndNotify: 'Tested: of its other actions only notices were carried out',
};

const PAIRS: { readonly [content in IncidentReportContent]?: (incident: Incident) => Pair } = {
  sender: ({ header, message }) => ['Sender', senderOf(header, message.envelope.sender)],
  subject: ({ header }) => ['Subject', orNone(lineOf(header.subject))],
  recipients: ({ header }) => ['Recipients', firstOf(header.to, RECIPIENTS_SHOWN)],
  cc: ({ header }) => ['Cc', firstOf(header.cc, RECIPIENTS_SHOWN)],
  bcc: (incident) => ['Bcc', firstOf(hiddenRecipients(incident), RECIPIENTS_SHOWN)],
  severity: ({ report }) => ['Severity', report.severity === undefined ? 'Not set' : SEVERITIES[report.severity]],
  override: () => ['Override', NO_TIP],
  falsePositive: () => ['False positive', NO_TIP],
};

const SECTIONS: { readonly [content in IncidentReportContent]?: (incident: Incident) => readonly Block[] } = {
  ruleDetections: ({ report }) => [
    { kind: 'heading', text: 'Rule' },
    {
      kind: 'pairs',
      pairs: [
        ['Rule', lineOf(report.rule)],
        ['Mode', MODES[report.mode]],
        ['Matched recipients', firstOf(report.recipients, RECIPIENTS_SHOWN)],
      ],
    },
  ],
  dataClassifications: ({ report }) => [
    { kind: 'heading', text: 'Sensitive information' },
    report.information.length === 0
      ? { kind: 'paragraph', text: 'The rule has found none.' }
      : { kind: 'pairs', pairs: report.information.map(classification) },
  ],
  idMatch: ({ report }) => report.excerpts.flatMap(excerptBlocks),
  attachOriginalMail: ({ attachmentNote }) => [{ kind: 'paragraph', text: attachmentNote }],
};

export const incidentTitle = ({ rule }: IncidentReport): string => `Incident report: ${lineOf(rule)}`;

export function incidentBlocks(incident: Incident): readonly Block[] {
  const { report, message } = incident;
  const asked = INCIDENT_REPORT_CONTENTS.filter((content) => report.order.content.includes(content));
  const pairs = asked.map((content) => PAIRS[content]?.(incident)).filter((pair) => pair !== undefined);
  return [
    { kind: 'paragraph', text: `A message matches the mail flow rule "${lineOf(report.rule)}".` },
    { kind: 'pairs', pairs: [...idsOf(message), ...pairs] },
    ...asked.flatMap((content) => SECTIONS[content]?.(incident) ?? []),
  ];
}

const idsOf = ({ facts, messageId, receivedAt }: NewMessage): readonly Pair[] => [
  ['Message-ID', orNone(lineOf(facts.messageIdField))],
  ['Queue id', messageId],
  ['Received', receivedAt.toUTCString()],
];

/** Those whom neither To nor Cc names. */
function hiddenRecipients({ message, header }: Incident): readonly string[] {
  const named = new Set([...header.to, ...header.cc]);
  return message.recipients.map(({ address }) => address).filter((address) => !named.has(address.toLowerCase()));
}

function classification({ name, uniqueCount, confidence, recommendedConfidence }: DetectedInformation): Pair {
  const values = uniqueCount === 1 ? '1 value' : `${uniqueCount} different values`;
  return [lineOf(name), `${values}, confidence ${confidence} of 100 (recommended: ${recommendedConfidence})`];
}

const excerptBlocks = ({ name, where, text }: IncidentReport['excerpts'][number]): readonly Block[] => [
  { kind: 'heading', text: `${lineOf(name)} in ${lineOf(where)}` },
  { kind: 'preformatted', text: cleanLines(text, EXCERPT_LIMIT) },
];
