/**
 * The part of a report that people read: what happened, who can mend it and how, then details for administrators, then
 * the header of the message; once as plain text and once as simple HTML from the same blocks.
 */
import type { Diagnosis, PolicyEvidence } from '#mail/diagnosis.ts';
import { enhancedStatus } from '#mail/status.ts';
import { blocksAsHtml, blocksAsText, type Block } from '#mime/blocks.ts';
import { cleanAscii, cleanLine, cleanLines } from '#mime/clean.ts';
import { diagnosticCode, outcomeOf, type ReportedRecipient } from './delivery-status.ts';
import { isExpired } from './expiry.ts';
import { explain } from './explain.ts';
import type { Explanation, Mender } from './explanations.ts';
import { alsoByOperator, policyPairs, recipientSide } from './policy-words.ts';
import type { DsnKind } from './wanted.ts';

export type HumanPart = {
  readonly kind: DsnKind;
  /** Paragraphs before all others. */
  readonly notes: readonly string[];
  readonly reportingHost: string;
  readonly contact: string;
  readonly sender: string;
  readonly subject: string;
  readonly queueId: string;
  readonly messageIdField: string;
  readonly arrivedAt: Date;
  readonly recipients: readonly ReportedRecipient[];
  /** The header of the message, or its start. */
  readonly header: Uint8Array;
};

export type HumanTexts = { readonly plain: string; readonly html: string };

const LINE_LIMIT = 2000;
const HEADER_LIMIT = 8 * 1024;

const OPENING: { readonly [kind in DsnKind]: string } = {
  failed: 'Your message could not be delivered to the recipients below. It will not be tried again.',
  delayed:
    'Your message could not be delivered yet to the recipients below. It is kept and tried again; you need not send it again.',
  relayed:
    'Your message was handed on to the mail servers of the recipients below. Those servers do not report delivery, so this is the last you will hear unless it fails.',
  delivered: 'Your message was delivered to the recipients below.',
};

export function humanTexts(part: HumanPart): HumanTexts {
  const blocks = [
    ...opening(part),
    ...part.recipients.reduce(intoGroups, []).flatMap((group) => explained(part, group)),
    ...details(part),
  ];
  return { plain: blocksAsText(blocks), html: blocksAsHtml(blocks, 'Delivery report') };
}

function opening({ kind, notes, subject }: HumanPart): Block[] {
  const about: Block[] = subject === '' ? [] : [{ kind: 'pairs', pairs: [['Subject', subject]] }];
  return [...notes, OPENING[kind]].map((text): Block => ({ kind: 'paragraph', text })).concat(about);
}

/** Recipients with one and the same trouble are explained together. */
function intoGroups(groups: ReportedRecipient[][], reported: ReportedRecipient): ReportedRecipient[][] {
  const group = groups.find(([first]) => first !== undefined && sameTrouble(first, reported));
  if (group === undefined) groups.push([reported]);
  else group.push(reported);
  return groups;
}

function sameTrouble(a: ReportedRecipient, b: ReportedRecipient): boolean {
  const [first, second] = [a.diagnosis, b.diagnosis];
  const alike = first.status === second.status && first.detail === second.detail;
  return alike && isExpired(first) === isExpired(second) && samePolicy(first.policy, second.policy);
}

const samePolicy = (one: PolicyEvidence | undefined, other: PolicyEvidence | undefined): boolean =>
  one?.kind === other?.kind && one?.domain === other?.domain && one?.detail === other?.detail;

