/**
 * MAIL and RCPT as a whole: the address and every ESMTP parameter that EHLO announces, or the refusal that names what is
 * wrong (RFC 5321 §4.1.1.11, RFC 1870, RFC 6152, RFC 6531, RFC 3461, RFC 4954 §5, RFC 8689 §2). Pure.
 */
import { needsSmtpUtf8, parseAddress } from '#mail/address.ts';
import type { EnvelopeRecipient, NotifyOn } from '#mail/envelope.ts';
import { decodeXtext } from '#mail/xtext.ts';
import { readPathCommand } from './command.ts';
import type { Offer } from './extensions.ts';
import type { Refusal } from './session-facts.ts';

/** What MAIL said. */
export type Sender = {
  /** Canonical; `''` is the null reverse-path. */
  readonly address: string;
  readonly smtpUtf8: boolean;
  readonly returnContent?: 'full' | 'headers';
  readonly envelopeId?: string;
  readonly requireTls?: boolean;
};

/** What a RCPT is read by. */
export type RecipientTerms = {
  readonly offer: Offer;
  /** MAIL said SMTPUTF8. */
  readonly smtpUtf8: boolean;
  /** `postmaster` without a domain is ours (RFC 5321 §4.5.1). */
  readonly hostname: string;
};

type Mutable<T> = { -readonly [key in keyof T]: T[key] };
type Read<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'refused'; readonly refusal: Refusal };
type Terms = Pick<RecipientTerms, 'offer' | 'smtpUtf8'>;
type Parameter<T> = (value: string | undefined, into: Mutable<T>, terms: Terms) => Refusal | undefined;
type Parameters<T> = ReadonlyMap<string, Parameter<T>>;

// RFC 3461 §4.2 and RFC 3461 §4.4, in octets of xtext.
const MAX_ORCPT_BYTES = 500;
const MAX_ENVID_BYTES = 100;
const DSN_KEYWORDS: ReadonlySet<string> = new Set(['RET', 'ENVID', 'NOTIFY', 'ORCPT']);

const bad = (text: string): Refusal => ({ status: 'parameter-syntax', text });
const refused = (refusal: Refusal): { kind: 'refused'; refusal: Refusal } => ({ kind: 'refused', refusal });

export function readMail(argument: string, offer: Offer): Read<Sender> {
  const command = readPathCommand(argument, 'FROM');
  if (command === undefined) return refused({ status: 'command-syntax', text: 'Syntax: MAIL FROM:<address>' });
  const sender: Mutable<Sender> = { address: '', smtpUtf8: false };
  const problem = readParameters(command.parameters, MAIL_PARAMETERS, sender, { offer, smtpUtf8: false });
  if (problem !== undefined) return refused(problem);
  if (command.path === '') return { kind: 'ok', value: sender };
  const address = parseAddress(command.path);
  if (needsSmtpUtf8(command.path) && !sender.smtpUtf8) return refused({ status: 'address-needs-smtputf8' });
  if (address === undefined) return refused({ status: 'sender-syntax' });
  return { kind: 'ok', value: { ...sender, address: address.text } };
}

export function readRecipient(argument: string, terms: RecipientTerms): Read<EnvelopeRecipient> {
  const { smtpUtf8, hostname } = terms;
  const command = readPathCommand(argument, 'TO');
  if (command === undefined) return refused({ status: 'command-syntax', text: 'Syntax: RCPT TO:<address>' });
  const recipient: Mutable<EnvelopeRecipient> = { address: '' };
  const problem = readParameters(command.parameters, RECIPIENT_PARAMETERS, recipient, terms);
  if (problem !== undefined) return refused(problem);
  const path = /^postmaster$/i.test(command.path) ? `postmaster@${hostname}` : command.path;
  const address = parseAddress(path);
  if (needsSmtpUtf8(path) && !smtpUtf8) return refused({ status: 'address-needs-smtputf8' });
  if (address === undefined) return refused({ status: 'recipient-syntax' });
  return { kind: 'ok', value: { ...recipient, address: address.text } };
}

