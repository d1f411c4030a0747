/**
 * Composes one report (RFC 3464): from the facts of one message and of deliveries that ended alike to a message for the
 * queue. Pure; whether to report at all is `wanted.ts`, reading the original is `returned.ts`.
 */
import { isAscii } from 'node:buffer';
import { needsSmtpUtf8 } from '#mail/address.ts';
import { cleanAscii, cleanLine } from '#mime/clean.ts';
import { composeMessage, longestLine, type Part } from '#mime/compose.ts';
import type { NewMessage, QueuedMessage } from '#queue/store.ts';
import type { ReportSettings } from '#reporting/settings.ts';
import { deliveryStatus, type ReportedRecipient } from './delivery-status.ts';
import { humanTexts } from './human.ts';
import type { Returned } from './returned.ts';
import { subjectOf } from './subject.ts';
import type { DsnKind } from './wanted.ts';

/** Who reads the report: the sender, or the postmaster, who gets a copy. */
export type Addressee = { readonly role: 'sender' | 'postmaster'; readonly address: string };

export type DsnInput = {
  readonly kind: DsnKind;
  readonly addressee: Addressee;
  /** No more reports of this kind go to the addressee for a while. */
  readonly isLast: boolean;
  readonly message: QueuedMessage;
  readonly recipients: readonly ReportedRecipient[];
  readonly returned: Returned;
  readonly settings: ReportSettings;
  /** Queue id of the report. */
  readonly queueId: string;
  readonly at: Date;
};

const SUBJECT: { readonly [kind in DsnKind]: string } = {
  failed: 'Undeliverable',
  delayed: 'Delivery delayed',
  relayed: 'Relayed',
  delivered: 'Delivered',
};

const LAST_NOTE =
  'You got so many of these reports within an hour that no more come before it is over. Then you get one about all the others.';
const SUBJECT_LIMIT = 200;
const MAX_LINE = 998;
const MESSAGE_ID = /^<[\x21-\x3b=\x3f-\x7e]{1,250}>$/;

/** It goes back in the forms of RFC 6533. */
export const isGlobal = ({ envelope, facts }: QueuedMessage): boolean => envelope.smtpUtf8 && facts.eightBitHeader;

export function composeDsn(input: DsnInput): NewMessage {
  const { kind, addressee, message, returned, settings, queueId, at } = input;
  // Only who has a UTF-8 address certainly reads reports that need SMTPUTF8; others get the same in 7 bits (RFC 6533 §4).
  const utf8 = needsSmtpUtf8(addressee.address);
  const octets = returned.kind === 'unreadable' ? new Uint8Array() : returned.octets;
  const header = octets.subarray(0, message.facts.headerBytes);
  const subject = subjectOf(header, SUBJECT_LIMIT);
  const { messageIdField } = message.facts;
  const parts = [humanPart(input, header, subject), statusPart(input, utf8), ...returnedPart(input, utf8)];
  const { bytes, facts } = composeMessage(
    {
      from: settings.reports.from,
      to: addressee.address,
      subject: `${SUBJECT[kind]}${addressee.role === 'postmaster' ? ' (copy)' : ''}: ${subject === '' ? '(no subject)' : subject}`,
      date: at,
      messageId: `<${queueId}@${cleanAscii(settings.hostname, SUBJECT_LIMIT)}>`,
      inReplyTo: MESSAGE_ID.test(messageIdField) ? messageIdField : undefined,
      autoSubmitted: 'auto-replied',
    },
    { kind: 'multipart', type: 'multipart/report; report-type=delivery-status', parts },
    queueId,
  );
  return {
    messageId: queueId,
    // No report about a report (RFC 3461 §6.1, RFC 3464 §2).
    envelope: {
      sender: '',
      body: facts.eightBit ? '8bitmime' : '7bit',
      smtpUtf8: utf8,
      // A report tells of the message what the message itself may tell only over TLS (RFC 8689 §5).
      ...(message.envelope.requireTls === true ? { requireTls: true } : {}),
    },
    recipients: [{ address: addressee.address, notify: [] }],
    content: { kind: 'inline', bytes },
    facts,
    receivedAt: at,
  };
}

function humanPart(input: DsnInput, header: Uint8Array, subject: string): Part {
  const { kind, message, recipients, settings } = input;
  const { plain, html } = humanTexts({
    kind,
    notes: notesOf(input),
    recipients,
    header,
    subject,
    reportingHost: settings.hostname,
    contact: cleanLine(settings.reports.contact, SUBJECT_LIMIT),
    sender: message.envelope.sender,
    queueId: message.messageId,
    messageIdField: message.facts.messageIdField,
    arrivedAt: message.receivedAt,
  });
  return {
    kind: 'multipart',
    type: 'multipart/alternative',
    parts: [
      { kind: 'text', type: 'text/plain', text: plain },
      { kind: 'text', type: 'text/html', text: html },
    ],
  };
}

/** What is said of the report itself. */
function notesOf({ addressee, isLast, message }: DsnInput): readonly string[] {
  const sender = cleanLine(message.envelope.sender, SUBJECT_LIMIT);
  const copy =
    sender === '' ? 'the message has no sender, so nobody else was told.' : `this is what ${sender} was told.`;
  return [
    ...(addressee.role === 'postmaster' ? [`Copy for the postmaster: ${copy}`] : []),
    ...(isLast ? [LAST_NOTE] : []),
  ];
}

function statusPart({ kind, message, recipients, settings }: DsnInput, utf8: boolean): Part {
  const text = deliveryStatus({
    kind,
    recipients,
    utf8,
    reportingHost: settings.hostname,
    envelopeId: message.envelope.envelopeId,
    arrivedAt: message.receivedAt,
  });
  const octets = Buffer.from(text);
  return utf8
    ? { kind: 'octets', type: 'message/global-delivery-status', encoding: isAscii(octets) ? '7bit' : '8bit', octets }
    : { kind: 'octets', type: 'message/delivery-status', encoding: '7bit', octets };
}

/**
 * The original, in the form that its reader's way can carry. message/rfc822 must not be encoded (RFC 2046 §5.2.1), so an
 * 8-bit original makes an 8-bit report; header fields and message/global may be (RFC 6522 §4, RFC 6533 §4).
 */
function returnedPart({ message, returned }: DsnInput, utf8: boolean): Part[] {
  if (returned.kind === 'unreadable') return [];
  const { octets } = returned;
  const global = isGlobal(message);
  const plain = isAscii(octets) && longestLine(octets) <= MAX_LINE;
  if (returned.kind === 'full') {
    if (!global)
      return [{ kind: 'octets', type: 'message/rfc822', encoding: isAscii(octets) ? '7bit' : '8bit', octets }];
    return [{ kind: 'octets', type: 'message/global', encoding: utf8 ? '8bit' : 'base64', octets }];
  }
  const type = global ? 'message/global-headers' : 'text/rfc822-headers';
  return [{ kind: 'octets', type, encoding: headerEncoding(plain, global && utf8), octets }];
}

function headerEncoding(plain: boolean, mayBeUtf8: boolean): '7bit' | '8bit' | 'quoted-printable' {
  if (plain) return '7bit';
  return mayBeUtf8 ? '8bit' : 'quoted-printable';
}
