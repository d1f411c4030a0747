/**
 * A transaction as one host can take it: the commands with the parameters that the host offers, or why it cannot be had.
 * No I/O; the content is converted elsewhere when the plan says so.
 */
import { needsSmtpUtf8 } from '#mail/address.ts';
import { sizeOf } from '#mail/content.ts';
import type { EnvelopeRecipient } from '#mail/envelope.ts';
import { encodeXtext } from '#mail/xtext.ts';
import type { Offers } from './ehlo.ts';
import { ownTrouble, type Peer } from './peer-trouble.ts';
import type { RecipientResult, Transaction, Trouble } from './transaction.ts';

export type PlannedRecipient = {
  /** Its place among the transaction's recipients. */
  readonly position: number;
  /** The RCPT command with its line end. */
  readonly command: string;
};

export type Plan = {
  readonly kind: 'plan';
  /** What stands behind `MAIL FROM:`, without SIZE and BODY, which depend on the content's final form. */
  readonly mail: string;
  readonly recipients: readonly PlannedRecipient[];
  /** Results that stand before a word is said; in the order of the transaction's recipients. */
  readonly results: readonly (RecipientResult | undefined)[];
  /** The content holds octets above 127, which this host takes only when they are encoded. */
  readonly mustConvert: boolean;
};

export function planTransaction(
  transaction: Transaction,
  offers: Offers,
  peer: Peer,
): Plan | ({ readonly kind: 'refused' } & Trouble) {
  const { envelope, recipients, facts, content } = transaction;

  if (!speakable(envelope.sender)) return refused(ownTrouble('message', 'permanent', 'sender-syntax', peer));
  const utf8 = facts.eightBitHeader || needsSmtpUtf8(envelope.sender);
  if (utf8 && !offers.smtpUtf8) return refused(ownTrouble('message', 'permanent', 'smtputf8-required', peer));
  if (offers.sizeLimitBytes !== undefined && sizeOf(content) > offers.sizeLimitBytes) {
    return refused(ownTrouble('message', 'permanent', 'message-too-large-for-recipient', peer));
  }

  const planned: PlannedRecipient[] = [];
  const results = recipients.map((recipient, position) => {
    const problem = problemOf(recipient, offers);
    if (problem !== undefined) return refused(ownTrouble('recipient', 'permanent', problem, peer));
    planned.push({ position, command: rcptCommand(recipient, offers) });
    return undefined;
  });
  // A header of a part may need it where the message's own does not: what the client said stands where it can be said.
  const said = envelope.smtpUtf8 && offers.smtpUtf8;
  const anyUtf8 = utf8 || said || planned.some(({ command }) => needsSmtpUtf8(command));
  const mail = `MAIL FROM:<${envelope.sender}>${dsnOfMail(transaction, offers)}${anyUtf8 ? ' SMTPUTF8' : ''}`;
  return { kind: 'plan', mail, recipients: planned, results, mustConvert: facts.eightBit && !offers.eightBitMime };
}

const refused = (trouble: Trouble) => ({ kind: 'refused', ...trouble }) as const;

/** MAIL with what depends on the content as it will be sent (RFC 1870 §6, RFC 6152 §2). */
export function mailCommand(plan: Plan, sizeBytes: number, eightBit: boolean, offers: Offers): string {
  const size = offers.size ? ` SIZE=${sizeBytes}` : '';
  const body = eightBit && offers.eightBitMime ? ' BODY=8BITMIME' : '';
  return `${plan.mail}${size}${body}\r\n`;
}

function problemOf(
  { address }: EnvelopeRecipient,
  offers: Offers,
): 'recipient-syntax' | 'smtputf8-required' | undefined {
  if (address === '' || !speakable(address)) return 'recipient-syntax';
  return needsSmtpUtf8(address) && !offers.smtpUtf8 ? 'smtputf8-required' : undefined;
}

/** Addresses were parsed when they came in; no path may lead from one to a second command all the same. */
// oxlint-disable-next-line no-control-regex -- these are what must not occur
const speakable = (address: string): boolean => !/[\x00-\x1f\x7f]/.test(address);

function dsnOfMail({ envelope }: Transaction, { dsn }: Offers): string {
  if (!dsn) return '';
  const ret = envelope.returnContent === undefined ? '' : ` RET=${envelope.returnContent === 'full' ? 'FULL' : 'HDRS'}`;
  const envid = envelope.envelopeId === undefined ? '' : ` ENVID=${encodeXtext(envelope.envelopeId)}`;
  return ret + envid;
}

function rcptCommand({ address, notify, originalRecipient }: EnvelopeRecipient, { dsn }: Offers): string {
  let command = `RCPT TO:<${address}>`;
  if (dsn && notify !== undefined) {
    command += ` NOTIFY=${notify.length === 0 ? 'NEVER' : notify.join(',').toUpperCase()}`;
  }
  if (dsn && originalRecipient !== undefined) command += originalParameter(originalRecipient);
  return `${command}\r\n`;
}

/** The address type is an atom of its own (RFC 3461 §4.2); what has none is not passed on. */
function originalParameter(originalRecipient: string): string {
  const [, type, rest] = /^([A-Za-z0-9-]+);(.+)$/s.exec(originalRecipient) ?? [];
  return type === undefined || rest === undefined ? '' : ` ORCPT=${type};${encodeXtext(rest)}`;
}