function explained(part: HumanPart, group: readonly ReportedRecipient[]): Block[] {
  const items = group.map(({ recipient }) => cleanLine(recipient.address, LINE_LIMIT));
  const [first] = group;
  const explanation = first === undefined ? undefined : explain(first.diagnosis);
  const list: Block = { kind: 'list', items };
  if (first === undefined || explanation === undefined) return [list];
  const until = first.willRetryUntil === undefined ? '' : first.willRetryUntil.toUTCString();
  const tried = isExpired(first.diagnosis) ? ' The relay tried until the message was too old.' : '';
  const { policy } = first.diagnosis;
  const pairs: (readonly [string, string])[] = [
    ['What happened', `${explanation.cause}${tried}`],
    ...policyPairs(policy),
    ['Who can mend it', mender(explanation, policy, part)],
    ['What to do', `${explanation.remedy}${alsoByOperator(policy)}`],
  ];
  if (part.kind === 'delayed' && until !== '') pairs.push(['Tried until', until]);
  return [list, { kind: 'pairs', pairs }];
}

function mender(
  { mender: who }: Explanation,
  policy: PolicyEvidence | undefined,
  { contact, sender, reportingHost }: HumanPart,
): string {
  const us = contact === '' ? `the operator of ${reportingHost}` : `${contact} (the operator of ${reportingHost})`;
  const sentences: { readonly [name in Mender]: string } = {
    sender:
      sender === '' ? 'The sender, but the message names none.' : `You, the sender (${cleanLine(sender, LINE_LIMIT)}).`,
    operator: `We: ${us}.`,
    recipient: `The recipient's side: ${recipientSide(policy)}.`,
  };
  return sentences[who];
}

function details(part: HumanPart): Block[] {
  const blocks: Block[] = [
    { kind: 'heading', text: 'Details for mail administrators' },
    {
      kind: 'pairs',
      pairs: [
        ['Generating server', part.reportingHost],
        ['Queue id', part.queueId],
        ['Message-ID', cleanLine(part.messageIdField, LINE_LIMIT)],
        ['Received', part.arrivedAt.toUTCString()],
      ].filter((pair): pair is [string, string] => pair[1] !== ''),
    },
    ...part.recipients.map((reported): Block => ({ kind: 'pairs', pairs: evidence(part.kind, reported) })),
  ];
  const header = Buffer.from(part.header.buffer, part.header.byteOffset, Math.min(part.header.length, HEADER_LIMIT));
  if (header.length === 0) return blocks;
  const text = cleanLines(header.toString('utf8'), HEADER_LIMIT).trimEnd();
  return [...blocks, { kind: 'heading', text: 'Header of the message' }, { kind: 'preformatted', text }];
}

function evidence(kind: DsnKind, { recipient, diagnosis, lastAttemptAt }: ReportedRecipient): [string, string][] {
  const code = diagnosticCode(kind, diagnosis);
  const pairs: [string, string][] = [
    ['Recipient', recipient.address],
    ...remoteEvidence(diagnosis, code),
    ['Status', enhancedStatus(outcomeOf(kind), diagnosis.detail)],
    ['Diagnosis', code],
    ...tlsEvidence(diagnosis),
  ];
  if (lastAttemptAt !== undefined) pairs.push(['Last attempt', lastAttemptAt.toUTCString()]);
  return pairs.map(([name, value]) => [name, cleanLine(value, LINE_LIMIT)]);
}

function remoteEvidence({ remote }: Diagnosis, code: string): [string, string][] {
  if (remote === undefined) return [];
  const server: [string, string] = ['Remote server', remote.ip === '' ? remote.host : `${remote.host} (${remote.ip})`];
  return remote.reply === '' || cleanAscii(remote.reply, LINE_LIMIT) === code
    ? [server]
    : [server, ["Remote server's answer", remote.reply]];
}

function tlsEvidence({ remote, tls }: Diagnosis): [string, string][] {
  if (tls === undefined) return remote === undefined ? [] : [['TLS', 'none']];
  const { version, cipher, authenticated, peerSubject, peerFingerprint } = tls;
  const pairs: [string, string][] = [
    ['TLS', `${version}, ${cipher}, certificate ${authenticated ? 'verified' : 'not verified'}`],
  ];
  if (peerSubject !== undefined) pairs.push(['Certificate', peerSubject]);
  if (peerFingerprint !== undefined) pairs.push(['Certificate SHA-256', peerFingerprint]);
  return pairs;
}