function readParameters<T>(
  given: readonly (readonly [string, string | undefined])[],
  known: Parameters<T>,
  into: Mutable<T>,
  terms: Terms,
): Refusal | undefined {
  const seen = new Set<string>();
  for (const [keyword, value] of given) {
    const parameter = isOffered(keyword, terms.offer) ? known.get(keyword) : undefined;
    if (parameter === undefined) return { status: 'parameter-unknown', text: `Parameter ${keyword} not recognised` };
    if (seen.has(keyword)) return bad(`Parameter ${keyword} given twice`);
    seen.add(keyword);
    const problem = value === '' ? bad(`Parameter ${keyword} has an empty value`) : parameter(value, into, terms);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isOffered(keyword: string, { extended, dsn, requireTls }: Offer): boolean {
  if (DSN_KEYWORDS.has(keyword)) return extended && dsn;
  return extended && (keyword !== 'REQUIRETLS' || requireTls !== 'off');
}

const MAIL_PARAMETERS: Parameters<Sender> = new Map<string, Parameter<Sender>>([
  [
    'SIZE',
    (value = '', _into, { offer }) => {
      if (!/^\d{1,20}$/.test(value)) return bad('SIZE wants a number of octets');
      return Number(value) > offer.sizeLimit ? { status: 'message-too-large' } : undefined;
    },
  ],
  [
    'BODY',
    // BINARYMIME is not offered, so it is as unknown as any other word (RFC 3030 §3).
    (value = '') =>
      ['7BIT', '8BITMIME'].includes(value.toUpperCase())
        ? undefined
        : { status: 'parameter-unknown', text: 'BODY value not recognised' },
  ],
  [
    'SMTPUTF8',
    (value, into) => {
      into.smtpUtf8 = true;
      return value === undefined ? undefined : bad('SMTPUTF8 takes no value');
    },
  ],
  [
    'RET',
    (value = '', into) => {
      const wanted = value.toUpperCase();
      if (wanted !== 'FULL' && wanted !== 'HDRS') return bad('RET wants FULL or HDRS');
      into.returnContent = wanted === 'FULL' ? 'full' : 'headers';
      return undefined;
    },
  ],
  [
    'ENVID',
    (value = '', into) => {
      const decoded = value === '' ? undefined : decodeXtext(value);
      if (decoded === undefined || !isPrintable(decoded) || value.length > MAX_ENVID_BYTES)
        return bad('ENVID wants xtext of up to 100 characters');
      into.envelopeId = decoded;
      return undefined;
    },
  ],
  // Who wrote the message in the eyes of another server is of no weight here (RFC 4954 §5 allows to ignore it).
  ['AUTH', (value) => (value === undefined ? bad('AUTH wants a mailbox or <>') : undefined)],
  [
    'REQUIRETLS',
    (value, into, { offer }) => {
      if (value !== undefined) return bad('REQUIRETLS takes no value');
      into.requireTls = true;
      // RFC 8689 §2: what came in clear may be anybody's wish, and is no secret any more.
      return offer.requireTls === 'offered' ? undefined : { status: 'requiretls-in-clear' };
    },
  ],
]);

const RECIPIENT_PARAMETERS: Parameters<EnvelopeRecipient> = new Map<string, Parameter<EnvelopeRecipient>>([
  [
    'NOTIFY',
    (value = '', into) => {
      const notify = readNotify(value);
      if (notify === undefined) return bad('NOTIFY wants NEVER, or any of SUCCESS, FAILURE, DELAY');
      into.notify = notify;
      return undefined;
    },
  ],
  [
    'ORCPT',
    (value = '', into, { smtpUtf8 }) => {
      const [, type = '', text = ''] = /^([A-Za-z0-9!#$%&'*/?^_`{|}~-]+);(.+)$/.exec(value) ?? [];
      const decoded = type.toLowerCase() === 'utf-8' ? readUtf8Address(text, smtpUtf8) : decodeXtext(text);
      const tooLong = Buffer.byteLength(value) > MAX_ORCPT_BYTES;
      if (type === '' || decoded === undefined || !isPrintable(decoded) || tooLong)
        return bad('ORCPT wants an address type and xtext');
      into.originalRecipient = `${type};${decoded}`;
      return undefined;
    },
  ],
]);

/** A utf-8 address has an encoding of its own, which stays as it is; other than ASCII needs SMTPUTF8 (RFC 6533 §3). */
function readUtf8Address(text: string, smtpUtf8: boolean): string | undefined {
  const form = smtpUtf8
    ? /^(?:[!-*,-<>-[\]-~\u{80}-\u{10ffff}]|\\x\{[0-9A-F]{2,6}\})+$/iu
    : /^(?:[!-*,-<>-[\]-~]|\\x\{[0-9A-F]{2,6}\})+$/i;
  return form.test(text) ? text : undefined;
}

function readNotify(value: string): NotifyOn[] | undefined {
  const words = value.toLowerCase().split(',');
  if (words.length === 1 && words[0] === 'never') return [];
  const wanted = words.filter((word): word is NotifyOn => ['success', 'failure', 'delay'].includes(word));
  return wanted.length === words.length ? [...new Set(wanted)] : undefined;
}

function isPrintable(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what must not occur
  return !/[\x00-\x1f\x7f-\x9f]/.test(text);
}
