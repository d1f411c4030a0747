/**
 * The part of a report that machines read: message/delivery-status (RFC 3464) and, for senders that can only be reached
 * with SMTPUTF8, message/global-delivery-status (RFC 6533).
 */
import { needsSmtpUtf8 } from '#mail/address.ts';
import { mailDate } from '#mail/date.ts';
import { diagnosticText, type Diagnosis } from '#mail/diagnosis.ts';
import type { EnvelopeRecipient } from '#mail/envelope.ts';
import { isIPv4, isIPv6 } from '#mail/ip.ts';
import { enhancedStatus, type OutcomeKind } from '#mail/status.ts';
import { embedUnicode, encodeXtext } from '#mail/xtext.ts';
import { cleanAscii, cleanLine } from '#mime/clean.ts';
import { isExpired } from './expiry.ts';
import type { DsnKind } from './wanted.ts';

export type ReportedRecipient = {
  readonly recipient: EnvelopeRecipient;
  /** For `relayed` and `delivered` too: status `delivered`, with the host and its reply. */
  readonly diagnosis: Diagnosis;
  readonly lastAttemptAt?: Date | undefined;
  /** Of a delayed delivery: when the queue gives up. */
  readonly willRetryUntil?: Date | undefined;
};

export type StatusPart = {
  readonly kind: DsnKind;
  readonly reportingHost: string;
  readonly envelopeId?: string | undefined;
  readonly arrivedAt: Date;
  readonly recipients: readonly ReportedRecipient[];
  /** The report travels with SMTPUTF8: addresses stand as they are (RFC 6533 §3). */
  readonly utf8: boolean;
};

const OUTCOME_OF: { readonly [kind in DsnKind]: OutcomeKind } = {
  failed: 'failed',
  delayed: 'deferred',
  relayed: 'delivered',
  delivered: 'delivered',
};

const REPLY_LIMIT = 8000;
const VALUE_LIMIT = 1000;
const FOLD_AT = 76;
const MAX_WORD = 900;

export const outcomeOf = (kind: DsnKind): OutcomeKind => OUTCOME_OF[kind];

export function deliveryStatus(part: StatusPart): string {
  const message = [
    part.envelopeId === undefined ? '' : field('Original-Envelope-Id', plainOrXtext(part.envelopeId)),
    field('Reporting-MTA', `dns; ${cleanAscii(part.reportingHost, VALUE_LIMIT)}`),
    field('Arrival-Date', mailDate(part.arrivedAt)),
  ];
  // Exactly one empty line between groups (RFC 3464 §2.1).
  return [message, ...part.recipients.map((reported) => recipientGroup(part, reported))]
    .map((fields) => fields.join(''))
    .join('\r\n');
}

function recipientGroup({ kind, utf8 }: StatusPart, reported: ReportedRecipient): string[] {
  const { recipient, diagnosis, lastAttemptAt, willRetryUntil } = reported;
  const { originalRecipient } = recipient;
  return [
    originalRecipient === undefined ? '' : field('Original-Recipient', originalValue(originalRecipient, utf8)),
    field('Final-Recipient', finalValue(recipient.address, utf8)),
    field('Action', kind),
    field('Status', enhancedStatus(outcomeOf(kind), diagnosis.detail)),
    diagnosis.remote === undefined ? '' : field('Remote-MTA', `dns; ${remoteName(diagnosis.remote.host)}`),
    field('Diagnostic-Code', `smtp; ${diagnosticCode(kind, diagnosis)}`),
    lastAttemptAt === undefined ? '' : field('Last-Attempt-Date', mailDate(lastAttemptAt)),
    willRetryUntil === undefined || kind !== 'delayed' ? '' : field('Will-Retry-Until', mailDate(willRetryUntil)),
  ];
}

/** The remote server's own words where the outcome is its word, else our code and sentence (RFC 3464 §2.3.6). */
export function diagnosticCode(kind: DsnKind, diagnosis: Diagnosis): string {
  const reply = diagnosis.remote?.reply ?? '';
  const theirWord = diagnosis.status === 'remote-reply' || diagnosis.status === 'delivered';
  const text = theirWord && reply !== '' && !isExpired(diagnosis) ? reply : diagnosticText(outcomeOf(kind), diagnosis);
  return cleanAscii(text, REPLY_LIMIT);
}

/** RFC 3464 §2.1.1 asks for an address literal in brackets where there is no name. */
function remoteName(host: string): string {
  const name = cleanAscii(host, VALUE_LIMIT);
  if (isIPv4(name)) return `[${name}]`;
  return isIPv6(name) ? `[IPv6:${name}]` : name;
}

function finalValue(address: string, utf8: boolean): string {
  if (!needsSmtpUtf8(address)) return `rfc822; ${cleanAscii(address, VALUE_LIMIT)}`;
  return `utf-8; ${utf8 ? cleanLine(address, VALUE_LIMIT) : embedUnicode(address, /[^\x21-\x7e]|[\\+=]/gu)}`;
}

/** ORCPT as it was given, decoded (RFC 3461 §4.2); a 7-bit report embeds what is not ASCII (RFC 6533 §3). */
function originalValue(original: string, utf8: boolean): string {
  const separator = original.indexOf(';');
  const type = cleanAscii(original.slice(0, separator), 60);
  const address = original.slice(separator + 1);
  if (!needsSmtpUtf8(address)) return `${type};${plainOrXtext(address)}`;
  return `utf-8;${utf8 ? cleanLine(address, VALUE_LIMIT) : embedUnicode(address, /[^\x21-\x7e]/gu)}`;
}

/** A value with other than printable ASCII, or with blanks that folding would lose, stays in xtext, as it came. */
function plainOrXtext(text: string): string {
  return /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text)
    ? text.slice(0, VALUE_LIMIT)
    : encodeXtext(text).slice(0, VALUE_LIMIT);
}

/** Folds at spaces, so that no line passes the 998 octets of RFC 5322 §2.1.1 whatever a remote server answered. */
function field(name: string, value: string): string {
  let folded = '';
  let line = `${name}:`;
  for (const word of value.split(' ').flatMap(shortWords)) {
    if (line.length + 1 + word.length > FOLD_AT && line !== `${name}:` && line !== '') {
      folded += `${line}\r\n`;
      line = '';
    }
    line += ` ${word}`;
  }
  return `${folded}${line}\r\n`;
}

function shortWords(word: string): string[] {
  return word.length <= MAX_WORD ? [word] : (word.match(/.{1,900}/gsu) ?? []);
}
