/**
 * MAIL and RCPT as a whole: the address and every ESMTP parameter that EHLO announces, or the refusal that names what is
 * wrong (RFC 5321 §4.1.1.11, RFC 1870, RFC 6152, RFC 6531, RFC 3461, RFC 4954 §5). Pure.
 */
import { needsSmtpUtf8, parseAddress } from '#mail/address.ts';
import type { EnvelopeRecipient, NotifyOn } from '#mail/envelope.ts';
import { decodeXtext } from '#mail/xtext.ts';
import { readPathCommand } from './command.ts';
import type { Refusal } from './session-facts.ts';

/** What MAIL said. */
export type Sender = {
  /** Canonical; `''` is the null reverse-path. */
  readonly address: string;
  readonly smtpUtf8: boolean;
  readonly returnContent?: 'full' | 'headers';
  readonly envelopeId?: string;
};

type Mutable<T> = { -readonly [key in keyof T]: T[key] };
type Read<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'refused'; readonly refusal: Refusal };
type Parameter<T> = (value: string | undefined, into: Mutable<T>) => Refusal | undefined;

// RFC 3461 §4.2 and RFC 3461 §4.4, in octets of xtext.
const MAX_ORCPT_BYTES = 500;
const MAX_ENVID_BYTES = 100;

const bad = (text: string): Refusal => ({ status: 'parameter-syntax', text });
const refused = (refusal: Refusal): { kind: 'refused'; refusal: Refusal } => ({ kind: 'refused', refusal });

export function readMail(argument: string, sizeLimit: number): Read<Sender> {
  const command = readPathCommand(argument, 'FROM');
  if (command === undefined) return refused({ status: 'command-syntax', text: 'Syntax: MAIL FROM:<address>' });
  const sender: Mutable<Sender> = { address: '', smtpUtf8: false };
  const problem = readParameters(command.parameters, mailParameters(sizeLimit), sender);
  if (problem !== undefined) return refused(problem);
  if (command.path === '') return { kind: 'ok', value: sender };
  const address = parseAddress(command.path);
  if (needsSmtpUtf8(command.path) && !sender.smtpUtf8) return refused({ status: 'address-needs-smtputf8' });
  if (address === undefined) return refused({ status: 'sender-syntax' });
  return { kind: 'ok', value: { ...sender, address: address.text } };
}

/** `postmaster` without a domain is ours (RFC 5321 §4.5.1), so it needs the `hostname`. */
export function readRecipient(argument: string, smtpUtf8: boolean, hostname: string): Read<EnvelopeRecipient> {
  const command = readPathCommand(argument, 'TO');
  if (command === undefined) return refused({ status: 'command-syntax', text: 'Syntax: RCPT TO:<address>' });
  const recipient: Mutable<EnvelopeRecipient> = { address: '' };
  const problem = readParameters(command.parameters, RECIPIENT_PARAMETERS, recipient);
  if (problem !== undefined) return refused(problem);
  const path = /^postmaster$/i.test(command.path) ? `postmaster@${hostname}` : command.path;
  const address = parseAddress(path);
  if (needsSmtpUtf8(path) && !smtpUtf8) return refused({ status: 'address-needs-smtputf8' });
  if (address === undefined) return refused({ status: 'recipient-syntax' });
  return { kind: 'ok', value: { ...recipient, address: address.text } };
}

function readParameters<T>(
  given: readonly (readonly [string, string | undefined])[],
  known: ReadonlyMap<string, Parameter<T>>,
  into: Mutable<T>,
): Refusal | undefined {
  const seen = new Set<string>();
  for (const [keyword, value] of given) {
    const parameter = known.get(keyword);
    if (parameter === undefined) return { status: 'parameter-unknown', text: `Parameter ${keyword} not recognised` };
    if (seen.has(keyword)) return bad(`Parameter ${keyword} given twice`);
    seen.add(keyword);
    const problem = parameter(value, into);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function mailParameters(sizeLimit: number): ReadonlyMap<string, Parameter<Sender>> {
  return new Map<string, Parameter<Sender>>([
    [
      'SIZE',
      (value = '') => {
        if (!/^\d{1,20}$/.test(value)) return bad('SIZE wants a number of octets');
        return Number(value) > sizeLimit ? { status: 'message-too-large' } : undefined;
      },
    ],
    ...MAIL_PARAMETERS,
  ]);
}

const MAIL_PARAMETERS: readonly [string, Parameter<Sender>][] = [
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
      const decoded = decodeXtext(value);
      if (decoded === undefined || !isPrintable(decoded) || value.length > MAX_ENVID_BYTES)
        return bad('ENVID wants xtext of up to 100 characters');
      into.envelopeId = decoded;
      return undefined;
    },
  ],
  // Who wrote the message in the eyes of another server is of no weight here (RFC 4954 §5 allows to ignore it).
  ['AUTH', (value) => (value === undefined ? bad('AUTH wants a mailbox or <>') : undefined)],
];

const RECIPIENT_PARAMETERS: ReadonlyMap<string, Parameter<EnvelopeRecipient>> = new Map<
  string,
  Parameter<EnvelopeRecipient>
>([
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
    (value = '', into) => {
      const [, type = '', text = ''] = /^([A-Za-z0-9!#$%&'*/?^_`{|}~-]+);(.+)$/.exec(value) ?? [];
      // A utf-8 address has an encoding of its own (RFC 6533 §3), which stays as it is.
      const decoded = type.toLowerCase() === 'utf-8' ? text : decodeXtext(text);
      if (type === '' || decoded === undefined || !isPrintable(decoded) || value.length > MAX_ORCPT_BYTES)
        return bad('ORCPT wants an address type and xtext');
      into.originalRecipient = `${type};${decoded}`;
      return undefined;
    },
  ],
]);

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
