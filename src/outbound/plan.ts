/**
 * A transaction as one host can take it: the commands with the parameters that the host offers, or why it cannot be had.
 * No I/O; the content is converted elsewhere when the plan says so.
 */
import { domainOf, needsSmtpUtf8 } from '#mail/address.ts';
import { sizeOf } from '#mail/content.ts';
import type { EnvelopeRecipient } from '#mail/envelope.ts';
import type { StatusName } from '#mail/status.ts';
import { embedUnicode, encodeXtext } from '#mail/xtext.ts';
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
  const { envelope, recipients, facts } = transaction;
  const trouble = withoutRequiredTls(transaction, offers, peer) ?? troubleOf(transaction, offers, peer);
  if (trouble !== undefined) return refused(trouble);

  const planned: PlannedRecipient[] = [];
  const results = recipients.map((recipient, position) => {
    const problem = problemOf(recipient, offers);
    if (problem !== undefined) return refused(ownTrouble('recipient', 'permanent', problem, peer));
    planned.push({ position, command: rcptCommand(recipient, offers) });
    return undefined;
  });
  // A header of a part may need it where the message's own does not: what the client said stands where it can be said.
  const said = envelope.smtpUtf8 && offers.smtpUtf8;
  const anyUtf8 = needsUtf8(transaction) || said || planned.some(({ command }) => needsSmtpUtf8(command));
  const tag = mayTag(transaction, offers, peer) ? ' REQUIRETLS' : '';
  const mail = `MAIL FROM:<${envelope.sender}>${dsnOfMail(transaction, offers)}${anyUtf8 ? ' SMTPUTF8' : ''}${tag}`;
  return { kind: 'plan', mail, recipients: planned, results, mustConvert: facts.eightBit && !offers.eightBitMime };
}

const refused = (trouble: Trouble) => ({ kind: 'refused', ...trouble }) as const;

/** Why no recipient of the message can be served here. */
function troubleOf(transaction: Transaction, offers: Offers, peer: Peer): Trouble | undefined {
  const { envelope, content } = transaction;
  const problem = (status: StatusName): Trouble => ownTrouble('message', 'permanent', status, peer);
  if (!speakable(envelope.sender)) return problem('sender-syntax');
  if (needsUtf8(transaction) && !offers.smtpUtf8) return problem('smtputf8-required');
  const isLarge = offers.sizeLimitBytes !== undefined && sizeOf(content) > offers.sizeLimitBytes;
  return isLarge ? problem('message-too-large-for-recipient') : undefined;
}

const needsUtf8 = ({ envelope, facts }: Transaction): boolean => facts.eightBitHeader || needsSmtpUtf8(envelope.sender);

/** What a host offers in clear binds nobody (RFC 8689 §4.2.1). */
const mayTag = ({ envelope }: Transaction, { requireTls }: Offers, { tls }: Peer): boolean =>
  envelope.requireTls === true && requireTls && tls !== undefined;

/**
 * Why a message that demands TLS may not go to this host; another one may offer it (RFC 8689 §4.2.1). A report goes all the
 * same: it holds no more than header fields, and a lost one would help nobody (RFC 8689 §5).
 */
function withoutRequiredTls(transaction: Transaction, offers: Offers, peer: Peer): Trouble | undefined {
  const { envelope, recipients } = transaction;
  if (envelope.requireTls !== true || envelope.sender === '' || mayTag(transaction, offers, peer)) return undefined;
  const status = peer.tls === undefined ? 'requiretls-no-tls' : 'requiretls-not-offered';
  const trouble = ownTrouble('host', 'permanent', status, peer);
  const { host } = peer.endpoint;
  const detail = peer.tls === undefined ? `${host} was reached in clear` : `${host} does not offer REQUIRETLS`;
  const policy = { kind: 'requiretls', domain: domainOf(recipients[0]?.address ?? ''), detail } as const;
  return { ...trouble, diagnosis: { ...trouble.diagnosis, policy } };
}

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
  const [, type, rest] = /^([A-Za-z0-9!#$%&'*/?^_`{|}~-]+);(.+)$/s.exec(originalRecipient) ?? [];
  if (type === undefined || rest === undefined) return '';
  // This form needs no SMTPUTF8 from the host (RFC 6533 §3).
  const text = type.toLowerCase() === 'utf-8' ? embedUnicode(rest, /[^\x21-\x7e]|[+=]/gu) : encodeXtext(rest);
  return ` ORCPT=${type};${text}`;
}
